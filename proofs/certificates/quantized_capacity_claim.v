(** Certificates for theory item 1.1 (quantized-capacity): the integers that the formula gives.

    The published real form m >= L lambda, lambda = (2 C n^{1/alpha} / eps)^n, and the integer-grid form
    m >= L k^n with k = ceil(2 C n^{1/alpha} / eps); n = d L. Data: eps = en/ed, C = cn/cd,
    1/alpha = q/p (alpha = inf: q = 0), all integers. That L k^n is the count that 1.1 stands for is
    [algebra.quantized_capacity]. *)
From Coq Require Import Reals Lra Lia ZArith.
From PromptBound.certificates Require Import power_bracket.
Local Open Scope R_scope.

(** 1/delta = 2 C n^{1/alpha} / eps *)
Definition inverse_step (d L : Z) (eps C : R) (q p : Z) : R :=
  2 * C / eps * root_factor (d * L) q p.
(** L lambda *)
Definition published_tokens (d L : Z) (eps C : R) (q p : Z) : R :=
  IZR L * inverse_step d L eps C q p ^ Z.to_nat (d * L).

(** The printed claims: the least integer N >= L lambda; and N = L k^n with k = ceil(1/delta). *)
Definition quantized_capacity_claim d L eps C q p (N : Z) : Prop :=
  is_ceil N (published_tokens d L eps C q p).
Definition quantized_capacity_grid_claim d L eps C q p (k N : Z) : Prop :=
  is_ceil k (inverse_step d L eps C q p) /\ N = (L * k ^ (d * L))%Z.

Definition positive (d L en ed cn cd q p : Z) : bool :=
  ((0 <? d) && (0 <? L) && (0 <? en) && (0 <? ed) && (0 <? cn) && (0 <? cd) && (0 <=? q) && (0 <? p))%Z%bool.

Definition quantized_capacity_check (d L en ed cn cd q p N : Z) : bool :=
  let n := (d * L)%Z in
  let num := (L ^ p * (2 * cn * ed) ^ (n * p) * n ^ (n * q))%Z in
  let den := ((cd * en) ^ (n * p))%Z in
  (positive d L en ed cn cd q p && (0 <? N) && ((N - 1) ^ p * den <? num) && (num <=? N ^ p * den))%Z%bool.

Definition quantized_capacity_grid_check (d L en ed cn cd q p k N : Z) : bool :=
  let num := ((2 * cn * ed) ^ p * (d * L) ^ q)%Z in
  let den := ((cd * en) ^ p)%Z in
  (positive d L en ed cn cd q p && (0 <? k) && ((k - 1) ^ p * den <? num) && (num <=? k ^ p * den)
   && (N =? L * k ^ (d * L)))%Z%bool.

Section Soundness.
Variables (d L en ed cn cd q p : Z).
Hypothesis pos : positive d L en ed cn cd q p = true.
Let n := (d * L)%Z.
Let eps := IZR en / IZR ed. Let C := IZR cn / IZR cd.

Lemma positiveP : (0 < d /\ 0 < L /\ 0 < en /\ 0 < ed /\ 0 < cn /\ 0 < cd /\ 0 <= q /\ 0 < p)%Z.
Proof. revert pos. unfold positive. rewrite !Bool.andb_true_iff, !Z.ltb_lt, Z.leb_le. tauto. Qed.

Lemma inverse_step_pos : 0 < inverse_step d L eps C q p.
Proof.
destruct positiveP as (d0 & L0 & en0 & ed0 & cn0 & cd0 & q0 & p0).
unfold inverse_step, eps, C. apply Rmult_lt_0_compat; [|apply exp_pos].
repeat (apply Rdiv_lt_0_compat || apply Rmult_lt_0_compat); try lra; now apply IZR_lt.
Qed.

(** ((1/delta)^e)^p (cd en)^{e p} = (2 cn ed)^{e p} n^{e q} *)
Lemma inverse_step_pow e : (0 <= e)%Z ->
  (inverse_step d L eps C q p ^ Z.to_nat e) ^ Z.to_nat p * IZR ((cd * en) ^ (e * p)) =
  IZR ((2 * cn * ed) ^ (e * p) * n ^ (e * q)).
Proof.
destruct positiveP as (d0 & L0 & en0 & ed0 & cn0 & cd0 & q0 & p0). intros e0.
assert (n0 : (0 < n)%Z) by now apply Z.mul_pos_pos.
assert (ep0 : (0 <= e * p)%Z) by (apply Z.mul_nonneg_nonneg; lia).
unfold inverse_step. rewrite root_factor_pow by easy.
assert (X : 2 * C / eps = IZR (2 * cn * ed) / IZR (cd * en)).
{ unfold C, eps. rewrite !mult_IZR. field.
  repeat split; apply Rgt_not_eq; now apply IZR_lt. }
