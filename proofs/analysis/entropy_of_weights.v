(** Entropy of a family of positive weights, and of softmax weights (used by theory item 2.2).

    For weights p_i > 0 with sum 1 over a finite index set, H(p) = - sum_i p_i ln p_i.
    Proved here: 0 <= H(p) <= ln m for m weights; H(p) = 0 only for a single weight; and,
    for m >= 2, every value in (0, ln m] is the entropy of some m positive weights. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.analysis Require Import bridge one_variable.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
(* Inside ln and exp, and at type R, operations are read as Mathematical Components' ones. *)
Bind Scope ring_scope with R.
Local Arguments ln _%ring_scope.
Local Arguments exp _%ring_scope.

Section Entropy.
Variable I : finType.
Implicit Type p : I -> R.

(** Positive weights with sum 1. *)
Definition is_weights p := (forall i, 0 < p i) /\ \sum_i p i = 1.
Definition entropy p := - \sum_i p i * ln (p i).

Lemma weight_le1 p i : is_weights p -> p i <= 1.
Proof.
move=> [p0 p1]; rewrite -p1 (bigD1 i) //= ler_addl.
by apply: sumr_ge0 => j _; apply: ltW.
Qed.

Lemma ln_le0 (t : R) : 0 < t -> t <= 1 -> ln t <= 0.
Proof. by move=> /RltP /ln_le_sub1 H t1; mlra. Qed.

Lemma lnM (x y : R) : 0 < x -> 0 < y -> ln (x * y) = ln x + ln y.
Proof. by move=> /RltP x0 /RltP y0; apply: ln_mult. Qed.
Lemma ln1 : ln 1 = 0. Proof. exact: ln_1. Qed.
Lemma lnV (x : R) : 0 < x -> ln x^-1 = - ln x.
Proof. by move=> /RltP x0; rewrite RinvE0; apply: ln_Rinv. Qed.

(** H(p) >= 0. *)
Theorem entropy_ge0 p : is_weights p -> 0 <= entropy p.
Proof.
move=> W; rewrite /entropy -sumrN; apply: sumr_ge0 => i _; rewrite oppr_ge0.
by apply: mulr_ge0_le0; [apply/ltW/W.1 | apply: ln_le0; [apply: W.1 | apply: weight_le1]].
Qed.

Lemma weights_nonempty p : is_weights p -> (0 < #|I|)%N.
Proof.
move=> [_ p1]; rewrite lt0n; apply/eqP => I0.
have : \sum_i p i = 0 by rewrite big1 // => i; have := fintype0 i; rewrite I0.
by rewrite p1 => /eqP; rewrite oner_eq0.
Qed.

(** H(p) <= ln m, where m is the number of weights. *)
Theorem entropy_le_ln p : is_weights p -> entropy p <= ln #|I|%:R.
Proof.
move=> W; have [p0 p1] := W.
have m0 : 0 < #|I|%:R :> R.
  by rewrite ltr0n (weights_nonempty W).
rewrite -subr_le0.
have -> : entropy p - ln #|I|%:R = \sum_i p i * ln (#|I|%:R^-1 / p i).
  have -> : ln #|I|%:R = \sum_i p i * ln #|I|%:R by rewrite -mulr_suml p1 mul1r.
  rewrite /entropy -opprD -big_split -sumrN /=; apply: eq_bigr => i _.
  rewrite -mulrDr -mulrN lnM ?invr_gt0 //. rewrite !lnV // -opprD [X in - X]addrC; congr (_ * _).
have Z : \sum_i p i * (#|I|%:R^-1 / p i - 1) = 0.
  under eq_bigr => i _ do rewrite mulrBr mulr1 mulrC mulfVK ?lt0r_neq0 //.
  by rewrite sumrB p1 sumr_const cardT -cardE -mulr_natr mulVf ?subrr ?lt0r_neq0.
rewrite -[leRHS]Z; apply: ler_sum => i _; rewrite ler_pmul2l //; apply/RleP; apply: ln_le_sub1.
by apply/RltP; rewrite divr_gt0 // invr_gt0.
Qed.

(** H(p) > 0 as soon as there are two weights. *)
Theorem entropy_gt0 p : is_weights p -> (1 < #|I|)%N -> 0 < entropy p.
Proof.
move=> W I2; have [p0 p1] := W; have /card_gt0P [i _] : (0 < #|I|)%N by apply: ltn_trans I2.
have {I2} /card_gt0P [j jP] : (0 < #|predC1 i|)%N by rewrite cardC1 -ltnS prednK // (ltn_trans _ I2).
have pi1 : p i < 1.
  rewrite -p1 (bigD1 i) //= ltr_addl (bigD1 j) //= ltr_paddr //.
  by apply: sumr_ge0 => k _; apply: ltW.
have l : ln (p i) < 0 by have /RltP/ln_le_sub1 := p0 i; move: (p0 i) => q0 H; mlra.
have g j' : 0 <= - (p j' * ln (p j')).
  by rewrite oppr_ge0; apply: mulr_ge0_le0; rewrite ?ln_le0 ?weight_le1 // ltW.
rewrite /entropy -sumrN (bigD1 i) //= ltr_paddr //.
  by apply: sumr_ge0 => k _; apply: g.
by rewrite oppr_gt0 pmulr_rlt0.
Qed.

(** H(p) = 0 for a single weight (which is 1), and only then. *)
Theorem entropy_eq0 p : is_weights p -> (entropy p == 0) = (#|I| == 1)%N.
Proof.
move=> W; have I0 := weights_nonempty W; have [I1|I1|I1] := ltngtP #|I| 1.
- by move: I1 I0; rewrite ltnS leqn0 => /eqP ->.
- by rewrite gt_eqF // entropy_gt0.
by have H := entropy_le_ln W; apply/eqP/le_anti; move: H; rewrite I1 ln1 => ->; rewrite entropy_ge0.
Qed.
End Entropy.


(** Every value in (0, ln m] is the entropy of m >= 2 positive weights. *)
Theorem entropy_onto m h : (1 < m)%N -> 0 < h <= ln m%:R ->
  exists2 p : 'I_m -> R, is_weights p & entropy p = h.
Proof.
case: m => [|[|n]] // _ /andP [h0 hm]; pose c : R := n.+1%:R.
have c0 : 0 < c by rewrite ltr0n.
have [u eu] : exists u, family_entropy c u = h.
  apply: family_value; first exact/RltP.
  by split; [exact/RltP | move: hm => /RleP; rewrite -addn1 natrD addrC].
pose D := 1 + c * exp (- u).
have D0 : 0 < D by apply/RltP/family_denominator/RltP.
have q0 : 0 < exp (- u) by apply: exp_gt0.
exists (fun i => if i == ord0 then D^-1 else exp (- u) / D).
  split=> [i|]; first by case: ifP => _; rewrite ?divr_gt0 ?invr_gt0.
  rewrite big_ord_recl eqxx; under eq_bigr => i _ do rewrite /=.
  by rewrite sumr_const card_ord -[_ *+ _]mulr_natl -{1}[D^-1]mul1r mulrA -mulrDl divff // lt0r_neq0.
rewrite /entropy big_ord_recl eqxx; under eq_bigr => i _ do rewrite /=.
rewrite sumr_const card_ord -[_ *+ _]mulr_natl -/c lnV // lnM ?invr_gt0 // lnV // [ln (exp _)]ln_exp -{}eu.
have -> : family_entropy c u = ln D + u * (c * exp (- u) / D) by rewrite /family_entropy RinvE0.
move: (ln D) (lt0r_neq0 D0) => l; rewrite /D; move: (exp (- u)) => e De.
by field.
Qed.
