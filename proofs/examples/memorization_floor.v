From Coq Require Import Reals ZArith.
From mathcomp Require Import all_ssreflect.
From PromptBound.certificates Require Import attention_instance.
From Interval Require Import Tactic.
(* Item 2.3, d = 2: two examples of two tokens share the query x0 = (1/2, 1/2). Every prompt of any length leaves an
   error of at least 33/100. Rows: coordinate 0 with sign -, coordinate 1 with sign +, multipliers 17 and 33. *)
(* mutation 33.100 34 100 *)
(* mutation 17.33 17 32 *)
(* mutation 0,.true 0, false *)
Definition data : instance := Instance 2 2 1 1 1
  [:: [:: -2; -2]; [:: -2; 1]]%Z            (* A *)
  [:: [:: -2; 0]; [:: -1; 0]]%Z             (* V *)
  [:: 1; 1]%Z                               (* 2 x0 *)
  [:: ([:: [:: -2; 2]; [:: 1; 1]], [:: -1; 0]);
      ([:: [:: 0; -2]; [:: 1; 1]], [:: -1; -1])]%Z.
Theorem claim : floor_claim data 33 100.
Proof.
eapply (@floor_sound data 33 100 (0, 1, 0, true) (0, 1, 1, false) 17 33); try (vm_compute; reflexivity).
cbn [exp_sum]; interval with (i_prec 60).
Qed.
