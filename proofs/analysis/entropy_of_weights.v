(** Entropy of a family of positive weights, and of softmax weights (used by theory item 2.2).

    For weights p_i > 0 with sum 1 over a finite index set, H(p) = - sum_i p_i ln p_i.
    Proved here: 0 <= H(p) <= ln m for m weights; H(p) = 0 only for a single weight; and,
    for m >= 2, every value in (0, ln m] is the entropy of some m positive weights. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.analysis Require Import bridge.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** ** The entropy of a one-parameter family of weights takes every value *)
Section Family.
Local Open Scope R_scope.

(** ln t <= t - 1. *)
Lemma ln_le_sub1 t : 0 < t -> ln t <= t - 1.
Proof.
move=> t0; have [e|ne] := Req_dec (t - 1) 0; first by rewrite (_ : t = 1) ?ln_1; lra.
have := exp_ineq1 (t - 1) ne; rewrite (_ : 1 + (t - 1) = t); last by lra.
by move=> /(ln_increasing _ _ t0); rewrite ln_exp => /Rlt_le.
Qed.

(** The entropy of the weights proportional to 1 (once) and e^{-u} (c times). *)
Definition family_entropy (c u : R) :=
  ln (1 + c * exp (- u)) + u * (c * exp (- u) / (1 + c * exp (- u))).

Lemma family_denominator c u : 0 < c -> 0 < 1 + c * exp (- u).
Proof. by move=> c0; have := Rmult_lt_0_compat _ _ c0 (exp_pos (- u)); lra. Qed.

Lemma continuity_pt_id u : continuity_pt (fun u => u) u.
Proof. exact/derivable_continuous_pt/derivable_pt_id. Qed.

Lemma family_continuous c : 0 < c -> continuity (family_entropy c).
Proof.
move=> c0 u.
have Ce : continuity_pt (fun u => c * exp (- u)) u.
  apply: (continuity_pt_mult (fun _ => c) (fun u => exp (- u))).
    exact: continuity_pt_const.
  apply: (continuity_pt_comp Ropp exp); first exact/continuity_pt_opp/continuity_pt_id.
  exact/derivable_continuous_pt/derivable_pt_exp.
have Cd : continuity_pt (fun u => 1 + c * exp (- u)) u.
  by apply: (continuity_pt_plus (fun _ => 1)) => //; apply: continuity_pt_const.
apply: continuity_pt_plus.
  apply: (continuity_pt_comp (fun u => 1 + c * exp (- u)) ln) => //.
  apply: derivable_continuous_pt; exists (/ (1 + c * exp (- u))).
  exact/derivable_pt_lim_ln/family_denominator.
apply: (continuity_pt_mult (fun u => u)); first exact: continuity_pt_id.
apply: (continuity_pt_div (fun u => c * exp (- u)) (fun u => 1 + c * exp (- u))) => //.
exact/Rgt_not_eq/family_denominator.
Qed.

(** From ln (1+c) at u = 0 the entropy falls below any h > 0: H <= c (1+u) e^{-u} <= 2c/(1+u/2). *)
Lemma family_small c h : 0 < c -> 0 < h -> family_entropy c (4 * c / h) < h.
Proof.
move=> c0 h0; set u := 4 * c / h.
have u0 : 0 < u by apply: Rdiv_lt_0_compat; lra.
have q0 : 0 < c * exp (- u) by apply: Rmult_lt_0_compat => //; apply: exp_pos.
have l := ln_le_sub1 (family_denominator u c0).
have f : c * exp (- u) / (1 + c * exp (- u)) <= c * exp (- u).
  apply: (Rmult_le_reg_r (1 + c * exp (- u))); first lra.
  by rewrite /Rdiv Rmult_assoc Rinv_l; nra.
have b : family_entropy c u <= c * exp (- u) * (1 + u).
  by rewrite /family_entropy; have := Rmult_le_compat_l u _ _ (Rlt_le _ _ u0) f; lra.
have e2 : exp (- u) = / exp (u / 2) * / exp (u / 2).
  by rewrite -!exp_Ropp -exp_plus; congr exp; lra.
have e1 := Rlt_le _ _ (exp_ineq1 (u / 2) ltac:(lra)).
have ep := exp_pos (u / 2).
have i1 : / exp (u / 2) * exp (u / 2) = 1 by rewrite Rinv_l; lra.
have ip := Rinv_0_lt_compat _ ep.
have b2 : exp (- u) * (1 + u) <= 2 * / exp (u / 2).
  rewrite e2 Rmult_assoc; rewrite [2 * _]Rmult_comm; apply: Rmult_le_compat_l; first lra.
  by apply: (Rmult_le_reg_l (exp (u / 2))) => //; rewrite -Rmult_assoc [exp _ * / _]Rmult_comm i1; lra.
have b3 : / exp (u / 2) <= / (1 + u / 2) by apply: Rinv_le_contravar; lra.
have b4 : c * (2 * / (1 + u / 2)) < h.
  apply: (Rmult_lt_reg_r (1 + u / 2)); first lra.
  have -> : c * (2 * / (1 + u / 2)) * (1 + u / 2) = 2 * c.
    by have := Rinv_l (1 + u / 2) ltac:(lra); nra.
  have -> : h * (1 + u / 2) = h + 2 * c by rewrite /u; field; lra.
  by lra.
by nra.
Qed.

Lemma family_value c h : 0 < c -> 0 < h <= ln (1 + c) -> exists u, family_entropy c u = h.
Proof.
move=> c0 [h0 hc].
have at0 : family_entropy c 0 = ln (1 + c).
  by rewrite /family_entropy Ropp_0 exp_0 Rmult_1_r Rmult_0_l Rplus_0_r.
have u0 : 0 < 4 * c / h by apply: Rdiv_lt_0_compat; lra.
have [z [_ e]] : {z | 0 <= z <= 4 * c / h /\ family_entropy c z - h = 0}; last by exists z; lra.
apply: (IVT_cor (fun u => family_entropy c u - h)); last 2 first.
- lra.
- have s := family_small c0 h0; rewrite at0.
  by have := Rmult_le_pos (ln (1 + c) - h) (h - family_entropy c (4 * c / h)) ltac:(lra) ltac:(lra); lra.
move=> u; apply: continuity_pt_minus; first exact: family_continuous.
exact: continuity_pt_const.
Qed.
End Family.

(** ** Entropy of a finite family of weights *)
(* Loaded here because it redefines [field], used above on the standard library's reals. *)
From mathcomp Require Import ring.
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
