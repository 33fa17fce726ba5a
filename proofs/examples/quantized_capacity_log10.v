From Coq Require Import Reals ZArith.
From Coq Require Import Lra Lia.
From Interval Require Import Tactic.
From PromptBound.certificates Require Import power_bracket quantized_capacity_claim log_scale.
Local Open Scope R_scope.
(* Item 1.1, d = 768, L = 2048, eps = 1/1000, C = 1, alpha = 2: L lambda has 10065351 digits. *)
(* mutation 10065350 10065351 *)
(* mutation 10065350 10065349 *)
Theorem claim : decimal_magnitude 10065350 (published_tokens 768 2048 (1/1000) 1 1 2).
Proof. apply quantized_capacity_log10; try lia; try lra. split; interval with (i_prec 63). Qed.
