(** Theory item 3.1: Lipschitz constants that do not depend on the sequence length.

    For tokens of Euclidean norm at most r, in the norm max over positions of the Euclidean norm:
    the attention map has constant c = sum_h ||V_h|| (kappa_h + sqrt(1 + kappa_h^2)), kappa_h = ||A_h|| r^2, the feed-forward
    map g = ||W_1|| ||W_2||, a block 1 + c or 1 + g, and a stack the product along the growing radii. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import euclidean.
From PromptBound.analysis Require Import bridge softmax_lipschitz attention_constant transformer.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Section LipschitzConstants.
Variables (d : nat) (T : finType) (visible : T -> pred T).
Hypothesis self_visible : forall i, visible i i.
Local Notation token := 'cV[R]_d.
Local Notation sequence := (T -> token).
Implicit Types (Z Y : sequence) (r delta : R) (b : block d).

Let normA_ge0 (h : head d) : 0 <= normA h. Proof. by have [] := normA_bound h. Qed.
Let normV_ge0 (h : head d) : 0 <= normV h. Proof. by have [] := normV_bound h. Qed.
Let norm1_ge0 (f : ffn d) : 0 <= norm1 f. Proof. by have [] := norm1_bound f. Qed.
Let norm2_ge0 (f : ffn d) : 0 <= norm2 f. Proof. by have [] := norm2_bound f. Qed.

(** Outputs of one head lie in the ball of radius ||V|| r. *)
Lemma attend_radius h Z i r : in_ball r Z -> enorm (attend visible h Z i) <= normV h * r.
Proof.
move=> Zr; have [_ HV] := normV_bound h; rewrite /attend (le_trans (HV _)) // ler_wpmul2l //.
rewrite (le_trans (enorm_sum _ _ _)) //.
rewrite -[r]mul1r -(softmax_sum1 (self_visible i) (fun j => dot (Z j) (head_A h *m Z i))) mulr_suml.
apply: ler_sum => j _; rewrite enormZ ger0_norm ?(softmax_ge0 (self_visible i)) //.
by rewrite ler_wpmul2l // (softmax_ge0 (self_visible i)).
Qed.

(** One head: constant ||V|| (kappa + sqrt(1 + kappa^2)). *)
Lemma attend_lipschitz h Z Y i r delta : in_ball r Z -> in_ball r Y -> within delta Z Y ->
  enorm (attend visible h Z i - attend visible h Y i)
    <= normV h * (normA h * r ^+ 2 + Num.sqrt (1 + (normA h * r ^+ 2) ^+ 2)) * delta.
Proof.
move=> Zr Yr ZY; have [_ HV] := normV_bound h.
rewrite /attend -mulmxBr (le_trans (HV _)) // -mulrA ler_wpmul2l //.
exact: (read_token_ball (self_visible i) (normA_bound h) ZY Zr Yr).
Qed.

(** Diameter form: for visible tokens of diameter D in both sequences and ||A z_i|| <= a_h, the attention map at position i has
    constant sum_h ||V_h|| (sqrt(1 + (a_h D/2)^2) + ||A_h|| D^2/4). *)
Theorem attention_diameter (hs : seq (head d)) (a : head d -> R) Z Y i diameter delta :
  (forall h, enorm (head_A h *m Z i) <= a h) -> (forall h, enorm (head_A h *m Y i) <= a h) ->
  (forall j l, visible i j -> visible i l -> enorm (Z j - Z l) <= diameter) ->
  (forall j l, visible i j -> visible i l -> enorm (Y j - Y l) <= diameter) -> within delta Z Y ->
  enorm (attention_map visible hs Z i - attention_map visible hs Y i) <=
    (\sum_(h <- hs) normV h * (Num.sqrt (1 + (a h * (diameter / 2%:R)) ^+ 2) + normA h * (diameter ^+ 2 / 4%:R))) * delta.
Proof.
move=> Za Ya ZD YD ZY; rewrite /attention_map -sumrB (le_trans (enorm_sum _ _ _)) // mulr_suml.
apply: ler_sum => h _; have [_ HV] := normV_bound h.
rewrite /attend -mulmxBr (le_trans (HV _)) // -mulrA ler_wpmul2l //.
exact: (read_token_diameter (self_visible i) (normA_bound h) ZY (Za h) (Ya h) ZD YD).
Qed.

(** The feed-forward map: constant g = ||W_1|| ||W_2||, token by token. *)
Lemma ffn_map_lipschitz (f : ffn d) (z y : token) :
  enorm (ffn_map f z - ffn_map f y) <= norm1 f * norm2 f * enorm (z - y).
Proof.
have [_ H1] := norm1_bound f; have [_ H2] := norm2_bound f.
have -> : ffn_map f z - ffn_map f y =
    ffn_W2 f *m (relu (ffn_W1 f *m z + ffn_b1 f) - relu (ffn_W1 f *m y + ffn_b1 f)).
  by rewrite /ffn_map mulmxBr opprD addrACA subrr addr0.
rewrite (le_trans (H2 _)) // mulrAC [X in _ <= X]mulrC ler_wpmul2l //.
by rewrite (le_trans (relu_contract _ _)) // opprD addrACA subrr addr0 -mulmxBr.
Qed.

(** The map of a block: constant c or g. *)
Theorem block_map_lipschitz b Z Y i r delta : in_ball r Z -> in_ball r Y -> within delta Z Y ->
  enorm (block_map visible b Z i - block_map visible b Y i) <= block_constant b r * delta.
Proof.
move=> Zr Yr ZY; case: b => [hs|f] /=.
  rewrite /attention_map -sumrB (le_trans (enorm_sum _ _ _)) // mulr_suml.
  by apply: ler_sum => h _; exact: attend_lipschitz.
by rewrite (le_trans (ffn_map_lipschitz _ _ _)) // ler_wpmul2l // mulr_ge0.
Qed.

(** Radii: a block maps the ball of radius r into the ball of radius [block_radius b r]. *)
Theorem block_in_ball b Z r : in_ball r Z -> in_ball (block_radius b r) (apply_block visible b Z).
Proof.
move=> Zr i; rewrite /apply_block (le_trans (enormD _ _)) //; case: b => [hs|f] /=.
  rewrite mulrDr mulr1 ler_add // /attention_map (le_trans (enorm_sum _ _ _)) // mulr_sumr.
  by apply: ler_sum => h _; rewrite mulrC attend_radius.
have [_ H1] := norm1_bound f; have [_ H2] := norm2_bound f.
rewrite mulrDr mulr1 -!addrA ler_add // addrA (le_trans (enormD _ _)) // ler_add2r.
rewrite (le_trans (H2 _)) //.
have -> : r * (norm1 f * norm2 f) + norm2 f * enorm (ffn_b1 f) =
    norm2 f * (norm1 f * r + enorm (ffn_b1 f)) by ring.
rewrite ler_wpmul2l // (le_trans (relu_le _)) // (le_trans (enormD _ _)) // ler_add2r.
by rewrite (le_trans (H1 _)) // ler_wpmul2l.
Qed.

Lemma block_constant_ge0 (b : block d) r : 0 <= block_constant b r.
Proof.
case: b => [hs|f] /=; last by rewrite mulr_ge0.
by apply: sumr_ge0 => h _; rewrite mulr_ge0 // addr_ge0 ?sqrtr_ge0 // mulr_ge0 ?sqr_ge0.
Qed.

(** Block: constant 1 + c or 1 + g. *)
Lemma apply_block_lipschitz b Z Y r delta : in_ball r Z -> in_ball r Y -> within delta Z Y ->
  within ((1 + block_constant b r) * delta) (apply_block visible b Z) (apply_block visible b Y).
Proof.
move=> Zr Yr ZY i; rewrite /apply_block opprD addrACA (le_trans (enormD _ _)) //.
by rewrite mulrDl mul1r ler_add // block_map_lipschitz.
Qed.

(** Whole stacks: for sequences in the ball of radius r that differ by at most delta at every position,
    the outputs differ by at most [stack_constant bs r] delta, and lie in the ball of radius
    [stack_radius bs r]. *)
Theorem lipschitz_constants bs Z Y r delta : in_ball r Z -> in_ball r Y -> within delta Z Y ->
  within (stack_constant bs r * delta) (transformer visible bs Z) (transformer visible bs Y) /\
  in_ball (stack_radius bs r) (transformer visible bs Z).
Proof.
elim: bs Z Y r delta => [|b bs IH] Z Y r delta Zr Yr ZY /=; first by rewrite mul1r.
have -> : (1 + block_constant b r) * stack_constant bs (block_radius b r) * delta =
  stack_constant bs (block_radius b r) * ((1 + block_constant b r) * delta) by ring.
by apply: IH; [exact: block_in_ball|exact: block_in_ball|exact: apply_block_lipschitz].
Qed.
End LipschitzConstants.

(** The sequence [P, X]. *)
Definition prompted (d : nat) (m L : finType) (P : m -> 'cV[R]_d) (X : L -> 'cV[R]_d)
    (i : m + L) : 'cV[R]_d := match i with inl a => P a | inr b => X b end.

(** The Lipschitz constant in the prompt that items 1.3, 2.5 and 2.6 ask for. *)
Corollary lipschitz_in_prompt_tokens (d : nat) (m L : finType) (visible : m + L -> pred (m + L))
    (bs : seq (block d)) (P Q : m -> 'cV[R]_d) (X : L -> 'cV[R]_d) (r delta : R) :
  (forall i, visible i i) -> 0 <= delta -> in_ball r P -> in_ball r Q -> in_ball r X ->
  within delta P Q ->
  within (stack_constant bs r * delta)
    (transformer visible bs (prompted P X)) (transformer visible bs (prompted Q X)).
Proof.
move=> self delta0 Pr Qr Xr PQ.
have ball (S : m -> 'cV[R]_d) : in_ball r S -> in_ball r (prompted S X) by move=> Sr [].
have [] // := @lipschitz_constants d _ visible self bs _ _ r delta (ball P Pr) (ball Q Qr).
by case=> i /=; [exact: PQ|rewrite subrr enorm0].
Qed.
