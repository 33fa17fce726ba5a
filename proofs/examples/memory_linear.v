From Coq Require Import Reals ZArith.
From PromptBound.certificates Require Import power_bracket log_compare entropy_lipschitz_claim lipschitz_necessary.
Local Open Scope R_scope.
(* Item 2.5, box form, w = 4, R = 1, Lambda = 10, Delta = 1, eps = 1/10, K = 2: 10 tokens label at most 188 inputs, and 188 inputs need
   10 tokens. *)
(* mutation \b188\b 189 *)
(* mutation \b26\b 27 *)
Theorem claim_count : memory_linear_count_claim 10 2 4 (1/1) (10/1) (1/1) (1/10) 26 188.
Proof.
apply (memory_linear_count_sound 1 1 10 1 1 1 1 10 26 10 2 4 188); [vm_cast_no_check (eq_refl true)|].
apply floor_log_sound. vm_cast_no_check (eq_refl true).
Qed.
Lemma length : memory_linear_length_claim 188 2 4 (1/1) (10/1) (1/1) (1/10) 26 10.
Proof.
apply (memory_linear_length_sound 1 1 10 1 1 1 1 10 26 188 2 4 10); [vm_cast_no_check (eq_refl true)|].
apply ceil_log_sound. vm_cast_no_check (eq_refl true).
Qed.
Theorem claim : memorizing_model_needs 188 2 4 (1/1) (10/1) (1/1) (1/10) 10.
Proof. refine (memory_linear_necessary _ _ _ length); now vm_compute. Qed.
