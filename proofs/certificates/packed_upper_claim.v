(** Certificates for theory item 1.6 (packed-upper): the sizes of the difference form and of the direct form.

    Data: eps = en/ed, C = cn/cd, 1/alpha = q/p (alpha = inf: q = 0), b bits an entry, P payload entries a token; n = d L.
    - difference form, t steps: k - 1 = floor(C n^{1/alpha} (1 + 1/t)/(2 eps)), J = max{j: (2t+1)^j <= 2^b},
      A >= 1 the least with (2t+1)^A > floor(k t/C + 1/2), r = floor(P J/n) - A + 1;
    - direct form, J values an entry: M = max{i: (i+1)^J <= 2^b}, k - 1 = floor(C n^{1/alpha}/(2 eps - n^{1/alpha}/M)),
      r = floor(P J/n);
    and m = ceil(k^n/r) in both. *)
From Coq Require Import Reals Lra Lia ZArith Bool.
From PromptBound.certificates Require Import power_bracket lookup_upper_claim packed_memory_claim.
Local Open Scope R_scope.

(** C n^{1/alpha}/(2 eps - n^{1/alpha}/M) *)
Definition cells_of_direct (d L : Z) (eps C : R) (q p M : Z) : R :=
  let root := root_factor (d * L) q p in C * root / (2 * eps - root / IZR M).

Definition packed_difference_claim (d L : Z) (eps C : R) (q p b P t k J A r m : Z) : Prop :=
  is_floor (k - 1) (cells_needed d L eps (C * (1 + 1 / IZR t)) q p) /\
  ((2 * t + 1) ^ J <= 2 ^ b < (2 * t + 1) ^ (J + 1))%Z /\
  (exists M, is_floor M (IZR k * IZR t / C + 1 / 2) /\
    (A = 1 \/ (2 * t + 1) ^ (A - 1) <= M)%Z /\ (M < (2 * t + 1) ^ A)%Z) /\
  (r = P * J / (d * L) - A + 1)%Z /\ least_tokens (k ^ (d * L)) r m.

Definition packed_direct_claim (d L : Z) (eps C : R) (q p b P M k J r m : Z) : Prop :=
  root_factor (d * L) q p / IZR M < 2 * eps /\
  is_floor (k - 1) (cells_of_direct d L eps C q p M) /\
  ((M + 1) ^ J <= 2 ^ b < (M + 2) ^ J)%Z /\
  (r = P * J / (d * L))%Z /\ least_tokens (k ^ (d * L)) r m.

(** K <= C n^{q/p}/(2 eps), by integers *)
Definition reaches_cells (d L en ed cn cd q p K : Z) : bool :=
  (K ^ p * (2 * cd * en) ^ p <=? (cn * ed) ^ p * (d * L) ^ q)%Z.
Definition data_check (d L en ed cn cd q p : Z) : bool :=
  ((0 <? d) && (0 <? L) && (0 <? en) && (0 <? ed) && (0 <? cn) && (0 <? cd) && (0 <=? q) && (0 <? p))%Z.

Definition packed_difference_check (d L en ed cn cd q p b P t k J A r m M : Z) : bool :=
  (data_check d L en ed cn cd q p && (0 <? t) && (1 <=? k)
   && reaches_cells d L en ed (cn * (t + 1)) (cd * t) q p (k - 1)
   && negb (reaches_cells d L en ed (cn * (t + 1)) (cd * t) q p k)
   && ((2 * t + 1) ^ J <=? 2 ^ b) && (2 ^ b <? (2 * t + 1) ^ (J + 1))
   && (2 * M * cn <=? 2 * k * t * cd + cn) && (2 * k * t * cd + cn <? 2 * (M + 1) * cn)
   && ((A =? 1) || ((2 * t + 1) ^ (A - 1) <=? M)) && (M <? (2 * t + 1) ^ A)
   && (r =? P * J / (d * L) - A + 1) && least_tokens_check (k ^ (d * L)) r m)%Z%bool.

Definition packed_direct_check (d L en ed cn cd q p b P M k J r m : Z) : bool :=
  (data_check d L en ed cn cd q p && (0 <? M) && (1 <=? k)
   && reaches_cells d L en ed (cn * M + (k - 1) * cd) (cd * M) q p (k - 1)
   && negb (reaches_cells d L en ed (cn * M + k * cd) (cd * M) q p k)
   && ((M + 1) ^ J <=? 2 ^ b) && (2 ^ b <? (M + 2) ^ J)
   && (r =? P * J / (d * L)) && least_tokens_check (k ^ (d * L)) r m)%Z%bool.

