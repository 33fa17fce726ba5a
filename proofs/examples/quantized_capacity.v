From Coq Require Import Reals ZArith.
From PromptBound.certificates Require Import power_bracket quantized_capacity_claim.
Local Open Scope R_scope.
(* Item 1.1, d = 2, L = 2, eps = 1/10, C = 1, 1/alpha = 1/3: the least integer m >= L lambda. *)
(* mutation 2031874 2031875 *)
(* mutation 2031874 2031873 *)
(* mutation 1/10 1/11 *)
Theorem claim : quantized_capacity_claim 2 2 (1/10) (1/1) 1 3 2031874.
Proof. apply (quantized_capacity_sound 2 2 1 10 1 1 1 3 2031874). vm_cast_no_check (eq_refl true). Qed.
