(** The volume packing bound without volumes: points of a ball of radius r that are pairwise at least 2 rho apart
    number at most (1 + r/rho)^D in dimension D, for every norm.

    With lambda = (r + rho)/rho, a copy of the N points scaled by 1/lambda fits around each of them, inside the
    balls of radius rho. Repeated t times that gives N^t points, (r + rho)/lambda^t or more from each other; cells of a box
    hold at most (K lambda^t)^D of these, K independent of t. So (N/lambda^D)^t <= K^D for all t, hence N <= lambda^D. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import sup_norm target_class grid_code alpha_norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Archimedean.
Variable R : archiFieldType.

Lemma nat_ceil (x : R) : 0 <= x -> exists n : nat, x <= n%:R <= x + 1.
Proof.
move=> x0; have [n nP] : exists n : nat, x <= n%:R by exists (Num.bound x); exact/ltW/archi_boundP.
have ex : exists n : nat, x <= n%:R by exists n.
exists (ex_minn ex); case: ex_minnP => [[|k]] xk least; rewrite xk /=; first by rewrite addr_ge0 ?ler01.
rewrite -addn1 natrD ler_add2r leNgt; apply/negP => /ltW /least; by rewrite ltnn.
Qed.

(** a <= b when (a/b)^t stays bounded *)
Lemma le_of_powers (a b K : R) : 0 <= a -> 0 < b -> (forall t : nat, a ^+ t <= K * b ^+ t) -> a <= b.
Proof.
move=> a0 b0 H; rewrite leNgt; apply/negP => ba.
pose q := a / b - 1; have q0 : 0 < q by rewrite subr_gt0 ltr_pdivl_mulr // mul1r.
have bernoulli t : 1 + t%:R * q <= (a / b) ^+ t.
  elim: t => [|t IH]; first by rewrite mul0r addr0 expr0.
  have ab : a / b = 1 + q by rewrite addrC subrK.
  rewrite exprS {1}ab; apply: (@le_trans _ _ ((1 + q) * (1 + t%:R * q))); last first.
    by rewrite ler_pmul2l // addr_gt0 // ltr01.
  rewrite mulrSr -subr_ge0; have -> : (1 + q) * (1 + t%:R * q) - (1 + (t%:R + 1) * q) = t%:R * q ^+ 2 by ring.
  by rewrite mulr_ge0 ?ler0n // sqr_ge0.
have K0 : 0 <= K by have := H 0%N; rewrite !expr0 mulr1; exact: le_trans ler01.
have := archi_boundP (divr_ge0 K0 (ltW q0)); set t := Num.bound _.
rewrite ltr_pdivr_mulr // ltNge => /negP [].
apply: (@le_trans _ _ ((a / b) ^+ t)); first by apply: le_trans (bernoulli t); rewrite ler_addr ler01.
by rewrite expr_div_n ler_pdivr_mulr ?exprn_gt0.
Qed.
End Archimedean.

Section Packing.
Variables (R : archiFieldType) (J T : finType) (nrm : {ffun J -> R} -> R) (nu r rho : R).
Local Notation point := {ffun J -> R}.
Hypotheses (N : alpha_norm nrm nu) (r0 : 0 <= r) (rho0 : 0 < rho).
Variable y : T -> point.
Hypotheses (y_ball : forall s, nrm (y s) <= r) (y_apart : forall s t, s != t -> 2%:R * rho <= nrm (y s - y t)).

Let lambda := 1 + r / rho.
Let lambda_ge1 : 1 <= lambda. Proof. by rewrite ler_addl divr_ge0 // ltW. Qed.
Let lambda0 : 0 < lambda. Proof. exact: lt_le_trans ltr01 lambda_ge1. Qed.
Let radius : r + rho = lambda * rho.
Proof. by rewrite /lambda mulrDl mul1r mulfVK ?lt0r_neq0 // addrC. Qed.

(** words of t letters of T, and their points *)
Fixpoint words (t : nat) : finType := if t is t'.+1 then [finType of T * words t'] else [finType of unit].
Let card_words t : #|words t| = (#|T| ^ t)%N.
Proof. by elim: t => [|t IH]; rewrite ?card_unit // card_prod IH expnS. Qed.

