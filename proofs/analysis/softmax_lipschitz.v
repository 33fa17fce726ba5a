(** Softmax moves by at most the scores' change: ||softmax(a) - softmax(b)||_1 <= ||a - b||_inf, over
    any set of visible keys. Used by theory item 3.1. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.analysis Require Import bridge exp_inequalities.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Softmax.
Variables (I : finType) (visible : pred I).

(** softmax over the visible keys *)
Definition softmax (a : I -> R) (i : I) := (exp (a i) / \sum_(j | visible j) exp (a j))%R.

Variable j0 : I.
Hypothesis j0_visible : visible j0.

Lemma softmax_mass_gt0 (a : I -> R) : 0 < \sum_(j | visible j) exp (a j).
Proof.
rewrite (bigD1 j0) //= ltr_paddr ?exp_gt0 //.
by apply: sumr_ge0 => j _; exact: exp_ge0.
Qed.

Lemma softmax_ge0 a i : 0 <= softmax a i.
Proof. by rewrite divr_ge0 ?exp_ge0 // ltW // softmax_mass_gt0. Qed.

Lemma softmax_sum1 a : \sum_(j | visible j) softmax a j = 1.
Proof. by rewrite -mulr_suml divff // lt0r_neq0 // softmax_mass_gt0. Qed.

Variables (a b : I -> R) (t : R).
Hypothesis ab : forall i, visible i -> `|a i - b i| <= t.
Let w i : R := exp (a i). Let u i : R := exp (b i).
Let W := \sum_(i | visible i) w i. Let U := \sum_(i | visible i) u i.
Let sum_ge0 (P : pred I) f : (forall i, 0 < f i) -> 0 <= \sum_(i | P i) f i :> R.
Proof. by move=> f0; apply: sumr_ge0 => i _; apply: ltW. Qed.
Let sum_gt0 (P : pred I) f i : P i -> (forall i, 0 < f i) -> 0 < \sum_(i | P i) f i :> R.
Proof. by move=> Pi f0; rewrite (bigD1 i) //= ltr_paddr // sum_ge0. Qed.
Let wp i : 0 < w i. Proof. exact: exp_gt0. Qed.
Let up i : 0 < u i. Proof. exact: exp_gt0. Qed.
Let t0 : 0 <= t. Proof. exact: le_trans (ab j0_visible). Qed.
Let shrink i : visible i -> exp (- t) * w i <= u i.
Proof. by move=> /ab; rewrite ler_distl /w /u -expD => /andP [lo hi]; apply: exp_le; mlra. Qed.
Let grow i : visible i -> u i <= exp t * w i.
Proof. by move=> /ab; rewrite ler_distl /w /u -expD => /andP [lo hi]; apply: exp_le; mlra. Qed.

Theorem softmax_lipschitz : \sum_(i | visible i) `|softmax a i - softmax b i| <= t.
Proof.
rewrite /softmax -/W -/U.
pose S i := u i / U < w i / W.
have W0 : 0 < W := softmax_mass_gt0 a. have U0 : 0 < U := softmax_mass_gt0 b.
have half : \sum_(i | visible i) `|w i / W - u i / U| =
    (\sum_(i | visible i && S i) (w i / W - u i / U)) *+ 2.
  have : \sum_(i | visible i) (w i / W - u i / U) = 0.
    by rewrite sumrB -!mulr_suml !divff ?subrr // lt0r_neq0.
  rewrite (bigID S) /= => /eqP; rewrite addr_eq0 => /eqP z.
  rewrite [LHS](bigID S) /= mulr2n; congr (_ + _).
    by apply: eq_bigr => i /andP [_ Si]; rewrite ger0_norm // subr_ge0 ltW.
  by rewrite z -sumrN; apply: eq_bigr => i /andP [_]; rewrite -leNgt => Si; rewrite ler0_norm // subr_le0.
rewrite half; case: (pickP (fun i => visible i && S i)) => [i Si|S0]; last first.
  by rewrite big_pred0 // mul0rn t0.
pose A := \sum_(i | visible i && S i) w i. pose B := \sum_(i | visible i && ~~ S i) w i.
pose A' := \sum_(i | visible i && S i) u i. pose B' := \sum_(i | visible i && ~~ S i) u i.
have WE : W = A + B by rewrite /W (bigID S). have UE : U = A' + B' by rewrite /U (bigID S).
have A0 : 0 < A by apply: (sum_gt0 Si wp).
have A0' : 0 < A' by apply: (sum_gt0 Si up).
have B0 : 0 <= B by apply: sum_ge0. have B0' : 0 <= B' by apply: sum_ge0.
have AA : exp (- t) * A <= A' by rewrite mulr_sumr; apply: ler_sum => j /andP [vj _]; exact: shrink.
have BB : B' <= exp t * B by rewrite mulr_sumr; apply: ler_sum => j /andP [vj _]; exact: grow.
have AB0 : 0 < A' + B' by rewrite -UE.
have := @two_block A B A' B' t (RltP _ _ A0) (RleP _ _ B0) (RleP _ _ t0) (RleP _ _ (ltW A0'))
  (RleP _ _ B0') (RltP _ _ AB0) (RleP _ _ AA) (RleP _ _ BB).
rewrite sumrB -!mulr_suml -/A -/A' WE UE mulr2n => H.
have E : (A / (A + B) - A' / (A' + B'))%R = Rminus (Rdiv A (Rplus A B)) (Rdiv A' (Rplus A' B')).
  by rewrite !RdivE ?RplusE ?lt0r_neq0 // -WE.
rewrite E; r_order; r_ring; lra.
Qed.
End Softmax.
