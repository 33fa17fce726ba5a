(** The entrywise max distance on families of scalars: max_i |x_i - y_i|. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section SupDistance.
Variables (R : realFieldType) (I : finType).
Implicit Types x y z : {ffun I -> R}.

Definition sup_dist x y : R := \big[Num.max/0]_i `|x i - y i|.

Lemma sup_dist_ge x y i : `|x i - y i| <= sup_dist x y.
Proof.
rewrite /sup_dist; elim: (index_enum _) (mem_index_enum i) => // j s IH.
by rewrite inE big_cons le_maxr => /orP [/eqP <-|/IH ->]; rewrite ?lexx ?orbT.
Qed.

Lemma sup_dist_le x y B : 0 <= B -> (forall i, `|x i - y i| <= B) -> sup_dist x y <= B.
Proof.
by move=> B0 H; rewrite /sup_dist; elim/big_ind: _ => // a c aB cB; rewrite le_maxl aB.
Qed.

Lemma sup_dist_lt x y B : 0 < B -> (forall i, `|x i - y i| < B) -> sup_dist x y < B.
Proof.
by move=> B0 H; rewrite /sup_dist; elim/big_ind: _ => // a c aB cB; rewrite lt_maxl aB.
Qed.

Lemma sup_dist_ge0 x y : 0 <= sup_dist x y.
Proof. by rewrite /sup_dist; elim/big_ind: _ => // a c a0 c0; rewrite le_maxr a0. Qed.

Lemma sup_distxx x : sup_dist x x = 0.
Proof.
by apply/eqP; rewrite eq_le sup_dist_ge0 andbT sup_dist_le // => i; rewrite subrr normr0.
Qed.

Lemma sup_distC x y : sup_dist x y = sup_dist y x.
Proof. by apply: eq_bigr => i _; rewrite distrC. Qed.

Lemma sup_dist_triangle x y z : sup_dist x z <= sup_dist x y + sup_dist y z.
Proof.
apply: sup_dist_le => [|i]; first by rewrite addr_ge0 // sup_dist_ge0.
by rewrite (le_trans (ler_dist_add (y i) _ _)) // ler_add // sup_dist_ge.
Qed.
End SupDistance.
