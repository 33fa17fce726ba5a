(** Theory item 2.1, concatenation.

    One attention head over any ordered field. A head is given by strictly positive weights
    w x z (for softmax attention w x z = exp(z^T A x)) and by a value map v (v z = V z).
    A sequence is a family of tokens over a finite index type; the sequence [P,X] is the
    family over the disjoint union of the two index types. With
      S x Z   = sum_j w x z_j,
      att x Z = (sum_j w x z_j v(z_j)) / S x Z,
    attention over [P,X] is the mean of the two attentions with weights S x P and S x X. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** The sequence [P,X]: first the tokens of P, then those of X. *)
Definition concat (I J : finType) tok (P : I -> tok) (X : J -> tok) (k : I + J) : tok :=
  match k with inl i => P i | inr j => X j end.

Section Head.
Variables (F : realFieldType) (M : lmodType F) (tok : Type).
Variables (w : tok -> tok -> F) (v : tok -> M).

(** S x Z, the total weight that the query x gives to the sequence Z. *)
Definition mass x (I : finType) (Z : I -> tok) : F := \sum_i w x (Z i).
(** att x Z, the output of the head at the query x. *)
Definition att x (I : finType) (Z : I -> tok) : M :=
  (mass x Z)^-1 *: \sum_i w x (Z i) *: v (Z i).

Hypothesis w_gt0 : forall x z, 0 < w x z.

Lemma mass_ge0 x (I : finType) (Z : I -> tok) : 0 <= mass x Z.
Proof. by apply: sumr_ge0 => i _; apply: ltW. Qed.

Lemma mass_gt0 x (I : finType) (Z : I -> tok) : (0 < #|I|)%N -> 0 < mass x Z.
Proof.
move=> /card_gt0P [i _]; rewrite /mass (bigD1 i) //= ltr_paddr //.
by apply: sumr_ge0 => j _; apply: ltW.
Qed.

Lemma empty_index (I : finType) : #|I| = 0%N -> I -> False.
Proof. by move=> I0 i; have := fintype0 i; rewrite I0. Qed.

Lemma mass_empty x (I : finType) (Z : I -> tok) : #|I| = 0%N -> mass x Z = 0.
Proof. by move=> I0; rewrite /mass big1 // => i; case: (empty_index I0 i). Qed.

(** S x Z * att x Z is the weighted sum of the values, for the empty sequence too. *)
Lemma mass_att x (I : finType) (Z : I -> tok) :
  mass x Z *: att x Z = \sum_i w x (Z i) *: v (Z i).
Proof.
have [I0|I0] := posnP #|I|.
  by rewrite mass_empty // scale0r big1 // => i; case: (empty_index I0 i).
by rewrite /att scalerA divff ?scale1r // lt0r_neq0 // mass_gt0.
Qed.

Lemma mass_concat x (I J : finType) (P : I -> tok) (X : J -> tok) :
  mass x (concat P X) = mass x P + mass x X.
Proof. by rewrite /mass big_sumType. Qed.

(** Theory item 2.1: att(x;[P,X]) = (S_P att(x;P) + S_X att(x;X)) / (S_P + S_X). *)
Theorem concatenation x (I J : finType) (P : I -> tok) (X : J -> tok) :
  att x (concat P X) =
  (mass x P + mass x X)^-1 *: (mass x P *: att x P + mass x X *: att x X).
Proof. by rewrite !mass_att /att mass_concat big_sumType. Qed.

(** The same as a convex combination: t att(x;P) + (1-t) att(x;X) with t = S_P/(S_P+S_X),
    strictly between 0 and 1 when neither sequence is empty. *)
Theorem concatenation_convex x (I J : finType) (P : I -> tok) (X : J -> tok) :
  (0 < #|I|)%N -> (0 < #|J|)%N ->
  let t := mass x P / (mass x P + mass x X) in
  0 < t < 1 /\ att x (concat P X) = t *: att x P + (1 - t) *: att x X.
Proof.
move=> I0 J0 t; have P0 := mass_gt0 x P I0; have X0 := mass_gt0 x X J0.
have S0 : 0 < mass x P + mass x X by rewrite addr_gt0.
split; first by rewrite divr_gt0 //= ltr_pdivr_mulr // mul1r ltr_addl.
have -> : 1 - t = mass x X / (mass x P + mass x X).
  by apply/eqP; rewrite subr_eq -mulrDl addrC divff // lt0r_neq0.
by rewrite concatenation scalerDr !scalerA /t ![_^-1 * _]mulrC.
Qed.

(** When does a prompt steer the output at the query x to t? It acts only through its total
    weight S_P and its own attention output: att(x;[P,X]) = t exactly when
    S_P (att(x;P) - t) = S_X (t - att(x;X)). The prompt may be empty; then the condition says
    att(x;X) = t. *)
Theorem prompt_hits x (I J : finType) (P : I -> tok) (X : J -> tok) (t : M) : (0 < #|J|)%N ->
  att x (concat P X) = t <->
  mass x P *: (att x P - t) = mass x X *: (t - att x X).
Proof.
move=> J0; have S0 : mass x P + mass x X != 0.
  by rewrite lt0r_neq0 // ltr_paddl ?mass_ge0 ?mass_gt0.
have -> : (mass x P *: (att x P - t) = mass x X *: (t - att x X)) <->
          mass x P *: att x P + mass x X *: att x X = (mass x P + mass x X) *: t.
  rewrite !scalerBr scalerDl; set a := mass x P *: att x P; set b := mass x X *: att x X.
  have E : a - mass x P *: t - (mass x X *: t - b) = a + b - (mass x P *: t + mass x X *: t).
    by rewrite opprB opprD addrACA.
  split=> /eqP; first by rewrite -subr_eq0 E subr_eq0 => /eqP.
  by rewrite -subr_eq0 -E subr_eq0 => /eqP.
rewrite concatenation; split => [<-|->]; last by rewrite scalerA mulVf ?scale1r.
by rewrite [RHS]scalerA divff // scale1r.
Qed.

End Head.
