From Coq Require Import Reals ZArith.
From PromptBound.certificates Require Import power_bracket log_compare entropy_lipschitz_claim lipschitz_necessary.
Local Open Scope R_scope.
(* Item 1.3, box form, d = 2, L = 2, w = 2, R = 1, Lambda = 10, eps = 1/10, C = 1, alpha = 3/2 (1/alpha = 2/3), k = 4: c = 401 cells, m >= 37. *)
(* mutation \b37\b 38 *)
(* mutation \b37\b 36 *)
(* mutation \b401\b 402 *)
(* mutation .2.3.37  3 2 37 *)
Lemma integers : entropy_lipschitz_claim 2 2 2 (1/1) (10/1) (1/10) (1/1) 1 4 401 37.
Proof.
apply (entropy_lipschitz_sound 2 2 2 1 1 10 1 1 10 1 1 1 4 401 37); [vm_cast_no_check (eq_refl true)|].
apply ceil_log_sound. vm_cast_no_check (eq_refl true).
Qed.
Theorem claim : every_lipschitz_model_needs 2 2 2 (1/1) (10/1) (1/10) (1/1) 2 3 37.
Proof. now apply (entropy_lipschitz_necessary integers). Qed.
