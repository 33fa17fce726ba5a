(** Theory item 2.2, first half: which pairs (S_P, vbar) does a prompt of m tokens realise?

    Tokens are columns of length d over the reals. At a fixed query x0, with bilinear score map
    A, write s(z) = z^T A x0. A prompt P = (z_1..z_m) acts through
      S_P  = sum_j exp(s(z_j))                       (its total weight), and
      vbar = S_P^{-1} sum_j exp(s(z_j)) z_j          (its mean token).
    With rho = S_P exp(-s(vbar)), a pair (S_P, vbar) is realised by exactly m >= 1 tokens
    - if A x0 <> 0: iff (m = 1 and rho = 1) or (m >= 2 and 1 < rho <= m);
    - if A x0 = 0: iff S_P = m.
    The reason is the identity ln S_P = s(vbar) + H(p), p_j = exp(s(z_j))/S_P, and conversely
    the explicit prompt z_j = vbar + (ln p_j + ln S_P - s(vbar)) A x0 / ||A x0||^2. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import concatenation.
From PromptBound.analysis Require Import bridge entropy_of_weights.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.
Local Arguments ln _%ring_scope.
Local Arguments exp _%ring_scope.

Lemma expN_ln (x y : R) : 0 < x -> ln (x * exp (- y)) = ln x - y.
Proof. by move=> x0; rewrite lnM ?exp_gt0 // [ln (exp _)]ln_exp. Qed.

Lemma exp_lnK (x : R) : 0 < x -> exp (ln x) = x.
Proof. by move=> /RltP x0; apply: exp_ln. Qed.

Lemma expM (x y : R) : exp (x + y) = exp x * exp y.
Proof. exact: exp_plus. Qed.

Lemma ler_ln (x y : R) : 0 < x -> 0 < y -> (ln x <= ln y) = (x <= y).
Proof.
move=> x0 y0; apply/idP/idP => [/exp_le|]; first by rewrite !exp_lnK.
rewrite le_eqVlt => /orP [/eqP -> //|/RltP xy].
by apply/ltW/RltP; apply: ln_increasing => //; apply/RltP.
Qed.

Lemma ltr_ln (x y : R) : 0 < x -> 0 < y -> (ln x < ln y) = (x < y).
Proof. by move=> x0 y0; rewrite !ltNge ler_ln. Qed.

Section Score.
Variables (d : nat) (A : 'M[R]_d).
Notation token := 'cV[R]_d.

(** s(z) = z^T A x for the query x. *)
Definition score (x z : token) : R := (z^T *m A *m x) 0 0.
(** The weight exp(s(z)) of softmax attention. *)
Definition softmax (x z : token) : R := exp (score x z).
(** The mean token of a sequence: attention with the identity as value map. *)
Definition mean (x : token) (I : finType) (Z : I -> token) : token := att softmax id x Z.

Lemma softmax_gt0 x z : 0 < softmax x z. Proof. exact: exp_gt0. Qed.

Lemma score_is_scalar x : scalar (score x).
Proof. by move=> a y z; rewrite /score linearP /= !mulmxDl -!scalemxAl !mxE. Qed.
Canonical score_linear x := Linear (score_is_scalar x).

(** ||A x||^2 *)
Definition key_norm2 x : R := score x (A *m x).

Lemma key_norm2_gt0 x : A *m x != 0 -> 0 < key_norm2 x.
Proof.
move=> g0; rewrite /key_norm2 /score -mulmxA; set g := A *m x in g0 *.
have -> : (g^T *m g) 0 0 = \sum_i (g i 0) ^+ 2.
  by rewrite mxE; apply: eq_bigr => i _; rewrite mxE expr2.
have ge (i : 'I_d) : xpredT i -> 0 <= (g i 0) ^+ 2 by rewrite sqr_ge0.
rewrite lt_neqAle sumr_ge0 // andbT eq_sym; apply: contra g0.
rewrite psumr_eq0 // => /allP H.
apply/eqP/matrixP => i j; rewrite ord1 [RHS]mxE; apply/eqP.
by have := H i (mem_index_enum _); rewrite /= sqrf_eq0.
Qed.

Section Query.
Variable x0 : token.
Notation s := (score x0).
Notation S := (mass softmax x0).

(** The softmax weights of a non-empty sequence, p_j = exp(s(z_j)) / S_P. *)
Definition probability (I : finType) (Z : I -> token) i := exp (s (Z i)) / S Z.

Lemma probability_weights (I : finType) (Z : I -> token) : (0 < #|I|)%N -> is_weights (probability Z).
Proof.
move=> I0; have S0 : 0 < S Z := mass_gt0 softmax_gt0 x0 Z I0.
split=> [i|]; first by rewrite divr_gt0 ?exp_gt0.
by rewrite /probability -mulr_suml divff // lt0r_neq0.
Qed.

Lemma mean_probability (I : finType) (Z : I -> token) :
  mean x0 Z = \sum_i probability Z i *: Z i.
Proof.
rewrite /mean /att scaler_sumr; apply: eq_bigr => i _.
by rewrite scalerA mulrC.
Qed.

(** ln S_P = s(vbar) + H(p). *)
Theorem entropy_identity (I : finType) (Z : I -> token) : (0 < #|I|)%N ->
  ln (S Z) = s (mean x0 Z) + entropy (probability Z).
Proof.
move=> I0; have S0 : 0 < S Z := mass_gt0 softmax_gt0 x0 Z I0.
have [_ p1] := probability_weights Z I0.
rewrite mean_probability linear_sum /entropy -sumrN -big_split /= -[LHS]mul1r -{1}p1 mulr_suml.
apply: eq_bigr => i _; rewrite linearZ /= -mulrBr; congr (_ * _).
by rewrite /probability lnM ?lnV ?invr_gt0 ?exp_gt0 // [ln (exp _)]ln_exp opprD opprK addrA subrr add0r.
Qed.

(** rho = S_P exp(-s(vbar)), the exponential of the entropy of the prompt's weights. *)
Definition rho (S1 : R) (v : token) : R := S1 * exp (- s v).

Lemma rho_entropy (I : finType) (Z : I -> token) : (0 < #|I|)%N ->
  rho (S Z) (mean x0 Z) = exp (entropy (probability Z)).
Proof.
move=> I0; have S0 : 0 < S Z := mass_gt0 softmax_gt0 x0 Z I0.
by rewrite /rho -{1}[S Z]exp_lnK // -expM entropy_identity // addrAC subrr add0r.
Qed.

(** The pair (S1, v) is realised by a prompt of m tokens. *)
Definition realised m (S1 : R) (v : token) :=
  exists2 P : 'I_m -> token, S P = S1 & mean x0 P = v.

(** The explicit prompt z_j = v + (ln p_j + ln S1 - s(v)) A x0 / ||A x0||^2. *)
Definition explicit_prompt m (p : 'I_m -> R) (S1 : R) (v : token) (j : 'I_m) : token :=
  v + ((ln (p j) + ln S1 - s v) / key_norm2 x0) *: (A *m x0).

Theorem explicit_prompt_realises m (p : 'I_m -> R) (S1 : R) (v : token) :
  A *m x0 != 0 -> 0 < S1 -> is_weights p -> exp (entropy p) = rho S1 v ->
  S (explicit_prompt p S1 v) = S1 /\ mean x0 (explicit_prompt p S1 v) = v.
Proof.
move=> g0 S0 [p0 p1] e; have n0 := lt0r_neq0 (key_norm2_gt0 g0).
have w j : exp (s (explicit_prompt p S1 v j)) = p j * S1.
  rewrite linearD linearZ /= mulfVK //.
  by rewrite addrCA subrr addr0 expM !exp_lnK.
have E : S (explicit_prompt p S1 v) = S1.
  by rewrite /mass /softmax; under eq_bigr do rewrite w; rewrite -mulr_suml p1 mul1r.
split=> //; rewrite mean_probability; under eq_bigr => j _ do rewrite /probability w E mulfK ?lt0r_neq0 //.
have h : entropy p = ln S1 - s v.
  by apply: exp_inv; rewrite e /rho -{1}[S1]exp_lnK // -expM.
under eq_bigr => j _ do rewrite scalerDr scalerA.
rewrite big_split /= -!scaler_suml p1 scale1r; under eq_bigr => j _ do rewrite mulrA.
rewrite -mulr_suml; have -> : \sum_j p j * (ln (p j) + ln S1 - s v) = 0; last by rewrite mul0r scale0r addr0.
under eq_bigr => j _ do rewrite -addrA mulrDr.
by rewrite big_split /= -mulr_suml p1 mul1r -h /entropy subrr.
Qed.

(** A x0 <> 0: exactly m tokens realise (S1, v) iff m = 1 and rho = 1, or m >= 2 and 1 < rho <= m. *)
Theorem realised_iff m (S1 : R) (v : token) : A *m x0 != 0 -> (0 < m)%N ->
  realised m S1 v <->
  (m = 1%N /\ rho S1 v = 1) \/ ((1 < m)%N /\ 1 < rho S1 v <= m%:R).
Proof.
move=> g0 m0; split=> [[P <- <-]|].
  have I0 : (0 < #|'I_m|)%N by rewrite card_ord.
  have W := probability_weights P I0; rewrite rho_entropy //.
  have [m1|m2|m1] := ltngtP m 1; first by move: m1; rewrite ltnS leqNgt m0.
  - right; split=> //; rewrite -{1}exp0 exp_lt ?entropy_gt0 ?card_ord //=.
    have mp : 0 < m%:R :> R by rewrite ltr0n.
    by rewrite -[leRHS]exp_lnK // exp_le //; have := entropy_le_ln W; rewrite card_ord.
  - left; split=> //; have /eqP -> : entropy (probability P) == 0 by rewrite entropy_eq0 // card_ord; apply/eqP.
    exact: exp0.
have pos : 1 <= rho S1 v -> 0 < S1.
  by move=> /(lt_le_trans ltr01); rewrite /rho pmulr_lgt0 ?exp_gt0.
case=> [[m1 r1]|[m2 /andP [r1 rm]]].
  have S0 : 0 < S1 by rewrite pos // r1.
  have W : is_weights (fun _ : 'I_m => 1 : R).
    by split=> [_|]; rewrite ?ltr01 // sumr_const card_ord m1.
  have e : exp (entropy (fun _ : 'I_m => 1 : R)) = rho S1 v.
    by rewrite r1 /entropy big1 ?oppr0 ?exp0 // => j _; rewrite ln1 mulr0.
  by have [? ?] := explicit_prompt_realises g0 S0 W e; eexists; eassumption.
have S0 : 0 < S1 by apply/pos/ltW.
have R0 : 0 < rho S1 v by apply: lt_trans r1.
have [|p W e] := @entropy_onto m (ln (rho S1 v)) m2.
  by rewrite -[0]ln1 ltr_ln ?r1 ?ler_ln ?ltr0n ?ltr01.
have [//|//|//||? ?] := @explicit_prompt_realises m p S1 v; first by rewrite e exp_lnK.
by eexists; eassumption.
Qed.

(** A x0 = 0: exactly m tokens realise (S1, v) iff S1 = m. *)
Theorem realised_iff_zero m (S1 : R) (v : token) : A *m x0 = 0 -> (0 < m)%N ->
  realised m S1 v <-> S1 = m%:R.
Proof.
move=> g0 m0; have w z : softmax x0 z = 1 by rewrite /softmax /score -mulmxA g0 mulmx0 mxE exp0.
have Sm (P : 'I_m -> token) : S P = m%:R.
  by rewrite /mass; under eq_bigr do rewrite w; rewrite sumr_const card_ord.
split=> [[P <- _] //|->]; exists (fun _ => v) => //.
rewrite /mean /att Sm; under eq_bigr do rewrite w scale1r.
by rewrite sumr_const card_ord -scaler_nat scalerA mulVf ?scale1r // pnatr_eq0 -lt0n.
Qed.

(** Compression: with A x0 <> 0, every non-empty prompt equals, at this query, a prompt of
    m' = ceil(rho) <= m tokens (same S_P and vbar, hence the same output after any input). *)
Theorem compression m (P : 'I_m -> token) : A *m x0 != 0 -> (0 < m)%N ->
  exists m', let r := rho (S P) (mean x0 P) in
  [/\ (0 < m' <= m)%N, m'%:R - 1 < r <= m'%:R & realised m' (S P) (mean x0 P)].
Proof.
move=> g0 m0; set r := rho _ _.
have RP : realised m (S P) (mean x0 P) by exists P.
have C := (realised_iff _ _ g0 m0).1 RP; rewrite -/r in C.
have r1 : 1 <= r by case: C => [[_ ->]|[_ /andP [/ltW]]].
have rm : r <= m%:R by case: C => [[_ ->]|[_ /andP [_]]]; rewrite // ler1n.
have ex : exists n, r <= n%:R by exists m.
case: (ex_minnP ex) => m' rm' least; exists m'.
have m'0 : (0 < m')%N by rewrite -(ltr_nat R_numDomainType) (lt_le_trans ltr01) // (le_trans r1).
have lo : m'%:R - 1 < r.
  rewrite ltNge; apply/negP => h; have /least : r <= m'.-1%:R.
    by rewrite (le_trans h) // -{1}(prednK m'0) -addn1 natrD addrK.
  by rewrite leqNgt -{2}(prednK m'0) ltnSn.
split; rewrite ?m'0 ?lo ?least //; apply/realised_iff => //; rewrite -/r.
move: r1; rewrite le_eqVlt => /orP [/eqP r1|r1]; [left|right].
  split=> //; apply/eqP; rewrite eqn_leq m'0 andbT.
  by apply: least; rewrite -r1.
by split; rewrite ?r1 // -(ltr_nat R_numDomainType) (lt_le_trans r1).
Qed.
End Query.
End Score.
