(** Theory item 3.2 (injectivity): when a transformer under a prompt cannot merge two inputs.

    Positions are split into inputs and prompt. Two runs share the prompt and differ in the inputs; D is the
    largest change of an input token and rho bounds the ratio of the largest change of a prompt token to it.
    An attention block with constant c keeps at least the share 1 - c max(rho, 1) of D and
    takes rho to (rho + c max(rho, 1))/(1 - c max(rho, 1)); a feed-forward block with constant g keeps 1 - g
    and takes rho to rho (1 + g)/(1 - g). As long as these shares stay positive the outputs at the
    input positions differ, by at least D times the product of the shares. Under a causal mask the
    prompt does not see the input, rho stays 0 and the shares are 1 - c and 1 - g. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import euclidean.
From PromptBound.analysis Require Import bridge softmax_lipschitz transformer lipschitz_constants.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

(** The share of D that a block can take away: c max(rho, 1), respectively g. *)
Definition block_loss (d : nat) (b : block d) (r rho : R) : R :=
  match b with
  | AttentionBlock _ => block_constant b r * Num.max rho 1
  | FfnBlock _ => block_constant b r
  end.
(** rho after the block *)
Definition block_ratio (d : nat) (b : block d) (r rho : R) : R :=
  match b with
  | AttentionBlock _ => (rho + block_loss b r rho) / (1 - block_loss b r rho)
  | FfnBlock _ => rho * (1 + block_loss b r rho) / (1 - block_loss b r rho)
  end.
(** The recursion never fails. *)
Fixpoint ratio_recursion (d : nat) (bs : seq (block d)) (r rho : R) : Prop :=
  if bs is b :: bs' then
    block_loss b r rho < 1 /\ ratio_recursion bs' (block_radius b r) (block_ratio b r rho)
  else True.
(** product of the shares 1 - c max(rho, 1) and 1 - g *)
Fixpoint separation (d : nat) (bs : seq (block d)) (r rho : R) : R :=
  if bs is b :: bs' then
    (1 - block_loss b r rho) * separation bs' (block_radius b r) (block_ratio b r rho)
  else 1.
(** The same without feedback through the prompt: c < 1 and g < 1 in every block. *)
Fixpoint contractive (d : nat) (bs : seq (block d)) (r : R) : Prop :=
  if bs is b :: bs' then block_constant b r < 1 /\ contractive bs' (block_radius b r) else True.
Fixpoint causal_separation (d : nat) (bs : seq (block d)) (r : R) : R :=
  if bs is b :: bs' then (1 - block_constant b r) * causal_separation bs' (block_radius b r) else 1.

Section Injectivity.
Variables (d : nat) (T : finType) (visible : T -> pred T) (input : pred T).
Hypothesis self_visible : forall i, visible i i.
Local Notation sequence := (T -> 'cV[R]_d).
Implicit Types (Z Y : sequence) (r rho delta : R) (b : block d) (bs : seq (block d)).

(** delta is the largest change of an input token. *)
Definition input_change delta Z Y : Prop :=
  (forall i, input i -> enorm (Z i - Y i) <= delta) /\
  (exists2 i, input i & enorm (Z i - Y i) = delta).
(** Prompt tokens change by at most delta. *)
Definition prompt_change delta Z Y : Prop := forall i, ~~ input i -> enorm (Z i - Y i) <= delta.

Lemma input_change_exists Z Y i : input i -> exists delta, input_change delta Z Y.
Proof.
move=> ii; pose j := [arg max_(j > i | input j) enorm (Z j - Y j)]%O.
exists (enorm (Z j - Y j)); rewrite /j; case: arg_maxP => // k ik kmax.
by split=> [l il|]; [exact: kmax|exists k].
Qed.

Lemma change_after b Z Y i :
  enorm (Z i - Y i) - enorm (block_map visible b Z i - block_map visible b Y i) <=
    enorm (apply_block visible b Z i - apply_block visible b Y i).
Proof.
rewrite ler_subl_addr /apply_block opprD addrACA; set u := Z i - Y i; set v := _ - _.
by have := enormB (u + v) v; rewrite addrK.
Qed.

Lemma block_loss_ge0 b r rho : 0 <= block_loss b r rho.
Proof.
have c0 := block_constant_ge0 b r; rewrite /block_loss; case: b c0 => // hs c0.
by rewrite mulr_ge0 // le_maxr ler01 orbT.
Qed.

(** The block's map changes by at most loss times delta at every input token. *)
Lemma map_change b Z Y r rho delta i : in_ball r Z -> in_ball r Y -> 0 <= delta ->
  input_change delta Z Y -> prompt_change (rho * delta) Z Y -> input i ->
  enorm (block_map visible b Z i - block_map visible b Y i) <= block_loss b r rho * delta.
Proof.
move=> Zr Yr delta0 [ZY _] PQ ii; case: b => [hs|f].
  rewrite [block_loss _ _ _]/(_ * Num.max rho 1) -mulrA.
  apply: block_map_lipschitz => // j; have [ij|nij] := boolP (input j).
    by rewrite (le_trans (ZY j ij)) // ler_pemull // le_maxr lexx orbT.
  by rewrite (le_trans (PQ j nij)) // ler_wpmul2r // le_maxr lexx.
by rewrite (le_trans (ffn_map_lipschitz _ _ _)) // ler_wpmul2l ?ZY // (block_constant_ge0 (FfnBlock f) r).
Qed.

Lemma block_keeps b Z Y r rho delta : in_ball r Z -> in_ball r Y -> 0 <= delta ->
  input_change delta Z Y -> prompt_change (rho * delta) Z Y ->
  exists2 delta', (1 - block_loss b r rho) * delta <= delta' &
    input_change delta' (apply_block visible b Z) (apply_block visible b Y).
Proof.
move=> Zr Yr delta0 ZY PQ; have [_ [i ii Ei]] := ZY.
have [delta' D'] := input_change_exists (apply_block visible b Z) (apply_block visible b Y) ii.
exists delta' => //; case: (D') => /(_ i ii) H _; apply: le_trans H.
apply: le_trans (change_after b Z Y i); rewrite Ei mulrBl mul1r ler_add2l ler_opp2.
exact: map_change.
Qed.

Lemma prompt_after b Z Y r rho delta delta' : in_ball r Z -> in_ball r Y -> 0 <= delta -> 0 <= rho ->
  input_change delta Z Y -> prompt_change (rho * delta) Z Y -> block_loss b r rho < 1 ->
  (1 - block_loss b r rho) * delta <= delta' ->
  prompt_change (block_ratio b r rho * delta') (apply_block visible b Z) (apply_block visible b Y).
Proof.
move=> Zr Yr delta0 rho0 [ZY _] PQ loss keeps i ni.
have l0 := block_loss_ge0 b r rho; have pos : 0 < 1 - block_loss b r rho by rewrite subr_gt0.
apply: (@le_trans _ _ (enorm (Z i - Y i) + enorm (block_map visible b Z i - block_map visible b Y i))).
  by rewrite /apply_block opprD addrACA enormD.
have scale u : 0 <= u -> u * delta <= u / (1 - block_loss b r rho) * delta'.
  move=> u0; rewrite -mulrA ler_wpmul2l // mulrC ler_pdivl_mulr // mulrC //.
case: b keeps l0 loss pos scale => [hs|f] keeps l0 loss pos scale; rewrite /block_ratio.
  apply: le_trans (scale _ (addr_ge0 rho0 l0)); rewrite mulrDl ler_add ?PQ //.
  rewrite [block_loss _ _ _]/(_ * Num.max rho 1) -mulrA.
  apply: block_map_lipschitz => // j; have [ij|nij] := boolP (input j).
    by rewrite (le_trans (ZY j ij)) // ler_pemull // le_maxr lexx orbT.
  by rewrite (le_trans (PQ j nij)) // ler_wpmul2r // le_maxr lexx.
have g0 : 0 <= 1 + block_loss (FfnBlock f) r rho by rewrite addr_ge0 ?ler01.
apply: le_trans (scale _ (mulr_ge0 rho0 g0)).
have -> : rho * (1 + block_loss (FfnBlock f) r rho) * delta =
  rho * delta + block_loss (FfnBlock f) r rho * (rho * delta) by ring.
by rewrite ler_add ?PQ // (le_trans (ffn_map_lipschitz _ _ _)) // ler_wpmul2l ?PQ.
Qed.

Lemma block_ratio_ge0 b r rho : 0 <= rho -> block_loss b r rho < 1 -> 0 <= block_ratio b r rho.
Proof.
move=> rho0 loss; have l0 := block_loss_ge0 b r rho.
have pos : 0 <= (1 - block_loss b r rho)^-1 by rewrite invr_ge0 subr_ge0 ltW.
by case: b loss l0 pos => [hs|f] loss l0 pos; rewrite /block_ratio mulr_ge0 // ?addr_ge0 // mulr_ge0 // addr_ge0 ?ler01.
Qed.

Lemma separation_general bs Z Y r rho delta : in_ball r Z -> in_ball r Y -> 0 <= delta -> 0 <= rho ->
  input_change delta Z Y -> prompt_change (rho * delta) Z Y -> ratio_recursion bs r rho ->
  exists2 i, input i &
    separation bs r rho * delta <= enorm (transformer visible bs Z i - transformer visible bs Y i).
Proof.
elim: bs Z Y r rho delta => [|b bs IH] Z Y r rho delta Zr Yr delta0 rho0 ZY PQ /=.
  by move=> _; case: ZY => _ [i ii Ei]; exists i => //; rewrite mul1r Ei.
move=> [loss rest]; have [delta' keeps ZY'] := block_keeps b Zr Yr delta0 ZY PQ.
have delta'0 : 0 <= delta' by case: ZY' => _ [i _ <-]; exact: enorm_ge0.
have [i ii H] := IH _ _ _ _ _ (block_in_ball self_visible b Zr) (block_in_ball self_visible b Yr) delta'0
  (block_ratio_ge0 rho0 loss) ZY' (prompt_after Zr Yr delta0 rho0 ZY PQ loss keeps) rest.
exists i => //; apply: le_trans H; rewrite mulrAC mulrC ler_wpmul2l //.
elim: (bs) (block_radius b r) (block_ratio b r rho) rest {IH} => [|b' bs' IH] r' rho' /=; first by rewrite ler01.
by move=> [l1 H]; rewrite mulr_ge0 ?IH // subr_ge0 ltW.
Qed.

(** Bidirectional attention (or any mask): two inputs under one prompt, at distance D, have
    outputs at least D times [separation] apart, at some input position. *)
Theorem injectivity_bidirectional bs Z Y r D :
  in_ball r Z -> in_ball r Y -> (forall i, ~~ input i -> Z i = Y i) ->
  input_change D Z Y -> ratio_recursion bs r 0 ->
  exists2 i, input i &
    separation bs r 0 * D <= enorm (transformer visible bs Z i - transformer visible bs Y i).
Proof.
move=> Zr Yr same ZY rec; apply: separation_general => //.
  by case: ZY => _ [i _ <-]; exact: enorm_ge0.
by move=> i ni; rewrite same // subrr enorm0 mul0r.
Qed.

Lemma separation_gt0 bs r rho : ratio_recursion bs r rho -> 0 < separation bs r rho.
Proof.
elim: bs r rho => [|b bs IH] r rho /=; first by rewrite ltr01.
by case=> loss rest; rewrite mulr_gt0 ?subr_gt0 // IH.
Qed.

(** So X -> T([P, X])_X is injective on the ball, for every prompt in the ball: equal outputs at all input
    positions come from equal inputs, and different inputs with equal targets at all positions cannot
    be memorized at any prompt length. *)
Corollary injective_bidirectional bs Z Y r :
  in_ball r Z -> in_ball r Y -> (forall i, ~~ input i -> Z i = Y i) -> ratio_recursion bs r 0 ->
  (forall i, input i -> transformer visible bs Z i = transformer visible bs Y i) ->
  forall i, Z i = Y i.
Proof.
move=> Zr Yr same rec equal i; have [ii|ni] := boolP (input i); last exact: same.
have [D ZY] := input_change_exists Z Y ii.
have [j ij] := injectivity_bidirectional Zr Yr same ZY rec.
rewrite equal // subrr enorm0 pmulr_rle0 ?separation_gt0 // => D0.
have /eqP : enorm (Z i - Y i) == 0 by rewrite eq_le enorm_ge0 andbT (le_trans _ D0) //; case: ZY => H _; exact: H.
by move=> /enorm_eq0 /eqP; rewrite subr_eq0 => /eqP.
Qed.

(** Causal mask: no prompt position sees an input position. *)
Section Causal.
Hypothesis causal : forall i j, ~~ input i -> visible i j -> ~~ input j.

Lemma prompt_unchanged b Z Y : (forall i, ~~ input i -> Z i = Y i) ->
  forall i, ~~ input i -> apply_block visible b Z i = apply_block visible b Y i.
Proof.
move=> same i ni; rewrite /apply_block same //; congr (_ + _).
case: b => [hs|f] /=; last by rewrite same.
apply: eq_bigr => h _; rewrite /attend; congr (_ *m _).
have keys j : visible i j -> Z j = Y j by move=> /(causal ni) /same.
apply: eq_bigr => j vj; rewrite keys //; congr (_ *: _).
rewrite /attention_weight /softmax keys // same //; congr (_ / _).
by apply: eq_bigr => k vk; rewrite keys.
Qed.

Theorem injectivity_causal bs Z Y r D :
  in_ball r Z -> in_ball r Y -> (forall i, ~~ input i -> Z i = Y i) ->
  input_change D Z Y -> contractive bs r ->
  exists2 i, input i &
    causal_separation bs r * D <= enorm (transformer visible bs Z i - transformer visible bs Y i).
Proof.
elim: bs Z Y r D => [|b bs IH] Z Y r D Zr Yr same ZY /=.
  by move=> _; case: ZY => _ [i ii Ei]; exists i => //; rewrite mul1r Ei.
move=> [loss rest]; have D0 : 0 <= D by case: ZY => _ [i _ <-]; exact: enorm_ge0.
have PQ : prompt_change (0 * D) Z Y by move=> i ni; rewrite same // subrr enorm0 mul0r.
have [D' keeps ZY'] := block_keeps b Zr Yr D0 ZY PQ.
have lossE : block_loss b r 0 = block_constant b r.
  by case: (b) => [hs|f] //; rewrite /block_loss max_r ?ler01 // mulr1.
rewrite lossE in keeps.
have [i ii H] := IH _ _ _ _ (block_in_ball self_visible b Zr) (block_in_ball self_visible b Yr)
  (prompt_unchanged b same) ZY' rest.
exists i => //; apply: le_trans H; rewrite mulrAC mulrC ler_wpmul2l //.
elim: (bs) (block_radius b r) rest {IH} => [|b' bs' IH] r' /=; first by rewrite ler01.
by move=> [l1 H]; rewrite mulr_ge0 ?IH // subr_ge0 ltW.
Qed.

Lemma causal_separation_gt0 bs r : contractive bs r -> 0 < causal_separation bs r.
Proof.
elim: bs r => [|b bs IH] r /=; first by rewrite ltr01.
by case=> loss rest; rewrite mulr_gt0 ?subr_gt0 // IH.
Qed.

Corollary injective_causal bs Z Y r :
  in_ball r Z -> in_ball r Y -> (forall i, ~~ input i -> Z i = Y i) -> contractive bs r ->
  (forall i, input i -> transformer visible bs Z i = transformer visible bs Y i) ->
  forall i, Z i = Y i.
Proof.
move=> Zr Yr same rec equal i; have [ii|ni] := boolP (input i); last exact: same.
have [D ZY] := input_change_exists Z Y ii.
have [j ij] := injectivity_causal Zr Yr same ZY rec.
rewrite equal // subrr enorm0 pmulr_rle0 ?causal_separation_gt0 // => D0.
have /eqP : enorm (Z i - Y i) == 0 by rewrite eq_le enorm_ge0 andbT (le_trans _ D0) //; case: ZY => H _; exact: H.
by move=> /enorm_eq0 /eqP; rewrite subr_eq0 => /eqP.
Qed.
End Causal.
End Injectivity.

(** Without a prompt: Z -> T(Z) is injective on the ball if c < 1 and g < 1 in every block. *)
Corollary injective_transformer (d : nat) (T : finType) (visible : T -> pred T) (bs : seq (block d))
    (Z Y : T -> 'cV[R]_d) (r : R) :
  (forall i, visible i i) -> in_ball r Z -> in_ball r Y -> contractive bs r ->
  (forall i, transformer visible bs Z i = transformer visible bs Y i) -> forall i, Z i = Y i.
Proof.
move=> self Zr Yr small equal.
by apply: (@injective_causal d T visible predT self _ bs Z Y r) => // i.
Qed.
