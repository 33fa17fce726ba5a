(** Theory item 1.1 (quantized-capacity), the counting behind the published formula.

    Entries of inputs, outputs and prompts take one of k >= 2 values (the grid with step
    delta = 1/k). There are lambda = k^n inputs, n = d L. A model with prompts of m tokens that
    can imitate *every* map from grid inputs to grid outputs exists if and only if
    m >= L lambda. *)
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section QuantizedCapacity.
Variables (d L m k : nat).

(** d x L matrices and d x m prompts with entries on the grid *)
Definition grid_input := {ffun 'I_d * 'I_L -> 'I_k}.
Definition grid_prompt := {ffun 'I_d * 'I_m -> 'I_k}.

(** Every map from grid to grid is what the model does under some prompt. *)
Definition imitates_every_map (model : grid_prompt -> {ffun grid_input -> grid_input}) : Prop :=
  forall f : {ffun grid_input -> grid_input}, exists P, model P = f.

Lemma card_grid_input : #|{: grid_input}| = k ^ (d * L).
Proof. by rewrite card_ffun card_prod !card_ord. Qed.

Lemma card_grid_prompt : #|{: grid_prompt}| = k ^ (d * m).
Proof. by rewrite card_ffun card_prod !card_ord. Qed.

(** d, k >= 1: with no coordinate or one value only there is a single map. *)
Theorem quantized_capacity : 0 < d -> 1 < k ->
  (exists model, imitates_every_map model) <-> L * k ^ (d * L) <= m.
Proof.
move=> d0 k1.
have card_maps : #|{: {ffun grid_input -> grid_input}}| = k ^ (d * (L * k ^ (d * L))).
  by rewrite card_ffun card_grid_input -expnM mulnA.
split=> [[model every]|Hm].
  have /fin_all_exists [prompt promptP] : forall f, exists P, model P = f by exact: every.
  have /leq_card : injective prompt by exact: can_inj promptP.
  by rewrite card_maps card_grid_prompt leq_exp2l // leq_pmul2l.
have le : #|{: {ffun grid_input -> grid_input}}| <= #|{: grid_prompt}|.
  by rewrite card_maps card_grid_prompt leq_exp2l // leq_pmul2l.
pose f0 : {ffun grid_input -> grid_input} := [ffun x => x].
exists (fun P => nth f0 (enum {: {ffun grid_input -> grid_input}}) (enum_rank P)) => f.
have lt : index f (enum {: {ffun grid_input -> grid_input}}) < #|{: grid_prompt}|.
  by rewrite (leq_trans _ le) // cardE index_mem mem_enum.
exists (enum_val (Ordinal lt)).
by rewrite enum_valK /= nth_index // mem_enum.
Qed.
End QuantizedCapacity.
