(** Theory item 2.7 (memory-bits, accessible-length): counting bounds for any model. *)
From mathcomp Require Import all_ssreflect all_algebra.
From PromptBound.algebra Require Import sup_norm entropy_bits grid_code.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.

(** memory-bits: prompt entries of b bits, width w, m tokens. If for N inputs all K^N labellings by
    K labels are reached, then K^N <= 2^{m w b}, that is N log2 K <= m w b. *)
Theorem memory_bits (b w m N K : nat) (labelling : bit_prompt b w m -> {ffun 'I_N -> 'I_K}) :
  (forall l, exists P, labelling P = l) -> K ^ N <= 2 ^ (b * w * m).
Proof.
move=> /fin_all_exists [prompt promptP].
by have := leq_card prompt (can_inj promptP); rewrite card_bit_prompt card_ffun !card_ord.
Qed.

(** accessible-length: if all v^l output sequences of length l over a vocabulary of v are reachable,
    then v^l <= 2^{m w b}, that is l <= m w b / log2 v. *)
Theorem accessible_length (b w m v l : nat) (output : bit_prompt b w m -> l.-tuple 'I_v) :
  (forall t, exists P, output P = t) -> v ^ l <= 2 ^ (b * w * m).
Proof.
move=> /fin_all_exists [prompt promptP].
by have := leq_card prompt (can_inj promptP); rewrite card_bit_prompt card_tuple card_ord.
Qed.

(** The form with real entries in [-r, r] that are told apart at eps only: prompts within eps of each
    other in every entry give the same output. For any natural c >= 2 r/eps (so c <= 1 + 2 r/eps can be had):
    v^l <= c^{w m}, that is l <= m w ln(1 + 2 r/eps) / ln v. *)
Theorem accessible_length_resolution (R : realFieldType) (w m v l c : nat) (r eps : R)
    (output : {ffun 'I_w * 'I_m -> R} -> l.-tuple 'I_v) :
  (0 <= eps)%R -> (0 < c)%N -> (2%:R * r <= c%:R * eps)%R ->
  (forall P Q, in_box r P -> in_box r Q -> (sup_dist P Q <= eps)%R -> output P = output Q) ->
  (forall t, exists2 P, in_box r P & output P = t) -> v ^ l <= c ^ (w * m).
Proof.
move=> eps0 c0 cover same /fin_all_exists2 [prompt box promptP].
have inj : injective (grid_code r eps c0 \o prompt).
  move=> s t /= e; rewrite -(promptP s) -(promptP t); apply: same => //.
  by apply: (grid_code_close eps0 cover _ _ e); [exact: box s|exact: box t].
have := leq_card _ inj.
by rewrite card_tuple card_grid_code card_prod !card_ord.
Qed.
