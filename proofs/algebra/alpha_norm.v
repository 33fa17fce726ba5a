(** What the entrywise alpha-norms on families of n scalars have in common, 1 <= alpha <= inf: norms that are at
    least every coordinate, equal to it for a single nonzero coordinate, and at most
    nu = n^{1/alpha} times a bound of all coordinates. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import sup_norm target_class polynomial_attention euclidean.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section AlphaNorm.
Variables (R : realFieldType) (I : finType).
Local Notation point := {ffun I -> R}.

Record alpha_norm (nrm : point -> R) (nu : R) : Prop := AlphaNorm {
  alpha_normD : forall x y, nrm (x + y) <= nrm x + nrm y;
  alpha_normZ : forall c (x : point), nrm [ffun i => c * x i] = `|c| * nrm x;
  alpha_norm_ge : forall (x : point) i, `|x i| <= nrm x;
  alpha_norm_single : forall (x : point) i, (forall j, j != i -> x j = 0) -> nrm x = `|x i|;
  alpha_norm_box : forall (x : point) t, 0 <= t -> (forall i, `|x i| <= t) -> nrm x <= nu * t }.

Variables (nrm : point -> R) (nu : R).
Hypothesis N : alpha_norm nrm nu.

Lemma alpha_norm0 : nrm 0 = 0.
Proof.
have -> : 0 = [ffun i => 0 * (0 : point) i] :> point by apply/ffunP => i; rewrite !ffunE mul0r.
by rewrite (alpha_normZ N) normr0 mul0r.
Qed.
Lemma alpha_normN x : nrm (- x) = nrm x.
Proof.
have -> : - x = [ffun i => -1 * x i] by apply/ffunP => i; rewrite !ffunE mulN1r.
by rewrite (alpha_normZ N) normrN1 mul1r.
Qed.
Lemma alpha_norm_ge0 x : 0 <= nrm x.
Proof.
have := alpha_normD N x (- x).
by rewrite subrr alpha_norm0 alpha_normN -mulr2n pmulrn_lge0.
Qed.
Lemma alpha_norm_sum (J : finType) (F : J -> point) : nrm (\sum_j F j) <= \sum_j nrm (F j).
Proof.
elim/big_rec2: _ => [|j x y _ H]; first by rewrite alpha_norm0.
by rewrite (le_trans (alpha_normD N _ _)) // ler_add2l.
Qed.

(** The distance of the target class. *)
Lemma alpha_norm_distance : alpha_distance (fun x y => nrm (x - y)).
Proof.
split=> [x|x y|x y z|x y i|x y i same].
- by rewrite subrr alpha_norm0.
- by rewrite -alpha_normN opprB.
- by rewrite (le_trans _ (alpha_normD N _ _)) // addrA addrNK.
- by have := alpha_norm_ge N (x - y) i; rewrite !ffunE.
- rewrite (alpha_norm_single N (i := i)) ?ffunE // => j /same.
  by rewrite !ffunE => ->; rewrite subrr.
Qed.

(** Jensen: an average of points is no further from y than the average distance. *)
Lemma alpha_norm_average (J : finType) (w : J -> R) (F : J -> point) (y : point) :
  (forall j, 0 <= w j) -> 0 < \sum_j w j ->
  nrm ([ffun i => average w (fun j => F j i)] - y) <= average w (fun j => nrm (F j - y)).
Proof.
move=> w0 W0; set W := \sum_j w j in W0 *.
have -> : [ffun i => average w (fun j => F j i)] - y = \sum_j [ffun i => w j / W * (F j - y) i].
  apply/ffunP => i; rewrite sum_ffunE !ffunE /average -/W.
  have -> : - y i = - (\sum_j w j) * y i / W by rewrite mulNr -/W mulNr mulrAC divff ?mul1r // lt0r_neq0.
  rewrite -mulrDl mulNr mulr_suml -sumrB mulr_suml; apply: eq_bigr => j _; rewrite !ffunE.
  by rewrite -mulrBr mulrAC.
rewrite (le_trans (alpha_norm_sum _)) // /average mulr_suml; apply: ler_sum => j _.
by rewrite (alpha_normZ N) ger0_norm ?divr_ge0 // ?(ltW W0) // mulrAC.
Qed.

(** ||v|| <= nu t + sum_i max(0, |v_i| - t) *)
Lemma alpha_norm_excess (v : point) t : 0 <= t ->
  nrm v <= nu * t + \sum_i Num.max 0 (`|v i| - t).
Proof.
move=> t0; pose clip (a : R) := Num.max (- t) (Num.min t a).
have clip_le a : `|clip a| <= t.
  by rewrite ler_norml /clip le_maxr lexx /= le_maxl (le_trans _ t0) ?oppr_le0 // le_minl lexx.
have clip_rest a : `|a - clip a| = Num.max 0 (`|a| - t).
  have nt0 : - t <= t by rewrite (le_trans _ t0) // oppr_le0.
  case/orP: (le_total t a) => [ta|at_].
    have -> : clip a = t by rewrite /clip min_l // max_r.
    by rewrite (ger0_norm (le_trans t0 ta)) max_r ?ger0_norm ?subr_ge0.
  case/orP: (le_total (- t) a) => [nta|ant].
    have -> : clip a = a by rewrite /clip min_r // max_r.
    by rewrite subrr normr0 max_l // subr_le0 ler_norml nta.
  have a0 : a <= 0 by rewrite (le_trans ant) // oppr_le0.
  have -> : clip a = - t by rewrite /clip min_r // max_l.
  rewrite opprK (ler0_norm a0) ler0_norm; last by rewrite -ler_subr_addr sub0r.
  by rewrite max_r ?opprD // subr_ge0 ler_oppr.
