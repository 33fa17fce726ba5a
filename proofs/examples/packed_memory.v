From Coq Require Import ZArith.
From PromptBound.certificates Require Import packed_memory_claim.
Local Open Scope Z_scope.
(* Item 2.8, N = 1000, K = 10, b = 16, P = 64: J = 4 labels an entry, m = ceil(1000/256) = 4 tokens reach all labellings. *)
(* mutation \b16\b 13 *)
(* mutation \b1000\b 1025 *)
(* mutation \b1000\b 768 *)
Theorem claim : packed_memory_claim 1000 10 16 64 4 4 /\ packed_memory_sufficient 1000 10 16 64 4.
Proof. apply (packed_memory_sound 1000 10 16 64 4 4). vm_cast_no_check (eq_refl true). Qed.
