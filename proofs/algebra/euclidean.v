(** The Euclidean norm of column vectors, and what the theory uses of it: Cauchy-Schwarz, the triangle
    inequality, relu moves vectors by no more than their difference. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Euclidean.
Variable R : rcfType.

Section Norm.
Variable d : nat.
Implicit Types (x y : 'cV[R]_d).

Definition dot x y : R := \sum_i x i 0 * y i 0.
Definition enorm x : R := Num.sqrt (dot x x).

Lemma dot_ge0 x : 0 <= dot x x.
Proof. by apply: sumr_ge0 => i _; rewrite -expr2 sqr_ge0. Qed.
Lemma enorm_ge0 x : 0 <= enorm x. Proof. exact: sqrtr_ge0. Qed.
Lemma enorm_sqr x : enorm x ^+ 2 = dot x x. Proof. by rewrite sqr_sqrtr ?dot_ge0. Qed.
Lemma dotC x y : dot x y = dot y x. Proof. by apply: eq_bigr => i _; rewrite mulrC. Qed.
Lemma dotDl x y z : dot (x + y) z = dot x z + dot y z.
Proof. by rewrite -big_split; apply: eq_bigr => i _; rewrite mxE mulrDl. Qed.
Lemma dotZl c x y : dot (c *: x) y = c * dot x y.
Proof. by rewrite mulr_sumr; apply: eq_bigr => i _; rewrite mxE mulrA. Qed.
Lemma dotNl x y : dot (- x) y = - dot x y.
Proof. by rewrite -sumrN; apply: eq_bigr => i _; rewrite mxE mulNr. Qed.
Lemma dotBl x y z : dot (x - y) z = dot x z - dot y z.
Proof. by rewrite dotDl dotNl. Qed.
Lemma dotBr x y z : dot z (x - y) = dot z x - dot z y.
Proof. by rewrite !(dotC z) dotBl. Qed.
Lemma dotDr x y z : dot z (x + y) = dot z x + dot z y.
Proof. by rewrite !(dotC z) dotDl. Qed.

Lemma dot_sqr_le x y : dot x y ^+ 2 <= dot x x * dot y y.
Proof.
have : 0 <= \sum_i \sum_j (x i 0 * y j 0 - x j 0 * y i 0) ^+ 2.
  by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; rewrite sqr_ge0.
have -> : \sum_i \sum_j (x i 0 * y j 0 - x j 0 * y i 0) ^+ 2 =
    (dot x x * dot y y - dot x y ^+ 2) *+ 2.
  have -> : (dot x x * dot y y - dot x y ^+ 2) *+ 2 =
    dot x x * dot y y + dot y y * dot x x - (dot x y * dot x y + dot x y * dot x y) by ring.
  rewrite /dot !big_distrlr /= -!big_split -sumrB /=; apply: eq_bigr => i _.
  by rewrite -!big_split -sumrB /=; apply: eq_bigr => j _; ring.
by rewrite pmulrn_lge0 // subr_ge0.
Qed.

Lemma dot_le x y : `|dot x y| <= enorm x * enorm y.
Proof.
rewrite -ler_sqr ?nnegrE ?mulr_ge0 ?enorm_ge0 ?normr_ge0 //.
by rewrite real_normK ?num_real // exprMn !enorm_sqr dot_sqr_le.
Qed.

Lemma enormD x y : enorm (x + y) <= enorm x + enorm y.
Proof.
rewrite -ler_sqr ?nnegrE ?addr_ge0 ?enorm_ge0 // enorm_sqr sqrrD !enorm_sqr.
have -> : dot (x + y) (x + y) = dot x x + dot x y *+ 2 + dot y y.
  by rewrite dotDl !dotDr (dotC y x); ring.
by rewrite ler_add2r ler_add2l ler_pmuln2r // (le_trans (ler_norm _)) // dot_le.
Qed.

Lemma enormZ c x : enorm (c *: x) = `|c| * enorm x.
Proof. by rewrite /enorm dotZl dotC dotZl mulrA -expr2 sqrtrM ?sqr_ge0 // sqrtr_sqr. Qed.
Lemma enormN x : enorm (- x) = enorm x.
Proof. by rewrite -scaleN1r enormZ normrN1 mul1r. Qed.
Lemma enorm0 : enorm (0 : 'cV[R]_d) = 0.
Proof. by rewrite -(scale0r 0) enormZ normr0 mul0r. Qed.
Lemma enormB x y : enorm (x - y) <= enorm x + enorm y.
Proof. by rewrite (le_trans (enormD _ _)) // enormN. Qed.
Lemma enorm_distC x y : enorm (x - y) = enorm (y - x).
Proof. by rewrite -enormN opprB. Qed.
Lemma enorm_sum (I : Type) (r : seq I) (P : pred I) (F : I -> 'cV[R]_d) :
  enorm (\sum_(i <- r | P i) F i) <= \sum_(i <- r | P i) enorm (F i).
Proof.
elim/big_rec2: _ => [|i x y _ H]; first by rewrite enorm0.
by rewrite (le_trans (enormD _ _)) // ler_add2l.
Qed.
Lemma enorm_eq0 x : enorm x = 0 -> x = 0.
Proof.
move=> e; have: dot x x = 0 by rewrite -enorm_sqr e expr0n.
move=> /eqP; rewrite psumr_eq0 => [/allP H|i _]; last by rewrite -expr2 sqr_ge0.
apply/matrixP => i j; rewrite ord1 mxE; apply/eqP.
by have := H i (mem_index_enum _); rewrite mulf_eq0 orbb.
Qed.
End Norm.

(** omega bounds the spectral norm of W. *)
Definition spectral_le (d e : nat) (W : 'M[R]_(d, e)) (omega : R) : Prop :=
  0 <= omega /\ forall x, enorm (W *m x) <= omega * enorm x.

Section Relu.
Variable d : nat.
Implicit Types (x y : 'cV[R]_d).
Definition relu x : 'cV[R]_d := map_mx (Num.max 0) x.

Lemma enorm_le x y : (forall i, `|x i 0| <= `|y i 0|) -> enorm x <= enorm y.
Proof.
move=> H; apply: ler_wsqrtr; apply: ler_sum => i _.
by rewrite -!expr2 -[x i 0 ^+ 2]real_normK ?num_real // -[y i 0 ^+ 2]real_normK ?num_real // ler_sqr ?nnegrE.
Qed.

Lemma max0_contract (a b : R) : `|Num.max 0 a - Num.max 0 b| <= `|a - b|.
Proof.
wlog ab : a b / b <= a.
  move=> W; case/orP: (le_total b a) => [|ab]; first exact: W.
  by rewrite distrC (distrC a); exact: W.
rewrite [X in _ <= X]ger0_norm ?subr_ge0 // ger0_norm; last first.
  by rewrite subr_ge0 le_maxr !le_maxl lexx /=; case: (lerP 0 a); rewrite ?ab ?orbT //= => a0; rewrite (le_trans ab) // ltW.
by case: (lerP 0 a) => a0; case: (lerP 0 b) => b0; rewrite ?lexx // ?subr0 ?subrr ?sub0r ?subr_ge0 //;
  rewrite ?ler_addl ?oppr_ge0 ?(ltW b0) //; have := lt_le_trans a0 (le_trans b0 ab); rewrite ltxx.
Qed.

Lemma relu_contract x y : enorm (relu x - relu y) <= enorm (x - y).
Proof. by apply: enorm_le => i; rewrite !mxE max0_contract. Qed.
Lemma relu0 : relu 0 = 0. Proof. by apply/matrixP => i j; rewrite !mxE maxxx. Qed.
Lemma relu_le x : enorm (relu x) <= enorm x.
Proof. by have := relu_contract x 0; rewrite relu0 !subr0. Qed.
End Relu.
End Euclidean.