rewrite X, (mult_IZR (_ ^ _)), (IZR_pow (2 * cn * ed)), (IZR_pow (cd * en)) by easy.
rewrite <- (div_pow_mult (IZR (2 * cn * ed)) (IZR (cd * en)) (Z.to_nat (e * p))); [unfold n; ring|].
apply Rgt_not_eq, IZR_lt. now apply Z.mul_pos_pos.
Qed.
End Soundness.

Theorem quantized_capacity_sound d L en ed cn cd q p N :
  quantized_capacity_check d L en ed cn cd q p N = true ->
  quantized_capacity_claim d L (IZR en / IZR ed) (IZR cn / IZR cd) q p N.
Proof.
unfold quantized_capacity_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, Z.leb_le.
intros [[[pos N0] Hlo] Hhi].
destruct (positiveP _ _ _ _ _ _ _ _ pos) as (d0 & L0 & en0 & ed0 & cn0 & cd0 & q0 & p0).
assert (n0 : (0 < d * L)%Z) by now apply Z.mul_pos_pos.
assert (den0 : (0 < (cd * en) ^ (d * L * p))%Z).
{ apply Z.pow_pos_nonneg; [now apply Z.mul_pos_pos|apply Z.mul_nonneg_nonneg; lia]. }
unfold quantized_capacity_claim, is_ceil.
set (x := published_tokens _ _ _ _ _ _).
assert (x0 : 0 <= x).
{ apply Rmult_le_pos; [apply IZR_le; lia|]. apply pow_le, Rlt_le. now apply inverse_step_pos. }
assert (E : x ^ Z.to_nat p * IZR ((cd * en) ^ (d * L * p)) =
    IZR (L ^ p * (2 * cn * ed) ^ (d * L * p) * (d * L) ^ (d * L * q))).
{ unfold x, published_tokens. rewrite Rpow_mult_distr, Rmult_assoc, inverse_step_pow by (easy || lia).
  rewrite <- (Z.mul_assoc (L ^ p)), (mult_IZR (L ^ p)), (IZR_pow L) by lia. easy. }
assert (p0' : (0 < Z.to_nat p)%nat) by lia.
assert (Ep : Z.of_nat (Z.to_nat p) = p) by (apply Z2Nat.id; lia).
rewrite <- minus_IZR. split.
- refine (power_lt _ _ _ _ _ _ den0 E _); rewrite ?Ep; easy || lia.
- refine (power_ge _ _ _ _ _ p0' den0 _ E _); rewrite ?Ep; easy || lia.
Qed.

Theorem quantized_capacity_grid_sound d L en ed cn cd q p k N :
  quantized_capacity_grid_check d L en ed cn cd q p k N = true ->
  quantized_capacity_grid_claim d L (IZR en / IZR ed) (IZR cn / IZR cd) q p k N.
Proof.
unfold quantized_capacity_grid_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, Z.leb_le, Z.eqb_eq.
intros [[[[pos k0] Hlo] Hhi] HN]. split; [|easy].
destruct (positiveP _ _ _ _ _ _ _ _ pos) as (d0 & L0 & en0 & ed0 & cn0 & cd0 & q0 & p0).
assert (den0 : (0 < (cd * en) ^ p)%Z).
{ apply Z.pow_pos_nonneg; [now apply Z.mul_pos_pos|lia]. }
set (x := inverse_step _ _ _ _ _ _).
assert (x0 : 0 <= x) by (apply Rlt_le; now apply inverse_step_pos).
assert (E : x ^ Z.to_nat p * IZR ((cd * en) ^ p) = IZR ((2 * cn * ed) ^ p * (d * L) ^ q)).
{ pose proof (inverse_step_pow _ _ _ _ _ _ _ _ pos 1 ltac:(lia)) as H.
  rewrite !Z.mul_1_l, pow_1 in H. exact H. }
assert (p0' : (0 < Z.to_nat p)%nat) by lia.
assert (Ep : Z.of_nat (Z.to_nat p) = p) by (apply Z2Nat.id; lia).
unfold is_ceil. rewrite <- minus_IZR. split.
- refine (power_lt _ _ _ _ _ _ den0 E _); rewrite ?Ep; easy || lia.
- refine (power_ge _ _ _ _ _ p0' den0 _ E _); rewrite ?Ep; easy || lia.
Qed.
