From Coq Require Import Reals ZArith.
From PromptBound.certificates Require Import power_bracket quantized_capacity_claim.
Local Open Scope R_scope.
(* Item 1.1, integer grid, d = 2, L = 2, eps = 1/10, C = 1, 1/alpha = 1/3: k = ceil(1/delta), N = L k^n. *)
(* mutation 2097152 2097153 *)
(* mutation 32 33 *)
Theorem claim : quantized_capacity_grid_claim 2 2 (1/10) (1/1) 1 3 32 2097152.
Proof. apply (quantized_capacity_grid_sound 2 2 1 10 1 1 1 3 32 2097152). vm_cast_no_check (eq_refl true). Qed.
