(** Theory item 1.2 (entropy-bits): a necessary prompt length for b-bit prompts, any model.

    k >= 1 is an integer with k < C/(2 eps), and eps < 1/2; n = d L. If a model with prompt
    entries of b bits and prompt width w serves every f in F(C, alpha) within eps (supremum over X of the
    alpha-norm), by prompts of at most m tokens, then
        s (k+1)^n <= b w m,   that is   m >= ceil(s (k+1)^n / (b w)),
    with s = 1 for every alpha in [1, inf], and s = n for alpha = inf. *)
From mathcomp Require Import all_ssreflect all_algebra.
From PromptBound.algebra Require Import sup_norm packing target_class.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** Prompts of exactly m tokens of width w with entries of b bits, and of at most m tokens. *)
Definition bit_prompt (b w m : nat) := {ffun 'I_w * 'I_m -> 'I_(2 ^ b)}.
Definition bit_prompt_upto (b w m : nat) := {l : 'I_m.+1 & bit_prompt b w l}.

Lemma card_bit_prompt b w m : #|{: bit_prompt b w m}| = (2 ^ (b * w * m))%N.
Proof. by rewrite card_ffun card_prod !card_ord -expnM mulnA. Qed.

(** Fewer than 2^{b w m + 1} prompts have at most m tokens. *)
Lemma card_bit_prompt_upto b w m : (0 < b * w)%N ->
  (#|[finType of bit_prompt_upto b w m]| < 2 ^ (b * w * m).+1)%N.
Proof.
move=> bw0; rewrite card_tagged sumnE big_map big_enum /=.
under eq_bigr do rewrite card_bit_prompt.
elim: m => [|m IH]; first by rewrite big_ord1 muln0.
rewrite big_ord_recr /= [X in (_ < X)%N]expnS mul2n -addnn ltn_add2r.
by rewrite (leq_trans IH) // leq_exp2l // mulnS addnC -addn1 leq_add2l.
Qed.

Section EntropyBits.
Variables (R : realFieldType) (d L : nat) (C eps : R) (k : nat).
Local Notation point := {ffun 'I_d * 'I_L -> R}.
Hypotheses (eps0 : 0 <= eps) (eps_half : eps < 2%:R^-1) (k0 : (0 < k)%N)
  (k_lt : k%:R * (2%:R * eps) < C).

Let C0 : 0 <= C. Proof. by rewrite ltW // (le_lt_trans _ k_lt) // !mulr_ge0 ?ler0n. Qed.

(** Different choices at a grid point are further apart than one output can serve: h > 2 eps. *)
Lemma packing_height_gt : 2%:R * eps < packing_height C k.
Proof.
rewrite /packing_height lt_minr; apply/andP; split.
  by rewrite mulrC -ltr_pdivl_mulr ?ltr0n // div1r.
by rewrite ltr_pdivl_mulr ?ltr0n // mulrC.
Qed.

(** The count, for any finite set of prompts. *)
Lemma prompts_ge (Prompt : finType) (run : Prompt -> point -> point) (dist : point -> point -> R)
    (Target : finType) (F : Target -> point -> point) :
  alpha_distance dist -> (forall s, target_class dist C (F s)) ->
  (forall s t, s != t -> exists2 x, cube x & packing_height C k <= sup_dist (F s x) (F t x)) ->
  (forall f, target_class dist C f -> approximable dist (fun=> True) run eps f) ->
  (#|Target| <= #|Prompt|)%N.
Proof.
move=> dist_alpha FC Fsep universal.
apply: (@targets_le_codes R point point Prompt (@sup_dist R _) (@sup_distC R _)
  (@sup_dist_triangle R _) Target Prompt F id (fun=> True) (@cube R _) run eps 0).
- by move=> P Q x _ _ _ ->; rewrite sup_distxx.
- move=> s t /Fsep [x x01 sep]; exists x => //.
  by rewrite addr0 (lt_le_trans packing_height_gt).
- move=> s; have [P _ HP] := universal _ (FC s); exists P => // x /HP H.
  apply: sup_dist_le => [|i]; first exact: eps0.
  exact: le_trans (alpha_dist_ge dist_alpha _ _ i) H.
Qed.

Let card_cells : #|{: {ffun 'I_d * 'I_L -> 'I_k.+1}}| = (k.+1 ^ (d * L))%N.
Proof. by rewrite card_ffun card_prod !card_ord. Qed.

(** A finite set of fewer than 2^{B+1} prompts: s (k+1)^n <= B. *)
Lemma entropy_count (Prompt : finType) B (run : Prompt -> point -> point) dist :
  (0 < d)%N -> (0 < L)%N -> (#|Prompt| < 2 ^ B.+1)%N -> alpha_distance dist ->
  (forall f, target_class dist C f -> approximable dist (fun=> True) run eps f) ->
  (k.+1 ^ (d * L) <= B)%N.
Proof.
move=> d0 L0 few dist_alpha universal.
have [F [FC Fsep]] := separated_targets dist_alpha C0 k0 (Ordinal d0, Ordinal L0).
have := prompts_ge dist_alpha FC Fsep universal; rewrite card_ffun card_bool card_cells.
by move=> /leq_ltn_trans /(_ few); rewrite ltn_exp2l // ltnS.
Qed.

Lemma entropy_count_max (Prompt : finType) B (run : Prompt -> point -> point) :
  (#|Prompt| < 2 ^ B.+1)%N ->
  (forall f, target_class (@sup_dist R _) C f ->
     approximable (@sup_dist R _) (fun=> True) run eps f) ->
  (d * L * k.+1 ^ (d * L) <= B)%N.
Proof.
move=> few universal.
have [F [FC Fsep]] := @separated_targets_max R [finType of 'I_d * 'I_L] C k C0 k0.
have := prompts_ge (@alpha_distance_max _ _) FC Fsep universal.
rewrite card_ffun card_bool card_prod card_cells card_prod !card_ord.
by move=> /leq_ltn_trans /(_ few); rewrite ltn_exp2l // ltnS.
Qed.

Variables (b w m : nat).
Hypotheses (b0 : (0 < b)%N) (w0 : (0 < w)%N).
Let few : (#|[finType of bit_prompt_upto b w m]| < 2 ^ (b * w * m).+1)%N.
Proof. by rewrite card_bit_prompt_upto // muln_gt0 b0. Qed.

(** Any alpha in [1, inf]: (k+1)^n <= b w m. *)
Theorem entropy_bits (dist : point -> point -> R) (run : bit_prompt_upto b w m -> point -> point) :
  (0 < d)%N -> (0 < L)%N -> alpha_distance dist ->
  (forall f, target_class dist C f -> approximable dist (fun=> True) run eps f) ->
  (k.+1 ^ (d * L) <= b * w * m)%N.
Proof. move=> d0 L0; exact: (entropy_count d0 L0 few). Qed.

(** alpha = inf: n (k+1)^n <= b w m. *)
Theorem entropy_bits_max (run : bit_prompt_upto b w m -> point -> point) :
  (forall f, target_class (@sup_dist R _) C f ->
     approximable (@sup_dist R _) (fun=> True) run eps f) ->
  (d * L * k.+1 ^ (d * L) <= b * w * m)%N.
Proof. exact: (entropy_count_max few). Qed.
End EntropyBits.
