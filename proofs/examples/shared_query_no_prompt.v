From Coq Require Import Reals ZArith.
From mathcomp Require Import all_ssreflect.
From PromptBound.certificates Require Import attention_instance.
From Interval Require Import Tactic.
(* Item 2.2, d = 2: two examples of two tokens share the query x0 = (1/2, 1/2). No prompt of any length gives both
   wanted outputs: tau = (0, 1) and w are not parallel, the functional f = (-1, 0) has f(tau) = 0 > f(w). *)
(* mutation no_prompt_sound.data.0.1...:.-1 no_prompt_sound data 0 1 [:: 1 *)
(* mutation data.0.1 data 1 1 *)
Definition data : instance := Instance 2 2 1 1 1
  [:: [:: -2; -2]; [:: -2; 1]]%Z            (* A *)
  [:: [:: -2; 0]; [:: -1; 0]]%Z             (* V *)
  [:: 1; 1]%Z                               (* 2 x0 *)
  [:: ([:: [:: -2; 2]; [:: 1; 1]], [:: -1; 0]);
      ([:: [:: 0; -2]; [:: 1; 1]], [:: -1; -1])]%Z.
Theorem claim : no_prompt_claim data.
Proof.
eapply (@no_prompt_sound data 0 1 [:: -1; 0]%Z); try (vm_compute; reflexivity).
left; split; [vm_compute; discriminate | cbn [exp_sum]; interval with (i_prec 60)].
Qed.
