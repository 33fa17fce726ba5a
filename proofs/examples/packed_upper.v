From Coq Require Import Reals Lra.
From PromptBound.certificates Require Import packed_upper_claim packed_upper_sufficient.
(* Item 1.6 at d = L = 2, eps = 1/10, alpha = inf, b = 16, P = 64, difference form: t = 6 and k = 6, J = 4 digits an entry, A = 2,
   r = 63 cells a token: m = ceil(6^4/63) = 21 tokens. *)
(* mutation \b6.6\b 6 7 *)
(* mutation \b63.21\b 62 21 *)
(* mutation \b63.21\b 63 20 *)
(* mutation \b63.21\b 63 22 *)
(* mutation \b4.2.63\b 4 3 63 *)
(* mutation \b6.4.2\b 6 3 2 *)
(* mutation (1/10) (1/11) *)
(* mutation \b16.64\b 16 63 *)
Theorem integers : packed_difference_claim 2 2 (1/10) (1/1) 0 1 16 64 6 6 4 2 63 21.
Proof. apply (packed_difference_sound 2 2 1 10 1 1 0 1 16 64 6 6 4 2 63 21 36). vm_cast_no_check (eq_refl true). Qed.
Theorem sufficient : packed_sufficient 2 2 (1/10) (1/1) 0 1 16 64 21.
Proof. refine (packed_difference_sufficient _ _ _ _ _ _ _ _ _ _ _ _ integers); easy || lra. Qed.
