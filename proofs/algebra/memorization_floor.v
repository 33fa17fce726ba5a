(** Theory item 2.3, memorization floor: the least error that any prompt must leave.

    One attention head over any ordered field. N examples X_i share a query x0; with
    a_i = att(x0;X_i), S_i = S(x0;X_i) and wanted outputs t_i, put b_i = S_i (t_i - a_i). A prompt
    of total weight s >= 0 (the empty one: s = 0) leaves on some example and coordinate an error
    of at least
      floor_at s = max_{i,j} ||s (t_i - t_j) + b_i - b_j||_inf / (2 s + S_i + S_j),
    and no less can be said from s alone: some vector q in place of S_P att(x0;P) leaves
    exactly that. So every prompt's error is at least e* = inf_{s>=0} floor_at s. A certificate of
    e <= e* is two rows (i, j, coordinate, sign), and two rows are always enough. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import concatenation euclidean.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** ** Lines on the half-line s >= 0 *)
Section Lines.
Variables (F : realFieldType) (K : finType) (al be : K -> F).

(** If at every s >= 0 one of finitely many lines al_k s + be_k is >= 0, then two of them have a
    non-negative combination with both coefficients >= 0: these two alone prove the claim. *)
Lemma two_lines : (forall s, 0 <= s -> exists k, 0 <= al k * s + be k) ->
  exists k1 k2 l1 l2, [/\ 0 <= l1, 0 <= l2, 0 < l1 + l2,
    0 <= l1 * al k1 + l2 * al k2 & 0 <= l1 * be k1 + l2 * be k2].
Proof.
move=> H; have [k0] := H 0 (lexx _); rewrite mulr0 add0r => b0.
case: (pickP (fun k => (0 <= al k) && (0 <= be k))) => [k /andP [ak bk]|no].
  by exists k, k, 1, 0; rewrite !mul1r !mul0r !addr0 ler01 ltr01 lexx.
have neg k : 0 <= be k -> al k < 0 by move=> bk; have := no k; rewrite bk andbT leNgt => /negbFE.
(* until x k a line with be >= 0 > al is >= 0; from x k on a line with be < 0 < al is *)
pose x k := - be k / al k.
have [k1 b1 max1] := @arg_maxP _ _ _ k0 (fun k => 0 <= be k) x b0; have a1 := neg _ b1.
have x0 : 0 <= x k1 by rewrite /x mulNr -mulrN -invrN mulr_ge0 // invr_ge0 oppr_ge0 ltW.
have late s k : x k1 < s -> 0 <= al k * s + be k -> 0 < al k /\ x k <= s.
  move=> xs ks; have [bk|bk] := leP 0 (be k).
    have : al k * s + be k < 0; last by rewrite ltNge ks.
    rewrite -ltr_subr_addr sub0r mulrC -ltr_ndivr_mulr ?neg //.
    exact: le_lt_trans (max1 _ bk) xs.
  have s0 : 0 < s by apply: le_lt_trans xs.
  have ak : 0 < al k.
    have : 0 < al k * s by apply: lt_le_trans (_ : - be k <= _); rewrite ?oppr_gt0 // -subr_ge0 opprK.
    by rewrite pmulr_lgt0.
  by split=> //; rewrite /x ler_pdivr_mulr // mulrC -subr_ge0 opprK.
have x1 : x k1 < x k1 + 1 by rewrite ltr_addl ltr01.
have [k ks] := H (x k1 + 1) (addr_ge0 x0 ler01).
have [ak _] := late _ k x1 ks.
have [k2 a2 min2] := @arg_minP _ _ _ k (fun k => 0 < al k) x ak.
have x21 : x k2 <= x k1.
  rewrite leNgt; apply/negP => lt12; have [lo hi] := midf_lt lt12.
  have [|k' k's] := H ((x k1 + x k2) / 2%:R); first by rewrite (le_trans x0) // ltW.
  have [ak' xk'] := late _ k' lo k's.
  by have := min2 _ ak'; rewrite leNgt (le_lt_trans xk').
exists k1, k2, (al k2), (- al k1).
have n1 : 0 <= - al k1 by rewrite oppr_ge0 ltW.
split; rewrite ?(ltW a2) //; first by rewrite addr_gt0 // oppr_gt0.
  by rewrite mulrC mulNr subrr.
