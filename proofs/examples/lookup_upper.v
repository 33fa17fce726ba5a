From Coq Require Import Reals ZArith Lra.
From PromptBound.certificates Require Import power_bracket lookup_upper_claim lookup_upper_sufficient.
Local Open Scope R_scope.
(* Item 1.4, d = 2, L = 2, eps = 1/10, C = 1, alpha = 2: k = floor(C n^{1/2}/(2 eps)) + 1 = 11, m = k^4. *)
(* mutation 14641 14642 *)
(* mutation \b11\b 10 *)
Lemma integers : lookup_upper_claim 2 2 (1/10) (1/1) 1 2 11 14641.
Proof. apply (lookup_upper_sound 2 2 1 10 1 1 1 2 11 14641). vm_cast_no_check (eq_refl true). Qed.
Theorem claim : lookup_sufficient 2 2 (1/10) (1/1) 1 2 11 14641.
Proof. refine (lookup_upper_sufficient _ _ _ _ _ _ integers); easy || lra. Qed.
