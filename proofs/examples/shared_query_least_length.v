From Coq Require Import Reals ZArith.
From mathcomp Require Import all_ssreflect.
From PromptBound.certificates Require Import attention_instance prompt_length.
From Interval Require Import Tactic.
(* Item 2.2, d = 1, A = V = 1, x0 = 1: X_0 = (0, 1) to 0, X_1 = (3, 1) to 1. Then S_P = 2 e^3 - e, rho = 40.27..: the lengths
   that work are exactly those from 41 on. u = 0 has V u = t_0, h = 1 has h V = (A x0)^T. *)
(* mutation \b41\b 40 *)
(* mutation \b41\b 42 *)
(* mutation 3,.2 3, 3 *)
Definition data : instance := Instance 1 1 1 1 1 [:: [:: 1]]%Z [:: [:: 1]]%Z [:: 1]%Z
  [:: ([:: [:: 0]; [:: 1]], [:: 0]); ([:: [:: 3]; [:: 1]], [:: 1])]%Z.
Theorem claim : least_length_claim data (Pos.to_nat 41).
Proof.
eapply (@least_length_sound data 41 [:: (3, 2); (1, -1)]%Z 1 [:: 0]%Z 1 [:: 1]%Z 1);
  try (vm_compute; reflexivity); unfold rho_value; cbn [exp_sum]; interval with (i_prec 60).
Qed.
