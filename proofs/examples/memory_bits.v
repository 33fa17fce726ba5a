From Coq Require Import Reals ZArith.
From PromptBound.certificates Require Import power_bracket memory_bits_claim.
Local Open Scope R_scope.
(* Item 2.7, w = 768, b = 16, one prompt token, 50304 vocabulary items: the longest accessible output has at most 786 tokens;
   100 inputs with 10 labels need 1 prompt token of width 21 and 16 bits. *)
(* mutation 786 787 *)
(* mutation 50304 50000 *)
Theorem claim : memory_bits_count_claim 1 768 16 50304 786.
Proof. apply memory_bits_count_sound. vm_cast_no_check (eq_refl true). Qed.
Theorem claim_length : memory_bits_length_claim 100 10 21 16 1.
Proof. apply memory_bits_length_sound. vm_cast_no_check (eq_refl true). Qed.
