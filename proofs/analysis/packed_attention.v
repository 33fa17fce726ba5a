(** Theory item 5.9, part (b): one reading of the packed prompt by softmax attention, and what it does to the prompt.

    Keys are the m prompt tokens (G) and the L input tokens (X); the payload of an input token is 0. Prompt token g holds
    its index T_g. Scores of an input query that looks for the index tok: Lambda_2 (2 tok T_g - T_g^2) on prompt keys, -Lambda_3
    on input keys; of a prompt query: 0 on prompt keys, Lambda_4 on input keys. One payload entry is followed; it is
    stored as v = N 2^{-b}, and the value map multiplies it by c = 2^b B^{-J}. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import polynomial_attention exact_product digit_extraction.
From PromptBound.analysis Require Import bridge.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

(** Lambda >= ln a gives e^{-Lambda} <= 1/a. *)
Lemma exp_opp_ln (a x : R) : 0 < a -> ln a <= x -> exp (- x) <= a^-1.
Proof.
move=> a0 le; rewrite -[X in X^-1](exp_ln a); last exact/RltP.
have -> : (exp (ln a))^-1 = exp (- ln a).
  apply: (mulfI (lt0r_neq0 (exp_gt0 (ln a)))); rewrite divff ?lt0r_neq0 ?exp_gt0 // -expD.
  by rewrite Rplus_opp_r exp0.
by apply: exp_le; rewrite ler_opp2.
Qed.

Lemma sum_same (J : finType) (a : R) : \sum_(j : J) a = #|J|%:R * a.
Proof. by rewrite sumr_const mulr_natl. Qed.

Section Reading.
Variables (G X : finType) (T : G -> nat) (l2 l3 l4 : R).
Hypotheses (T_inj : injective T) (l2_ge0 : 0 <= l2).
Local Notation key := (G + X)%type.
Implicit Types (v : G -> R) (g : G) (s : R).

(** What the keys carry. *)
Definition payload v (j : key) : R := match j with inl g => v g | inr _ => 0 end.
(** e^score of an input query for index tok, and of a prompt query. *)
Definition input_weight (tok : nat) (j : key) : R :=
  match j with inl g => exp (l2 * (2%:R * tok%:R * (T g)%:R - (T g)%:R ^+ 2)) | inr _ => exp (- l3) end.
Definition prompt_weight (j : key) : R := match j with inl _ => 1 | inr _ => exp l4 end.
(** The attention output, one coordinate. *)
Definition read_at tok v : R := average (input_weight tok) (payload v).
Definition prompt_read v : R := average prompt_weight (payload v).

Let weight_gt0 tok j : 0 < input_weight tok j.
Proof. by case: j => [g|x]; exact: exp_gt0. Qed.

Lemma square_gap (a b : nat) : a != b -> 1 <= (a%:R - b%:R) ^+ 2 :> R.
Proof.
wlog lt : a b / (b < a)%N.
  move=> W ab; case: (ltngtP b a) => [lt|lt|e]; [exact: W| |by rewrite e eqxx in ab].
  by rewrite -[_ - _]opprB sqrrN W // eq_sym.
by move=> _; rewrite -natrB 1?ltnW // exprn_ege1 // ler1n subn_gt0.
Qed.

(** An input query reads the token that it looks for, up to m e^{-Lambda_2} + L e^{-Lambda_3} times the value scale. *)
Theorem read_error v g s : (forall g', 0 <= v g' <= s) ->
  `|read_at (T g) v - v g| <= s * (#|G|%:R * exp (- l2) + #|X|%:R * exp (- l3)).
Proof.
move=> v_s; have s0 : 0 <= s by have /andP [a b] := v_s g; exact: le_trans a b.
set w := input_weight (T g); set w0 := w (inl g).
have w00 : 0 < w0 := weight_gt0 _ _.
have w01 : 1 <= w0.
  rewrite -[X in X <= _]exp0; apply: exp_le; rewrite mulr_ge0 //.
  have -> : 2%:R * (T g)%:R * (T g)%:R - (T g)%:R ^+ 2 = (T g)%:R ^+ 2 :> R by ring.
  exact: sqr_ge0.
have W0 : w0 <= \sum_j w j.
  by rewrite (bigD1 (inl g)) //= ler_addl sumr_ge0 // => j _; exact/ltW/weight_gt0.
have Wp : 0 < \sum_j w j := lt_le_trans w00 W0.
have -> : read_at (T g) v - v g = (\sum_j w j * (payload v j - v g)) / \sum_j w j.
  rewrite /read_at /average -/w; under [X in _ = X / _]eq_bigr do rewrite mulrBr.
  by rewrite sumrB -mulr_suml mulrBl mulrAC divff ?mul1r // lt0r_neq0.
rewrite normrM normfV (gtr0_norm Wp) ler_pdivr_mulr //.
apply: le_trans (ler_norm_sum _ _ _) _.
apply: (@le_trans _ _ (s * (#|G|%:R * exp (- l2) + #|X|%:R * exp (- l3)) * w0)); last first.
  by apply: ler_wpmul2l => //; rewrite mulr_ge0 // addr_ge0 // mulr_ge0 ?ler0n ?exp_ge0.
have split : s * (#|G|%:R * exp (- l2) + #|X|%:R * exp (- l3)) * w0 =
  s * (#|G|%:R * exp (- l2)) * w0 + s * (#|X|%:R * exp (- l3)) * w0 by rewrite mulrDr mulrDl.
rewrite split big_sumType /=; apply: ler_add.
  have -> : s * (#|G|%:R * exp (- l2)) * w0 = \sum_(g' : G) s * exp (- l2) * w0.
    by rewrite sum_same; move: (#|G|%:R : R) => a; ring.
  apply: ler_sum => g' _; have [->|gg] := eqVneq g' g.
    by rewrite subrr mulr0 normr0 !mulr_ge0 ?exp_ge0 // ltW.
  have close : `|v g' - v g| <= s.
    have /andP [a b] := v_s g'; have /andP [a' b'] := v_s g.
    by rewrite ler_norml; apply/andP; split; mlra.
  rewrite normrM (gtr0_norm (weight_gt0 (T g) (inl g') : 0 < w (inl g'))) mulrC -mulrA; apply: ler_pmul => //.
    exact/ltW/weight_gt0.
  rewrite /w0 /w /= -expD; apply: exp_le.
  have TT : T g != T g' by apply: contraNneq gg => /T_inj ->.
  have H := ler_wpmul2l l2_ge0 (square_gap TT).
  have -> : l2 * (2%:R * (T g)%:R * (T g')%:R - (T g')%:R ^+ 2) =
    l2 * (T g)%:R ^+ 2 - l2 * ((T g)%:R - (T g')%:R) ^+ 2 by ring.
  have -> : l2 * (2%:R * (T g)%:R * (T g)%:R - (T g)%:R ^+ 2) = l2 * (T g)%:R ^+ 2 by ring.
  by move: H; move: (_ * _ ^+ 2) (_ * _ ^+ 2) => p q; rewrite mulr1 => H; mlra.
have -> : s * (#|X|%:R * exp (- l3)) * w0 = \sum_(x : X) s * exp (- l3) * w0.
  by rewrite sum_same; move: (#|X|%:R : R) => a; ring.
apply: ler_sum => x _; have /andP [a b] := v_s g.
rewrite sub0r normrM normrN (gtr0_norm (weight_gt0 (T g) (inr x) : 0 < w (inr x))) (ger0_norm a) mulrC -mulrA.
apply: ler_pmul => //; first exact/ltW/weight_gt0.
by rewrite /w /= ler_pemulr // exp_ge0.
Qed.

(** A prompt query puts at most the share (m/L) e^{-Lambda_4} on the prompt, the rest on zeros. *)
Theorem prompt_read_le v s : (0 < #|X|)%N -> (forall g, 0 <= v g <= s) ->
  0 <= prompt_read v <= s * (#|G|%:R / #|X|%:R * exp (- l4)).
Proof.
move=> X0 v_s; have XR : 0 < #|X|%:R :> R by rewrite ltr0n.
have e0 := exp_gt0 l4.
rewrite /prompt_read /average !big_sumType /= [X in (_ + X) / _]big1 ?addr0 => [|x _]; last by rewrite mulr0.
under [X in X / _]eq_bigr do rewrite mul1r.
have -> : \sum_(g : G) 1 + \sum_(x : X) exp l4 = #|G|%:R + #|X|%:R * exp l4 :> R.
  by rewrite !sum_same mulr1.
have Xe : 0 < #|X|%:R * exp l4 by rewrite mulr_gt0.
have D0 : 0 < #|G|%:R + #|X|%:R * exp l4 by rewrite ltr_paddl ?ler0n.
have S0 : 0 <= \sum_g v g by apply: sumr_ge0 => g _; have /andP [] := v_s g.
rewrite divr_ge0 ?(ltW D0) //= ler_pdivr_mulr //.
have SG : \sum_g v g <= s * #|G|%:R.
  by rewrite mulrC -sum_same; apply: ler_sum => g _; have /andP [] := v_s g.
have inv : exp (- l4) * exp l4 = 1 by rewrite -expD Rplus_opp_l exp0.
apply: le_trans SG _; have -> : s * (#|G|%:R / #|X|%:R * exp (- l4)) * (#|G|%:R + #|X|%:R * exp l4) =
  s * #|G|%:R * (#|G|%:R / #|X|%:R * exp (- l4)) + s * #|G|%:R * (exp (- l4) * exp l4).
  by field; rewrite lt0r_neq0.
rewrite inv mulr1 ler_addr; case: (posnP #|G|) => [->|G0]; first by rewrite !(mulr0, mul0r).
have /card_gt0P [g _] := G0; have /andP [a b] := v_s g.
by rewrite !mulr_ge0 ?invr_ge0 ?ler0n ?exp_ge0 // (le_trans a).
Qed.
End Reading.

(** The shifts, one after the other. u_j is the payload times c before shift j; a shift adds c times the prompt query's
    output to it, no feed-forward block touches it. N_g < B^J are the stored integers. *)
Section Shifts.
Variables (G X : finType) (T : G -> nat) (l2 l3 l4 : R) (B J b n : nat) (N : G -> nat) (u : nat -> G -> R).
Local Notation Q := ((B ^ J)%:R : R).
Local Notation c := ((2 ^ b)%:R / Q : R).
Local Notation m := (#|G|%:R : R).
Hypotheses (T_inj : injective T) (X0 : (0 < #|X|)%N) (B0 : (1 < B)%N) (J0 : (0 < J)%N).
Hypothesis N_lt : forall g, (N g < B ^ J)%N.
Hypothesis u_start : forall g, u 0%N g = (N g)%:R / Q.
Hypothesis u_next : forall j g, u j.+1 g = u j g + c * prompt_read X l4 (u j).
Hypotheses (l2_large : ln (16%:R * m * Q) <= l2) (l3_large : ln (16%:R * #|X|%:R * Q) <= l3)
  (l4_large : ln (8%:R * n.+1%:R * m * Q * (2 ^ b)%:R) <= l4).

Let Q2 : 2%:R <= Q.
Proof. by rewrite ler_nat; case: J J0 => // J' _; rewrite (leq_trans B0) // expnS leq_pmulr // expn_gt0 ltnW. Qed.
Let Q0 : 0 < Q. Proof. by apply: lt_le_trans Q2; rewrite ltr0n. Qed.
Let XR : 0 < #|X|%:R :> R. Proof. by rewrite ltr0n. Qed.
Let bR : 0 < (2 ^ b)%:R :> R. Proof. by rewrite ltr0n expn_gt0. Qed.
Let nR : 0 < n.+1%:R :> R. Proof. by rewrite ltr0n. Qed.

(** The drift of one shift. *)
Definition shift_drift : R := c * (m / #|X|%:R * exp (- l4)).

Lemma shift_drift_le : n.+1%:R * shift_drift <= (8%:R * Q)^-1 * Q^-1.
Proof.
have [G0|G0] := posnP #|G|.
  by rewrite /shift_drift G0 mul0r mul0r mulr0 mulr0 mulr_ge0 ?invr_ge0 ?mulr_ge0 ?ler0n // ltW.
have GR : 0 < m by rewrite ltr0n.
have a0 : 0 < 8%:R * n.+1%:R * m * Q * (2 ^ b)%:R by rewrite !mulr_gt0 // ltr0n.
have e := exp_opp_ln a0 l4_large.
have h : n.+1%:R * shift_drift <= n.+1%:R * (c * (m / 1 * (8%:R * n.+1%:R * m * Q * (2 ^ b)%:R)^-1)).
  rewrite /shift_drift ler_pmul2l // ler_pmul2l ?divr_gt0 //; apply: ler_pmul; rewrite ?exp_ge0 ?divr_ge0 ?ler0n //.
  by rewrite ler_pmul2l // lef_pinv ?posrE ?ltr01 // ler1n.
apply: le_trans h _; rewrite le_eqVlt; apply/orP; left; apply/eqP; move: (n.+1%:R : R) nR => p p0; field.
by rewrite !lt0r_neq0.
Qed.

Let below_one (p q r t : R) : p <= 1 - t -> q <= r -> r <= t -> p + q <= 1.
Proof. by move=> *; mlra. Qed.
Let step_between (p q a e f : R) : p <= a -> a <= p + q -> 0 <= e -> e <= f -> p <= a + e <= p + (q + f).
Proof. by move=> *; apply/andP; split; mlra. Qed.
Let drift0 : 0 <= shift_drift.
Proof. by rewrite /shift_drift !mulr_ge0 ?invr_ge0 ?ler0n ?exp_ge0. Qed.

Let drift_small j : (j <= n.+1)%N -> j%:R * shift_drift <= (8%:R * Q)^-1.
Proof.
move=> jn; apply: (@le_trans _ _ (n.+1%:R * shift_drift)); first by rewrite ler_wpmul2r // ler_nat.
apply: le_trans shift_drift_le _; apply: ler_pimulr; first by rewrite invr_ge0 mulr_ge0 ?ler0n.
by rewrite invf_le1 // (le_trans _ Q2) // ler1n.
Qed.

Let eighth : (8%:R * Q)^-1 <= Q^-1.
Proof. by rewrite invfM; apply: ler_pimull; rewrite ?invr_ge0 ?ler0n // invf_le1 ?ltr0n // ler1n. Qed.

Let in_scale (a : R) j g : (j <= n.+1)%N -> (N g)%:R / Q <= a <= (N g)%:R / Q + j%:R * shift_drift -> 0 <= a <= 1.
Proof.
move=> /drift_small small /andP [lo hi]; rewrite (le_trans _ lo) ?divr_ge0 ?ler0n //=.
apply: le_trans hi _; have top : (N g)%:R / Q <= 1 - Q^-1.
  by rewrite ler_pdivr_mulr // mulrBl mul1r mulVf ?lt0r_neq0 // ler_subr_addr -mulrSr ler_nat.
exact: below_one top small eighth.
Qed.

(** Prompt tokens are unchanged but for the drift: c (m/L) e^{-Lambda_4} at most a shift, the values being at most 1. *)
Theorem prompt_drift j g : (j <= n.+1)%N -> (N g)%:R / Q <= u j g <= (N g)%:R / Q + j%:R * shift_drift.
Proof.
elim: j g => [|j IH] g jn; first by rewrite u_start mul0r addr0 lexx.
have scale g' : 0 <= u j g' <= 1 by exact: in_scale (ltnW jn) (IH g' (ltnW jn)).
have /andP [r0 r1] := prompt_read_le l4 X0 scale; rewrite mul1r in r1.
have /andP [lo hi] := IH g (ltnW jn); have c0 : 0 <= c by rewrite divr_ge0 ?ler0n.
have s1 := ler_wpmul2l c0 r1; have s0 := mulr_ge0 c0 r0; rewrite -/shift_drift in s1.
rewrite u_next mulrSr mulrDl mul1r.
exact: step_between lo hi s0 s1.
Qed.

(** All errors together stay within B^{-J}/4 at every shift, what [digits_under_noise] asks for. *)
Theorem packed_read j g : (j <= n)%N ->
  `|read_at X T l2 l3 (T g) (u j) - (N g)%:R / Q| <= (4%:R * Q)^-1.
Proof.
move=> jn; have jn1 := leqW jn.
have GR : 0 < m by rewrite ltr0n; apply/card_gt0P; exists g.
have scale g' : 0 <= u j g' <= 1 by exact: in_scale jn1 (prompt_drift g' jn1).
have a2 : 0 < 16%:R * m * Q by rewrite !mulr_gt0 // ltr0n.
have a3 : 0 < 16%:R * #|X|%:R * Q by rewrite !mulr_gt0 // ltr0n.
have l20 : 0 <= l2.
  apply: le_trans l2_large; apply/RleP; rewrite -[X in Rle X _]/(IZR 0) -ln_1; apply/Rlt_le/ln_increasing; first exact: Rlt_0_1.
  apply/RltP; have m1 : 1 <= m by rewrite ler1n -(ltr0n R_numDomainType).
  have : 16%:R * 1 * 2%:R <= 16%:R * m * Q.
    by apply: ler_pmul; rewrite ?mulr_ge0 ?ler0n ?ler01 // ler_pmul2l // ltr0n.
  by apply: lt_le_trans; rewrite mulr1 -natrM ltr1n.
have e2 : m * exp (- l2) <= (16%:R * Q)^-1.
  apply: le_trans (ler_wpmul2l (ltW GR) (exp_opp_ln a2 l2_large)) _.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite !lt0r_neq0.
have e3 : #|X|%:R * exp (- l3) <= (16%:R * Q)^-1.
  apply: le_trans (ler_wpmul2l (ltW XR) (exp_opp_ln a3 l3_large)) _.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite !lt0r_neq0.
have e1 := read_error X l3 T_inj l20 g scale; rewrite mul1r in e1.
have /andP [lo hi] := prompt_drift g jn1; have small := drift_small jn1.
have half : (16%:R * Q)^-1 + (16%:R * Q)^-1 = (8%:R * Q)^-1 by field; rewrite lt0r_neq0.
have quarter : (8%:R * Q)^-1 + (8%:R * Q)^-1 = (4%:R * Q)^-1 by field; rewrite lt0r_neq0.
have -> : read_at X T l2 l3 (T g) (u j) - (N g)%:R / Q =
  (read_at X T l2 l3 (T g) (u j) - u j g) + (u j g - (N g)%:R / Q) by rewrite addrA subrK.
rewrite -quarter; apply: le_trans (ler_norm_add _ _) _; apply: ler_add.
  by apply: le_trans e1 _; rewrite -half ler_add.
by rewrite ger0_norm ?subr_ge0 // ler_subl_addl (le_trans hi) // ler_add2l.
Qed.
End Shifts.
