(** The entrywise alpha-norm itself: (sum_i |x_i|^alpha)^{1/alpha} for real 1 <= alpha < inf, max_i |x_i| for
    alpha = inf. By Minkowski's inequality it has every property that the theorems about "any alpha" ask
    of a norm, with nu = n^{1/alpha}.

    [power x a] is x^a for x >= 0, with 0^a = 0 (the standard library's Rpower 0 a is 1). Convexity of x^a
    comes from Bernoulli's inequality, and that from ln t <= t - 1. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import sup_norm target_class alpha_norm.
From PromptBound.analysis Require Import bridge one_variable.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.
Delimit Scope R_scope with coqR.

(** x^a *)
Definition power (x a : R) : R := if x == 0 then 0 else Rpower x a.

Section Power.
Implicit Types x y a : R.

Lemma powerE x a : 0 < x -> power x a = Rpower x a.
Proof. by move=> x0; rewrite /power gt_eqF. Qed.
Lemma power0 a : power 0 a = 0.
Proof. by rewrite /power eqxx. Qed.
Lemma power_gt0 x a : 0 < x -> 0 < power x a.
Proof. by move=> x0; rewrite powerE //; exact: exp_gt0. Qed.
Lemma power_ge0 x a : 0 <= power x a.
Proof. by rewrite /power; case: eqP => // _; exact: exp_ge0. Qed.
Lemma power1 a : power 1 a = 1.
Proof. by rewrite powerE ?ltr01 // /Rpower ln_1 Rmult_0_r exp_0. Qed.

Lemma powerM x y a : 0 <= x -> 0 <= y -> power (x * y) a = power x a * power y a.
Proof.
rewrite !le0r => /orP [/eqP ->|x0]; first by rewrite mul0r !power0 mul0r.
move=> /orP [/eqP ->|y0]; first by rewrite mulr0 !power0 mulr0.
by rewrite !powerE ?mulr_gt0 // -RmultE -[RHS]RmultE Rpower_mult_distr //; exact/RltP.
Qed.

(** (x^a)^{1/a} = x *)
Lemma power_root x a : 0 <= x -> a != 0 -> power (power x a) a^-1 = x.
Proof.
rewrite le0r => /orP [/eqP ->|x0] a0; first by rewrite !power0.
rewrite powerE ?power_gt0 // powerE // Rpower_mult.
by rewrite -[(a * _)%coqR]/(a * a^-1) divff // Rpower_1 //; exact/RltP.
Qed.
Lemma root_power x a : 0 <= x -> a != 0 -> power (power x a^-1) a = x.
Proof. by move=> x0 a0; rewrite -{2}[a]invrK power_root // invr_eq0. Qed.

Lemma power_le x y a : 0 <= a -> 0 <= x -> x <= y -> power x a <= power y a.
Proof.
move=> a0; rewrite le0r => /orP [/eqP ->|x0] xy; first by rewrite power0 power_ge0.
rewrite !powerE ?(lt_le_trans x0) //; apply/RleP/Rle_Rpower_l; first exact/RleP.
by split; [exact/RltP|exact/RleP].
Qed.

(** Bernoulli: 1 + a (x - 1) <= x^a *)
Lemma bernoulli x a : (0 < x -> 1 <= a -> 1 + a * (x - 1) <= Rpower x a)%coqR.
Proof.
move=> x0 a1; have [z0|z0] := Rle_lt_dec (1 + a * (x - 1))%coqR 0.
  exact: Rle_trans z0 (Rlt_le _ _ (exp_pos _)).
set z := (1 + a * (x - 1))%coqR in z0 *.
have key : (ln z <= a * ln x)%coqR.
  have x' : (0 < / x)%coqR by apply: Rinv_0_lt_compat.
  have H1 := ln_le_sub1 (Rmult_lt_0_compat _ _ z0 x'); have H2 := ln_le_sub1 x'.
  rewrite ln_mult // in H1; rewrite ln_Rinv // in H1 H2.
  have H3 := Rmult_le_compat_l (a - 1)%coqR _ _ ltac:(lra) H2.
  have E : (z * / x = / x + a * (x * / x) - a * / x)%coqR by rewrite /z; lra.
  rewrite Rinv_r in E; last lra.
  by move: E H1 H2 H3; move: (/ x)%coqR (z * / x)%coqR => y zy; lra.
rewrite -{1}[z]exp_ln // /Rpower.
by case: key => [lt|->]; [apply/Rlt_le/exp_increasing|apply: Rle_refl].
Qed.

Lemma power_nat x n : 0 <= x -> power x n.+1%:R = x ^+ n.+1.
Proof.
rewrite le0r => /orP [/eqP ->|x0]; first by rewrite power0 expr0n.
by rewrite powerE // -INRE Rpower_pow ?RpowE //; exact/RltP.
Qed.

(** x^a is convex. *)
Lemma power_convex x y s t a : 0 <= x -> 0 <= y -> 0 <= s -> 0 <= t -> s + t = 1 -> 1 <= a ->
  power (s * x + t * y) a <= s * power x a + t * power y a.
Proof.
move=> x0 y0 s0 t0 st a1; set c := s * x + t * y.
have : 0 <= c by rewrite addr_ge0 // mulr_ge0.
rewrite le0r => /orP [/eqP ->|c0]; first by rewrite power0 addr_ge0 // mulr_ge0 // power_ge0.
have cN := lt0r_neq0 c0.
(* the tangent at c *)
have tangent u : 0 <= u -> power c a * (1 + a * (u / c - 1)) <= power u a.
  rewrite le0r => /orP [/eqP ->|u0].
    rewrite mul0r sub0r mulrN1 power0 mulr_ge0_le0 ?power_ge0 //.
    by rewrite subr_le0.
  have {2}-> : u = c * (u / c) by rewrite mulrC mulfVK.
  rewrite powerM ?(ltW c0) ?divr_ge0 ?(ltW u0) ?(ltW c0) //.
  apply: ler_wpmul2l; first exact: power_ge0.
  have uc : 0 < u / c by rewrite divr_gt0.
  by rewrite [power (u / c) a]powerE //; apply/RleP/bernoulli; [exact/RltP|exact/RleP].
apply: le_trans (ler_add (ler_wpmul2l s0 (tangent x x0)) (ler_wpmul2l t0 (tangent y y0))).
rewrite ![_ * (power c a * _)]mulrCA -mulrDr.
have -> : s * (1 + a * (x / c - 1)) + t * (1 + a * (y / c - 1)) =
    (s + t) + a * ((s * x + t * y) / c - (s + t)).
  by field.
by rewrite st -/c divff // subrr mulr0 addr0 mulr1.
Qed.
End Power.

Section EntrywiseNorm.
Variable I : finType.
Local Notation point := {ffun I -> R}.

(** (sum_i |x_i|^alpha)^{1/alpha} *)
Definition entrywise_norm (alpha : R) (x : point) : R := power (\sum_i power `|x i| alpha) alpha^-1.

Variable alpha : R.
Hypothesis alpha1 : 1 <= alpha.

Let a_gt0 : 0 < alpha. Proof. exact: lt_le_trans ltr01 alpha1. Qed.
Let a_ge0 : 0 <= alpha. Proof. exact: ltW. Qed.
Let a_neq0 : alpha != 0. Proof. exact: lt0r_neq0. Qed.
Let a'_ge0 : 0 <= alpha^-1. Proof. by rewrite invr_ge0. Qed.
Local Notation nrm := (entrywise_norm alpha).
Let total (x : point) : R := \sum_i power `|x i| alpha.
Let total_ge0 x : 0 <= total x. Proof. by apply: sumr_ge0 => i _; exact: power_ge0. Qed.
Let norm_power x : power (nrm x) alpha = total x. Proof. exact: root_power (total_ge0 x) a_neq0. Qed.
Let norm_ge0 x : 0 <= nrm x. Proof. exact: power_ge0. Qed.
Let norm_le x t : 0 <= t -> total x <= power t alpha -> nrm x <= t.
Proof.
move=> t0 H; rewrite -[X in _ <= X](power_root t0 a_neq0).
exact: power_le a'_ge0 (total_ge0 x) H.
Qed.
Let norm_ge (x : point) i : `|x i| <= nrm x.
Proof.
rewrite -[X in X <= _](power_root (normr_ge0 (x i)) a_neq0); apply: power_le => //; first exact: power_ge0.
by rewrite (bigD1 i) //= ler_addl sumr_ge0 // => j _; exact: power_ge0.
Qed.

(** Minkowski's inequality *)
Theorem minkowski (x y : point) : nrm (x + y) <= nrm x + nrm y.
Proof.
have zero (z : point) : nrm z = 0 -> z = 0.
  move=> z0; apply/ffunP => i; rewrite ffunE; apply/eqP.
  by rewrite -normr_eq0 eq_le normr_ge0 andbT -z0 norm_ge.
have [/zero ->|x0] := eqVneq (nrm x) 0; first by rewrite add0r ler_addr.
have [/zero ->|y0] := eqVneq (nrm y) 0; first by rewrite addr0 ler_addl.
set S := nrm x in x0 *; set T := nrm y in y0 *.
have S0 : 0 < S by rewrite lt_neqAle eq_sym x0 norm_ge0.
have T0 : 0 < T by rewrite lt_neqAle eq_sym y0 norm_ge0.
have ST : 0 < S + T by rewrite addr_gt0.
have unit_sum (z : point) : 0 < nrm z -> \sum_i power (`|z i| / nrm z) alpha = 1.
  move=> z0; rewrite (eq_bigr (fun i => power `|z i| alpha * power (nrm z)^-1 alpha)); last first.
    by move=> i _; rewrite powerM // invr_ge0 ltW.
  rewrite -mulr_suml -/(total z) -norm_power -powerM ?invr_ge0 ?(ltW z0) //.
  by rewrite divff ?power1 ?lt0r_neq0.
have mix (u v : R) : (S + T) * (S / (S + T) * (u / S) + T / (S + T) * (v / T)) = u + v.
  by move: (S) (T) x0 y0 ST => s t s0 t0 st; field; rewrite s0 t0 lt0r_neq0.
apply: norm_le; first exact: ltW.
apply: (@le_trans _ _ (\sum_i power (S + T) alpha *
    (S / (S + T) * power (`|x i| / S) alpha + T / (S + T) * power (`|y i| / T) alpha))).
  apply: ler_sum => i _.
  have split_i : `|(x + y) i| <= (S + T) * (S / (S + T) * (`|x i| / S) + T / (S + T) * (`|y i| / T)).
    by rewrite mix ffunE ler_norm_add.
  apply: le_trans (power_le a_ge0 (normr_ge0 _) split_i) _.
  have S1 : 0 <= S / (S + T) by rewrite divr_ge0 // ltW.
  have T1 : 0 <= T / (S + T) by rewrite divr_ge0 // ltW.
  have u0 : 0 <= `|x i| / S by rewrite divr_ge0 // ltW.
  have v0 : 0 <= `|y i| / T by rewrite divr_ge0 // ltW.
  have w0 : 0 <= S / (S + T) * (`|x i| / S) + T / (S + T) * (`|y i| / T) by rewrite addr_ge0 // mulr_ge0.
  rewrite (powerM _ (ltW ST) w0); apply: ler_wpmul2l; first exact: power_ge0.
  by apply: power_convex => //; rewrite -mulrDl divff // lt0r_neq0.
rewrite -mulr_sumr big_split /= -!mulr_sumr !unit_sum // !mulr1 -mulrDl divff ?lt0r_neq0 //.
by rewrite mulr1.
Qed.

(** Every real 1 <= alpha < inf; nu = n^{1/alpha}. *)
Theorem alpha_norm_entrywise : alpha_norm nrm (power #|I|%:R alpha^-1).
Proof.
split=> [||x i|x i same|x t t0 H].
- exact: minkowski.
- move=> c x; rewrite /entrywise_norm (eq_bigr (fun i => power `|c| alpha * power `|x i| alpha)); last first.
    by move=> i _; rewrite ffunE normrM powerM.
  by rewrite -mulr_sumr (powerM _ (power_ge0 _ _) (total_ge0 x)) (power_root (normr_ge0 c) a_neq0).
- exact: norm_ge.
- rewrite /entrywise_norm (bigD1 i) //= big1 ?addr0 ?power_root // => j /same ->.
  by rewrite normr0 power0.
- apply: norm_le; first by rewrite mulr_ge0 ?power_ge0.
  rewrite powerM ?power_ge0 // root_power ?ler0n // mulr_natl -sumr_const.
  by apply: ler_sum => i _; apply: power_le.
Qed.

(** What the norm is for the exponents that one can write down otherwise. *)
Lemma entrywise_norm1 x : entrywise_norm 1 x = \sum_i `|x i|.
Proof.
have one (a : R) : 0 <= a -> power a 1 = a by exact: (@power_nat a 0).
rewrite /entrywise_norm invr1 one; last by apply: sumr_ge0 => i _; exact: power_ge0.
by apply: eq_bigr => i _; exact: one.
Qed.
Lemma entrywise_norm2 x : entrywise_norm 2%:R x = euclidean_norm x.
Proof.
have S0 : 0 <= \sum_i x i ^+ 2 by apply: sumr_ge0 => i _; exact: sqr_ge0.
have -> : entrywise_norm 2%:R x = power (\sum_i x i ^+ 2) 2%:R^-1.
  by congr power; apply: eq_bigr => i _; rewrite (power_nat 1) // real_normK ?num_real.
by rewrite -{1}(sqr_sqrtr S0) -(power_nat 1) ?sqrtr_ge0 // power_root ?sqrtr_ge0 // pnatr_eq0.
Qed.
Lemma entrywise_norm_nat n x : entrywise_norm n.+1%:R x ^+ n.+1 = \sum_i `|x i| ^+ n.+1.
Proof.
rewrite -power_nat ?power_ge0 // root_power ?pnatr_eq0 //; last by apply: sumr_ge0 => i _; exact: power_ge0.
by apply: eq_bigr => i _; rewrite power_nat.
Qed.
End EntrywiseNorm.

(** alpha in [1, inf] *)
Inductive exponent := Alpha (alpha : R) | AlphaInf.
Definition exponent_ge1 (e : exponent) : bool := if e is Alpha alpha then 1 <= alpha else true.

(** ||x||_alpha, ||x - y||_alpha, n^{1/alpha} *)
Definition norm_of (I : finType) (e : exponent) (x : {ffun I -> R}) : R :=
  if e is Alpha alpha then entrywise_norm alpha x else sup_dist x 0.
Definition dist_of (I : finType) (e : exponent) (x y : {ffun I -> R}) : R := norm_of e (x - y).
Definition root_of (e : exponent) (n : nat) : R := if e is Alpha alpha then power n%:R alpha^-1 else 1.

Theorem alpha_norm_of (I : finType) (e : exponent) :
  exponent_ge1 e -> alpha_norm (@norm_of I e) (root_of e #|I|).
Proof. by case: e => [alpha|_]; [exact: alpha_norm_entrywise|exact: alpha_norm_max]. Qed.

Corollary alpha_distance_of (I : finType) (e : exponent) : exponent_ge1 e -> alpha_distance (@dist_of I e).
Proof. by move=> /(alpha_norm_of I) /alpha_norm_distance. Qed.

(** Every rational alpha = p/q >= 1. *)
Corollary alpha_norm_rational (I : finType) (p q : nat) : (0 < q <= p)%N ->
  alpha_norm (@entrywise_norm I (p%:R / q%:R)) (power #|I|%:R (q%:R / p%:R)).
Proof.
move=> /andP [q0 qp]; rewrite -[q%:R / p%:R]invf_div; apply: alpha_norm_entrywise.
by rewrite ler_pdivl_mulr ?ltr0n // mul1r ler_nat.
Qed.

(** alpha = inf: the distance of the max norm *)
Lemma dist_of_inf (I : finType) (x y : {ffun I -> R}) : dist_of AlphaInf x y = sup_dist x y.
Proof. by apply: eq_bigr => i _; rewrite !ffunE subr0. Qed.