have -> : al k2 * be k1 + - al k1 * be k2 = (al k2 * - al k1) * (x k1 - x k2).
  by rewrite /x; field; rewrite lt0r_neq0 // ltr0_neq0.
by apply: mulr_ge0; [apply: mulr_ge0 => //; apply: ltW | rewrite subr_ge0].
Qed.
End Lines.

Section Floor.
Variables (F : realFieldType) (d : nat) (tok : Type).
Notation vec := 'cV[F]_d.
Variables (w : tok -> tok -> F) (v : tok -> vec).
Hypothesis w_gt0 : forall x z, 0 < w x z.
Variable x0 : tok.
(** N examples; example i shows the tokens X i 0, .., X i (n i - 1) to the query. *)
Variables (N : nat) (n : 'I_N -> nat) (X : forall i, 'I_(n i) -> tok) (t : 'I_N -> vec).
Hypothesis n_gt0 : forall i, (0 < n i)%N.

Notation "'S_'" := (mass w x0).
Notation attention := (att w v x0).
Definition own_output i : vec := attention (@X i).
Definition own_mass i : F := S_ (@X i).
Definition demand i : vec := own_mass i *: (t i - own_output i).

(** The error left by the prompt P is at least e on some example and coordinate. *)
Definition error_at_least m (P : 'I_m -> tok) e :=
  exists i c, e <= `|(attention (concat P (@X i)) - t i) c 0|.

(** One pair of examples and one coordinate, at the total weight s of the prompt. *)
Definition pair_gap s i j c : F := s * (t i - t j) c 0 + (demand i - demand j) c 0.
Definition pair_mass s i j : F := s *+ 2 + own_mass i + own_mass j.
Definition floor_at s : F := \big[Num.max/0]_i \big[Num.max/0]_j \big[Num.max/0]_c
  (`|pair_gap s i j c| / pair_mass s i j).

Lemma own_mass_gt0 i : 0 < own_mass i.
Proof. by apply: mass_gt0; rewrite ?card_ord. Qed.

Lemma pair_mass_gt0 s i j : 0 <= s -> 0 < pair_mass s i j.
Proof. by move=> s0; rewrite addr_gt0 ?own_mass_gt0 // ltr_paddl ?mulrn_wge0 ?own_mass_gt0. Qed.

Lemma bigmax_le (I : finType) (f : I -> F) e : 0 <= e ->
  (\big[Num.max/0]_i f i <= e) <-> (forall i, f i <= e).
Proof.
move=> e0; split=> [H i|H]; last by elim/big_ind: _ => // a c ae ce; rewrite le_maxl ae.
apply: le_trans H; elim: (index_enum I) (mem_index_enum i) => // j s IH.
by rewrite inE big_cons le_maxr => /orP [/eqP <-|/IH ->]; rewrite ?lexx ?orbT.
Qed.

Lemma bigmax_ge0 (I : finType) (f : I -> F) : (forall i, 0 <= f i) -> 0 <= \big[Num.max/0]_i f i.
Proof. by move=> f0; elim/big_ind: _ => // a c a0 c0; rewrite le_maxr a0. Qed.

Lemma bigmax_lt (I : finType) (f : I -> F) e : 0 < e -> (forall i, f i < e) ->
  \big[Num.max/0]_i f i < e.
Proof. by move=> e0 H; elim/big_ind: _ => // a c ae ce; rewrite lt_maxl ae. Qed.

Lemma floor_at_le s e : 0 <= s -> 0 <= e ->
  (floor_at s <= e) <-> (forall i j c, `|pair_gap s i j c| <= e * pair_mass s i j).
Proof.
move=> s0 e0; split=> [/(bigmax_le _ e0) H i j c|H].
  have /(bigmax_le _ e0) Hi := H i; have /(bigmax_le _ e0) Hij := Hi j.
  by rewrite -ler_pdivr_mulr ?pair_mass_gt0.
do 3! (apply/bigmax_le => // ?).
by rewrite ler_pdivr_mulr ?pair_mass_gt0.
Qed.

(** The output for example i when the prompt has total weight s and weighted value sum q. *)
Definition output_with s (q : vec) i : vec :=
  (s + own_mass i)^-1 *: (q + own_mass i *: own_output i).

Lemma output_with_prompt m (P : 'I_m -> tok) i :
  attention (concat P (@X i)) = output_with (S_ P) (S_ P *: attention P) i.
Proof. by rewrite concatenation. Qed.

(** An error of at most e on one coordinate asks q for an interval of radius e (s + S_i). *)
Lemma interval_of_q s q i c e : 0 <= s ->
  (`|(output_with s q i - t i) c 0| <= e) =
  (`|q c 0 - (s * t i c 0 + demand i c 0)| <= e * (s + own_mass i)).
Proof.
move=> s0; have m0 : 0 < s + own_mass i by rewrite ltr_paddl ?own_mass_gt0.
have E : (output_with s q i - t i) c 0 = (q c 0 - (s * t i c 0 + demand i c 0)) / (s + own_mass i) :> F.
  rewrite /output_with /demand; move: (own_output i) (own_mass i) m0 => o M m0.
  rewrite !mxE; move: (q c 0) (o c 0) (t i c 0) => x y z.
  by field; rewrite lt0r_neq0.
by rewrite E normf_div [`|s + _|]gtr0_norm // ler_pdivr_mulr.
Qed.

(** For a fixed total weight s, the least possible maximum error is exactly floor_at s:
    intervals on a line meet iff they meet pairwise. *)
Theorem floor_at_exact s e : 0 <= s -> 0 <= e ->
  floor_at s <= e <-> exists q, forall i c, `|(output_with s q i - t i) c 0| <= e.
Proof.
move=> s0 e0; rewrite floor_at_le //; split=> [H|[q H] i j c].
  have lo c : exists q, forall i, `|q - (s * t i c 0 + demand i c 0)| <= e * (s + own_mass i).
    case: (pickP (fun _ : 'I_N => true)) => [i0 _|no]; last by exists 0 => i; have := no i.
    pose low i := s * t i c 0 + demand i c 0 - e * (s + own_mass i).
    have [i _ top] := @arg_maxP _ _ _ i0 xpredT low isT.
    exists (low i) => j; rewrite ler_norml; apply/andP; split.
      by rewrite ler_subr_addr addrC; apply: top.
    have -> : low i - (s * t j c 0 + demand j c 0) = pair_gap s i j c - e * (s + own_mass i).
      rewrite /low /pair_gap !mxE; move: (demand i c 0) (demand j c 0) (t i c 0) (t j c 0) => bi bj ti tj.
      by ring.
    rewrite ler_subl_addr -mulrDr (le_trans (ler_norm _)) // (le_trans (H i j c)) //.
    by rewrite /pair_mass addrACA -mulr2n addrA addrAC.
  have [f Hf] := fin_all_exists lo; exists (\col_c f c) => i c.
  by rewrite interval_of_q // mxE.
have := H i c; have := H j c; rewrite !interval_of_q // => hj hi.
have -> : pair_gap s i j c = (q c 0 - (s * t j c 0 + demand j c 0)) - (q c 0 - (s * t i c 0 + demand i c 0)).
  rewrite /pair_gap !mxE; move: (q c 0) (demand i c 0) (demand j c 0) (t i c 0) (t j c 0) => x bi bj ti tj.
  by ring.
apply: le_trans (ler_norm_sub _ _) _; apply: le_trans (ler_add hj hi) _.
by rewrite -mulrDr /pair_mass addrACA -mulr2n addrA addrAC.
Qed.

(** Every prompt, of any length and possibly empty, leaves an error of at least floor_at S_P. *)
Theorem floor_at_prompt m (P : 'I_m -> tok) e : 0 < e ->
  e <= floor_at (S_ P) -> error_at_least P e.
Proof.
move=> e0 he.
case: (pickP (fun ic => e <= `|(attention (concat P (@X ic.1)) - t ic.1) ic.2 0|)) => [[i c] H|no].
  by exists i, c.
have small i c : `|(attention (concat P (@X i)) - t i) c 0| < e.
  by have /negbT := no (i, c); rewrite -ltNge.
pose top := \big[Num.max/0]_i \big[Num.max/0]_c `|(attention (concat P (@X i)) - t i) c 0|.
have top0 : 0 <= top by do 2! (apply: bigmax_ge0 => ?); apply: normr_ge0.
have top1 : top < e by do 2! (apply: bigmax_lt => // ?).
have : floor_at (S_ P) <= top.
  apply/floor_at_exact => //; first exact: mass_ge0.
  exists (S_ P *: attention P) => i c; rewrite -output_with_prompt.
  have /(bigmax_le _ top0) Hi : top <= top by []. 
  by have /(bigmax_le _ top0) := Hi i; apply.
by rewrite leNgt (lt_le_trans top1).
Qed.

(** Theory item 2.3: if e <= floor_at s for every s >= 0, that is e <= e*, then every prompt of
    any length leaves an error of at least e on some example and coordinate. *)
Theorem memorization_floor e : 0 < e -> (forall s, 0 <= s -> e <= floor_at s) ->
  forall m (P : 'I_m -> tok), error_at_least P e.
Proof. by move=> e0 H m P; apply: floor_at_prompt => //; apply: H; apply: mass_ge0. Qed.

(** ** Certificates: two rows *)

(** A row is a pair of examples, a coordinate and a sign. Its line is >= 0 at s exactly when this
    row alone keeps floor_at s >= e. *)
Record row := Row { row_i : 'I_N; row_j : 'I_N; row_c : 'I_d; row_minus : bool }.
Definition row_slope e r : F :=
  (-1) ^+ row_minus r * (t (row_i r) - t (row_j r)) (row_c r) 0 - e *+ 2.
Definition row_offset e r : F :=
  (-1) ^+ row_minus r * (demand (row_i r) - demand (row_j r)) (row_c r) 0
  - e * (own_mass (row_i r) + own_mass (row_j r)).

Lemma row_line e r s : row_slope e r * s + row_offset e r =
  (-1) ^+ row_minus r * pair_gap s (row_i r) (row_j r) (row_c r) - e * pair_mass s (row_i r) (row_j r).
Proof. by rewrite /row_slope /row_offset /pair_gap /pair_mass; ring. Qed.

(** A certificate: two rows and two multipliers under which slope and offset are both >= 0. *)
Definition two_rows e r1 r2 l1 l2 := [/\ 0 <= l1, 0 <= l2, 0 < l1 + l2,
  0 <= l1 * row_slope e r1 + l2 * row_slope e r2 & 0 <= l1 * row_offset e r1 + l2 * row_offset e r2].

Lemma row_floor e r s : 0 <= s -> 0 <= row_slope e r * s + row_offset e r -> e <= floor_at s.
Proof.
move=> s0; rewrite row_line subr_ge0 => h.
have f0 : 0 <= floor_at s by apply: bigmax_ge0 => i; apply: bigmax_ge0 => j; apply: bigmax_ge0 => c; rewrite divr_ge0 // ltW // pair_mass_gt0.
have /floor_at_le H : floor_at s <= floor_at s by [].
rewrite -(ler_pmul2r (pair_mass_gt0 (row_i r) (row_j r) s0)) (le_trans h) //.
apply: le_trans (ler_norm _) (le_trans _ (H s0 f0 _ _ (row_c r))).
by rewrite normrM normrX normrN1 expr1n mul1r.
Qed.

(** Two rows certify the floor: every prompt of any length leaves an error of at least e. *)
Theorem two_rows_certify e r1 r2 l1 l2 : 0 < e -> two_rows e r1 r2 l1 l2 ->
  forall m (P : 'I_m -> tok), error_at_least P e.
Proof.
move=> e0 [l10 l20 l0 sl off]; apply: memorization_floor => // s s0.
have [h1|h1] := leP 0 (row_slope e r1 * s + row_offset e r1); first exact: row_floor h1.
have [h2|h2] := leP 0 (row_slope e r2 * s + row_offset e r2); first exact: row_floor h2.
have : 0 <= l1 * (row_slope e r1 * s + row_offset e r1) + l2 * (row_slope e r2 * s + row_offset e r2).
  have -> : forall a b c d : F, l1 * (a * s + b) + l2 * (c * s + d) = (l1 * a + l2 * c) * s + (l1 * b + l2 * d).
    by move=> *; ring.
  by rewrite addr_ge0 // mulr_ge0.
rewrite leNgt; case/negP; move: l10; rewrite le_eqVlt => /orP [/eqP l1_0|l1p].
  by rewrite -l1_0 mul0r add0r pmulr_rlt0 //; rewrite -l1_0 add0r in l0.
by rewrite -[0]addr0 ltr_le_add // ?pmulr_rlt0 // mulr_ge0_le0 // ltW.
Qed.

(** Two rows are always enough to prove e <= e*. *)
Theorem two_rows_enough e : 0 < e -> (forall s, 0 <= s -> e <= floor_at s) ->
  exists r1 r2 l1 l2, two_rows e r1 r2 l1 l2.
Proof.
move=> e0 H; pose of_tuple (k : 'I_N * 'I_N * 'I_d * bool) := Row k.1.1.1 k.1.1.2 k.1.2 k.2.
have [|k1 [k2 [l1 [l2 h]]]] := @two_lines F _ (row_slope e \o of_tuple) (row_offset e \o of_tuple).
  move=> s s0; have [[[i j] c] /= h|no] := pickP (fun k : 'I_N * 'I_N * 'I_d =>
    e * pair_mass s k.1.1 k.1.2 <= `|pair_gap s k.1.1 k.1.2 k.2|).
    exists (i, j, c, pair_gap s i j c < 0); rewrite /= row_line /= subr_ge0.
    by rewrite -normrEsign.
  suff : floor_at s < e by rewrite ltNge H.
  do 3! (apply: bigmax_lt => // ?).
  by rewrite ltr_pdivr_mulr ?pair_mass_gt0 // ltNge; have := no (_, _, _) => /= ->.
by exists (of_tuple k1), (of_tuple k2), l1, l2.
Qed.

(** ** Behind a residual block x -> x + g(x) *)

(** Let nu be a seminorm with |x_c| <= nu x <= kappa max_c |x_c|, and g k-Lipschitz in nu, k < 1. If
    the attention output must be such that the block x -> x + g(x), applied to the residual sum u +
    attention output, gives y_i = h(u + t_i), then an error of e before the block means one of at
    least (1-k) e / kappa after it. In the max norm kappa = 1; in the Euclidean norm kappa = sqrt d. *)
Theorem floor_after_block (nu : vec -> F) (kappa k : F) (g : vec -> vec) (u : vec) m (P : 'I_m -> tok) e :
  let h x := x + g x in
  (forall x y : vec, nu (x + y) <= nu x + nu y) -> (forall x : vec, nu (- x) = nu x) ->
  (forall (x : vec) c, `|x c 0| <= nu x) ->
  (forall (x : vec) B, 0 <= B -> (forall c, `|x c 0| <= B) -> nu x <= kappa * B) -> 0 < kappa ->
  (forall x y : vec, nu (g x - g y) <= k * nu (x - y)) -> k < 1 ->
  0 < e -> error_at_least P e ->
  exists i c, (1 - k) * e / kappa <= `|(h (u + attention (concat P (@X i))) - h (u + t i)) c 0|.
Proof.
move=> h tri sym ge le kappa0 lip k1 e0 [i [c0 err]]; exists i.
set x := u + _; set y := u + t i; have xy : attention (concat P (@X i)) - t i = x - y.
  by rewrite /x /y opprD addrACA subrr add0r.
have nxy : e <= nu (x - y) by apply: le_trans err _; rewrite xy; apply: ge.
have c1 : 0 < 1 - k by rewrite subr_gt0.
have low : (1 - k) * e <= nu (h x - h y).
  apply: (@le_trans _ _ ((1 - k) * nu (x - y))); first by rewrite ler_pmul2l.
  rewrite mulrBl mul1r ler_subl_addr (le_trans _ (ler_add (lexx _) (lip x y))) //.
  rewrite -[nu (g x - g y)]sym (le_trans _ (tri _ _)) // /h opprD addrACA addrK.
  by [].
pose D := h x - h y; pose B := \big[Num.max/0]_c `|D c 0|.
have B0 : 0 <= B by apply: bigmax_ge0.
have DB : forall c, `|D c 0| <= B by apply/(bigmax_le _ B0).
have eB : (1 - k) * e / kappa <= B.
  by rewrite ler_pdivr_mulr // [leRHS]mulrC (le_trans low) // le.
case: (pickP (fun c => (1 - k) * e / kappa <= `|D c 0|)) => [c Hc|no]; first by exists c.
have : B < (1 - k) * e / kappa.
  apply: bigmax_lt => [|c]; first by rewrite divr_gt0 // mulr_gt0.
  by rewrite ltNge; have := no c => /= ->.
by rewrite ltNge eB.
Qed.

(** The case of the max norm: a block that is G-Lipschitz, G < 1, leaves at least (1-G) e. *)
Corollary floor_after_max_block (G : F) (g : vec -> vec) (u : vec) m (P : 'I_m -> tok) e :
  let h x := x + g x in
  (forall (x y : vec) B, 0 <= B -> (forall c, `|(x - y) c 0| <= B) -> forall c, `|(g x - g y) c 0| <= G * B) ->
  0 <= G < 1 -> 0 < e -> error_at_least P e ->
  exists i c, (1 - G) * e <= `|(h (u + attention (concat P (@X i))) - h (u + t i)) c 0|.
Proof.
move=> h lip /andP [G0 G1] e0 err; pose nu (x : vec) := \big[Num.max/0]_c `|x c 0|.
have nu0 x : 0 <= nu x by apply: bigmax_ge0.
have ge (x : vec) : forall c, `|x c 0| <= nu x by apply/(bigmax_le _ (nu0 x)).
rewrite -[(1 - G) * e]divr1; apply: (floor_after_block (nu := nu)) => //.
- move=> x y; apply/bigmax_le => [|c]; first exact: addr_ge0.
  by rewrite mxE (le_trans (ler_norm_add _ _)) // ler_add.
- by move=> x; apply: eq_bigr => c _; rewrite mxE normrN.
- by move=> x B B0 H; rewrite mul1r; apply/bigmax_le.
- exact: ltr01.
- by move=> x y; apply/bigmax_le => [|c]; [rewrite mulr_ge0 | apply: lip].
Qed.
End Floor.

(** The case of a constant k < 1 in the Euclidean norm: at least (1-k) e / sqrt d in the max norm. *)
Corollary floor_after_euclidean_block (F : rcfType) (d : nat) (tok : Type) (w : tok -> tok -> F)
    (v : tok -> 'cV[F]_d) (x0 : tok) N (n : 'I_N -> nat) (X : forall i, 'I_(n i) -> tok)
    (t : 'I_N -> 'cV[F]_d) (k : F) (g : 'cV[F]_d -> 'cV[F]_d) (u : 'cV[F]_d) m (P : 'I_m -> tok) e :
  let h x := x + g x in
  (forall x y, enorm (g x - g y) <= k * enorm (x - y)) -> k < 1 ->
  0 < e -> error_at_least w v x0 X t P e ->
  exists i c, (1 - k) * e / Num.sqrt d%:R <=
    `|(h (u + att w v x0 (concat P (@X i))) - h (u + t i)) c 0|.
Proof.
move=> h lip k1 e0 err; have [_ [c0 _]] := err.
have d0 : 0 < d%:R :> F by rewrite ltr0n; apply: leq_ltn_trans (ltn_ord c0).
apply: (floor_after_block (nu := @enorm F d) (k := k)) => //.
- exact: enormD.
- exact: enormN.
- move=> x c; rewrite -sqrtr_sqr; apply: ler_wsqrtr; rewrite /dot (bigD1 c) //= expr2 ler_addl.
  by apply: sumr_ge0 => j _; rewrite -expr2 sqr_ge0.
- move=> x B B0 H; rewrite -[B]ger0_norm // -sqrtr_sqr -sqrtrM ?ler0n //; apply: ler_wsqrtr.
  rewrite /dot mulr_natl -[X in _ *+ X]card_ord -sumr_const; apply: ler_sum => c _.
  by rewrite -expr2 -real_normK ?num_real // ler_sqr ?nnegrE.
- by rewrite sqrtr_gt0.
Qed.