Let scaled (c : R) (x : point) : point := [ffun j => c * x j].
Fixpoint word_point (t : nat) : words t -> point :=
  if t is t'.+1 then fun p : T * words t' => y p.1 + scaled lambda^-1 (@word_point t' p.2) else fun=> 0.

Let u t := lambda^-1 ^+ t.
Let u0 t : 0 < u t. Proof. by rewrite exprn_gt0 // invr_gt0. Qed.

Let word_ball t (p : words t) : nrm (word_point p) <= (r + rho) * (1 - u t).
Proof.
elim: t p => [|t IH] p; first by rewrite (alpha_norm0 N) /u expr0 subrr mulr0.
apply: le_trans (alpha_normD N _ _) _; rewrite (alpha_normZ N) ger0_norm ?invr_ge0 ?(ltW lambda0) //.
apply: (@le_trans _ _ (r + lambda^-1 * ((r + rho) * (1 - u t)))).
  by apply: ler_add => //; rewrite ler_pmul2l ?invr_gt0.
rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite /u exprS radius; move: (lambda^-1 ^+ t) => v.
have -> : r = lambda * rho - rho by rewrite -radius addrK.
by field; exact: lt0r_neq0.
Qed.

Let word_apart t (p q : words t) : p != q -> 2%:R * (r + rho) * u t <= nrm (word_point p - word_point q).
Proof.
elim: t p q => [|t IH]; first by case=> -[].
case=> s p [s' p'] ne /=; have step : u t.+1 = lambda^-1 * u t by rewrite /u exprS.
have split_diff : y s + scaled lambda^-1 (word_point p) - (y s' + scaled lambda^-1 (word_point p')) =
    (y s - y s') + scaled lambda^-1 (word_point p - word_point p').
  by move: (word_point p) (word_point p') => a b; apply/ffunP => j; rewrite !ffunE mulrBr opprD addrACA.
rewrite split_diff; have [e|ss'] := eqVneq s s'.
  rewrite e subrr add0r (alpha_normZ N) ger0_norm ?invr_ge0 ?(ltW lambda0) // step mulrCA.
  rewrite ler_pmul2l ?invr_gt0 //; apply: IH; apply: contra ne => /eqP ->; by rewrite e.
set v := scaled _ _; have nv : nrm v <= lambda^-1 * (2%:R * ((r + rho) * (1 - u t))).
  rewrite (alpha_normZ N) ger0_norm ?invr_ge0 ?(ltW lambda0) // ler_pmul2l ?invr_gt0 //.
  apply: le_trans (alpha_normD N _ _) _; rewrite (alpha_normN N) mulr2n mulrDl mul1r.
  by apply: ler_add; exact: word_ball.
apply: (@le_trans _ _ (2%:R * rho - nrm v)).
  rewrite ler_subr_addr; apply: (le_trans (ler_add (lexx _) nv)).
  rewrite le_eqVlt; apply/orP; left; apply/eqP; rewrite step radius; move: (u t) => w; by field; exact: lt0r_neq0.
rewrite ler_subl_addr; apply: (le_trans (y_apart ss')).
set a := y s - y s'; rewrite -{1}[a](addrK v) -[nrm v](alpha_normN N).
exact: alpha_normD N _ _.
Qed.

(** Cells of a box: at most (K lambda^t)^D points that far apart. *)
Let few_words t : (#|T| ^ t)%:R <= ((2%:R * (nu + 1) + 1) * lambda ^+ t) ^+ #|J|.
Proof.
have nu0 : 0 <= nu.
  have := @alpha_norm_box _ _ _ _ N 0 1 ler01; rewrite mulr1 => H.
  by apply: le_trans (alpha_norm_ge0 N 0) (H _) => i; rewrite ffunE normr0 ler01.
have S0 : 0 < r + rho by rewrite ltr_paddl.
have nu1 : 0 < nu + 1 by rewrite ltr_paddl // ltr01.
pose side := (r + rho) * u t / (nu + 1).
have side0 : 0 < side by rewrite divr_gt0 // mulr_gt0.
have [c /andP [c_lo c_hi]] : exists c : nat, 2%:R * (r + rho) / side <= c%:R <= 2%:R * (r + rho) / side + 1.
  by apply: nat_ceil; rewrite divr_ge0 ?(ltW side0) // mulr_ge0 ?ler0n // ltW.
have cover : 2%:R * (r + rho) <= c%:R * side by rewrite -ler_pdivr_mulr.
have c0 : (0 < c)%N.
  by rewrite -(ltr0n R) (lt_le_trans _ c_lo) // divr_gt0 // mulr_gt0 ?ltr0n.
have cE : c%:R <= (2%:R * (nu + 1) + 1) * lambda ^+ t.
  have lt1 : 1 <= lambda ^+ t by rewrite exprn_ege1.
  apply: (le_trans c_hi); rewrite mulrDl mul1r; apply: ler_add => //.
  have simplify (S z n : R) : 0 < S -> 0 < z -> 0 < n -> 2%:R * S / (S * z^-1 / n) = 2%:R * n * z.
    by move=> S1 z1 n1; field; rewrite !lt0r_neq0.
  by rewrite /side /u exprVn simplify ?exprn_gt0.
apply: (@le_trans _ _ ((c ^ #|J|)%:R)); last by rewrite natrX ler_expn2r ?nnegrE ?ler0n // (le_trans _ cE) // ler0n.
rewrite ler_nat -card_words -(card_grid_code J c).
have inj : injective (fun p : words t => grid_code (r + rho) side c0 (word_point p)); last exact: (leq_card _ inj).
move=> p q e; apply/eqP; apply: contraT => /word_apart; rewrite leNgt => /negP [].
have in_box' (w : words t) j : `|word_point w j| <= r + rho.
  apply: le_trans (alpha_norm_ge N _ j) (le_trans (word_ball w) _).
  by rewrite ler_pimulr ?(ltW S0) // ler_subl_addr ler_addl ltW.
have close := grid_code_close (ltW side0) cover (in_box' p) (in_box' q) e.
apply: (@le_lt_trans _ _ (nu * side)).
  apply: (alpha_norm_box N); first exact: ltW.
  by move=> j; rewrite !ffunE; exact: le_trans (sup_dist_ge _ _ j) close.
have g0 : 0 < (r + rho) * u t by rewrite mulr_gt0.
rewrite /side -[2%:R * _ * _]mulrA mulrA ltr_pdivr_mulr //; move: ((r + rho) * u t) g0 => g g0.
rewrite -subr_gt0; have -> : 2%:R * g * (nu + 1) - nu * g = g * (nu + 2%:R) by ring.
by rewrite mulr_gt0 // ltr_paddl ?ltr0n.
Qed.

Theorem volume_packing : #|T|%:R <= (1 + r / rho) ^+ #|J|.
Proof.
apply: (@le_of_powers _ _ _ ((2%:R * (nu + 1) + 1) ^+ #|J|)); rewrite ?ler0n ?exprn_gt0 //.
by move=> t; rewrite -exprM mulnC exprM -exprMn -natrX; exact: few_words.
Qed.
End Packing.

(** The counting step of items 1.3 and 2.5 with this bound: prompts in a ball, outputs Lambda-Lipschitz in the prompt,
    targets at least gap + 2 eps apart, each met within eps. rho = gap/(2 Lambda). *)
Section Count.
Variables (R : archiFieldType) (J Target : finType) (X Y : Type) (nrm : {ffun J -> R} -> R) (nu r Lambda gap eps : R).
Hypotheses (N : alpha_norm nrm nu) (r0 : 0 <= r) (Lambda0 : 0 < Lambda) (gap0 : 0 < gap).
Variables (dist : Y -> Y -> R) (domain : X -> Prop) (run : {ffun J -> R} -> X -> Y) (target : Target -> X -> Y).
Hypotheses (distC : forall x y, dist x y = dist y x)
  (dist_triangle : forall x y z, dist x z <= dist x y + dist y z).

Lemma targets_le_volume :
  (forall P Q x, nrm P <= r -> nrm Q <= r -> domain x -> dist (run P x) (run Q x) <= Lambda * nrm (P - Q)) ->
  (forall s t, s != t -> exists2 x, domain x & gap + 2%:R * eps <= dist (target s x) (target t x)) ->
  (forall s, exists2 P, nrm P <= r & forall x, domain x -> dist (run P x) (target s x) <= eps) ->
  #|Target|%:R <= (1 + r / (gap / (2%:R * Lambda))) ^+ #|J|.
Proof.
move=> lip apart met.
have /fin_all_exists2 [p p_ball pP] : forall s, exists2 P, nrm P <= r &
  forall x, domain x -> dist (run P x) (target s x) <= eps by exact: met.
apply: (volume_packing N r0 _ p_ball); first by rewrite divr_gt0 // mulr_gt0 ?ltr0n.
move=> s t /apart [x dx far].
have -> : 2%:R * (gap / (2%:R * Lambda)) = gap / Lambda by field; rewrite lt0r_neq0.
rewrite ler_pdivr_mulr // mulrC; apply: le_trans (lip _ _ _ (p_ball s) (p_ball t) dx).
rewrite -(ler_add2r (2%:R * eps)); apply: (le_trans far).
apply: le_trans (dist_triangle _ (run (p s) x) _) _; rewrite distC.
rewrite mulr2n mulrDl mul1r addrCA; apply: ler_add; first exact: pP.
by apply: le_trans (dist_triangle _ (run (p t) x) _) _; apply: ler_add => //; exact: pP.
Qed.
End Count.

(** The largest norm of a token: prompts and outputs are matrices whose columns are tokens. *)
Section MaxToken.
Variables (R : realFieldType) (w m : nat) (nrm : {ffun 'I_w -> R} -> R) (nu : R).
Local Notation prompt := {ffun 'I_w * 'I_m -> R}.
Definition token (P : prompt) (j : 'I_m) : {ffun 'I_w -> R} := [ffun i => P (i, j)].
Definition max_token (P : prompt) : R := \big[Num.max/0]_j nrm (token P j).

Lemma max_token_ge (P : prompt) j : nrm (token P j) <= max_token P.
Proof.
rewrite /max_token; elim: (index_enum _) (mem_index_enum j) => // a s IH.
by rewrite inE big_cons le_maxr => /orP [/eqP <-|/IH ->]; rewrite ?lexx ?orbT.
Qed.
Lemma max_token_le (P : prompt) t : 0 <= t -> (forall j, nrm (token P j) <= t) -> max_token P <= t.
Proof. by move=> t0 H; rewrite /max_token; elim/big_ind: _ => // a b aB bB; rewrite le_maxl aB. Qed.
Lemma max_token_ge0 (P : prompt) : 0 <= max_token P.
Proof. by rewrite /max_token; elim/big_rec: _ => // j x _ x0; rewrite le_maxr x0 orbT. Qed.

Hypothesis N : alpha_norm nrm nu.
Lemma max_token_entry (P : prompt) ij : `|P ij| <= max_token P.
Proof.
case: ij => i j; apply: le_trans (max_token_ge P j).
by have := alpha_norm_ge N (token P j) i; rewrite ffunE.
Qed.

Theorem alpha_norm_max_token : alpha_norm max_token nu.
Proof.
have nu0 : 0 <= nu.
  have := @alpha_norm_box _ _ _ _ N 0 1 ler01; rewrite mulr1 => H.
  by apply: le_trans (alpha_norm_ge0 N 0) (H _) => i; rewrite ffunE normr0 ler01.
split=> [P Q|c P|P ij|P [i j] same|P t t0 H].
- apply: max_token_le => [|j]; first by rewrite addr_ge0 // max_token_ge0.
  have -> : token (P + Q) j = token P j + token Q j by apply/ffunP => i; rewrite !ffunE.
  by apply: le_trans (alpha_normD N _ _) _; apply: ler_add; exact: max_token_ge.
- have tokenZ j : nrm (token [ffun i => c * P i] j) = `|c| * nrm (token P j).
    by rewrite -(alpha_normZ N); congr nrm; apply/ffunP => i; rewrite !ffunE.
  apply/eqP; rewrite eq_le; apply/andP; split.
    apply: max_token_le => [|j]; first by rewrite mulr_ge0 ?max_token_ge0.
    by rewrite tokenZ ler_wpmul2l ?max_token_ge.
  have [->|c0] := eqVneq c 0; first by rewrite normr0 mul0r max_token_ge0.
  rewrite -ler_pdivl_mull ?normr_gt0 //; apply: max_token_le => [|j].
    by rewrite mulr_ge0 ?max_token_ge0 // invr_ge0.
  by rewrite ler_pdivl_mull ?normr_gt0 // -tokenZ max_token_ge.
- exact: max_token_entry.
- apply/eqP; rewrite eq_le max_token_entry andbT; apply: max_token_le => // j'.
  have [->|jj] := eqVneq j' j.
    rewrite (alpha_norm_single N (i := i)) ?ffunE // => i' ii; rewrite ffunE; apply: same.
    by apply: contra ii => /eqP [->].
  have -> : token P j' = 0.
    apply/ffunP => i'; rewrite !ffunE; apply: same; by apply: contra jj => /eqP [_ ->].
  by rewrite (alpha_norm0 N).
- apply: max_token_le => [|j]; first by rewrite mulr_ge0.
  by apply: (alpha_norm_box N) => // i; rewrite ffunE.
Qed.
End MaxToken.
