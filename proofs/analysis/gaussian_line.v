(** Gaussian weights on the centres of k unit cells of a line: the part of theory item 5.2 that lives in one
    coordinate.

    For y in [0, k] and centres j + 1/2 with weights e^{-B (y - j - 1/2)^2}, the weighted mean of the excess
    max(0, |y - j - 1/2| - 1/2) is at most
    x(B) = 1/(2eB) + sum_{i>=2} (i-1/2) e^{-B(i^2-i)} + sum_{i>=1} (i+1/2) e^{-B i^2}. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.analysis Require Import bridge.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

(** y e^{-2 B y} <= 1/(2 e B) *)
Lemma peak_bound (B y : R) : 0 < B -> y * exp (- (2%:R * B * y)) <= (2%:R * exp 1 * B)^-1.
Proof.
move=> B0; set z := 2%:R * B * y; have e0 : 0 < exp 1 := exp_gt0 _.
have two0 : 0 < 2%:R :> R by rewrite ltr0n.
have tangent : z <= exp (z - 1).
  have [u uE] : exists u : R, u = z - 1 by exists (z - 1).
  rewrite -uE; have H := exp_ineq1_le u; move: uE; clearbody z => uE; mlra.
have -> : y = z / (2%:R * B) by rewrite /z; field; rewrite !lt0r_neq0.
have -> : (2%:R * exp 1 * B)^-1 = exp (z - 1) * exp (- z) / (2%:R * B).
  rewrite -expD -[Rplus _ _]/((z - 1) + (- z)) (_ : z - 1 + - z = - 1); last by ring.
  have -> : exp (- 1) = (exp 1)^-1.
    apply: (mulfI (lt0r_neq0 e0)); rewrite divff ?lt0r_neq0 // -expD.
    by rewrite Rplus_opp_r exp0.
  by field; rewrite !lt0r_neq0.
have pos : 0 <= (2%:R * B)^-1 by rewrite invr_ge0 mulr_ge0 ?ler0n // ltW.
by rewrite mulrAC; apply: ler_wpmul2r => //; apply: ler_wpmul2r => //; exact: exp_ge0.
Qed.

Section Line.
Variables (B : R).
Hypothesis B0 : 0 < B.

(** Terms of x(B): [near_term] on the side to which y leans, [far_term] on the other. *)
Definition near_term (i : nat) : R :=
  if i == 1%N then (2%:R * exp 1 * B)^-1
  else (i%:R - 2%:R^-1) * exp (- (B * (i%:R ^+ 2 - i%:R))).
Definition far_term (i : nat) : R := (i%:R + 2%:R^-1) * exp (- (B * i%:R ^+ 2)).
(** Partial sums of x(B) up to i < k *)
Definition excess_sum (k : nat) : R := \sum_(1 <= i < k) near_term i + \sum_(1 <= i < k) far_term i.

Definition line_weight (y : R) (j : nat) : R := exp (- (B * (y - j%:R - 2%:R^-1) ^+ 2)).
Definition line_excess (y : R) (j : nat) : R := Num.max 0 (`|y - j%:R - 2%:R^-1| - 2%:R^-1).

Let half0 : 0 <= 2%:R^-1 :> R. Proof. by rewrite invr_ge0 ler0n. Qed.
Let half_lt1 : 2%:R^-1 < 1 :> R. Proof. by rewrite invf_lt1 ?ltr0n // ltr1n. Qed.

Lemma near_term_ge0 i : (0 < i)%N -> 0 <= near_term i.
Proof.
move=> i0; rewrite /near_term; case: eqP => _.
  by rewrite invr_ge0 !mulr_ge0 ?ler0n ?exp_ge0 // ltW.
by rewrite mulr_ge0 ?exp_ge0 // subr_ge0 (le_trans (ltW half_lt1)) // ler1n.
Qed.
Lemma far_term_ge0 i : 0 <= far_term i.
Proof. by rewrite /far_term mulr_ge0 ?exp_ge0 // addr_ge0 ?ler0n. Qed.

(** Signed offset r of y from centre j0, |r| <= 1/2; the centre at distance i on the side of r (z = |r|),
    weight relative to the nearest centre's. *)
Lemma near_bound (i : nat) (z : R) : (0 < i)%N -> 0 <= z -> z <= 2%:R^-1 ->
  Num.max 0 (i%:R - z - 2%:R^-1) * exp (- (B * ((i%:R - z) ^+ 2 - z ^+ 2))) <= near_term i.
Proof.
move=> i0 z0 z1; rewrite /near_term; case: eqP => [->|/eqP i1].
  rewrite max_r; last by rewrite addrAC subr_ge0; apply: le_trans z1 _; mlra.
  have -> : 1%:R - z - 2%:R^-1 = 2%:R^-1 - z :> R by field.
  have -> : B * ((1%:R - z) ^+ 2 - z ^+ 2) = 2%:R * B * (2%:R^-1 - z) by field.
  exact: peak_bound.
have i2 : 2%:R <= i%:R :> R by rewrite ler_nat; case: (i) i0 i1 => [|[]].
rewrite ler_pmul ?exp_ge0 ?le_maxr ?lexx //.
  rewrite le_maxl; apply/andP; split.
    by rewrite subr_ge0 (le_trans _ i2) // (le_trans (ltW half_lt1)) // ler1n.
  by rewrite ler_add2r ler_subl_addr ler_addl.
apply: exp_le; rewrite ler_opp2 ler_wpmul2l ?(ltW B0) //.
have -> : (i%:R - z) ^+ 2 - z ^+ 2 = i%:R ^+ 2 - 2%:R * z * i%:R :> R by ring.
rewrite ler_add2l ler_opp2 ler_pimull ?ler0n //.
by rewrite mulrC -ler_pdivl_mulr ?ltr0n // div1r.
Qed.

Lemma far_bound (i : nat) (z : R) : 0 <= z -> z <= 2%:R^-1 ->
  Num.max 0 (i%:R + z - 2%:R^-1) * exp (- (B * ((i%:R + z) ^+ 2 - z ^+ 2))) <= far_term i.
Proof.
move=> z0 z1; rewrite /far_term ler_pmul ?exp_ge0 ?le_maxr ?lexx //.
  rewrite le_maxl addr_ge0 ?ler0n //= -addrA ler_add2l ler_subl_addr (le_trans z1) //.
  by rewrite ler_addl.
apply: exp_le; rewrite ler_opp2 ler_wpmul2l ?(ltW B0) //.
have -> : (i%:R + z) ^+ 2 - z ^+ 2 = i%:R ^+ 2 + 2%:R * z * i%:R :> R by ring.
by rewrite ler_addl !mulr_ge0 ?ler0n.
Qed.

(** Some cell contains y: its centre is within 1/2. *)
Lemma nearest_centre (k : nat) (y : R) : (0 < k)%N -> 0 <= y -> y <= k%:R ->
  exists2 j : nat, (j < k)%N & `|y - j%:R - 2%:R^-1| <= 2%:R^-1.
Proof.
case: k => // k _ y0; elim: k => [|k IH] yk.
  exists 0%N => //; rewrite subr0 ler_norml; apply/andP; split; mlra.
have [le|gt] := lerP y k.+1%:R; first by have [j jk H] := IH le; exists j => //; exact: ltnW.
exists k.+1 => //; move: yk gt; rewrite -[k.+2]addn1 natrD; move: (k.+1%:R : R) => c yk gt.
rewrite ler_norml; apply/andP; split; mlra.
Qed.

Theorem gaussian_line (k : nat) (y : R) : (0 < k)%N -> 0 <= y -> y <= k%:R ->
  \sum_(j < k) line_weight y j * line_excess y j <= excess_sum k * \sum_(j < k) line_weight y j.
Proof.
move=> k0 y0 yk; have [j0 j0k near] := nearest_centre k0 y0 yk.
set r := y - j0%:R - 2%:R^-1 in near.
have w0 j : 0 < line_weight y j := exp_gt0 _.
pose F j := line_weight y j * line_excess y j / line_weight y j0.
have relative j d : y - j%:R - 2%:R^-1 = d ->
    F j = Num.max 0 (`|d| - 2%:R^-1) * exp (- (B * (d ^+ 2 - r ^+ 2))).
  move=> dE; rewrite /F /line_excess dE mulrAC mulrC; congr (_ * _).
  apply: (mulIf (lt0r_neq0 (w0 j0))); rewrite mulfVK ?lt0r_neq0 // /line_weight dE -/r.
  by apply: exp_split; ring.
have excess0 : excess_sum k * line_weight y j0 <= excess_sum k * \sum_(j < k) line_weight y j.
  rewrite ler_wpmul2l //.
    rewrite /excess_sum addr_ge0 // big_nat_cond sumr_ge0 // => i; rewrite andbT => /andP [i0 _].
      exact: near_term_ge0.
    exact: far_term_ge0.
  rewrite (bigD1 (Ordinal j0k)) //= ler_addl sumr_ge0 // => j _; exact: ltW.
apply: le_trans excess0; rewrite -ler_pdivr_mulr // mulr_suml.
rewrite (eq_bigr (fun j : 'I_k => F j)) // -(big_mkord predT F).
rewrite (@big_cat_nat _ _ _ j0) //=; last exact: ltnW.
rewrite (@big_ltn _ _ _ j0 k) //.
have -> : F j0 = 0.
  by rewrite (relative j0 r) // max_l ?mul0r // subr_le0.
rewrite add0r.
have left : \sum_(0 <= j < j0) F j = \sum_(1 <= i < j0.+1) F (j0 - i)%N.
  rewrite big_nat_rev /= add0n big_add1 /=; apply: eq_big_nat => i /andP [_ ij].
  by congr F; rewrite subnS.
have right : \sum_(j0.+1 <= j < k) F j = \sum_(1 <= i < (k - j0)%N) F (i + j0)%N.
  by rewrite -[j0.+1]add1n big_addn.
rewrite left right.
have widen (G : nat -> R) (a : nat) : (a <= k)%N -> (forall i, (0 < i)%N -> 0 <= G i) ->
    \sum_(1 <= i < a) G i <= \sum_(1 <= i < k) G i.
  move=> ak G0; have [a1|a1] := leqP 1 a.
    rewrite (@big_cat_nat _ _ _ a 1 k) //= ler_addl big_nat_cond sumr_ge0 // => i.
    by rewrite andbT => /andP [ai _]; apply: G0; exact: leq_trans a1 ai.
  by rewrite big_geq 1?ltnW // big_nat_cond sumr_ge0 // => i; rewrite andbT => /andP [i0 _]; exact: G0.
have leftE i : (i <= j0)%N -> y - (j0 - i)%N%:R - 2%:R^-1 = r + i%:R.
  by move=> ij; rewrite natrB // /r; ring.
have rightE i : y - (i + j0)%N%:R - 2%:R^-1 = r - i%:R by rewrite natrD /r; ring.
have i_half (i : nat) : (0 < i)%N -> 2%:R^-1 <= i%:R :> R.
  by move=> i0; rewrite (le_trans (ltW half_lt1)) // ler1n.
rewrite /excess_sum; case: (lerP 0 r) => sign.
  have z1 : r <= 2%:R^-1 := le_trans (ler_norm _) near.
  rewrite addrC ler_add //.
    apply: le_trans (widen near_term _ (leq_subr j0 k) near_term_ge0).
    rewrite ler_sum_nat // => i /andP [i0 _]; rewrite (relative _ _ (rightE i)) distrC.
    have -> : `|i%:R - r| = i%:R - r by rewrite ger0_norm // subr_ge0 (le_trans z1) // i_half.
    have -> : (r - i%:R) ^+ 2 = (i%:R - r) ^+ 2 by ring.
    exact: near_bound.
  apply: le_trans (widen far_term _ j0k (fun i _ => far_term_ge0 i)).
  rewrite ler_sum_nat // => i /andP [i0 ij]; rewrite (relative _ _ (leftE i ij)) [r + _]addrC.
  have -> : `|i%:R + r| = i%:R + r by rewrite ger0_norm // addr_ge0 ?ler0n.
  exact: far_bound.
have z0 : 0 <= - r by rewrite oppr_ge0 ltW.
have z1 : - r <= 2%:R^-1 by rewrite (le_trans _ near) // ltr0_norm.
rewrite ler_add //.
  apply: le_trans (widen near_term _ j0k near_term_ge0).
  rewrite ler_sum_nat // => i /andP [i0 ij]; rewrite (relative _ _ (leftE i ij)) [r + _]addrC.
  have -> : i%:R + r = i%:R - - r by rewrite opprK.
  have -> : `|i%:R - - r| = i%:R - - r by rewrite ger0_norm // subr_ge0 (le_trans z1) // i_half.
  by rewrite -[r ^+ 2]sqrrN; exact: near_bound.
apply: le_trans (widen far_term _ (leq_subr j0 k) (fun i _ => far_term_ge0 i)).
rewrite ler_sum_nat // => i /andP [i0 _]; rewrite (relative _ _ (rightE i)) distrC.
have -> : i%:R - r = i%:R + - r by [].
have -> : `|i%:R + - r| = i%:R + - r by rewrite ger0_norm // addr_ge0 ?ler0n.
have -> : (r - i%:R) ^+ 2 = (i%:R + - r) ^+ 2 by ring.
by rewrite -[r ^+ 2]sqrrN; exact: far_bound.
Qed.
End Line.
