From Coq Require Import ZArith.
From PromptBound.certificates Require Import packed_memory_claim.
Local Open Scope Z_scope.
(* Item 2.8, N = 1000, K = 100000 > 2^16, b = 16, P = 64: e = 2 entries a label, m = ceil(1000/32) = 32. *)
(* mutation \b100000\b 65536 *)
(* mutation \b32\b 31 *)
Theorem claim : packed_memory_wide_claim 1000 100000 16 64 2 32 /\ packed_memory_sufficient 1000 100000 16 64 32.
Proof. apply (packed_memory_wide_sound 1000 100000 16 64 2 32). vm_cast_no_check (eq_refl true). Qed.