Section Data.
Variables d L en ed cn cd q p : Z.
Hypotheses (d0 : (0 < d)%Z) (L0 : (0 < L)%Z) (en0 : (0 < en)%Z) (ed0 : (0 < ed)%Z).
Hypotheses (cn0 : (0 < cn)%Z) (cd0 : (0 < cd)%Z) (q0 : (0 <= q)%Z) (p0 : (0 < p)%Z).
Local Notation x := (cells_needed d L (IZR en / IZR ed) (IZR cn / IZR cd) q p).

Let D : (0 < (2 * cd * en) ^ p)%Z.
Proof. apply Z.pow_pos_nonneg; [repeat apply Z.mul_pos_pos; lia|lia]. Qed.

Let power : 0 <= x /\ x ^ Z.to_nat p * IZR ((2 * cd * en) ^ p) = IZR ((cn * ed) ^ p * (d * L) ^ q).
Proof.
assert (n0 : (0 < d * L)%Z) by now apply Z.mul_pos_pos.
assert (D1 : (0 < 2 * cd * en)%Z) by (repeat apply Z.mul_pos_pos; lia).
assert (Ed := IZR_lt _ _ ed0). assert (Cd := IZR_lt _ _ cd0). assert (En := IZR_lt _ _ en0).
assert (X : x = IZR (cn * ed) / IZR (2 * cd * en) * root_factor (d * L) q p).
{ unfold cells_needed. f_equal. rewrite !mult_IZR. field. lra. }
split.
- rewrite X. apply Rlt_le, Rmult_lt_0_compat; [|apply exp_pos].
  apply Rdiv_lt_0_compat; apply IZR_lt; [now apply Z.mul_pos_pos|easy].
- pose proof (root_factor_pow (IZR (cn * ed) / IZR (2 * cd * en)) (d * L) q p 1 n0 p0 q0 ltac:(lia)) as H.
  rewrite !Z.mul_1_l, pow_1, <- X in H. rewrite H, (mult_IZR (_ ^ _)), (IZR_pow (cn * ed)), (IZR_pow (_ * _ * _)) by lia.
  rewrite <- (div_pow_mult (IZR (cn * ed)) (IZR (2 * cd * en)) (Z.to_nat p)); [ring|].
  apply Rgt_not_eq. now apply IZR_lt.
Qed.

Lemma reaches_cells_le K : (0 <= K)%Z -> reaches_cells d L en ed cn cd q p K = true -> IZR K <= x.
Proof.
intros K0 H. apply Z.leb_le in H. destruct power as [x0 E].
refine (power_le _ _ _ _ _ _ x0 D E _); [lia|]. now rewrite Z2Nat.id by lia.
Qed.
Lemma reaches_cells_gt K : (0 <= K)%Z -> reaches_cells d L en ed cn cd q p K = false -> x < IZR K.
Proof.
intros K0 H. apply Z.leb_gt in H. destruct power as [x0 E].
refine (power_gt _ _ _ _ _ D K0 E _). now rewrite Z2Nat.id by lia.
Qed.
End Data.

Lemma data_checkP d L en ed cn cd q p : data_check d L en ed cn cd q p = true ->
  (0 < d /\ 0 < L /\ 0 < en /\ 0 < ed /\ 0 < cn /\ 0 < cd /\ 0 <= q /\ 0 < p)%Z.
Proof. unfold data_check. rewrite !andb_true_iff, !Z.ltb_lt, Z.leb_le. tauto. Qed.

Lemma least_tokens_checkP N r m : least_tokens_check N r m = true -> least_tokens N r m.
Proof. unfold least_tokens_check, least_tokens. now rewrite andb_true_iff, Z.ltb_lt, Z.leb_le. Qed.

Theorem packed_difference_sound d L en ed cn cd q p b P t k J A r m M :
  packed_difference_check d L en ed cn cd q p b P t k J A r m M = true ->
  packed_difference_claim d L (IZR en / IZR ed) (IZR cn / IZR cd) q p b P t k J A r m.
Proof.
unfold packed_difference_check.
rewrite !andb_true_iff, orb_true_iff, negb_true_iff, !Z.ltb_lt, !Z.leb_le, !Z.eqb_eq.
intros [[[[[[[[[[[[data t0] k1] low] high] fits] most] M_low] M_high] least] M_lt] rE] tokens].
apply data_checkP in data. destruct data as (d0 & L0 & en0 & ed0 & cn0 & cd0 & q0 & p0).
assert (T := IZR_lt _ _ t0). assert (Cn := IZR_lt _ _ cn0). assert (Cd := IZR_lt _ _ cd0).
assert (CE : IZR (cn * (t + 1)) / IZR (cd * t) = IZR cn / IZR cd * (1 + 1 / IZR t)).
{ rewrite !mult_IZR, plus_IZR. field. lra. }
assert (cnt : (0 < cn * (t + 1))%Z) by (apply Z.mul_pos_pos; lia).
assert (cdt : (0 < cd * t)%Z) by now apply Z.mul_pos_pos.
split; [|split; [easy|split; [|split; [easy|now apply least_tokens_checkP]]]].
- rewrite <- CE. split.
  + apply reaches_cells_le; try easy. lia.
  + replace (IZR (k - 1) + 1) with (IZR k) by (rewrite minus_IZR; ring). apply reaches_cells_gt; try easy. lia.
