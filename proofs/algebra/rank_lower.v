(** Theory item 2.4, rank-lower: a prompt needs as many tokens as the targets add to the rank.

    One attention head with value map V over any ordered field; softmax attention has positive
    weights, nothing else is used. Example i has the query x_i and the tokens X_i, a_i =
    att(x_i;X_i), and t_i is the output wanted there. If one prompt of m tokens serves all N
    examples, then every t_i is a combination of a_i and of the m vectors V p_j, so
      m >= rank[a_1..a_N t_1..t_N] - rank[a_1..a_N],
    and, with the columns V z over all input tokens z in place of the a_i (rational on rational
    data), m >= rank[VZ, t] - rank[VZ]. *)
From mathcomp Require Import all_ssreflect all_algebra.
From PromptBound.algebra Require Import concatenation.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** The matrix whose columns are the given vectors. *)
Definition columns (F : fieldType) (d n : nat) (f : 'I_n -> 'cV[F]_d) : 'M[F]_(d, n) :=
  \matrix_(c, i) f i c 0.

Lemma columnsM (F : fieldType) (d n : nat) (f : 'I_n -> 'cV[F]_d) (y : 'cV[F]_n) :
  columns f *m y = \sum_i y i 0 *: f i.
Proof.
apply/colP => c; rewrite mxE summxE; apply: eq_bigr => i _.
by rewrite !mxE mulrC.
Qed.

(** If every t_i is a combination of columns of B and of m further vectors, then
    rank[B t] <= rank[B] + m. *)
Lemma rank_added (F : fieldType) (d k m N : nat) (B : 'M[F]_(d, k)) (p : 'I_m -> 'cV[F]_d)
    (t : 'I_N -> 'cV[F]_d) (y : 'I_N -> 'cV[F]_k) (q : 'I_N -> 'cV[F]_m) :
  (forall i, t i = B *m y i + columns p *m q i) ->
  (\rank (row_mx B (columns t)) <= \rank B + m)%N.
Proof.
move=> H; have -> : row_mx B (columns t) = B *m row_mx 1%:M (columns y) + columns p *m row_mx 0 (columns q).
  rewrite !mul_mx_row mulmx1 mulmx0 add_row_mx addr0; congr row_mx.
  apply/matrixP => c i; rewrite [LHS]mxE H !mxE; congr (_ + _);
    by apply: eq_bigr => j _; rewrite !mxE.
apply: leq_trans (mxrank_add _ _) (leq_add (mxrankM_maxl _ _) _).
by apply: leq_trans (mxrankM_maxl _ _) (rank_leq_col _).
Qed.

Section RankLower.
Variables (F : realFieldType) (d : nat).
Notation token := 'cV[F]_d.
Variables (w : token -> token -> F) (V : 'M[F]_d).
Hypothesis w_gt0 : forall x z, 0 < w x z.
(** N examples: query x i, tokens X i 0, .., X i (n i - 1), wanted output t i. *)
Variables (N : nat) (n : 'I_N -> nat) (x : 'I_N -> token) (X : forall i, 'I_(n i) -> token).
Variable t : 'I_N -> token.

Notation attention := (att w (mulmx V)).
(** a_i, the outputs without a prompt. *)
Definition bare_output i : token := attention (x i) (@X i).
(** Some prompt of m tokens gives the wanted output on all examples. *)
Definition prompt_exists m :=
  exists P : 'I_m -> token, forall i, attention (x i) (concat P (@X i)) = t i.

(** Every target is a combination of a_i and of the V p_j. *)
Lemma target_combination m (P : 'I_m -> token) i : attention (x i) (concat P (@X i)) = t i ->
  exists al q, t i = al *: bare_output i + columns (fun j => V *m P j) *m q.
Proof.
move=> <-; rewrite concatenation //; set c := (_ + _)^-1.
exists (c * mass w (x i) (@X i)), (\col_j (c * w (x i) (P j))).
rewrite addrC scalerDr scalerA mass_att // scaler_sumr columnsM; congr (_ + _).
by apply: eq_bigr => j _; rewrite mxE scalerA.
Qed.

(** Theory item 2.4: m >= rank[a t] - rank[a]. *)
Theorem rank_lower m : prompt_exists m ->
  (\rank (row_mx (columns bare_output) (columns t)) - \rank (columns bare_output) <= m)%N.
Proof.
move=> [P H]; rewrite leq_subLR.
have C i : exists aq : F * 'cV[F]_m, t i = aq.1 *: bare_output i + columns (fun j => V *m P j) *m aq.2.
  by have [al [q e]] := target_combination (H i); exists (al, q).
have [f Hf] := fin_all_exists C.
apply: (@rank_added _ _ _ _ _ _ (fun j => V *m P j) _ (fun i => (f i).1 *: delta_mx i 0) (fun i => (f i).2)) => i.
rewrite {1}Hf; congr (_ + _); rewrite -scalemxAr; congr (_ *: _).
by apply/colP => c; rewrite -colE !mxE.
Qed.

(** The weaker bound without exponentials: V times all input tokens in place of the a_i. *)
Notation input := {i : 'I_N & 'I_(n i)}.
Definition input_values (k : 'I_#|{: input}|) : token := V *m X (tagged (enum_val k)).

Lemma bare_output_inputs i : exists y, bare_output i = columns input_values *m y.
Proof.
pose c (p : input) := if tag p == i then (mass w (x i) (@X i))^-1 * w (x i) (X (tagged p)) else 0.
exists (\col_k c (enum_val k)); rewrite columnsM.
transitivity (\sum_(p : input) c p *: (V *m X (tagged p))); last first.
  by rewrite (big_enum_val (fun p => c p *: (V *m X (tagged p)))); apply: eq_bigr => k _; rewrite mxE.
rewrite -(sig_big_dep xpredT (fun _ _ => true) (fun i' j => c (Tagged (fun i => 'I_(n i)) j) *: (V *m X j))) /=.
rewrite (bigD1 i) //= [X in _ + X]big1 ?addr0 => [|i' /negPf ne].
  by rewrite /bare_output /att scaler_sumr; apply: eq_bigr => j _; rewrite /c /= eqxx scalerA.
by apply: big1 => j _; rewrite /c /= ne scale0r.
Qed.

Theorem rank_lower_inputs m : prompt_exists m ->
  (\rank (row_mx (columns input_values) (columns t)) - \rank (columns input_values) <= m)%N.
Proof.
move=> [P H]; rewrite leq_subLR.
have C i : exists yq : 'cV[F]_#|{: input}| * 'cV[F]_m,
    t i = columns input_values *m yq.1 + columns (fun j => V *m P j) *m yq.2.
  have [al [q e]] := target_combination (H i); have [y ye] := bare_output_inputs i.
  by exists (al *: y, q); rewrite {1}e ye -scalemxAr.
have [f Hf] := fin_all_exists C.
exact: (@rank_added _ _ _ _ _ _ (fun j => V *m P j) _ (fun i => (f i).1) (fun i => (f i).2)).
Qed.
End RankLower.
