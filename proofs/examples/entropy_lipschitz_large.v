From Coq Require Import Reals ZArith.
From Coq Require Import Lia.
From Interval Require Import Tactic.
From PromptBound.certificates Require Import power_bracket log_compare entropy_lipschitz_claim lipschitz_necessary.
Local Open Scope R_scope.
(* Item 1.3, box form, too large for powers: d = 4, L = 4, w = 8, R = 1, Lambda = 10, eps = 1/20, C = 1, alpha = inf (s = 16), k = 9. *)
(* mutation 1849354800617721 1849354800617722 *)
(* mutation 1849354800617721 1849354800617720 *)
Lemma integers : entropy_lipschitz_claim 4 4 8 (1/1) (10/1) (1/20) (1/1) 16 9 1801 1849354800617721.
Proof.
apply (entropy_lipschitz_sound 4 4 8 1 1 10 1 1 20 1 1 16 9 1801 1849354800617721); [vm_cast_no_check (eq_refl true)|].
apply ceil_log_quotient; [lia|lia|]. vm_compute Z.mul. vm_compute Z.sub. vm_compute Z.pow. split; interval with (i_prec 100).
Qed.
Theorem claim : every_lipschitz_model_needs 4 4 8 (1/1) (10/1) (1/20) (1/1) 0 1 1849354800617721.
Proof. now apply (entropy_lipschitz_necessary integers). Qed.
