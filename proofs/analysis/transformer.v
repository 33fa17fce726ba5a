(** The transformer of the theory: multi-head softmax attention blocks and feed-forward blocks on
    sequences of tokens in R^d, with upper bounds of the spectral norms of their weights.

    A sequence is a map Z from a finite set T of positions to R^d. [visible i j] says that the query
    at position i sees the key at position j: everything for bidirectional attention, the prefix
    under a causal mask. Every position sees itself. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.algebra Require Import euclidean.
From PromptBound.analysis Require Import bridge softmax_lipschitz.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Section Transformer.
Variables (d : nat) (T : finType) (visible : T -> pred T).
Local Notation token := 'cV[R]_d.
Local Notation sequence := (T -> token).

(** One head: A = W_K^T W_Q, V = W_O W_V, with normA >= ||A||_2 and normV >= ||V||_2. *)
Record head := Head {
  head_A : 'M[R]_d; head_V : 'M[R]_d; normA : R; normV : R;
  normA_bound : spectral_le head_A normA; normV_bound : spectral_le head_V normV }.

(** att(z_i; Z) = V sum_j p_ij z_j with p_ij proportional to exp(z_j^T A z_i), j visible from i. *)
Definition attention_weight (h : head) (Z : sequence) (i : T) : T -> R :=
  softmax (visible i) (fun j => dot (Z j) (head_A h *m Z i)).
Definition attend (h : head) (Z : sequence) (i : T) : token :=
  head_V h *m \sum_(j | visible i j) attention_weight h Z i j *: Z j.
(** sum_h att_h(z_i; Z) *)
Definition attention_map (hs : seq head) (Z : sequence) (i : T) : token :=
  \sum_(h <- hs) attend h Z i.

(** Feed-forward network z -> W_2 relu(W_1 z + b_1) + b_2 with norm1 >= ||W_1||, norm2 >= ||W_2||. *)
Record ffn := Ffn {
  ffn_width : nat;
  ffn_W1 : 'M[R]_(ffn_width, d); ffn_b1 : 'cV[R]_ffn_width;
  ffn_W2 : 'M[R]_(d, ffn_width); ffn_b2 : token; norm1 : R; norm2 : R;
  norm1_bound : spectral_le ffn_W1 norm1; norm2_bound : spectral_le ffn_W2 norm2 }.
Definition ffn_map (f : ffn) (z : token) : token :=
  ffn_W2 f *m relu (ffn_W1 f *m z + ffn_b1 f) + ffn_b2 f.

(** A residual block adds its map to every token; a transformer is a list of blocks. *)
Inductive block := AttentionBlock of seq head | FfnBlock of ffn.
Definition block_map (b : block) (Z : sequence) (i : T) : token :=
  match b with AttentionBlock hs => attention_map hs Z i | FfnBlock f => ffn_map f (Z i) end.
Definition apply_block (b : block) (Z : sequence) (i : T) : token := Z i + block_map b Z i.
Fixpoint transformer (bs : seq block) (Z : sequence) : sequence :=
  if bs is b :: bs' then transformer bs' (apply_block b Z) else Z.

(** Every token has Euclidean norm at most r; every token moves by at most delta. *)
Definition in_ball (r : R) (Z : sequence) : Prop := forall i, enorm (Z i) <= r.
Definition within (delta : R) (Z Z' : sequence) : Prop := forall i, enorm (Z i - Z' i) <= delta.

(** The constants of theory item 3.1. *)
(** c = sum_h ||V_h|| (kappa_h + sqrt(1 + kappa_h^2)), kappa_h = ||A_h|| r^2, for attention, g = ||W_1|| ||W_2|| for a network *)
Definition block_constant (b : block) (r : R) : R :=
  match b with
  | AttentionBlock hs => \sum_(h <- hs) normV h * (normA h * r ^+ 2 + Num.sqrt (1 + (normA h * r ^+ 2) ^+ 2))
  | FfnBlock f => norm1 f * norm2 f
  end.
(** r (1 + sum_h ||V_h||), respectively r (1 + g) + ||W_2|| ||b_1|| + ||b_2|| *)
Definition block_radius (b : block) (r : R) : R :=
  match b with
  | AttentionBlock hs => r * (1 + \sum_(h <- hs) normV h)
  | FfnBlock f => r * (1 + norm1 f * norm2 f) + norm2 f * enorm (ffn_b1 f) + enorm (ffn_b2 f)
  end.
Fixpoint stack_radius (bs : seq block) (r : R) : R :=
  if bs is b :: bs' then stack_radius bs' (block_radius b r) else r.
(** product of the blocks' 1 + c and 1 + g, each at its own radius *)
Fixpoint stack_constant (bs : seq block) (r : R) : R :=
  if bs is b :: bs' then (1 + block_constant b r) * stack_constant bs' (block_radius b r) else 1.
End Transformer.
