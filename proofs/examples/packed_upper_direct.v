From Coq Require Import Reals Lra.
From PromptBound.certificates Require Import packed_upper_claim packed_upper_sufficient.
(* Item 1.6 at d = 1, L = 3, eps = 1/5, alpha = 3, b = 8, P = 48, direct form: M = 255 and k = 4, one value an entry, r = 16 cells
   a token: m = ceil(4^3/16) = 4 tokens. *)
(* mutation \b255\b 254 *)
(* mutation \b255.4\b 255 5 *)
(* mutation \b255.4\b 255 3 *)
(* mutation \b16.4\b 15 4 *)
(* mutation \b16.4\b 16 3 *)
(* mutation \b16.4\b 16 5 *)
(* mutation (1/5) (1/4) *)
(* mutation \b8.48\b 9 48 *)
Theorem integers : packed_direct_claim 1 3 (1/5) (1/1) 1 3 8 48 255 4 1 16 4.
Proof. apply (packed_direct_sound 1 3 1 5 1 1 1 3 8 48 255 4 1 16 4). vm_cast_no_check (eq_refl true). Qed.
Theorem sufficient : packed_sufficient 1 3 (1/5) (1/1) 1 3 8 48 4.
Proof. refine (packed_direct_sufficient _ _ _ _ _ _ _ _ _ _ _ integers); easy || lra. Qed.
