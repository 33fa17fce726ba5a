(** Theory item 4.2 (polynomial attention): the error of replacing exp by a polynomial, and the rank.

    If every softmax weight is replaced with a relative error of at most eta < 1 (|p(s) e^{-s} - 1| <= eta),
    every output coordinate moves by at most eta (max v - min v)/(1 + sqrt(1 - eta^2)), and two values
    attain this. Where the error is bounded by a moment of the scores as well, the output moves by at most
    its largest distance from a value times a quotient of that moment. For deg p <= g the matrix p(<q_i, k_j>) has rank at most binom(d+g, g). *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** Weighted average: one output coordinate of attention with weights w and values v. *)
Definition average (R : fieldType) (J : finType) (w v : J -> R) : R :=
  (\sum_j w j * v j) / \sum_j w j.

(** eta/(1 + sqrt(1 - eta^2)) *)
Definition perturbation_constant (R : rcfType) (eta : R) : R := eta / (1 + Num.sqrt (1 - eta ^+ 2)).

Section Constant.
Variables (R : rcfType) (eta : R).
Hypotheses (eta0 : 0 <= eta) (eta1 : eta < 1).
Let K := perturbation_constant eta.
Let root := Num.sqrt (1 - eta ^+ 2).
Let root_sqr : root ^+ 2 = 1 - eta ^+ 2.
Proof. by rewrite sqr_sqrtr // subr_ge0 expr_le1 // ltW. Qed.
Let den_gt0 : 0 < 1 + root. Proof. by rewrite ltr_paddr ?sqrtr_ge0 ?ltr01. Qed.

Lemma perturbation_constant_ge0 : 0 <= K.
Proof. by rewrite /K /perturbation_constant divr_ge0 // ltW. Qed.
Lemma perturbation_constant_lt1 : K < 1.
Proof.
rewrite /K /perturbation_constant ltr_pdivr_mulr // mul1r (lt_le_trans eta1) //.
by rewrite ler_addl sqrtr_ge0.
Qed.
(** eta = 2 K/(1 + K^2) *)
Lemma perturbation_constantE : eta * (1 + K ^+ 2) = 2%:R * K.
Proof.
have n0 : 1 + root != 0 by rewrite lt0r_neq0.
have -> : eta * (1 + K ^+ 2) = eta * ((1 + root) ^+ 2 + eta ^+ 2) / (1 + root) ^+ 2.
  by rewrite /K /perturbation_constant -/root; field.
have -> : (1 + root) ^+ 2 + eta ^+ 2 = 2%:R * (1 + root).
  have -> : (1 + root) ^+ 2 + eta ^+ 2 = 1 + 2%:R * root + (root ^+ 2 + eta ^+ 2) by ring.
  by rewrite root_sqr; ring.
by rewrite /K /perturbation_constant -/root; field.
Qed.
End Constant.

