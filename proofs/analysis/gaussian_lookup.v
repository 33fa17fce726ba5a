(** The heart of theory item 5.2: looking up a Lipschitz function by Gaussian attention.

    The cube [0,1]^n is cut into k^n cells with centres g, g_c = (j_c + 1/2)/k. At the point x the Gaussian
    average of the stored values f(g), weights e^{-beta ||x - g||^2}, B = beta/k^2, is within
    C n^{1/alpha}/(2k) (1 + tau), tau = 2 n^{1-1/alpha} x(B), of f(x); nu stands for n^{1/alpha}. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import target_class alpha_norm polynomial_attention.
From PromptBound.analysis Require Import bridge gaussian_line.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Lemma exp_sum (I : finType) (F : I -> R) : exp (\sum_i F i) = \prod_i exp (F i).
Proof. by elim/big_rec2: _ => [|i x y _ <-]; [exact: exp0|exact: exp_split]. Qed.

Section Lookup.
Variables (I : finType) (k : nat) (B C nu X : R) (nrm : {ffun I -> R} -> R).
Local Notation point := {ffun I -> R}.
Local Notation cell := {ffun I -> 'I_k}.
Hypotheses (k0 : (0 < k)%N) (B0 : 0 < B) (C0 : 0 <= C) (nrm_alpha : alpha_norm nrm nu).
(** X bounds the partial sums of x(B). *)
Hypothesis x_B : excess_sum B k <= X.

Definition centre (g : cell) : point := [ffun c => ((g c)%:R + 2%:R^-1) / k%:R].

(** e^{-beta ||x - g||^2}, beta = B k^2 *)
Definition gaussian (x : point) (g : cell) : R :=
  exp (- (B * k%:R ^+ 2 * \sum_c (x c - centre g c) ^+ 2)).
Definition lookup (f : point -> point) (x : point) : point :=
  [ffun i => average (gaussian x) (fun g => f (centre g) i)].

Let kR : 0 < k%:R :> R. Proof. by rewrite ltr0n. Qed.
Let kN : k%:R != 0 :> R. Proof. exact: lt0r_neq0. Qed.

Lemma centre_cube g : cube (centre g).
Proof.
move=> c; rewrite ffunE; apply/andP; split; first by rewrite divr_ge0 ?addr_ge0 ?invr_ge0 ?ler0n.
rewrite ler_pdivr_mulr // mul1r.
apply: (@le_trans _ _ ((g c).+1%:R)); last by rewrite ler_nat.
by rewrite [X in _ <= X]mulrSr; apply: ler_add => //; rewrite invf_le1 ?ltr0n // ler1n.
Qed.

Lemma gaussianE x g : gaussian x g = \prod_c line_weight B (k%:R * x c) (g c).
Proof.
rewrite /gaussian mulr_sumr -sumrN exp_sum; apply: eq_bigr => c _.
rewrite /line_weight ffunE; congr exp; by field.
Qed.

Lemma gaussian_gt0 x g : 0 < gaussian x g. Proof. exact: exp_gt0. Qed.
Lemma gaussian_mass x : 0 < \sum_g gaussian x g.
Proof.
rewrite (bigD1 [ffun=> Ordinal k0]) //= ltr_paddr ?gaussian_gt0 // sumr_ge0 // => g _.
exact/ltW/gaussian_gt0.
Qed.

(** One coordinate of the excess, averaged over all cells. *)
Lemma excess_average x c : cube x ->
  \sum_g gaussian x g * line_excess (k%:R * x c) (g c) <= X * \sum_g gaussian x g.
Proof.
move=> /(_ c) /andP [x0 x1].
have y1 : k%:R * x c <= k%:R by rewrite ler_pimulr ?ler0n.
have y0 : 0 <= k%:R * x c by rewrite mulr_ge0 ?ler0n.
pose G c' j := line_weight B (k%:R * x c') j * (if c' == c then line_excess (k%:R * x c) j else 1).
have massE : \sum_g gaussian x g = \prod_c' \sum_(j < k) line_weight B (k%:R * x c') j.
  by rewrite bigA_distr_bigA /=; apply: eq_bigr => g _; rewrite gaussianE.
have excessE : \sum_g gaussian x g * line_excess (k%:R * x c) (g c) = \prod_c' \sum_(j < k) G c' j.
  rewrite bigA_distr_bigA /=; apply: eq_bigr => g _; rewrite gaussianE big_split /=; congr (_ * _).
  by rewrite (bigD1 c) //= eqxx big1 ?mulr1 // => c' /negPf ->.
rewrite massE excessE (bigD1 c) //= [in X in _ <= X](bigD1 c) //= mulrA.
have -> : \prod_(i | i != c) (\sum_(j < k) G i j) =
    \prod_(i | i != c) (\sum_(j < k) line_weight B (k%:R * x i) j).
  by apply: eq_bigr => i /negPf ic; apply: eq_bigr => j _; rewrite /G ic mulr1.
apply: ler_wpmul2r.
  by rewrite prodr_ge0 // => i _; rewrite sumr_ge0 // => j _; exact: exp_ge0.
rewrite (eq_bigr (fun j : 'I_k => line_weight B (k%:R * x c) j * line_excess (k%:R * x c) j)); last first.
  by move=> j _; rewrite /G eqxx.
apply: (le_trans (gaussian_line B0 k0 y0 y1)); apply: ler_wpmul2r => //.
by rewrite sumr_ge0 // => j _; exact: exp_ge0.
Qed.

(** The average distance to the centres *)
Lemma distance_average x : cube x ->
  \sum_g gaussian x g * nrm (centre g - x) <=
    (nu / (2%:R * k%:R) + #|I|%:R * X / k%:R) * \sum_g gaussian x g.
Proof.
move=> x01; have t0 : 0 <= (2%:R * k%:R)^-1 :> R by rewrite invr_ge0 mulr_ge0 ?ler0n.
have each g : nrm (centre g - x) <= nu / (2%:R * k%:R) + \sum_c line_excess (k%:R * x c) (g c) / k%:R.
  apply: (le_trans (alpha_norm_excess nrm_alpha _ t0)); rewrite ler_add2l.
  apply: ler_sum => c _; rewrite le_eqVlt; apply/orP; left; apply/eqP.
  rewrite /line_excess !ffunE.
  have -> : ((g c)%:R + 2%:R^-1) / k%:R - x c = - (k%:R * x c - (g c)%:R - 2%:R^-1) / k%:R by field.
  rewrite mulNr normrN normrM normfV (ger0_norm (ler0n _ k)).
  have -> : (2%:R * k%:R)^-1 = 2%:R^-1 / k%:R :> R by field.
  by rewrite -mulrBl -[0 in LHS](mul0r (k%:R^-1)) -maxr_pmull // invr_ge0 ler0n.
apply: (@le_trans _ _ (\sum_g gaussian x g * (nu / (2%:R * k%:R) + \sum_c line_excess (k%:R * x c) (g c) / k%:R))).
  by apply: ler_sum => g _; rewrite ler_wpmul2l // ltW // gaussian_gt0.
rewrite (eq_bigr (fun g => gaussian x g * (nu / (2%:R * k%:R)) +
    \sum_c gaussian x g * line_excess (k%:R * x c) (g c) / k%:R)); last first.
  by move=> g _; rewrite mulrDr mulr_sumr; congr (_ + _); apply: eq_bigr => c _; rewrite mulrA.
rewrite big_split /= -mulr_suml exchange_big /= mulrDl [X in X + _ <= _]mulrC ler_add2l.
apply: (@le_trans _ _ (\sum_(c : I) X * (\sum_g gaussian x g) / k%:R)).
  apply: ler_sum => c _; rewrite -mulr_suml; apply: ler_wpmul2r; first by rewrite invr_ge0 ler0n.
  exact: excess_average.
have constant (a : R) : \sum_(c : I) a = #|I|%:R * a by rewrite sumr_const mulr_natl.
by rewrite constant mulrAC !mulrA lexx.
Qed.

(** The lookup error, with nu = n^{1/alpha}: C nu/(2k) (1 + 2 (n/nu) x(B)). *)
Theorem gaussian_lookup f x : target_class (fun x y => nrm (x - y)) C f -> cube x ->
  nrm (lookup f x - f x) <= C * (nu / (2%:R * k%:R) + #|I|%:R * X / k%:R).
Proof.
move=> [_ lip] x01; have W0 := gaussian_mass x.
have jensen := @alpha_norm_average _ _ nrm nu nrm_alpha _ (gaussian x) (fun g => f (centre g)) (f x)
  (fun g => ltW (gaussian_gt0 x g)) W0.
apply: le_trans jensen _; rewrite /average ler_pdivr_mulr //.
apply: (@le_trans _ _ (\sum_g gaussian x g * (C * nrm (centre g - x)))).
  by apply: ler_sum => g _; rewrite ler_wpmul2l ?lip //; [exact/ltW/gaussian_gt0|exact: centre_cube].
rewrite (eq_bigr (fun g => C * (gaussian x g * nrm (centre g - x)))); last by move=> g _; rewrite mulrCA.
rewrite -mulr_sumr -[C * (_ + _) * _]mulrA; apply: ler_wpmul2l => //; exact: distance_average.
Qed.
End Lookup.
