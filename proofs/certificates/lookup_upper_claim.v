(** Certificates for theory item 1.4 (lookup-upper): k = floor(C n^{1/alpha}/(2 eps)) + 1 and m = k^n.

    Data: eps = en/ed, C = cn/cd, 1/alpha = q/p (alpha = inf: q = 0); n = d L. *)
From Coq Require Import Reals Lra Lia ZArith.
From PromptBound.certificates Require Import power_bracket.
Local Open Scope R_scope.

(** C n^{1/alpha} / (2 eps) *)
Definition cells_needed (d L : Z) (eps C : R) (q p : Z) : R :=
  C / (2 * eps) * root_factor (d * L) q p.

Definition lookup_upper_claim (d L : Z) (eps C : R) (q p k m : Z) : Prop :=
  is_floor (k - 1) (cells_needed d L eps C q p) /\ m = (k ^ (d * L))%Z.

Definition lookup_upper_check (d L en ed cn cd q p k m : Z) : bool :=
  let num := ((cn * ed) ^ p * (d * L) ^ q)%Z in
  let den := ((2 * cd * en) ^ p)%Z in
  ((0 <? d) && (0 <? L) && (0 <? en) && (0 <? ed) && (0 <? cn) && (0 <? cd) && (0 <=? q) && (0 <? p)
   && (1 <=? k) && ((k - 1) ^ p * den <=? num) && (num <? k ^ p * den) && (m =? k ^ (d * L)))%Z%bool.

Theorem lookup_upper_sound d L en ed cn cd q p k m :
  lookup_upper_check d L en ed cn cd q p k m = true ->
  lookup_upper_claim d L (IZR en / IZR ed) (IZR cn / IZR cd) q p k m.
Proof.
unfold lookup_upper_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le, Z.eqb_eq.
intros [[[[[[[[[[[d0 L0] en0] ed0] cn0] cd0] q0] p0] k1] lo] hi] Hm]. split; [|easy].
assert (n0 : (0 < d * L)%Z) by now apply Z.mul_pos_pos.
assert (D : (0 < 2 * cd * en)%Z) by (repeat apply Z.mul_pos_pos; lia).
assert (den0 : (0 < (2 * cd * en) ^ p)%Z) by (apply Z.pow_pos_nonneg; lia).
assert (Ed := IZR_lt _ _ ed0). assert (Cd := IZR_lt _ _ cd0). assert (En := IZR_lt _ _ en0).
set (x := cells_needed _ _ _ _ _ _).
assert (X : x = IZR (cn * ed) / IZR (2 * cd * en) * root_factor (d * L) q p).
{ unfold x, cells_needed. f_equal. rewrite !mult_IZR. field. lra. }
assert (x0 : 0 <= x).
{ rewrite X. apply Rlt_le, Rmult_lt_0_compat; [|apply exp_pos].
  apply Rdiv_lt_0_compat; apply IZR_lt; [now apply Z.mul_pos_pos|easy]. }
assert (p0' : (0 < Z.to_nat p)%nat) by lia.
assert (Ep : Z.of_nat (Z.to_nat p) = p) by (apply Z2Nat.id; lia).
assert (E : x ^ Z.to_nat p * IZR ((2 * cd * en) ^ p) = IZR ((cn * ed) ^ p * (d * L) ^ q)).
{ pose proof (root_factor_pow (IZR (cn * ed) / IZR (2 * cd * en)) (d * L) q p 1 n0 p0 q0 ltac:(lia)) as H.
  rewrite !Z.mul_1_l, pow_1, <- X in H. rewrite H, (mult_IZR (_ ^ _)), (IZR_pow (cn * ed)), (IZR_pow (_ * _ * _)) by lia.
  rewrite <- (div_pow_mult (IZR (cn * ed)) (IZR (2 * cd * en)) (Z.to_nat p)); [ring|].
  apply Rgt_not_eq. now apply IZR_lt. }
split.
- refine (power_le _ _ _ _ _ p0' x0 den0 E _). now rewrite Ep.
- replace (IZR (k - 1) + 1) with (IZR k) by (rewrite minus_IZR; ring).
  refine (power_gt _ _ _ _ _ den0 _ E _); [lia|now rewrite Ep].
Qed.