Section Perturbation.
Variables (R : rcfType) (J : finType) (w w' v : J -> R) (eta lo hi : R).
Hypotheses (eta0 : 0 <= eta) (eta1 : eta < 1) (w0 : forall j, 0 < w j)
  (relative : forall j, `|w' j - w j| <= eta * w j) (values : forall j, lo <= v j <= hi).
Variable j0 : J.
Let K := perturbation_constant eta.
Let W := \sum_j w j. Let W' := \sum_j w' j.
Let a := average w v. Let a' := average w' v.

Let w'_bounds j : (1 - eta) * w j <= w' j <= (1 + eta) * w j.
Proof.
have := relative j; rewrite ler_distl mulrBl mulrDl mul1r => /andP [-> H] /=.
by rewrite (le_trans H).
Qed.
Let w'0 j : 0 < w' j.
Proof.
have /andP [H _] := w'_bounds j; apply: lt_le_trans H; by rewrite mulr_gt0 ?subr_gt0.
Qed.
Let sum_gt0 (u : J -> R) : (forall j, 0 < u j) -> 0 < \sum_j u j.
Proof. by move=> u0; rewrite (bigD1 j0) //= ltr_paddr // sumr_ge0 // => j _; exact: ltW. Qed.
Let W0 : 0 < W := sum_gt0 w0.
Let W'0 : 0 < W' := sum_gt0 w'0.

(** Averages lie between the values. *)
Let average_between (u : J -> R) : (forall j, 0 < u j) -> lo <= average u v <= hi.
Proof.
move=> u0; have U0 := sum_gt0 u0; rewrite /average ler_pdivl_mulr // ler_pdivr_mulr // !mulr_sumr.
by apply/andP; split; apply: ler_sum => j _; rewrite [u j * _]mulrC; have /andP [l h] := values j;
  rewrite ler_wpmul2r // ltW.
Qed.

(** P and N: the mass of the values above and below a', unnormalised. *)
Let above j := Num.max 0 (v j - a'). Let below j := Num.max 0 (a' - v j).
Let P := \sum_j w j * above j. Let N := \sum_j w j * below j.

Let split_sign j : v j - a' = above j - below j.
Proof.
rewrite /above /below -(opprB (v j)); set x := v j - a'.
by case: (lerP 0 x) => x0; [rewrite max_l ?subr0 // oppr_le0|rewrite max_r ?sub0r ?opprK // oppr_ge0 ltW].
Qed.
Let above0 j : 0 <= above j. Proof. by rewrite le_maxr lexx. Qed.
Let below0 j : 0 <= below j. Proof. by rewrite le_maxr lexx. Qed.

Let shift : (a' - a) * W = N - P.
Proof.
have -> : N - P = - \sum_j w j * (v j - a').
  by rewrite /N /P -sumrB -sumrN; apply: eq_bigr => j _; rewrite split_sign mulrBr opprB.
have -> : \sum_j w j * (v j - a') = \sum_j w j * v j - a' * W.
  by rewrite mulr_sumr -sumrB; apply: eq_bigr => j _; rewrite mulrBr [a' * _]mulrC.
by rewrite /a /average mulrBl mulfVK ?lt0r_neq0 // opprB.
Qed.

Let balance : (1 - eta) * N <= (1 + eta) * P.
Proof.
have : \sum_j w' j * (v j - a') = 0.
  have -> : \sum_j w' j * (v j - a') = \sum_j w' j * v j - a' * W'.
    by rewrite mulr_sumr -sumrB; apply: eq_bigr => j _; rewrite mulrBr [a' * _]mulrC.
  by rewrite /a' /average mulfVK ?subrr // lt0r_neq0.
move=> zero; rewrite -subr_ge0 -zero /P /N !mulr_sumr -sumrB; apply: ler_sum => j _.
rewrite split_sign; have /andP [l h] := w'_bounds j.
by rewrite mulrBr !mulrA ler_sub // ler_wpmul2r.
Qed.

Let low : lo <= a'. Proof. by have /andP [] := average_between w'0. Qed.
Let high : a' <= hi. Proof. by have /andP [] := average_between w'0. Qed.

(** q: the mass of the values below a' *)
Let q := \sum_(j | v j < a') w j.
Let N_le : N <= (a' - lo) * q.
Proof.
rewrite /N (bigID (fun j => v j < a')) /= [X in _ + X]big1 ?addr0; last first.
  by move=> j; rewrite -leNgt => H; rewrite /below max_l ?mulr0 // subr_le0.
rewrite mulr_sumr; apply: ler_sum => j _; rewrite mulrC ler_wpmul2r ?(ltW (w0 j)) //.
by rewrite /below le_maxl subr_ge0 low ler_add2l ler_opp2; have /andP [] := values j.
Qed.
Let P_le : P <= (hi - a') * (W - q).
Proof.
have -> : W - q = \sum_(j | ~~ (v j < a')) w j.
  by rewrite /W (bigID (fun j => v j < a')) /= -/q addrC addKr.
rewrite /P (bigID (fun j => v j < a')) /= big1 ?add0r; last first.
  by move=> j H; rewrite /above max_l ?mulr0 // subr_le0 ltW.
rewrite mulr_sumr; apply: ler_sum => j _; rewrite mulrC ler_wpmul2r ?(ltW (w0 j)) //.
by rewrite /above le_maxl subr_ge0 high ler_add2r; have /andP [] := values j.
Qed.

Lemma average_increase : a' - a <= K * (hi - lo).
Proof.
have K0 : 0 <= K := perturbation_constant_ge0 eta0.
have K1 : K < 1 := perturbation_constant_lt1 eta1.
have KE : eta * (1 + K ^+ 2) = 2%:R * K := perturbation_constantE eta0 eta1.
have P0 : 0 <= P by apply: sumr_ge0 => j _; rewrite mulr_ge0 // ltW.
have N0 : 0 <= N by apply: sumr_ge0 => j _; rewrite mulr_ge0 // ltW.
pose x := a' - lo; pose y := hi - a'.
have x0 : 0 <= x by rewrite subr_ge0. have y0 : 0 <= y by rewrite subr_ge0.
have xy : hi - lo = x + y by rewrite /x /y; ring.
pose u := (1 + K) ^+ 2; pose t := (1 - K) ^+ 2.
have u0 : 0 < u by rewrite exprn_gt0 // ltr_paddr ?ltr01.
have t0 : 0 < t by rewrite exprn_gt0 // subr_gt0.
have NP : t * N <= u * P.
  have sq0 : 0 <= 1 + K ^+ 2 by rewrite addr_ge0 ?ler01 ?sqr_ge0.
  have := ler_wpmul2l sq0 balance.
  have -> : (1 + K ^+ 2) * ((1 - eta) * N) = (1 + K ^+ 2 - eta * (1 + K ^+ 2)) * N by ring.
  have -> : (1 + K ^+ 2) * ((1 + eta) * P) = (1 + K ^+ 2 + eta * (1 + K ^+ 2)) * P by ring.
  rewrite KE; suff [-> ->] : t = 1 + K ^+ 2 - 2%:R * K /\ u = 1 + K ^+ 2 + 2%:R * K by [].
  by split; rewrite /t /u; ring.
(* N (t x + u y) <= u x y W, and 4 x y <= (x + y)(t x + u y) *)
have mass : N * (t * x + u * y) <= u * (x * y) * W.
  have H1 : N * (u * y) <= x * q * (u * y) by rewrite ler_wpmul2r // mulr_ge0 // ltW.
  have H2 : N * (t * x) <= u * (y * (W - q)) * x.
    by rewrite mulrA [N * t]mulrC ler_wpmul2r // (le_trans NP) // ler_wpmul2l // ltW.
  have -> : N * (t * x + u * y) = N * (u * y) + N * (t * x) by ring.
  have -> : u * (x * y) * W = x * q * (u * y) + u * (y * (W - q)) * x by ring.
  exact: ler_add.
have square : 4%:R * (x * y) <= (x + y) * (t * x + u * y).
  rewrite -subr_ge0; have -> : (x + y) * (t * x + u * y) - 4%:R * (x * y) =
    ((1 - K) * x - (1 + K) * y) ^+ 2 by rewrite /t /u; ring.
  exact: sqr_ge0.
have N_bound : 4%:R * N <= u * (x + y) * W.
  have den0 : 0 <= t * x + u * y by rewrite addr_ge0 // mulr_ge0 // ltW.
  move: den0; rewrite le_eqVlt => /orP [/eqP den|den].
    have /eqP : t * x + u * y = 0 by rewrite -den.
    rewrite paddr_eq0; [|by rewrite mulr_ge0 // ltW|by rewrite mulr_ge0 // ltW].
    rewrite mulf_eq0 gt_eqF //= => /andP [/eqP x_0 _].
    have N00 : N <= 0 by rewrite (le_trans N_le) // -/x x_0 mul0r.
    apply: (@le_trans _ _ 0); first by rewrite pmulr_rle0 ?ltr0n.
    by rewrite mulr_ge0 ?(ltW W0) // mulr_ge0 ?(ltW u0) // addr_ge0.
  rewrite -(ler_pmul2r den); apply: (@le_trans _ _ (4%:R * (u * (x * y) * W))).
    by rewrite -[4%:R * N * _]mulrA; apply: ler_wpmul2l mass; exact: ler0n.
  have -> : 4%:R * (u * (x * y) * W) = u * W * (4%:R * (x * y)) by ring.
  have -> : u * (x + y) * W * (t * x + u * y) = u * W * ((x + y) * (t * x + u * y)) by ring.
  by rewrite ler_wpmul2l // mulr_ge0 // ltW.
rewrite -(ler_pmul2r W0) shift -(ler_pmul2l u0) xy.
have -> : u * (N - P) = (u - t) * N + (t * N - u * P) by ring.
have -> : u - t = K * 4%:R by rewrite /u /t; ring.
have -> : u * (K * (x + y) * W) = K * (u * (x + y) * W) + 0 by ring.
by rewrite ler_add ?subr_le0 // -mulrA ler_wpmul2l.
Qed.
End Perturbation.

(** The certificate by a moment of the scores s: weights that are off by at most a + b s^h, h even, and eta relative. *)
Section Moment.
Variables (R : realFieldType) (J : finType) (w p v s : J -> R) (eta a b D : R) (h : nat).
Let W := \sum_j w j. Let L := \sum_j p j. Let M := a *+ #|J| + b * \sum_j s j ^+ h.
Let x := M / L.
Hypotheses (eta0 : 0 <= eta) (a0 : 0 <= a) (b0 : 0 <= b) (even : ~~ odd h) (L0 : 0 < L) (x1 : x < 1)
  (close : forall j, `|p j - w j| <= eta * w j + a + b * s j ^+ h)
  (near : forall j, `|v j - average p v| <= D).

Let total : \sum_j (eta * w j + a + b * s j ^+ h) = eta * W + M.
Proof. by rewrite big_split big_split /= -!mulr_sumr sumr_const /M addrA. Qed.

(** The normaliser is at least L (1 - x)/(1 + eta). *)
Lemma normaliser_from_moment : L * (1 - x) <= (1 + eta) * W.
Proof.
have -> : L * (1 - x) = L - M by rewrite /x mulrBr mulr1 mulrC divfK // lt0r_neq0.
rewrite ler_subl_addr mulrDl mul1r -addrA -total -big_split /=; apply: ler_sum => j _.
have := close j; rewrite ler_distl => /andP [_ H]; exact: H.
Qed.

Theorem polynomial_attention_moment : `|average w v - average p v| <= D * ((eta + x) / (1 - x)).
Proof.
set o := average p v; have x1' : 0 < 1 - x by rewrite subr_gt0.
have W0 : 0 < W.
  have : 0 < (1 + eta) * W by apply: lt_le_trans normaliser_from_moment; rewrite mulr_gt0.
  by rewrite pmulr_rgt0 // ltr_paddr ?ltr01.
have zero : \sum_j p j * (v j - o) = 0.
  have -> : \sum_j p j * (v j - o) = \sum_j p j * v j - o * L.
    by rewrite mulr_sumr -sumrB; apply: eq_bigr => j _; rewrite mulrBr [o * _]mulrC.
  by rewrite /o /average mulfVK ?subrr // lt0r_neq0.
have shift : (average w v - o) * W = \sum_j (w j - p j) * (v j - o).
  have -> : \sum_j (w j - p j) * (v j - o) = \sum_j w j * (v j - o).
    have -> : \sum_j w j * (v j - o) = \sum_j w j * (v j - o) - \sum_j p j * (v j - o) by rewrite zero subr0.
    by rewrite -sumrB; apply: eq_bigr => j _; rewrite mulrBl.
  have -> : \sum_j w j * (v j - o) = \sum_j w j * v j - o * W.
    by rewrite mulr_sumr -sumrB; apply: eq_bigr => j _; rewrite mulrBr [o * _]mulrC.
  by rewrite mulrBl /average mulfVK // lt0r_neq0.
have bound : `|average w v - o| * W <= (eta * W + M) * D.
  rewrite -[X in _ * X](gtr0_norm W0) -normrM shift -total mulr_suml.
  apply: le_trans (ler_norm_sum _ _ _) _; apply: ler_sum => j _.
  by rewrite normrM; apply: ler_pmul; rewrite // distrC.
have D0 : 0 <= D.
  case: (pickP (fun _ : J => true)) => [j _|empty]; first exact: le_trans (near j).
  by move: L0; rewrite /L big_pred0 // ltxx.
have x0 : 0 <= x.
  rewrite divr_ge0 ?(ltW L0) // addr_ge0 ?mulrn_wge0 // mulr_ge0 // sumr_ge0 // => j _.
  exact: exprn_even_ge0.
have ratio : eta * W + M <= (eta + x) / (1 - x) * W.
  rewrite mulrAC ler_pdivl_mulr //.
  have -> : M = x * L by rewrite /x divfK // lt0r_neq0.
  have -> : (eta + x) * W = eta * W * (1 - x) + x * ((1 + eta) * W) by ring.
  have -> : (eta * W + x * L) * (1 - x) = eta * W * (1 - x) + x * (L * (1 - x)) by ring.
  by rewrite ler_add2l ler_wpmul2l // normaliser_from_moment.
rewrite -(ler_pmul2r W0); apply: le_trans bound _.
by rewrite -mulrA [X in _ <= X]mulrC ler_wpmul2r.
Qed.
End Moment.

(** The output moves by at most eta (hi - lo)/(1 + sqrt(1 - eta^2)) when each weight has a relative
    error of at most eta < 1 and the values lie in [lo, hi]. *)
Theorem polynomial_attention_error (R : rcfType) (J : finType) (w w' v : J -> R) (eta lo hi : R) (j0 : J) :
  0 <= eta -> eta < 1 -> (forall j, 0 < w j) -> (forall j, `|w' j - w j| <= eta * w j) ->
  (forall j, lo <= v j <= hi) ->
  `|average w' v - average w v| <= eta * (hi - lo) / (1 + Num.sqrt (1 - eta ^+ 2)).
Proof.
move=> eta0 eta1 w0 relative values.
rewrite mulrAC -/(perturbation_constant eta) ler_norml; apply/andP; split; last exact: average_increase.
have values' j : - hi <= - v j <= - lo by rewrite !ler_opp2 andbC.
have := average_increase eta0 eta1 w0 relative values' j0.
have neg (u : J -> R) : average u (fun j => - v j) = - average u v.
  by rewrite /average -mulNr -sumrN; congr (_ / _); apply: eq_bigr => j _; rewrite mulrN.
by rewrite !neg !opprK [- lo + _]addrC [- average w' v + _]addrC ler_oppl opprB.
Qed.

(** Sharpness: values 1 and 0, weight 1 on the larger and s = sqrt((1+eta)/(1-eta)) on the smaller. *)
Theorem polynomial_attention_error_sharp (R : rcfType) (eta : R) : 0 <= eta -> eta < 1 ->
  exists w w' v : bool -> R,
  [/\ forall j, 0 < w j, forall j, `|w' j - w j| <= eta * w j, forall j, 0 <= v j <= 1 &
    average w' v - average w v = eta / (1 + Num.sqrt (1 - eta ^+ 2))].
Proof.
move=> eta0 eta1; set K := perturbation_constant eta.
have K0 : 0 <= K := perturbation_constant_ge0 eta0.
have K1 : K < 1 := perturbation_constant_lt1 eta1.
have KE : eta * (1 + K ^+ 2) = 2%:R * K := perturbation_constantE eta0 eta1.
pose s := (1 + K) / (1 - K).
have up : 0 < 1 + K by rewrite ltr_paddr ?ltr01.
have dn : 0 < 1 - K by rewrite subr_gt0.
have s0 : 0 < s by rewrite divr_gt0.
exists (fun j => if j then 1 else s), (fun j => if j then 1 + eta else (1 - eta) * s),
  (fun j => if j then 1 else 0); split.
- by case; rewrite ?ltr01.
- case; first by rewrite addrC addKr mulr1 ger0_norm.
  have -> : (1 - eta) * s - s = - (eta * s) by ring.
  by rewrite normrN ger0_norm // mulr_ge0 // ltW.
- by case; rewrite lexx ler01.
rewrite /average !big_bool /= !mulr1 !mulr0 !addr0 -/(perturbation_constant eta) -/K.
have etaE : eta = 2%:R * K / (1 + K ^+ 2).
  by rewrite -KE mulfK // lt0r_neq0 // ltr_paddr ?sqr_ge0 ?ltr01.
have two : 0 < 1 - K + (1 + K) by rewrite addr_gt0.
have sq : 0 < 1 + K ^+ 2 by rewrite ltr_paddr ?sqr_ge0 ?ltr01.
rewrite etaE /s; field; rewrite !lt0r_neq0 //=.
have -> : (1 + K ^+ 2 + 2%:R * K) * (1 - K) + (1 + K ^+ 2 - 2%:R * K) * (1 + K) =
  (1 + K) * (1 - K) * 2%:R by ring.
by rewrite !mulr_gt0 ?ltr0n.
Qed.

(** The rank count. A monomial in d variables of degree at most g is its family of exponents; there are
    binom(d+g, g) of them. *)
Section Rank.
Variables (R : fieldType) (d g : nat).

Definition exponents := [set t : {ffun 'I_d -> 'I_g.+1} | (\sum_c t c <= g)%N].

Lemma card_exponents : #|exponents| = 'C(d + g, g).
Proof.
rewrite -(bin_sub (leq_addl d g)) addnK -(card_partial_ord_partitions d g) -!sum1_card.
rewrite (reindex (fun t : d.-tuple 'I_g.+1 => [ffun c => tnth t c])) /=; last first.
  exists (fun f : {ffun 'I_d -> 'I_g.+1} => [tuple f c | c < d]) => [t _|f _].
    by apply: eq_from_tnth => c; rewrite tnth_mktuple ffunE.
  by apply/ffunP => c; rewrite ffunE tnth_mktuple.
apply: eq_bigl => t; rewrite !inE big_tuple; congr (_ <= _)%N.
by apply: eq_bigr => c _; rewrite ffunE.
Qed.

Definition monomial (t : {ffun 'I_d -> 'I_g.+1}) (x : 'I_d -> R) : R := \prod_c x c ^+ t c.

(** How often each variable occurs in a word of length e <= g *)
Definition occurrences (e : nat) (f : {ffun 'I_e -> 'I_d}) : {ffun 'I_d -> 'I_g.+1} :=
  [ffun c => inord #|[set i | f i == c]|].

Lemma occurrencesE e (f : {ffun 'I_e -> 'I_d}) c : (e <= g)%N ->
  occurrences f c = #|[set i | f i == c]| :> nat.
Proof.
move=> eg; rewrite ffunE inordK // ltnS (leq_trans _ eg) //.
by rewrite (leq_trans (max_card _)) // card_ord.
Qed.

Lemma word_monomial e (f : {ffun 'I_e -> 'I_d}) (x : 'I_d -> R) : (e <= g)%N ->
  \prod_i x (f i) = monomial (occurrences f) x.
Proof.
move=> eg; rewrite (partition_big f predT) //=; apply: eq_bigr => c _.
rewrite (eq_bigr (fun=> x c)) => [|i /eqP -> //]; rewrite prodr_const occurrencesE //.
by congr (_ ^+ _); apply: eq_card => i; rewrite !inE.
Qed.

Lemma occurrences_exponents e (f : {ffun 'I_e -> 'I_d}) : (e <= g)%N -> occurrences f \in exponents.
Proof.
move=> eg; rewrite inE; under eq_bigr do rewrite occurrencesE //.
rewrite (leq_trans _ eg) // -[X in (_ <= X)%N]card_ord -[X in (_ <= X)%N]sum1_card (partition_big f predT) //=.
by apply: leq_sum => c _; rewrite sum1_card; apply: subset_leq_card; apply/subsetP => i; rewrite !inE.
Qed.

(** <x, y>^e is a combination of products of equal monomials in x and y. *)
Lemma power_expansion e (x y : 'I_d -> R) : (e <= g)%N ->
  (\sum_c x c * y c) ^+ e =
  \sum_(t in exponents) #|[set f : {ffun 'I_e -> 'I_d} | occurrences f == t]|%:R * (monomial t x * monomial t y).
Proof.
move=> eg; rewrite -[e in LHS]card_ord -prodr_const bigA_distr_bigA /=.
rewrite (partition_big (@occurrences e) (fun t => t \in exponents)) => [|f _]; last exact: occurrences_exponents.
apply: eq_bigr => t _; rewrite (eq_bigr (fun=> monomial t x * monomial t y)) => [|f /eqP <-].
  by rewrite sumr_const mulr_natl; congr (_ *+ _); apply: eq_card => f; rewrite !inE.
by rewrite big_split /= !word_monomial.
Qed.

Theorem polynomial_attention_rank (T U : nat) (p : {poly R}) (Q : 'M[R]_(T, d)) (K : 'M[R]_(U, d)) :
  (size p <= g.+1)%N ->
  (\rank (\matrix_(i < T, j < U) p.[\sum_c Q i c * K j c]) <= 'C(d + g, g))%N.
Proof.
move=> deg; rewrite -card_exponents.
pose coef t := \sum_(e < g.+1) p`_e * #|[set f : {ffun 'I_e -> 'I_d} | occurrences f == t]|%:R.
pose A : 'M[R]_(T, #|exponents|) := \matrix_(i, l) (coef (enum_val l) * monomial (enum_val l) (Q i)).
pose B : 'M[R]_(#|exponents|, U) := \matrix_(l, j) monomial (enum_val l) (K j).
have -> : (\matrix_(i < T, j < U) p.[\sum_c Q i c * K j c]) = A *m B.
  apply/matrixP => i j; rewrite !mxE (horner_coef_wide _ deg).
  have expand (e : 'I_g.+1) : p`_e * (\sum_c Q i c * K j c) ^+ e = \sum_(t in exponents) p`_e *
      (#|[set f : {ffun 'I_e -> 'I_d} | occurrences f == t]|%:R * (monomial t (Q i) * monomial t (K j))).
    by rewrite -mulr_sumr -power_expansion // leq_ord.
  rewrite (eq_bigr _ (fun e _ => expand e)) exchange_big big_enum_val /=.
  apply: eq_bigr => l _; rewrite !mxE /coef !mulr_suml.
  by apply: eq_bigr => e _; rewrite !mulrA.
by rewrite (leq_trans (mxrankM_maxl _ _)) // rank_leq_col.
Qed.
End Rank.
