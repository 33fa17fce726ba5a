(** Theory item 3.1: the constant of one attention head, kappa + sqrt(1 + kappa^2), and its diameter form.

    The output moves along the segment from one sequence to the other; its derivative is
    sum_j p_j (dz_j + (z_j - mu)(dz_j^T A z_i)) + Cov A dz_i. The first term is at most delta sqrt(1 + |A z_i|^2 sigma^2) by
    Jensen's inequality, since sum_j p_j (z_j - mu) = 0; the second at most ||A|| sigma^2 delta. sigma^2 bounds the variance
    of the tokens in every direction: r^2 in the ball of radius r, (D/2)^2 for tokens of diameter D (Popoviciu). *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import euclidean.
From PromptBound.analysis Require Import bridge softmax_lipschitz.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

(** ** Weighted means and variances *)
Section Weighted.
Variables (T : finType) (P : pred T) (p : T -> R).
Hypotheses (p0 : forall j, 0 <= p j) (p1 : \sum_(j | P j) p j = 1).
Implicit Types (y z : T -> R).
Definition mean y : R := \sum_(j | P j) p j * y j.

Lemma weighted_cauchy y z : (mean (fun j => y j * z j)) ^+ 2 <= mean (fun j => y j ^+ 2) * mean (fun j => z j ^+ 2).
Proof.
have : 0 <= \sum_(i | P i) \sum_(j | P j) (p i * p j) * (y i * z j - y j * z i) ^+ 2.
  by apply: sumr_ge0 => i _; apply: sumr_ge0 => j _; rewrite mulr_ge0 ?sqr_ge0 // mulr_ge0.
have -> : \sum_(i | P i) \sum_(j | P j) (p i * p j) * (y i * z j - y j * z i) ^+ 2 =
    (mean (fun j => y j ^+ 2) * mean (fun j => z j ^+ 2) - (mean (fun j => y j * z j)) ^+ 2) *+ 2.
  have twice (a b c : R) : (a * b - c ^+ 2) *+ 2 = a * b + b * a - (c * c + c * c) by ring.
  rewrite twice /mean !big_distrlr /= -!big_split -sumrB /=; apply: eq_bigr => i _.
  by rewrite -!big_split -sumrB /=; apply: eq_bigr => j _; ring.
by rewrite pmulrn_lge0 // subr_ge0.
Qed.

Lemma mean_const c : mean (fun=> c) = c.
Proof. by rewrite /mean -mulr_suml p1 mul1r. Qed.
Lemma eq_mean y z : (forall j, y j = z j) -> mean y = mean z.
Proof. by move=> e; apply: eq_bigr => j _; rewrite e. Qed.
Lemma meanD y z : mean (fun j => y j + z j) = mean y + mean z.
Proof. by rewrite /mean -big_split; apply: eq_bigr => j _; rewrite mulrDr. Qed.
Lemma meanZ c y : mean (fun j => c * y j) = c * mean y.
Proof. by rewrite /mean mulr_sumr; apply: eq_bigr => j _; rewrite mulrCA. Qed.
Lemma mean_le y z : (forall j, P j -> y j <= z j) -> mean y <= mean z.
Proof. by move=> le; apply: ler_sum => j /le; apply: ler_wpmul2l. Qed.
Lemma mean_ge0 y : (forall j, 0 <= y j) -> 0 <= mean y.
Proof. by move=> y0; apply: sumr_ge0 => j _; rewrite mulr_ge0. Qed.

Lemma weighted_jensen z : (mean z) ^+ 2 <= mean (fun j => z j ^+ 2).
Proof.
have := weighted_cauchy (fun=> 1) z; rewrite (eq_mean (z := z)) => [|j]; last by rewrite mul1r.
by rewrite (eq_mean (y := fun=> 1 ^+ 2) (z := fun=> 1)) ?mean_const ?mul1r // => j; rewrite expr1n.
Qed.

Definition variance y : R := mean (fun j => (y j - mean y) ^+ 2).
Lemma variance_ge0 y : 0 <= variance y.
Proof. by apply: mean_ge0 => j; rewrite sqr_ge0. Qed.

Lemma mean_centred y : mean (fun j => y j - mean y) = 0.
Proof. by rewrite (meanD y (fun=> - mean y)) mean_const subrr. Qed.

(** The variance is the least mean square distance. *)
Lemma variance_le y c : variance y <= mean (fun j => (y j - c) ^+ 2).
Proof.
have E j : (y j - c) ^+ 2 = (y j - mean y) ^+ 2 + (2%:R * (mean y - c) * (y j - mean y) + (mean y - c) ^+ 2) by ring.
rewrite (eq_mean E) meanD meanD meanZ mean_centred mulr0 add0r mean_const.
by rewrite -/(variance y) ler_addl sqr_ge0.
Qed.

(** |Cov(y, z)| *)
Lemma covariance_le y z s t : 0 <= s -> 0 <= t -> variance y <= s ^+ 2 -> variance z <= t ^+ 2 ->
  `|mean (fun j => (y j - mean y) * z j)| <= s * t.
Proof.
move=> s0 t0 ys zt.
have -> : mean (fun j => (y j - mean y) * z j) = mean (fun j => (y j - mean y) * (z j - mean z)).
  have E j : (y j - mean y) * z j = (y j - mean y) * (z j - mean z) + mean z * (y j - mean y) by ring.
  by rewrite (eq_mean E) meanD meanZ mean_centred mulr0 addr0.
rewrite -ler_sqr ?nnegrE ?mulr_ge0 // real_normK ?num_real // (le_trans (weighted_cauchy _ _)) //.
by rewrite exprMn ler_pmul ?variance_ge0.
Qed.

(** Popoviciu: values at most D apart have variance at most (D/2)^2. *)
Lemma popoviciu y D (j0 : T) : P j0 -> (forall i j, P i -> P j -> y i - y j <= D) -> variance y <= (D / 2%:R) ^+ 2.
Proof.
move=> Pj0 close.
case: (@arg_maxP _ R_realDomainType T j0 P y Pj0) => hi Phi hiP.
case: (@arg_minP _ R_realDomainType T j0 P y Pj0) => lo Plo loP.
apply: le_trans (variance_le y ((y lo + y hi) / 2%:R)) _; rewrite -[X in _ <= X]mean_const.
apply: mean_le => j Pj.
rewrite -real_normK ?num_real // ler_sqr ?nnegrE ?normr_ge0 //; last first.
  by rewrite divr_ge0 ?ler0n // (le_trans _ (close j0 j0 Pj0 Pj0)) // subrr.
have a := close _ _ Phi Plo; have b : y j <= y hi := hiP _ Pj; have c : y lo <= y j := loP _ Pj.
rewrite ler_norml; apply/andP; split.
  by rewrite ler_subr_addl -mulrBl ler_pdivr_mulr ?ltr0n // mulr_natr mulr2n; mlra.
by rewrite ler_subl_addl -mulrDl ler_pdivl_mulr ?ltr0n // mulr_natr mulr2n; mlra.
Qed.
End Weighted.

(** ** The derivative of a softmax mean *)
Section Derivative.
Variables (T : finType) (P : pred T).

Lemma derivable_sum (F : T -> R -> R) (F' : T -> R) s : (forall j, derivable_pt_lim (F j) s (F' j)) ->
  derivable_pt_lim (fun u => \sum_(j | P j) F j u) s (\sum_(j | P j) F' j).
Proof.
move=> H; elim: (index_enum T) => [|a l IH].
  have -> : (fun u => \sum_(j <- [::] | P j) F j u) = fct_cte (IZR 0) by extensionality u; rewrite big_nil.
  by rewrite big_nil; exact: derivable_pt_lim_const.
have -> : (fun u => \sum_(j <- a :: l | P j) F j u) =
    (if P a then plus_fct (F a) (fun u => \sum_(j <- l | P j) F j u) else (fun u => \sum_(j <- l | P j) F j u)).
  by extensionality u; rewrite big_cons; case: (P a).
by rewrite big_cons; case: (P a) => //; exact: derivable_pt_lim_plus.
Qed.

Variables (j0 : T) (a y : T -> R -> R) (a' y' : T -> R) (s : R).
Hypotheses (Pj0 : P j0) (a_der : forall j, derivable_pt_lim (a j) s (a' j)) (y_der : forall j, derivable_pt_lim (y j) s (y' j)).
Let p j := softmax P (fun j => a j s) j.
Local Notation centre := (mean P p (fun j => y j s)).

Let limit_eq f l l' : derivable_pt_lim f s l -> l = l' -> derivable_pt_lim f s l'.
Proof. by move=> D <-. Qed.

Lemma softmax_mean_derivative :
  derivable_pt_lim (fun u => \sum_(j | P j) softmax P (fun j => a j u) j * y j u) s
    (\sum_(j | P j) p j * (y' j + a' j * (y j s - centre))).
Proof.
pose e j u := exp (a j u).
have e_der j : derivable_pt_lim (e j) s (Rmult (exp (a j s)) (a' j)).
  exact: (derivable_pt_lim_comp (a j) exp s _ _ (a_der j) (derivable_pt_lim_exp _)).
pose W u := \sum_(j | P j) e j u.
have W0 : 0 < W s := softmax_mass_gt0 Pj0 _.
have W_der : derivable_pt_lim W s (\sum_(j | P j) exp (a j s) * a' j) by apply: derivable_sum => j; exact: e_der.
pose N u := \sum_(j | P j) Rmult (e j u) (y j u).
have N_der : derivable_pt_lim N s (\sum_(j | P j) (Rplus (Rmult (Rmult (exp (a j s)) (a' j)) (y j s)) (Rmult (e j s) (y' j)))).
  by apply: derivable_sum => j; exact: (derivable_pt_lim_mult (e j) (y j)).
have -> : (fun u => \sum_(j | P j) softmax P (fun j => a j u) j * y j u) = div_fct N W.
  extensionality u; rewrite /div_fct RdivE; last by rewrite lt0r_neq0 // (softmax_mass_gt0 Pj0).
  by rewrite /N mulr_suml; apply: eq_bigr => j _; rewrite /softmax mulrAC.
have D := derivable_pt_lim_div N W s _ _ N_der W_der (elimN eqP (lt0r_neq0 W0)).
apply: (limit_eq D).
have meanE : centre = N s / W s.
  by rewrite /mean /N mulr_suml; apply: eq_bigr => j _; rewrite /p /softmax mulrAC.
rewrite meanE; set l1 := \sum_(j | P j) Rplus _ _; set l2 := \sum_(j | P j) _ * a' j.
have split c : \sum_(j | P j) p j * (y' j + a' j * (y j s - c)) = l1 / W s - c * (l2 / W s).
  rewrite /l1 /l2 !mulr_suml mulr_sumr -sumrB; apply: eq_bigr => j _.
  rewrite /p /softmax -/(W s) -/(e j s) RplusE !RmultE -/(e j s).
  by ring.
rewrite split /Rsqr RdivE; last by rewrite mulf_neq0 ?lt0r_neq0.
by rewrite RminusE !RmultE; move: (N s) (W s) W0 => u v v0; field; rewrite lt0r_neq0.
Qed.
End Derivative.

(** ** One head *)
Section Head.
Variables (d : nat) (T : finType) (P : pred T) (i j0 : T) (A : 'M[R]_d) (normA delta sigma beta : R).
Local Notation token := 'cV[R]_d.
Variables Z Y : T -> token.
Hypotheses (Pi : P i) (A_le : spectral_le A normA) (delta0 : 0 <= delta).
Hypothesis close : forall j, enorm (Z j - Y j) <= delta.

(** The point s of the segment from Y to Z, and the mean token that the query at i sees there. *)
Definition along (s : R) (j : T) : token := Y j + s *: (Z j - Y j).
Definition attention_at (s : R) (j : T) : R := softmax P (fun j => dot (along s j) (A *m along s i)) j.
Definition mean_token (s : R) : token := \sum_(j | P j) attention_at s j *: along s j.

(** sigma^2 bounds the variance of the visible tokens in every direction, beta the norm of A z_i, all along the segment. *)
Hypotheses (sigma0 : 0 <= sigma) (beta_le : forall s, 0 <= s <= 1 -> enorm (A *m along s i) <= beta).
Hypothesis spread : forall s u, 0 <= s <= 1 ->
  variance P (attention_at s) (fun j => dot u (along s j)) <= (sigma * enorm u) ^+ 2.

Let p0 s j : 0 <= attention_at s j. Proof. exact: softmax_ge0 Pi _ j. Qed.
Let p1 s : \sum_(j | P j) attention_at s j = 1. Proof. exact: softmax_sum1 Pi _. Qed.

Let dot_sum (u : token) (p : T -> R) (F : T -> token) : dot u (\sum_(j | P j) p j *: F j) = \sum_(j | P j) p j * dot u (F j).
Proof.
elim/big_rec2: _ => [|j x y _ <-]; first by rewrite dotC -(scale0r 0) dotZl mul0r.
by rewrite dotDr (dotC u (_ *: _)) dotZl (dotC _ u).
Qed.

(** The derivative in the direction u. *)
Let slope (u : token) (s : R) : R :=
  mean P (attention_at s) (fun j => dot u (Z j - Y j) +
    (dot (Z j - Y j) (A *m along s i) + dot (along s j) (A *m (Z i - Y i))) *
    (dot u (along s j) - mean P (attention_at s) (fun j => dot u (along s j)))).

Let quadratic (c0 c1 c2 s : R) : derivable_pt_lim (fun u => c0 + (u * c1 + u * u * c2)) s (c1 + (s + s) * c2).
Proof.
have D1 := derivable_pt_lim_mult id (fct_cte c1) s _ _ (derivable_pt_lim_id s) (derivable_pt_lim_const c1 s).
have D2 := derivable_pt_lim_mult id id s _ _ (derivable_pt_lim_id s) (derivable_pt_lim_id s).
have D3 := derivable_pt_lim_mult _ (fct_cte c2) s _ _ D2 (derivable_pt_lim_const c2 s).
have D := derivable_pt_lim_plus (fct_cte c0) _ s _ _ (derivable_pt_lim_const c0 s) (derivable_pt_lim_plus _ _ s _ _ D1 D3).
suff -> : c1 + (s + s) * c2 = Rplus 0%R (Rplus (Rplus (Rmult 1%R (fct_cte c1 s)) (Rmult (id s) 0%R))
  (Rplus (Rmult (Rplus (Rmult 1%R (id s)) (Rmult (id s) 1%R)) (fct_cte c2 s)) (Rmult (mult_fct id id s) 0%R))) by exact: D.
by rewrite /fct_cte /mult_fct /id; r_ring; lra.
Qed.

Let dotZr c (x y : token) : dot x (c *: y) = c * dot x y. Proof. by rewrite dotC dotZl dotC. Qed.

Let slopeP u s : derivable_pt_lim (fun s => dot u (mean_token s)) s (slope u s).
Proof.
pose a j s := dot (along s j) (A *m along s i).
pose a' j := dot (Z j - Y j) (A *m along s i) + dot (along s j) (A *m (Z i - Y i)).
pose y j s := dot u (along s j).
have a_der j : derivable_pt_lim (a j) s (a' j).
  have -> : a j = fun s => dot (Y j) (A *m Y i) +
      (s * (dot (Z j - Y j) (A *m Y i) + dot (Y j) (A *m (Z i - Y i))) + s * s * dot (Z j - Y j) (A *m (Z i - Y i))).
    extensionality v; rewrite /a /along; move: (Z j - Y j) (Z i - Y i) => Dj Di; rewrite mulmxDr -scalemxAr dotDl !dotDr !dotZl !dotZr.
    by move: (dot _ _) (dot _ _) (dot _ _) (dot _ _) => x1 x2 x3 x4; ring.
  suff -> : a' j = (dot (Z j - Y j) (A *m Y i) + dot (Y j) (A *m (Z i - Y i))) +
      (s + s) * dot (Z j - Y j) (A *m (Z i - Y i)) by exact: quadratic.
  rewrite /a' /along; move: (Z j - Y j) (Z i - Y i) => Dj Di; rewrite mulmxDr -scalemxAr dotDl dotDr dotZl dotZr.
  by move: (dot _ _) (dot _ _) (dot _ _) => x1 x2 x3; ring.
have y_der j : derivable_pt_lim (y j) s (dot u (Z j - Y j)).
  have -> : y j = fun s => dot u (Y j) + (s * dot u (Z j - Y j) + s * s * 0).
    by extensionality v; rewrite /y /along; move: (Z j - Y j) => Dj; rewrite dotDr dotZr mulr0 addr0.
  suff E : dot u (Z j - Y j) = dot u (Z j - Y j) + (s + s) * 0 by rewrite {2}E; exact: quadratic.
  by rewrite mulr0 addr0.
have -> : (fun s => dot u (mean_token s)) = (fun v => \sum_(j | P j) softmax P (fun j => a j v) j * y j v).
  by extensionality v; rewrite /mean_token dot_sum.
exact: softmax_mean_derivative Pi a_der y_der.
Qed.

Let normA0 : 0 <= normA. Proof. by have [] := A_le. Qed.

Definition head_constant : R := Num.sqrt (1 + (beta * sigma) ^+ 2) + normA * sigma ^+ 2.

Let slope_le u s : 0 <= s <= 1 -> slope u s <= head_constant * delta * enorm u.
Proof.
move=> s01; pose p := attention_at s; pose v := A *m along s i; pose e := A *m (Z i - Y i).
pose y j := dot u (along s j); pose c j := y j - mean P p y.
have e_le : enorm e <= normA * delta.
  by have [_ H] := A_le; rewrite (le_trans (H _)) // ler_wpmul2l.
have -> : slope u s = mean P p (fun j => dot (Z j - Y j) (u + c j *: v)) + mean P p (fun j => c j * dot e (along s j)).
  rewrite -meanD; apply: eq_mean => j; rewrite -/(y j) -/(c j) -/v -/e; move: (Z j - Y j) => Dj.
  by rewrite dotDr dotZr (dotC u) (dotC e); ring.
have -> : head_constant * delta * enorm u = delta * (enorm u * Num.sqrt (1 + (beta * sigma) ^+ 2)) +
    sigma * enorm u * (sigma * (normA * delta)) by rewrite /head_constant; ring.
apply: ler_add.
  apply: (@le_trans _ _ (mean P p (fun j => delta * enorm (u + c j *: v)))).
    apply: (mean_le (p0 s)) => j _; apply: le_trans (ler_norm _) (le_trans (dot_le _ _) _).
    by rewrite ler_wpmul2r ?enorm_ge0.
  rewrite meanZ ler_wpmul2l //.
  have n0 : 0 <= mean P p (fun j => enorm (u + c j *: v)) by apply: (mean_ge0 _ (p0 s)) => j; exact: enorm_ge0.
  rewrite -ler_sqr ?nnegrE ?mulr_ge0 ?enorm_ge0 ?sqrtr_ge0 //.
  apply: le_trans (weighted_jensen (p0 s) (p1 s) _) _.
  have E j : enorm (u + c j *: v) ^+ 2 = enorm u ^+ 2 + (2%:R * dot u v * c j + enorm v ^+ 2 * c j ^+ 2).
    by rewrite !enorm_sqr dotDl !dotDr !dotZl !dotZr (dotC v u); ring.
  rewrite (eq_mean _ _ E) meanD meanD !meanZ mean_const ?p1 // /c (mean_centred (p1 s)) mulr0 add0r.
  have q0 : 0 <= 1 + (beta * sigma) ^+ 2 by rewrite addr_ge0 ?ler01 ?sqr_ge0.
  rewrite exprMn (sqr_sqrtr q0) mulrDr mulr1 ler_add2l.
  have V := spread u s01; rewrite -/p in V.
  apply: (@le_trans _ _ (beta ^+ 2 * (sigma * enorm u) ^+ 2)).
    apply: ler_pmul; rewrite ?sqr_ge0 ?(variance_ge0 _ (p0 s)) //.
    have b := beta_le s01; have b0 := le_trans (enorm_ge0 _) b.
    by rewrite ler_sqr ?nnegrE ?enorm_ge0.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
apply: le_trans (ler_norm _) _.
apply: (@le_trans _ _ (sigma * enorm u * (sigma * enorm e))).
  apply: (covariance_le (p0 s) (p1 s)); rewrite ?mulr_ge0 ?enorm_ge0 //; exact: spread.
by rewrite ler_wpmul2l ?mulr_ge0 ?enorm_ge0 // ler_wpmul2l.
Qed.

Lemma along1 : along 1 = Z. Proof. by extensionality j; rewrite /along scale1r addrCA subrr addr0. Qed.
Lemma along0 : along 0 = Y. Proof. by extensionality j; rewrite /along scale0r addr0. Qed.

(** What the query at i reads moves by at most [head_constant] delta. *)
Theorem mean_token_lipschitz : enorm (mean_token 1 - mean_token 0) <= head_constant * delta.
Proof.
set w := mean_token 1 - mean_token 0.
have [s [E [s0 s1]]] := MVT_cor2 (fun s => dot w (mean_token s)) (slope w) 0%R 1%R Rlt_0_1 (fun s _ => slopeP w s).
have s01 : 0 <= s <= 1 by apply/andP; split; apply/RleP/Rlt_le.
have H := slope_le w s01.
have ww : enorm w ^+ 2 = slope w s.
  rewrite enorm_sqr {2}/w dotBr; move: E; rewrite Rminus_0_r Rmult_1_r => <-; exact: erefl.
rewrite -ww expr2 in H.
have [->|w0] := eqVneq (enorm w) 0; first by rewrite mulr_ge0 // addr_ge0 ?sqrtr_ge0 // mulr_ge0 ?sqr_ge0.
by rewrite -(ler_pmul2r (_ : 0 < enorm w)) // lt_neqAle eq_sym w0 enorm_ge0.
Qed.
End Head.

(** ** The two forms *)
Section Forms.
Variables (d : nat) (T : finType) (P : pred T) (i : T) (A : 'M[R]_d) (normA delta : R).
Local Notation token := 'cV[R]_d.
Hypotheses (Pi : P i) (A_le : spectral_le A normA).

(** sum_j p_ij z_j over the visible tokens, p_ij proportional to exp(z_j^T A z_i) *)
Definition read_token (Z : T -> token) : token :=
  \sum_(j | P j) softmax P (fun j => dot (Z j) (A *m Z i)) j *: Z j.

Variables Z Y : T -> token.
Hypothesis close : forall j, enorm (Z j - Y j) <= delta.

Let delta0 : 0 <= delta. Proof. exact: le_trans (enorm_ge0 _) (close i). Qed.
Let read1 : mean_token P i A Z Y 1 = read_token Z. Proof. by rewrite /mean_token /attention_at along1. Qed.
Let read0 : mean_token P i A Z Y 0 = read_token Y. Proof. by rewrite /mean_token /attention_at along0. Qed.

(** A norm along the segment is at most what it is at both ends. *)
Let convex (x y : token) s b : 0 <= s <= 1 -> enorm x <= b -> enorm y <= b -> enorm (y + s *: (x - y)) <= b.
Proof.
move=> /andP [s0 s1] xb yb.
have -> : y + s *: (x - y) = (1 - s) *: y + s *: x by rewrite scalerBr scalerBl scale1r addrA addrAC.
apply: le_trans (enormD _ _) _; rewrite !enormZ ger0_norm ?subr_ge0 // (ger0_norm s0).
have -> : b = (1 - s) * b + s * b by ring.
by apply: ler_add; apply: ler_wpmul2l; rewrite ?subr_ge0.
Qed.

(** In the ball of radius r: kappa + sqrt(1 + kappa^2), kappa = ||A|| r^2. *)
Theorem read_token_ball r : (forall j, enorm (Z j) <= r) -> (forall j, enorm (Y j) <= r) ->
  enorm (read_token Z - read_token Y) <= (normA * r ^+ 2 + Num.sqrt (1 + (normA * r ^+ 2) ^+ 2)) * delta.
Proof.
move=> Zr Yr; have r0 : 0 <= r := le_trans (enorm_ge0 _) (Zr i).
have in_r s j : 0 <= s <= 1 -> enorm (along Z Y s j) <= r by move=> s01; apply: convex.
have beta_le s : 0 <= s <= 1 -> enorm (A *m along Z Y s i) <= normA * r.
  move=> s01; have [A0 H] := A_le; apply: le_trans (H _) _; apply: ler_wpmul2l => //; exact: in_r.
have spread s u : 0 <= s <= 1 ->
    variance P (attention_at P i A Z Y s) (fun j => dot u (along Z Y s j)) <= (r * enorm u) ^+ 2.
  move=> s01; have p0 j : 0 <= attention_at P i A Z Y s j := softmax_ge0 Pi _ j.
  have p1 : \sum_(j | P j) attention_at P i A Z Y s j = 1 := softmax_sum1 Pi _.
  apply: le_trans (variance_le p1 _ 0) _; rewrite -[X in _ <= X](mean_const p1); apply: (mean_le p0) => j _.
  rewrite subr0 -real_normK ?num_real // ler_sqr ?nnegrE ?normr_ge0 ?mulr_ge0 ?enorm_ge0 //.
  by apply: le_trans (dot_le _ _) _; rewrite mulrC ler_wpmul2r ?enorm_ge0 // in_r.
have H := mean_token_lipschitz Pi A_le delta0 close r0 beta_le spread.
have E : normA * r * r = normA * r ^+ 2 by ring.
by rewrite read1 read0 /head_constant E [Num.sqrt _ + _]addrC in H.
Qed.

(** Tokens of diameter D, ||A z_i|| <= a: sqrt(1 + (a D/2)^2) + ||A|| D^2/4. *)
Theorem read_token_diameter a D : enorm (A *m Z i) <= a -> enorm (A *m Y i) <= a ->
  (forall j l, P j -> P l -> enorm (Z j - Z l) <= D) -> (forall j l, P j -> P l -> enorm (Y j - Y l) <= D) ->
  enorm (read_token Z - read_token Y) <= (Num.sqrt (1 + (a * (D / 2%:R)) ^+ 2) + normA * (D ^+ 2 / 4%:R)) * delta.
Proof.
move=> Za Ya ZD YD; have D0 : 0 <= D := le_trans (enorm_ge0 _) (ZD i i Pi Pi).
have h0 : 0 <= D / 2%:R by rewrite divr_ge0 ?ler0n.
have beta_le s : 0 <= s <= 1 -> enorm (A *m along Z Y s i) <= a.
  by move=> s01; rewrite /along mulmxDr -scalemxAr mulmxBr; apply: convex.
have spread s u : 0 <= s <= 1 ->
    variance P (attention_at P i A Z Y s) (fun j => dot u (along Z Y s j)) <= (D / 2%:R * enorm u) ^+ 2.
  move=> s01; have p0 j : 0 <= attention_at P i A Z Y s j := softmax_ge0 Pi _ j.
  have p1 : \sum_(j | P j) attention_at P i A Z Y s j = 1 := softmax_sum1 Pi _.
  have -> : D / 2%:R * enorm u = (D * enorm u) / 2%:R by rewrite mulrAC.
  apply: (popoviciu p0 p1 Pi) => j l Pj Pl; rewrite -dotBr; apply: le_trans (ler_norm _) _.
  apply: le_trans (dot_le _ _) _; rewrite mulrC ler_wpmul2r ?enorm_ge0 //.
  have -> : along Z Y s j - along Z Y s l = (Y j - Y l) + s *: ((Z j - Z l) - (Y j - Y l)).
    rewrite /along opprD addrACA -scalerBr; congr (_ + _ *: _).
    by rewrite !opprD !opprK addrACA.
  by apply: convex => //; [exact: ZD|exact: YD].
have H := mean_token_lipschitz Pi A_le delta0 close h0 beta_le spread.
have E : (D / 2%:R) ^+ 2 = D ^+ 2 / 4%:R by field.
by rewrite read1 read0 /head_constant E in H.
Qed.
End Forms.

(** ** Scores that depend on the positions *)
(** z_j^T A_ij z_i, as with rotary positions: constant 1 + 2 kappa, kappa = max_j ||A_ij|| r^2. The sharper form needs one A. *)
Section Positions.
Variables (d : nat) (T : finType) (P : pred T) (i : T) (A : T -> 'M[R]_d) (normA r delta : R).
Local Notation token := 'cV[R]_d.
Hypotheses (Pi : P i) (A_le : forall j, spectral_le (A j) normA).
Let weight (Z : T -> token) (j : T) : R := softmax P (fun j => dot (Z j) (A j *m Z i)) j.

Theorem read_token_positions (Z Y : T -> token) : (forall j, enorm (Z j) <= r) -> (forall j, enorm (Y j) <= r) ->
  (forall j, enorm (Z j - Y j) <= delta) ->
  enorm (\sum_(j | P j) softmax P (fun j => dot (Z j) (A j *m Z i)) j *: Z j
    - \sum_(j | P j) softmax P (fun j => dot (Y j) (A j *m Y i)) j *: Y j) <= (1 + 2%:R * (normA * r ^+ 2)) * delta.
Proof.
move=> Zr Yr ZY; have r0 : 0 <= r := le_trans (enorm_ge0 _) (Zr i).
have delta0 : 0 <= delta := le_trans (enorm_ge0 _) (ZY i).
have [A0 _] := A_le i.
pose p := weight Z; pose q := weight Y.
have p0 j : 0 <= p j := softmax_ge0 Pi _ j.
have p1 : \sum_(j | P j) p j = 1 := softmax_sum1 Pi _.
have score_le j (x y : token) : `|dot x (A j *m y)| <= normA * enorm x * enorm y.
  rewrite (le_trans (dot_le _ _)) // -mulrA mulrCA ler_wpmul2l ?enorm_ge0 //.
  by have [_] := A_le j.
have score_close j : P j -> `|dot (Z j) (A j *m Z i) - dot (Y j) (A j *m Y i)| <= 2%:R * normA * r * delta.
  move=> _; have -> : dot (Z j) (A j *m Z i) - dot (Y j) (A j *m Y i) =
      dot (Z j - Y j) (A j *m Z i) + dot (Y j) (A j *m (Z i - Y i)) by rewrite mulmxBr dotBl dotBr; ring.
  have -> : 2%:R * normA * r * delta = normA * delta * r + normA * r * delta by ring.
  by rewrite (le_trans (ler_norm_add _ _)) // ler_add // (le_trans (score_le _ _ _)) //
     !ler_pmul ?mulr_ge0 ?enorm_ge0.
have pq : \sum_(j | P j) `|p j - q j| <= 2%:R * normA * r * delta := softmax_lipschitz Pi score_close.
rewrite -sumrB (eq_bigr (fun j => p j *: (Z j - Y j) + (p j - q j) *: Y j)); last first.
  by move=> j _; rewrite scalerBr scalerBl addrA addrNK.
rewrite (le_trans (enorm_sum _ _ _)) //.
apply: (@le_trans _ _ (\sum_(j | P j) (p j * delta + `|p j - q j| * r))).
  apply: ler_sum => j _; rewrite (le_trans (enormD _ _)) // !enormZ (ger0_norm (p0 j)).
  by rewrite ler_add // ler_wpmul2l.
rewrite big_split /= -[X in X + _]mulr_suml -[X in _ + X]mulr_suml p1 mul1r.
have -> : (1 + 2%:R * (normA * r ^+ 2)) * delta = delta + 2%:R * normA * r * delta * r by ring.
by rewrite ler_add2l ler_wpmul2r.
Qed.
End Positions.
