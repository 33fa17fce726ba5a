(** What a certified integer of item 1.2 means: every model needs at least N prompt tokens. *)
From Coq Require Import Reals Lra Lia ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.algebra Require Import sup_norm target_class entropy_bits.
From PromptBound.analysis Require Import bridge entrywise_norm every_alpha.
From PromptBound.certificates Require Import power_bracket entropy_bits_claim nat_to_Z exponent.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Delimit Scope R_scope with coqR.

(** Every model with prompts of at most m tokens of width w and entries of b bits that serves
    F(C, alpha) on d x L matrices within eps, 1/alpha = q/p, has m >= N. *)
Definition every_model_needs (d L b w : Z) (eps C : R) (q p N : Z) : Prop :=
  let point := {ffun 'I_(Z.to_nat d) * 'I_(Z.to_nat L) -> R} in
  let dist : point -> point -> R := dist_of (exponent_of q p) in
  forall (m : nat) (run : bit_prompt_upto (Z.to_nat b) (Z.to_nat w) m -> point -> point),
  (forall f : point -> point, target_class dist C f -> approximable dist (fun=> True) run eps f) ->
  (N <= Z.of_nat m)%coqZ.

Section Necessary.
Variables (d L b w k : Z) (eps C : R) (s N : Z).
Hypothesis claim : entropy_bits_claim d L b w eps C s k N.

Let k_nat : (0 < Z.to_nat k)%N. Proof. by apply: Z_to_nat_gt0; case: claim; lia. Qed.
Let d_nat : (0 < Z.to_nat d)%N. Proof. by apply: Z_to_nat_gt0; case: claim; lia. Qed.
Let L_nat : (0 < Z.to_nat L)%N. Proof. by apply: Z_to_nat_gt0; case: claim; lia. Qed.
Let b_nat : (0 < Z.to_nat b)%N. Proof. by apply: Z_to_nat_gt0; case: claim; lia. Qed.
Let w_nat : (0 < Z.to_nat w)%N. Proof. by apply: Z_to_nat_gt0; case: claim; lia. Qed.

Let eps_ge0 : (0 <= eps)%R. Proof. by apply/RleP; case: claim => _ [] [H _] _; apply: Rlt_le. Qed.
Let eps_half : (eps < 2%:R^-1)%R.
Proof. by case: claim => _ [] [_ H] _; mlra. Qed.
Let k_lt : ((Z.to_nat k)%:R * (2%:R * eps) < C)%R.
Proof.
case: claim => -[_ [_ [_ [_ k1]]]] [] [e0 _] [] [H _] _.
have H2 := Rmult_lt_compat_r (2 * eps)%coqR _ _ ltac:(lra) H.
have E : ((C / (2 * eps))%coqR * (2 * eps)%coqR = C)%coqR by field; lra.
rewrite E in H2; r_order; r_ring; rewrite Z2Nat.id //; lia.
Qed.

(** From the count s (k+1)^n <= b w m to N <= m. *)
Lemma ceil_le (m s' : nat) : s = Z.of_nat s' ->
  (s' * (Z.to_nat k).+1 ^ (Z.to_nat d * Z.to_nat L) <= Z.to_nat b * Z.to_nat w * m)%N ->
  (N <= Z.of_nat m)%coqZ.
Proof.
case: claim => -[d0 [L0 [b0 [w0 k1]]]] [_ [_ [lo _]]] sE /Z_leq.
rewrite !Z_muln Z_expn Z_muln Nat2Z.inj_succ -sE !Z2Nat.id; try lia.
rewrite -Z.add_1_r => count.
have BW : (0 < b * w)%coqZ by apply: Z.mul_pos_pos.
suff : (IZR N - 1 < IZR (Z.of_nat m))%coqR.
  by rewrite -minus_IZR => /lt_IZR; lia.
apply: (Rlt_le_trans _ _ _ lo); apply: quotient_le => //.
by rewrite (Z.mul_comm (Z.of_nat m)); exact: count.
Qed.

(** s = n for alpha = inf, else 1. *)
Theorem entropy_bits_necessary q p : exponent_check q p = true -> s = copies_Z q (d * L) ->
  every_model_needs d L b w eps C q p N.
Proof.
move=> /exponent_of_ge1 e1 sE point dist m run served.
have [d0 L0] : (0 < d /\ 0 < L)%coqZ by case: claim; lia.
apply: (@ceil_le m (copies (exponent_of q p) (Z.to_nat d * Z.to_nat L))).
  by rewrite sE -(copies_exponent q p) ?Z2Nat.inj_mul //; lia.
exact (entropy_bits_alpha d_nat L_nat e1 b_nat w_nat k_nat eps_ge0 eps_half k_lt served).
Qed.
End Necessary.