pose single i : point := [ffun j => if j == i then v i - clip (v i) else 0].
have vE : v = [ffun i => clip (v i)] + \sum_i single i.
  apply/ffunP => i; rewrite !ffunE sum_ffunE (bigD1 i) //= ffunE eqxx big1 ?addr0 => [|j /negPf ji].
    by rewrite addrC subrK.
  by rewrite ffunE eq_sym ji.
rewrite {1}vE (le_trans (alpha_normD N _ _)) // ler_add //.
  by apply: (alpha_norm_box N) => // i; rewrite ffunE.
rewrite (le_trans (alpha_norm_sum _)) //.
apply: ler_sum => i _; rewrite (alpha_norm_single N (i := i)) => [|j /negPf ji]; last by rewrite ffunE ji.
by rewrite ffunE eqxx clip_rest.
Qed.
End AlphaNorm.

(** alpha = inf, nu = 1 *)
Lemma alpha_norm_max (R : realFieldType) (I : finType) : alpha_norm (fun x : {ffun I -> R} => sup_dist x 0) 1.
Proof.
split=> [x y|c x|x i|x i same|x t t0 H].
- apply: sup_dist_le => [|i]; first by rewrite addr_ge0 // sup_dist_ge0.
  rewrite !ffunE subr0 (le_trans (ler_norm_add _ _)) // ler_add //;
    [have := sup_dist_ge x 0 i|have := sup_dist_ge y 0 i]; by rewrite ffunE subr0.
- apply/eqP; rewrite eq_le; apply/andP; split.
    apply: sup_dist_le => [|i]; first by rewrite mulr_ge0 // sup_dist_ge0.
    rewrite !ffunE subr0 normrM ler_wpmul2l //; have := sup_dist_ge x 0 i; by rewrite ffunE subr0.
  have [->|c0] := eqVneq c 0; first by rewrite normr0 mul0r sup_dist_ge0.
  rewrite -ler_pdivl_mull ?normr_gt0 //; apply: sup_dist_le => [|i].
    by rewrite mulr_ge0 ?sup_dist_ge0 // invr_ge0.
  rewrite ffunE subr0 ler_pdivl_mull ?normr_gt0 // -normrM.
  by have := sup_dist_ge [ffun i => c * x i] 0 i; rewrite !ffunE subr0.
- by have := sup_dist_ge x 0 i; rewrite ffunE subr0.
- by rewrite (alpha_dist_single (alpha_distance_max R I) (i := i)) ?ffunE ?subr0 // => j /same ->; rewrite ffunE.
- by rewrite mul1r; apply: sup_dist_le => // i; rewrite ffunE subr0.
Qed.

(** alpha = 1, nu = n *)
Lemma alpha_norm_sum1 (R : realFieldType) (I : finType) :
  alpha_norm (fun x : {ffun I -> R} => \sum_i `|x i|) #|I|%:R.
Proof.
split=> [x y|c x|x i|x i same|x t t0 H].
- by rewrite -big_split; apply: ler_sum => i _; rewrite ffunE ler_norm_add.
- by rewrite mulr_sumr; apply: eq_bigr => i _; rewrite ffunE normrM.
- by rewrite (bigD1 i) //= ler_addl sumr_ge0.
- by rewrite (bigD1 i) //= big1 ?addr0 // => j /same ->; rewrite normr0.
- by rewrite mulr_natl -sumr_const; apply: ler_sum.
Qed.

(** alpha = 2, nu = sqrt n; the reals' axioms are not needed for it, square roots are. *)
Section Euclidean.
Variables (R : rcfType) (I : finType).
Definition euclidean_norm (x : {ffun I -> R}) : R := Num.sqrt (\sum_i x i ^+ 2).

Let column (x : {ffun I -> R}) : 'cV[R]_#|I| := \col_j x (enum_val j).
Let euclideanE x : euclidean_norm x = enorm (column x).
Proof.
congr Num.sqrt; rewrite /dot (reindex (@enum_val I I)) /=; last exact/onW_bij/enum_val_bij.
by apply: eq_bigr => j _; rewrite mxE expr2.
Qed.

Theorem alpha_norm_euclidean : alpha_norm euclidean_norm (Num.sqrt #|I|%:R).
Proof.
split=> [x y|c x|x i|x i same|x t t0 H].
- rewrite !euclideanE; have -> : column (x + y) = column x + column y by apply/colP => j; rewrite !mxE ffunE.
  exact: enormD.
- rewrite !euclideanE -enormZ; congr enorm; by apply/colP => j; rewrite !mxE ffunE.
- rewrite -sqrtr_sqr; apply: ler_wsqrtr; rewrite (bigD1 i) //= ler_addl.
  by apply: sumr_ge0 => j _; exact: sqr_ge0.
- rewrite /euclidean_norm (bigD1 i) //= big1 ?addr0 ?sqrtr_sqr // => j /same ->.
  by rewrite expr0n.
- rewrite -[X in _ * X](ger0_norm t0) -sqrtr_sqr -sqrtrM ?ler0n //; apply: ler_wsqrtr.
  rewrite mulr_natl -sumr_const; apply: ler_sum => i _.
  by rewrite -[x i ^+ 2]real_normK ?num_real // ler_sqr ?nnegrE.
Qed.
End Euclidean.
