(** Theory item 2.2, the shared-query theorem: which prompt lengths memorize N examples?

    One attention head with score map A and value map V. The examples X_0 .. X_N (at least one)
    contain the same query token x0; a_i = att(x0;X_i) and S_i = S(x0;X_i) are taken over the
    tokens that the query sees, and t_i is the attention output wanted at x0 for example i. Write
      b_i = S_i (t_i - a_i),  tau_i = t_i - t_0,  w_i = b_0 - b_i,  s(z) = z^T A x0.
    A prompt P of m tokens memorizes the examples when att(x0;[P,X_i]) = t_i for every i.

    Case I, some (tau_i, w_i) <> (0,0). If no S > 0 has S tau_i = w_i for all i, or if t_0 is not
    in Im V, no m >= 1 works. Otherwise S is unique, and V vbar = t_0 + b_0/S has a solution
    vbar; put rho = S exp(-s(vbar)). The lengths m >= 1 that work are
    - A x0 = 0: m = S;   A x0 not orthogonal to ker V: all;
    - else none if rho < 1, only 1 if rho = 1, exactly the m >= rho if rho > 1.
    Case II, all (tau_i, w_i) = (0,0). None if t_0 is not in Im V; otherwise
    - A x0 = 0, or A x0 not orthogonal to ker V: all;
    - else, with al = s(u), be = s(u') for any u, u' with V u = t_0, V u' = b_0: all if be >= 0,
      and exactly the m >= |be| exp(1 - al) if be < 0. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.algebra Require Import concatenation.
From PromptBound.analysis Require Import bridge one_variable entropy_of_weights prompt_realisation.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.
Local Arguments ln _%ring_scope.
Local Arguments exp _%ring_scope.

(** The least value of S exp(-(al + be/S)) over S > 0 is |be| exp(1 - al), when be < 0. *)
Lemma free_weight_min (al be S : R) : be < 0 -> 0 < S ->
  - be * exp (1 - al) <= S * exp (- (al + be / S)).
Proof.
move=> b0 S0; have nb : 0 < - be by rewrite oppr_gt0.
have q0 : 0 < - be / S by rewrite divr_gt0.
have /RltP/ln_le_sub1/RleP H := q0.
have -> : 1 - al = - (al - 1) by rewrite opprB.
rewrite -ler_ln ?mulr_gt0 ?exp_gt0 // !expN_ln //.
by move: H; rewrite lnM ?invr_gt0 // lnV // mulNr => H; mlra.
Qed.

Lemma free_weight (al be y : R) : 0 < y -> 0 <= be \/ be < 0 /\ - be * exp (1 - al) <= y ->
  exists2 S, 0 < S & S * exp (- (al + be / S)) = y.
Proof.
move=> y0 H; have [|r e] := @free_weight_log al be (ln y).
  case: H => [/RleP b0|[b0 h]]; [left|right] => //; split; first exact/RltP.
  have nb : 0 < - be by rewrite oppr_gt0.
  move: h; rewrite -ler_ln ?mulr_gt0 ?exp_gt0 // lnM ?exp_gt0 // [ln (exp _)]ln_exp => h.
  by mlra.
exists (exp r); first exact: exp_gt0.
have -> : be / exp r = be * exp (- r) by rewrite RinvE0 [exp (- r)]exp_Ropp.
rewrite -expM -[RHS]exp_lnK // -e; congr exp.
by rewrite opprD addrA.
Qed.

Section Examples.
Variables (d : nat) (A V : 'M[R]_d).
Notation token := 'cV[R]_d.
Variable x0 : token.
(** N+1 examples; example i shows the tokens X i 0, .., X i (n i - 1) to the query. *)
Variables (N : nat) (n : 'I_N.+1 -> nat) (X : forall i, 'I_(n i) -> token).
Variable t : 'I_N.+1 -> token.
Hypothesis n_gt0 : forall i, (0 < n i)%N.

Notation s := (score A x0).
Notation "'S_'" := (mass (softmax A) x0).
(** The output of the head at x0: V sum_j p_j z_j. *)
Notation attention := (att (softmax A) (mulmx V) x0).

Definition a_ i := attention (@X i).
Definition b_ i := S_ (@X i) *: (t i - a_ i).
Definition tau_ i := t i - t ord0.
Definition w_ i := b_ ord0 - b_ i.
(** Some prompt of m tokens gives the wanted output on all examples. *)
Definition memorizable m :=
  exists P : 'I_m -> token, forall i, attention (concat P (@X i)) = t i.
Definition in_image (u : token) := exists v, V *m v = u.
(** A x0 is orthogonal to ker V: <k, A x0> = 0 whenever V k = 0. *)
Definition query_blind := forall k, V *m k = 0 -> s k = 0.
(** A x0 is not orthogonal to ker V. *)
Definition query_sees := exists2 k, V *m k = 0 & s k != 0.

Lemma attention_mean (I : finType) (Z : I -> token) : attention Z = V *m mean A x0 Z.
Proof.
rewrite /mean /att -scalemxAr mulmx_sumr; congr (_ *: _).
by apply: eq_bigr => j _; rewrite /= -scalemxAr.
Qed.

(** A prompt acts only through S_P and vbar: it fits iff S_P (V vbar - t_i) = b_i for all i. *)
Theorem fits_iff m (P : 'I_m -> token) :
  (forall i, attention (concat P (@X i)) = t i) <->
  (forall i, S_ P *: (V *m mean A x0 P - t i) = b_ i).
Proof.
have g := softmax_gt0 A; rewrite -attention_mean.
by split=> H i; apply/(prompt_hits (mulmx V : _ -> [lmodType R of token]) g x0 P); rewrite ?card_ord ?n_gt0 // H.
Qed.

(** The empty prompt fits iff t_i = a_i for all i. *)
Theorem fits_empty : memorizable 0 <-> forall i, t i = a_ i.
Proof.
have E (P : 'I_0 -> token) i : attention (concat P (@X i)) = a_ i.
  rewrite (concatenation _ (softmax_gt0 A)) (mass_empty _ _ P) ?card_ord // add0r scale0r add0r.
  by rewrite scalerA mulVf ?scale1r // lt0r_neq0 // mass_gt0 ?card_ord //; apply: softmax_gt0.
split=> [[P H] i|H]; first by rewrite -(H i) E.
by exists (fun _ => 0) => i; rewrite E H.
Qed.

(** S is a total weight that serves all examples: S > 0 and S tau_i = w_i for all i. *)
Definition common_weight S := 0 < S /\ forall i, S *: tau_ i = w_ i.

Lemma memorizable_iff m : (0 < m)%N ->
  memorizable m <-> exists S v, [/\ common_weight S, V *m v = t ord0 + S^-1 *: b_ ord0 & realised A x0 m S v].
Proof.
move=> m0; split=> [[P /fits_iff H]|[S [v [[S0 T] Vv [P SP mP]]]]].
  have S0 : 0 < S_ P by apply: mass_gt0; [apply: softmax_gt0 | rewrite card_ord].
  exists (S_ P), (mean A x0 P); split; [split=> // i | | by exists P].
    by rewrite /w_ -!H -scalerBr opprB addrC addrA subrK.
  by rewrite -H scalerA mulVf ?lt0r_neq0 // scale1r addrC subrK.
exists P; apply/fits_iff => i; rewrite SP mP Vv -addrA [_ *: b_ _ - _]addrC addrA scalerDr.
rewrite scalerA divff ?lt0r_neq0 // scale1r -opprB -/(tau_ i) scalerN T /w_.
by rewrite opprB subrK.
Qed.

Lemma free_lengths m S v : (0 < m)%N -> common_weight S -> V *m v = t ord0 + S^-1 *: b_ ord0 ->
  (A *m x0 != 0 -> rho A x0 S v = m%:R) -> (A *m x0 = 0 -> S = m%:R) -> memorizable m.
Proof.
move=> m0 C Vv H1 H2; apply/memorizable_iff => //; exists S, v; split=> //.
have [g0|g0] := eqVneq (A *m x0) 0; first by apply/realised_iff_zero => //; apply: H2.
apply/realised_iff => //; rewrite H1 //.
by case: (m) m0 => [|[|m']] //= _; [left | right; rewrite lexx andbT ltr1n].
Qed.

(** ** The targets must lie in the image of V *)

(** No prompt of length m >= 1 works if t_0 is not in Im V. *)
Theorem targets_in_image m : (0 < m)%N -> memorizable m -> in_image (t ord0).
Proof.
move=> m0 /memorizable_iff -/(_ m0) [S [v [[S0 _] Vv _]]].
pose c := S_ (@X ord0); have c0 : 0 < c by apply: mass_gt0; [apply: softmax_gt0 | rewrite card_ord].
have k0 : 1 + S^-1 * c != 0 by rewrite lt0r_neq0 // addr_gt0 ?ltr01 // mulr_gt0 // invr_gt0.
exists ((1 + S^-1 * c)^-1 *: (v + (S^-1 * c) *: mean A x0 (@X ord0))).
rewrite -scalemxAr mulmxDr Vv -scalemxAr -attention_mean -/(a_ ord0) /b_ -/c scalerA scalerBr.
by rewrite -addrA subrK -{1}[t ord0]scale1r -scalerDl scalerA mulVf // scale1r.
Qed.

(** If t_0 is in Im V then so are b_0 and, for every S, the value t_0 + b_0/S wanted of V vbar. *)
Theorem image_value : in_image (t ord0) ->
  in_image (b_ ord0) /\ forall S, in_image (t ord0 + S^-1 *: b_ ord0).
Proof.
move=> [u Vu]; have ib : in_image (b_ ord0).
  exists (S_ (@X ord0) *: (u - mean A x0 (@X ord0))).
  by rewrite -scalemxAr mulmxBr Vu -attention_mean.
split=> // S; have [u' Vu'] := ib; exists (u + S^-1 *: u').
by rewrite mulmxDr -scalemxAr Vu Vu'.
Qed.

(** ** Case I: some (tau_i, w_i) <> (0,0) *)
Definition case_I := exists i, (tau_ i != 0) || (w_ i != 0).

(** If no S > 0 satisfies S tau_i = w_i for all i, no non-empty prompt works, at any length. *)
Theorem shared_query_impossible : (forall S, ~ common_weight S) -> forall m, (0 < m)%N -> ~ memorizable m.
Proof. by move=> H m m0 /memorizable_iff -/(_ m0) [S [v [/H]]]. Qed.

(** In Case I the total weight S_P is the same for all prompts that work. *)
Theorem total_weight_unique S S' : case_I -> common_weight S -> common_weight S' -> S = S'.
Proof.
move=> [i ti] [S0 H] [S0' H']; have [t0|t0] := eqVneq (tau_ i) 0.
  by move: ti; rewrite t0 eqxx /= -(H i) t0 scaler0 eqxx.
have := H i; rewrite -(H' i) => /eqP; rewrite -subr_eq0 -scalerBl scaler_eq0 (negPf t0) orbF.
by rewrite subr_eq0 => /eqP.
Qed.

Lemma case_I_reduce S m : case_I -> common_weight S -> (0 < m)%N ->
  memorizable m <-> exists2 v, V *m v = t ord0 + S^-1 *: b_ ord0 & realised A x0 m S v.
Proof.
move=> cI C m0; split=> [/memorizable_iff -/(_ m0) [S' [v [C' Vv Rv]]]|[v Vv Rv]].
  by exists v; rewrite -?(total_weight_unique cI C' C).
by apply/memorizable_iff => //; exists S, v.
Qed.

(** Case I with A x0 = 0: the only possible length is m = S. *)
Theorem case_I_no_query S m : case_I -> common_weight S -> in_image (t ord0) -> A *m x0 = 0 -> (0 < m)%N ->
  memorizable m <-> m%:R = S.
Proof.
move=> cI C tV g0 m0; rewrite (case_I_reduce cI C m0).
have [v Vv] := (image_value tV).2 S.
by split=> [[u _ /realised_iff_zero -> //]|mS]; exists v => //; apply/realised_iff_zero.
Qed.

(** Either A x0 is orthogonal to ker V, or some k in ker V has <k, A x0> <> 0. *)
Lemma blind_or_sees : query_blind \/ query_sees.
Proof.
pose K := kermx V^T; have [KA|KA] := eqVneq (K *m (A *m x0)) 0; [left|right; move: KA].
  move=> k Vk; have /submxP [D kD] : (k^T <= K)%MS by apply/sub_kermxP; rewrite -trmx_mul Vk trmx0.
  by rewrite /score kD -mulmxA -(mulmxA D K) KA mulmx0 mxE.
move=> /eqP KA; have [i Ki] : exists i, (K *m (A *m x0)) i 0 != 0.
  case: (pickP (fun i => (K *m (A *m x0)) i 0 != 0)) => [i Ki|H]; first by exists i.
  by case: KA; apply/matrixP => i j; rewrite ord1 [RHS]mxE; apply/eqP/negbFE/H.
exists (row i K)^T.
  by apply: trmx_inj; rewrite trmx_mul trmxK trmx0 -row_mul mulmx_ker row0.
by rewrite /score trmxK -mulmxA -row_mul mxE.
Qed.

Lemma choose_score v r : query_sees -> exists2 u, V *m u = V *m v & s u = r.
Proof.
move=> [k Vk sk]; exists (v + ((r - s v) / s k) *: k); first by rewrite mulmxDr -scalemxAr Vk scaler0 addr0.
by rewrite linearD linearZ /= divfK // addrC subrK.
Qed.

Lemma sees_nonzero : query_sees -> A *m x0 != 0.
Proof. by move=> [k _]; apply: contraNneq => g0; rewrite /score -mulmxA g0 mulmx0 mxE. Qed.

Lemma sees_lengths S m : query_sees -> common_weight S -> in_image (t ord0) -> (0 < m)%N -> memorizable m.
Proof.
move=> se C tV m0; have [v Vv] := (image_value tV).2 S; have [S0 _] := C.
have [u Vu su] := choose_score v (ln S - ln m%:R) se.
apply: (@free_lengths m S u) => // [|_|g0]; first by rewrite Vu.
  by rewrite /rho su -{1}[S]exp_lnK // -expM addrC opprB subrK exp_lnK // ltr0n.
by have := sees_nonzero se; rewrite g0 eqxx.
Qed.

(** Case I with A x0 not orthogonal to ker V: every length works. *)
Theorem case_I_sees S m : query_sees -> common_weight S -> in_image (t ord0) -> (0 < m)%N -> memorizable m.
Proof. exact: sees_lengths. Qed.

Lemma blind_score u u' : query_blind -> V *m u = V *m u' -> s u = s u'.
Proof.
move=> bl e; apply/eqP; rewrite -subr_eq0 -linearB; apply/eqP/bl.
by rewrite mulmxBr e subrr.
Qed.

(** Case I, A x0 <> 0 orthogonal to ker V, V vbar = t_0 + b_0/S, rho = S exp(-s(vbar)): the length
    m works iff m = 1 and rho = 1, or m >= 2 and 1 < rho <= m. *)
Lemma case_I_blind S v m : case_I -> common_weight S -> A *m x0 != 0 -> query_blind ->
  V *m v = t ord0 + S^-1 *: b_ ord0 -> (0 < m)%N ->
  memorizable m <-> (m = 1%N /\ rho A x0 S v = 1) \/ ((1 < m)%N /\ 1 < rho A x0 S v <= m%:R).
Proof.
move=> cI C g0 bl Vv m0; rewrite (case_I_reduce cI C m0) -realised_iff //.
have E u : V *m u = V *m v -> rho A x0 S u = rho A x0 S v by move=> e; rewrite /rho (blind_score bl e).
split=> [[u Vu /realised_iff H]|H]; last by exists v.
by apply/realised_iff => //; rewrite -(E u) ?Vu //; apply: H.
Qed.

(** Case I, A x0 <> 0 orthogonal to ker V: no length if rho < 1, only m = 1 if rho = 1, and
    exactly the lengths m >= rho if rho > 1. *)
Theorem case_I_lengths S v m : case_I -> common_weight S -> A *m x0 != 0 -> query_blind ->
  V *m v = t ord0 + S^-1 *: b_ ord0 -> (0 < m)%N ->
  let r := rho A x0 S v in
  [/\ r < 1 -> ~ memorizable m, r = 1 -> (memorizable m <-> m = 1%N)
     & 1 < r -> (memorizable m <-> r <= m%:R)].
Proof.
move=> cI C g0 bl Vv m0 r; have B := case_I_blind cI C g0 bl Vv m0.
have {B} [to from] : memorizable m <-> (m = 1%N /\ r = 1) \/ ((1 < m)%N /\ 1 < r <= m%:R) by [].
clearbody r; split=> [r1|r1|r1].
- by case/to => [[_ e]|[_ /andP [/ltW]]]; [rewrite e ltxx in r1 | rewrite leNgt r1].
- split=> [/to|m1]; last by apply: from; left.
  by rewrite r1 ltxx => -[[]|[]].
split=> [/to [[_ e]|[_ /andP []]] //|rm]; first by rewrite e ltxx in r1.
by apply: from; right; split; rewrite ?r1 // -(ltr_nat R_numDomainType) (lt_le_trans r1).
Qed.

(** ** Case II: all (tau_i, w_i) = (0,0), so that all examples ask for the same *)
Definition case_II := forall i, tau_ i = 0 /\ w_ i = 0.

Lemma case_I_or_II : case_I \/ case_II.
Proof.
case: (pickP (fun i => (tau_ i != 0) || (w_ i != 0))) => [i Hi|H]; first by left; exists i.
by right=> i; have /negbT := H i; rewrite negb_or !negbK => /andP [/eqP -> /eqP ->].
Qed.

Lemma case_II_common S : case_II -> 0 < S -> common_weight S.
Proof. by move=> cII S0; split=> // i; have [-> ->] := cII i; rewrite scaler0. Qed.

(** Case II with A x0 = 0, or with A x0 not orthogonal to ker V: every length works. *)
Theorem case_II_all m : case_II -> in_image (t ord0) -> A *m x0 = 0 \/ query_sees -> (0 < m)%N ->
  memorizable m.
Proof.
move=> cII tV [g0|se] m0; last by apply: (sees_lengths se (case_II_common cII ltr01)).
have C : common_weight m%:R by apply: case_II_common; rewrite ?ltr0n.
have [v Vv] := (image_value tV).2 m%:R; apply: (free_lengths m0 C Vv) => //.
by rewrite g0 eqxx.
Qed.

(** Case II, A x0 <> 0 orthogonal to ker V, with V u = t_0, V u' = b_0, al = s(u), be = s(u'):
    every length works if be >= 0; exactly the lengths m >= |be| exp(1 - al) if be < 0. *)
Theorem case_II_lengths u u' m : case_II -> A *m x0 != 0 -> query_blind ->
  V *m u = t ord0 -> V *m u' = b_ ord0 -> (0 < m)%N ->
  (0 <= s u' -> memorizable m) /\
  (s u' < 0 -> (memorizable m <-> `|s u'| * exp (1 - s u) <= m%:R)).
Proof.
move=> cII g0 bl Vu Vu' m0.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have Vv S : V *m (u + S^-1 *: u') = t ord0 + S^-1 *: b_ ord0 by rewrite mulmxDr -scalemxAr Vu Vu'.
have E S : s (u + S^-1 *: u') = s u + s u' / S by rewrite linearD linearZ /= mulrC.
have fit : 0 <= s u' \/ s u' < 0 /\ - s u' * exp (1 - s u) <= m%:R -> memorizable m.
  move=> /(free_weight mp) [S S0 e].
  apply: (free_lengths m0 (case_II_common cII S0) (Vv S)) => [_|g]; first by rewrite /rho E.
  by rewrite g eqxx in g0.
split=> [b0|b0]; first by apply: fit; left.
rewrite ltr0_norm //; split=> [/memorizable_iff -/(_ m0) [S [v [[S0 _] Vv' Rv]]]|h]; last by apply: fit; right.
apply: le_trans (free_weight_min (s u) b0 S0) _; rewrite -E.
rewrite (blind_score (u := u + _) (u' := v) bl) ?Vv //; change (rho A x0 S v <= m%:R).
by case: ((realised_iff _ _ g0 m0).1 Rv) => [[_ ->]|[_ /andP []]]; rewrite // ler1n.
Qed.

(** Compression: with A x0 <> 0, any non-empty prompt of m tokens can be replaced by one of
    m' = ceil(rho) <= m tokens that gives the same output at x0 after every input. *)
Theorem compression_output m (P : 'I_m -> token) : A *m x0 != 0 -> (0 < m)%N ->
  exists m' (P' : 'I_m' -> token), let r := rho A x0 (S_ P) (mean A x0 P) in
  [/\ (0 < m' <= m)%N, m'%:R - 1 < r <= m'%:R
    & forall k (Z : 'I_k -> token), attention (concat P' Z) = attention (concat P Z)].
Proof.
move=> g0 m0; have [m' [H1 H2 [P' SP' mP']]] := compression P g0 m0.
exists m', P'; split=> // k Z; rewrite !(concatenation _ (softmax_gt0 A)).
by rewrite SP' !attention_mean mP'.
Qed.
End Examples.
