(** Theory item 5.5: data sets that need N prompt tokens and that a rank-one update fits.

    Width d = 2N, one token per example (L = 1), x_i = e_i / 2 for i = 1..N, V the identity, any
    score map (any positive attention weights). The feed-forward block is
      h(z) = z + W_2 relu(W_1 z + b_1),  W_1 = [M | 0],  W_2 = [0; I],  (b_1)_k = 5 - 10 k,
    with entries of M below 5 in size (3/7 in the construction). The update W_1 + u v^T, u = (1,..,1), v = sum_k 10 k e_k, has
    rank one and N + d numbers. The targets are what the updated model returns without a prompt, so
    the update fits them by definition. Every prompt of the frozen model that fits them has at
    least N tokens, that is N d trainable numbers (theory item 2.4). *)
From mathcomp Require Import all_ssreflect all_algebra.
From PromptBound.algebra Require Import concatenation rank_lower.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section PromptVersusLora.
Variables (F : realFieldType) (N : nat).
Notation token := 'cV[F]_(N + N).
Variable w : token -> token -> F.
Hypothesis w_gt0 : forall x z, 0 < w x z.
Variable M : 'M[F]_N.
Hypothesis M_small : forall k i, `|M k i| < 5%:R.

(** The tokens, and the layer: attention and feed-forward block, each with its residual. *)
Definition lora_token (i : 'I_N) : token := 2%:R^-1 *: delta_mx (lshift N i) 0.
Definition bias : 'cV[F]_N := \col_k (5%:R - 10%:R * k.+1%:R).
Definition feed_forward (W1 : 'M[F]_(N, N + N)) (z : token) : token :=
  z + (col_mx 0 1%:M : 'M_(N + N, N)) *m map_mx (Num.max 0) (W1 *m z + bias).
Definition layer W1 (I : finType) (Z : I -> token) (x : token) : token :=
  feed_forward W1 (x + att w (mulmx 1%:M) x Z).

Definition frozen_weights : 'M[F]_(N, N + N) := row_mx M 0.
Definition update_left : 'cV[F]_N := const_mx 1.
Definition update_right : token := col_mx (\col_k (10%:R * k.+1%:R)) 0.
Definition updated_weights := frozen_weights + update_left *m update_right^T.

(** The input of example i, and its target: the updated model's output without a prompt. *)
Definition lora_input i (_ : 'I_1) : token := lora_token i.
Definition lora_target i : token := layer updated_weights (@lora_input i) (lora_token i).

Theorem update_rank_one : (\rank (updated_weights - frozen_weights)%R <= 1)%N.
Proof.
rewrite /updated_weights addrC addKr (leq_trans (mxrankM_maxl _ _)) //.
exact: rank_leq_col.
Qed.

Lemma feed_forward_col (B : 'M[F]_N) (p q : 'cV[F]_N) :
  feed_forward (row_mx B 0) (col_mx p q) = col_mx p (q + map_mx (Num.max 0) (B *m p + bias)).
Proof.
rewrite /feed_forward mul_row_col mul0mx addr0 mul_col_mx mul0mx mul1mx.
by rewrite add_col_mx addr0.
Qed.

Lemma delta_col i : delta_mx (lshift N i) 0 = col_mx (delta_mx i 0) 0 :> token.
Proof.
apply/colP => k; rewrite [LHS]mxE; case: (split_ordP k) => j ->.
  by rewrite col_mxEu mxE eq_lshift.
by rewrite col_mxEd mxE eq_rlshift.
Qed.

Lemma lora_attention i : att w (mulmx 1%:M) (lora_token i) (@lora_input i) = lora_token i.
Proof. by rewrite /att /mass !big_ord1 mul1mx scalerA mulVf ?scale1r // lt0r_neq0. Qed.

(** What the i-th target adds below: the entries (k, i) form a triangular matrix. *)
Definition added (k i : 'I_N) : F :=
  Num.max 0 (M k i + 10%:R * i.+1%:R + (5%:R - 10%:R * k.+1%:R)) - Num.max 0 (M k i + (5%:R - 10%:R * k.+1%:R)).
Definition attention_target i : token := col_mx (2%:R^-1 *: delta_mx i 0) (\col_k added k i).

Lemma lora_target_col i : lora_target i =
  col_mx (delta_mx i 0) (map_mx (Num.max 0) (M *m delta_mx i 0 + bias) + \col_k added k i).
Proof.
rewrite /lora_target /layer lora_attention -scalerDl -mulr2n -mulr_natr mulVf ?pnatr_eq0 // scale1r delta_col.
rewrite /updated_weights /frozen_weights tr_col_mx trmx0 mul_mx_row mulmx0 add_row_mx addr0 feed_forward_col.
congr col_mx; apply/colP => k.
have E (B : 'M[F]_N) : (map_mx (Num.max 0) (B *m delta_mx i 0 + bias)) k 0 =
    Num.max 0 (B k i + (5%:R - 10%:R * k.+1%:R)).
  by rewrite 2!mxE -colE !mxE.
rewrite add0r E [RHS]mxE E [in RHS]mxE /added [RHS]addrC subrK; congr (Num.max 0 (_ + _)).
by rewrite mxE; congr (_ + _); rewrite mxE big_ord1 !mxE mul1r.
Qed.

(** The frozen model returns the target exactly when the attention output is attention_target. *)
Lemma frozen_hits i (I : finType) (Z : I -> token) : layer frozen_weights Z (lora_token i) = lora_target i ->
  att w (mulmx 1%:M) (lora_token i) Z = attention_target i.
Proof.
rewrite /layer lora_target_col; set z := _ + _; rewrite -[z]vsubmxK feed_forward_col => /eq_col_mx [top bot].
have zE : z = col_mx (delta_mx i 0) (\col_k added k i).
  by rewrite -[z]vsubmxK top; congr col_mx; move: bot; rewrite top [RHS]addrC => /addIr.
have -> : att w (mulmx 1%:M) (lora_token i) Z = z - lora_token i by rewrite /z addrC addKr.
rewrite zE /lora_token delta_col scale_col_mx scaler0 opp_col_mx add_col_mx oppr0 addr0.
congr col_mx; rewrite -{1}[delta_mx i 0]scale1r -scalerBl; congr (_ *: _).
by apply/eqP; rewrite subr_eq -mulr2n -mulr_natr mulVf // pnatr_eq0.
Qed.

(** The added entries: positive on the diagonal, zero below it. *)
Lemma M_add5 k i : M k i + 5%:R < 10%:R.
Proof.
have := M_small k i; rewrite ltr_norml => /andP [_ hi].
by rewrite (_ : 10%:R = 5%:R + 5%:R) ?ltr_add2r // -natrD.
Qed.

Lemma addedE k i : added k i = Num.max 0 (M k i + 5%:R + 10%:R * i.+1%:R - 10%:R * k.+1%:R).
Proof.
have nn : M k i + 5%:R - 10%:R * k.+1%:R <= 0.
  rewrite subr_le0 ltW // (lt_le_trans (M_add5 k i)) //.
  by rewrite -[leLHS]mulr1 ler_pmul2l ?ltr0n // ler1n.
rewrite /added [M k i + (5%:R - _)]addrA (max_l nn) subr0; congr (Num.max 0 _).
by rewrite [LHS]addrA [M k i + _ + 5%:R]addrAC.
Qed.

Lemma added_diag k : 0 < added k k.
Proof.
rewrite addedE addrK lt_maxr ltxx /= -ltr_subl_addr sub0r.
by have := M_small k k; rewrite ltr_norml => /andP [].
Qed.

Lemma added_below (k i : 'I_N) : (i < k)%N -> added k i = 0.
Proof.
move=> ik; rewrite addedE; apply: max_l; rewrite subr_le0.
apply: le_trans (_ : 10%:R + 10%:R * i.+1%:R <= _); first by rewrite ler_add2r ltW // M_add5.
by rewrite -[X in X + _]mulr1 -mulrDr ler_pmul2l ?ltr0n // (_ : 1 + i.+1%:R = i.+2%:R) ?ler_nat // -[1]/(1%:R) -natrD.
Qed.

(** Theory item 5.5: every prompt with which the frozen model returns all N targets has at least N
    tokens. *)
Theorem prompt_versus_lora m (P : 'I_m -> token) :
  (forall i, layer frozen_weights (concat P (@lora_input i)) (lora_token i) = lora_target i) -> (N <= m)%N.
Proof.
move=> H; have PE : prompt_exists w 1%:M lora_token lora_input attention_target m.
  by exists P => i; apply: frozen_hits.
apply: leq_trans (rank_lower w_gt0 PE).
pose Rm : 'M[F]_N := \matrix_(k, i) added k i.
have bareE : columns (bare_output w 1%:M lora_token lora_input) = col_mx (2%:R^-1%:M) 0.
  apply/matrixP => c i; rewrite mxE /bare_output lora_attention /lora_token delta_col.
  case: (split_ordP c) => j ->; rewrite [LHS]mxE ?col_mxEu ?col_mxEd !mxE ?mulr0 //.
  by rewrite andbT mulr_natr.
have targetE : columns attention_target = col_mx (2%:R^-1%:M) Rm.
  apply/matrixP => c i; rewrite mxE /attention_target.
  by case: (split_ordP c) => j ->; rewrite ?col_mxEu ?col_mxEd !mxE // andbT mulr_natr.
have half : 2%:R^-1 != 0 :> F by rewrite invr_eq0 pnatr_eq0.
have full : \rank (row_mx (columns (bare_output w 1%:M lora_token lora_input)) (columns attention_target)) = (N + N)%N.
  apply: mxrank_unit; rewrite bareE targetE -block_mxEh unitmxE det_ublock det_scalar unitfE.
  rewrite mulf_neq0 ?expf_neq0 // -det_tr det_trig; last first.
    by apply/is_trig_mxP => i k ik; rewrite !mxE added_below.
  by apply/prodf_neq0 => k _; rewrite !mxE lt0r_neq0 // added_diag.
rewrite full -[leqLHS](addnK N); apply: leq_sub2l.
exact: rank_leq_col.
Qed.
End PromptVersusLora.