- exists M. split; [|easy].
  replace (IZR k * IZR t / (IZR cn / IZR cd) + 1 / 2) with (IZR (2 * k * t * cd + cn) / IZR (2 * cn)).
  2: { rewrite plus_IZR, !mult_IZR. field. lra. }
  split.
  + apply quotient_ge; lia.
  + rewrite <- (plus_IZR M 1). apply quotient_lt; lia.
Qed.

Theorem packed_direct_sound d L en ed cn cd q p b P M k J r m :
  packed_direct_check d L en ed cn cd q p b P M k J r m = true ->
  packed_direct_claim d L (IZR en / IZR ed) (IZR cn / IZR cd) q p b P M k J r m.
Proof.
unfold packed_direct_check.
rewrite !andb_true_iff, negb_true_iff, !Z.ltb_lt, !Z.leb_le, !Z.eqb_eq.
intros [[[[[[[[data M0] k1] low] high] fits] most] rE] tokens].
apply data_checkP in data. destruct data as (d0 & L0 & en0 & ed0 & cn0 & cd0 & q0 & p0).
assert (MR := IZR_lt _ _ M0). assert (Cn := IZR_lt _ _ cn0). assert (Cd := IZR_lt _ _ cd0).
assert (En := IZR_lt _ _ en0). assert (Ed := IZR_lt _ _ ed0). assert (KR := IZR_le _ _ k1).
assert (cdM : (0 < cd * M)%Z) by now apply Z.mul_pos_pos.
assert (cnM : (0 < cn * M)%Z) by now apply Z.mul_pos_pos.
assert (sum : forall i, (0 <= i)%Z -> (0 < cn * M + i * cd)%Z).
{ intros i i0. apply Z.add_pos_nonneg; [easy|]. now apply Z.mul_nonneg_nonneg; [|apply Z.lt_le_incl]. }
assert (K0 : (0 <= k - 1)%Z) by (clear - k1; lia).
assert (K1 : (0 <= k)%Z) by (clear - k1; lia).
apply (reaches_cells_le d L en ed _ _ q p d0 L0 en0 ed0 (sum _ K0) cdM q0 p0 _ K0) in low.
apply (reaches_cells_gt d L en ed _ _ q p d0 L0 en0 ed0 (sum _ K1) cdM q0 p0 _ K1) in high.
assert (CE : forall i, IZR (cn * M + i * cd) / IZR (cd * M) = IZR cn / IZR cd + IZR i / IZR M).
{ intros i. rewrite plus_IZR, !mult_IZR. field. lra. }
rewrite CE in low, high. unfold cells_needed in low, high.
assert (E0 : 0 < IZR en / IZR ed) by now apply Rdiv_lt_0_compat.
assert (C0 : 0 < IZR cn / IZR cd) by now apply Rdiv_lt_0_compat.
unfold packed_direct_claim, cells_of_direct.
revert low high E0 C0. generalize (IZR en / IZR ed), (IZR cn / IZR cd). intros eps C low high E0 C0.
assert (root0 : 0 < root_factor (d * L) q p) by apply exp_pos.
revert low high root0. generalize (root_factor (d * L) q p). intros root low high root0.
assert (scaled : forall i, (C + IZR i / IZR M) / (2 * eps) * root = (C * root + IZR i * (root / IZR M)) / (2 * eps)).
{ intros i. field. lra. }
rewrite scaled in low, high.
assert (low' : IZR (k - 1) * (2 * eps) <= C * root + IZR (k - 1) * (root / IZR M)).
{ apply Rmult_le_compat_r with (r := 2 * eps) in low; [|lra]. unfold Rdiv in low at 1.
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r in low by lra. exact low. }
assert (high' : C * root + IZR k * (root / IZR M) < IZR k * (2 * eps)).
{ apply Rmult_lt_compat_r with (r := 2 * eps) in high; [|lra]. unfold Rdiv in high at 1.
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r in high by lra. exact high. }
assert (Cr : 0 < C * root) by now apply Rmult_lt_0_compat.
assert (gap : root / IZR M < 2 * eps) by (apply Rmult_lt_reg_l with (IZR k); lra).
split; [easy|]. split; [|split; [easy|split; [easy|now apply least_tokens_checkP]]].
assert (below : 0 < 2 * eps - root / IZR M) by lra.
split.
- apply Rmult_le_reg_r with (1 := below). unfold Rdiv at 2. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra. lra.
- apply Rmult_lt_reg_r with (1 := below). unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
  rewrite minus_IZR. lra.
Qed.
