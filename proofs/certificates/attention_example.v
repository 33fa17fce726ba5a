(** An instance with its two certificates, in the form in which they are emitted.

    Two examples of two tokens share the query x0 = (1/2, 1/2). No prompt of any length gives both
    wanted outputs, because tau = (0, 1) and w are not parallel; and every prompt, of any length,
    leaves an error of at least 33/100 on one of them. *)
From Coq Require Import Reals ZArith.
From mathcomp Require Import all_ssreflect.
From PromptBound.certificates Require Import attention_instance.
From Interval Require Import Tactic.

Definition data : instance := Instance 2 2 1 1 1
  [:: [:: -2; -2]; [:: -2; 1]]%Z            (* A *)
  [:: [:: -2; 0]; [:: -1; 0]]%Z             (* V *)
  [:: 1; 1]%Z                               (* 2 x0 *)
  [:: ([:: [:: -2; 2]; [:: 1; 1]], [:: -1; 0]);
      ([:: [:: 0; -2]; [:: 1; 1]], [:: -1; -1])]%Z.

(** The functional f = (-1, 0) has f(tau) = 0 and f(w) < 0. *)
Theorem no_prompt : no_prompt_claim data.
Proof.
eapply (@no_prompt_sound data 0 1 [:: -1; 0]%Z); try (vm_compute; reflexivity).
left; split; [vm_compute; discriminate | cbn [exp_sum]; interval with (i_prec 60)].
Qed.

(** Rows: coordinate 0 with sign -, coordinate 1 with sign +, multipliers 17 and 33. *)
Theorem floor : floor_claim data 33 100.
Proof.
eapply (@floor_sound data 33 100 (0, 1, 0, true) (0, 1, 1, false) 17 33); try (vm_compute; reflexivity).
cbn [exp_sum]; interval with (i_prec 60).
Qed.
