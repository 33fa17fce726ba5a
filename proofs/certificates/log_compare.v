(** Comparing e ln a with f ln b for natural exponents: a^e against b^f over Z.

    Used by the claims of items 1.3, 2.5 and 2.7, whose values are quotients of logarithms. Small instances
    are decided by [vm_compute] on the powers, large ones by [interval] on the logarithms. *)
From Coq Require Import Reals Lra Lia ZArith.
From PromptBound.certificates Require Import power_bracket.
Local Open Scope R_scope.

Lemma ln_pow_Z a e : (0 < a)%Z -> (0 <= e)%Z -> IZR e * ln (IZR a) = ln (IZR (a ^ e)).
Proof.
intros a0 e0. rewrite IZR_pow by easy. rewrite <- Rpower_pow by now apply IZR_lt.
unfold Rpower. rewrite ln_exp. now rewrite INR_to_nat.
Qed.

Lemma pow_le_log a e b f : (0 < a)%Z -> (0 < b)%Z -> (0 <= e)%Z -> (0 <= f)%Z ->
  (a ^ e <= b ^ f)%Z -> IZR e * ln (IZR a) <= IZR f * ln (IZR b).
Proof.
intros a0 b0 e0 f0 H. rewrite !ln_pow_Z by easy.
assert (P : 0 < IZR (a ^ e)) by (apply IZR_lt; now apply Z.pow_pos_nonneg).
apply IZR_le in H. destruct H as [H| ->]; [left; now apply ln_increasing|now right].
Qed.

Lemma pow_lt_log a e b f : (0 < a)%Z -> (0 < b)%Z -> (0 <= e)%Z -> (0 <= f)%Z ->
  (a ^ e < b ^ f)%Z -> IZR e * ln (IZR a) < IZR f * ln (IZR b).
Proof.
intros a0 b0 e0 f0 H. rewrite !ln_pow_Z by easy.
apply ln_increasing; [|now apply IZR_lt]. apply IZR_lt. now apply Z.pow_pos_nonneg.
Qed.

(** Conversely, from powers of integers (counts) to logarithms and back to an integer bound:
    b^E <= c^{w m} and w (N-1) ln c < E ln b give m >= N. *)
Lemma length_from_log b E c w m N : (0 < b)%Z -> (1 < c)%Z -> (0 <= E)%Z -> (0 < w)%Z -> (0 <= m)%Z ->
  IZR (w * (N - 1)) * ln (IZR c) < IZR E * ln (IZR b) -> (b ^ E <= c ^ (w * m))%Z -> (N <= m)%Z.
Proof.
intros b0 c1 E0 w0 m0 H count.
assert (W := Z.mul_nonneg_nonneg w m ltac:(lia) m0).
apply pow_le_log in count; [|lia..].
assert (C : 0 < ln (IZR c)) by (rewrite <- ln_1; apply ln_increasing; [lra|now apply IZR_lt]).
assert (lt : IZR (w * (N - 1)) < IZR (w * m)) by (apply Rmult_lt_reg_r with (1 := C); lra).
apply lt_IZR in lt. nia.
Qed.

(** x = E ln b / (w ln c) and its least integer above *)
Definition log_quotient (E b w c : Z) : R := IZR E * ln (IZR b) / (IZR w * ln (IZR c)).

Lemma ceil_log_quotient E b w c N : (0 < w)%Z -> (1 < c)%Z ->
  IZR (w * (N - 1)) * ln (IZR c) < IZR E * ln (IZR b) <= IZR (w * N) * ln (IZR c) ->
  is_ceil N (log_quotient E b w c).
Proof.
intros w0 c1 [lo hi]. apply IZR_lt in w0.
assert (C : 0 < ln (IZR c)) by (rewrite <- ln_1; apply ln_increasing; [lra|now apply IZR_lt]).
assert (D : 0 < IZR w * ln (IZR c)) by now apply Rmult_lt_0_compat.
rewrite mult_IZR in lo, hi. rewrite minus_IZR in lo. unfold log_quotient. split.
- apply Rmult_lt_reg_r with (1 := D). unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r; lra.
- apply Rmult_le_reg_r with (1 := D). unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r; lra.
Qed.

Lemma ceil_log_lower E b w c N : (0 < w)%Z -> (1 < c)%Z ->
  IZR N - 1 < log_quotient E b w c -> IZR (w * (N - 1)) * ln (IZR c) < IZR E * ln (IZR b).
Proof.
intros w0 c1 lo. apply IZR_lt in w0.
assert (C : 0 < ln (IZR c)) by (rewrite <- ln_1; apply ln_increasing; [lra|now apply IZR_lt]).
assert (D : 0 < IZR w * ln (IZR c)) by now apply Rmult_lt_0_compat.
apply (Rmult_lt_compat_r _ _ _ D) in lo. unfold log_quotient, Rdiv in lo.
rewrite Rmult_assoc, Rinv_l, Rmult_1_r in lo by lra. rewrite mult_IZR, minus_IZR. lra.
Qed.

Lemma floor_log_quotient E b w c N : (0 < w)%Z -> (1 < c)%Z ->
  IZR (w * N) * ln (IZR c) <= IZR E * ln (IZR b) < IZR (w * (N + 1)) * ln (IZR c) ->
  is_floor N (log_quotient E b w c).
Proof.
intros w0 c1 [lo hi]. apply IZR_lt in w0.
assert (C : 0 < ln (IZR c)) by (rewrite <- ln_1; apply ln_increasing; [lra|now apply IZR_lt]).
assert (D : 0 < IZR w * ln (IZR c)) by now apply Rmult_lt_0_compat.
rewrite mult_IZR in lo, hi. rewrite plus_IZR in hi. unfold log_quotient. split.
- apply Rmult_le_reg_r with (1 := D). unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r; lra.
- apply Rmult_lt_reg_r with (1 := D). unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r; lra.
Qed.

(** The same decided over Z by powers: w (N-1), w N, E >= 0. *)
Definition ceil_log_check (E b w c N : Z) : bool :=
  ((0 <? w) && (1 <? c) && (0 <? b) && (0 <=? E) && (1 <=? N)
   && (c ^ (w * (N - 1)) <? b ^ E) && (b ^ E <=? c ^ (w * N)))%Z%bool.
Definition floor_log_check (E b w c N : Z) : bool :=
  ((0 <? w) && (1 <? c) && (0 <? b) && (0 <=? E) && (0 <=? N)
   && (c ^ (w * N) <=? b ^ E) && (b ^ E <? c ^ (w * (N + 1))))%Z%bool.

Lemma ceil_log_sound E b w c N :
  ceil_log_check E b w c N = true -> is_ceil N (log_quotient E b w c).
Proof.
unfold ceil_log_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le.
intros [[[[[[w0 c1] b0] E0] N1] lo] hi]. apply ceil_log_quotient; [easy..|].
split; [apply pow_lt_log|apply pow_le_log]; try easy; try lia; apply Z.mul_nonneg_nonneg; lia.
Qed.

Lemma floor_log_sound E b w c N :
  floor_log_check E b w c N = true -> is_floor N (log_quotient E b w c).
Proof.
unfold floor_log_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le.
intros [[[[[[w0 c1] b0] E0] N1] lo] hi]. apply floor_log_quotient; [easy..|].
split; [apply pow_le_log|apply pow_lt_log]; try easy; try lia; apply Z.mul_nonneg_nonneg; lia.
Qed.
