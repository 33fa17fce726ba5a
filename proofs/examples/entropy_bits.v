From Coq Require Import Reals ZArith.
From PromptBound.certificates Require Import power_bracket entropy_bits_claim entropy_bits_necessary.
Local Open Scope R_scope.
(* Item 1.2, d = 2, L = 2, eps = 1/10, C = 1, b = 16, w = 2, alpha = 2 (1/alpha = 1/2, s = 1): k = 4, m >= 20. *)
(* mutation 20 21 *)
(* mutation 20 19 *)
(* mutation 1/10 1/12 *)
(* mutation .1.1..1.2.20 (1/1) 2 1 20 *)
Lemma integers : entropy_bits_claim 2 2 16 2 (1/10) (1/1) 1 4 20.
Proof. apply (entropy_bits_sound 2 2 16 2 1 10 1 1 1 4 20). vm_cast_no_check (eq_refl true). Qed.
Theorem claim : every_model_needs 2 2 16 2 (1/10) (1/1) 1 2 20.
Proof. now apply (entropy_bits_necessary integers). Qed.
