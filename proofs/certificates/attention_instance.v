(** Attention on concrete rational data, evaluated by reflection (theory items 2.2 and 2.3).

    An instance is given by integers over common denominators. Scores s(z) = z^T A x0 and values
    of linear functionals are computed over Z; what is left of a claim is one sum of terms
    c exp(s/D) with integers c, s, D, which [interval] bounds. *)
From Coq Require Import Reals ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import concatenation memorization_floor.
From PromptBound.analysis Require Import bridge prompt_realisation.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.
Local Arguments exp _%ring_scope.

(** One head, a query and N examples (tokens seen by the query, wanted output), all rational:
    tokens and query over den_token, the score map A over den_A, the value map V over den_V,
    wanted outputs over den_target. Rows are lists; missing entries count as 0. *)
Record instance := Instance {
  dim : nat;
  den_token : positive; den_A : positive; den_V : positive; den_target : positive;
  mat_A : seq (seq Z); mat_V : seq (seq Z);
  query : seq Z;
  examples : seq (seq (seq Z) * seq Z) }.

Definition entry (l : seq Z) i := nth Z0 l i.
Definition row_of (A : seq (seq Z)) i := nth [::] A i.
Definition rational_column d (D : positive) (l : seq Z) : 'cV[R]_d :=
  \col_i (IZR (entry l i) / IZR (Zpos D)).
Definition rational_matrix d (D : positive) (A : seq (seq Z)) : 'M[R]_d :=
  \matrix_(i, j) (IZR (entry (row_of A i) j) / IZR (Zpos D)).

Section Instance.
Variable T : instance.
Notation d := (dim T).
Definition example_at (i : nat) := nth ([::], [::]) (examples T) i.
Definition score_map := rational_matrix d (den_A T) (mat_A T).
Definition value_map := rational_matrix d (den_V T) (mat_V T).
Definition query_token := rational_column d (den_token T) (query T).
Definition token_at (z : seq Z) := rational_column d (den_token T) z.
Definition example_tokens (i : 'I_(size (examples T))) (j : 'I_(size (example_at i).1)) : 'cV[R]_d :=
  token_at (nth [::] (example_at i).1 j).
Definition wanted (i : 'I_(size (examples T))) : 'cV[R]_d :=
  rational_column d (den_target T) (example_at i).2.
Notation attention := (att (softmax score_map) (mulmx value_map) query_token).

(** No non-empty prompt, of any length, gives the wanted output on all examples. *)
Definition no_prompt_claim := forall m (P : 'I_m.+1 -> 'cV[R]_d),
  ~ forall i, attention (concat P (@example_tokens i)) = wanted i.

(** Every prompt, of any length, leaves an error of at least num/den in some coordinate. *)
Definition floor_claim (num den : positive) := forall m (P : 'I_m -> 'cV[R]_d),
  exists i c, IZR (Zpos num) / IZR (Zpos den) <=
    `|(attention (concat P (@example_tokens i)) - wanted i) c 0|.

(** ** What is computed over Z *)
Definition zsum (n : nat) (f : nat -> Z) : Z := foldr (fun i s => Z.add (f i) s) Z0 (iota 0 n).
Definition zdot (l l' : seq Z) := zsum d (fun i => Z.mul (entry l i) (entry l' i)).
Definition zapply (A : seq (seq Z)) (l : seq Z) := [seq zdot (row_of A i) l | i <- iota 0 d].
(** s(z) = zscore z / score_den. *)
Definition zscore (z : seq Z) := zdot z (zapply (mat_A T) (query T)).
Definition score_den := (den_token T * den_A T * den_token T)%positive.
(** f(t - V z) = zvalue f t z / value_den for an integer functional f. *)
Definition zvalue (f t z : seq Z) := Z.sub
  (Z.mul (zdot f t) (Zpos (den_V T * den_token T)))
  (Z.mul (zdot f (zapply (mat_V T) z)) (Zpos (den_target T))).
Definition value_den := (den_target T * (den_V T * den_token T))%positive.

Lemma zsumE n (f : nat -> Z) : \sum_(i < n) (IZR (f i) : R) = IZR (zsum n f).
Proof.
rewrite -(big_mkord xpredT (fun i => IZR (f i) : R)) /index_iota subn0 /zsum.
elim: (iota 0 n) => [|i s IH]; first by rewrite big_nil.
by rewrite big_cons /= IH plus_IZR.
Qed.

Lemma entry_zapply A l (i : 'I_d) : entry (zapply A l) i = zdot (row_of A i) l.
Proof. by rewrite /entry (nth_map 0%N) ?size_iota ?nth_iota. Qed.

Lemma IZR_pos_neq0 p : IZR (Zpos p) != 0.
Proof. by apply/eqP/IZR_neq. Qed.

Lemma Rdiv_field (x y : R) : Rdiv x y = x / y. Proof. by rewrite RinvE0. Qed.
Lemma IZR_one : IZR 1 = 1. Proof. by []. Qed.
Lemma IZR_zero : IZR 0 = 0. Proof. by []. Qed.
Lemma IZR_minus_one : IZR (-1) = -1. Proof. exact: (opp_IZR (Zpos xH)). Qed.
Lemma IZR_mul a b : IZR (Z.mul a b) = IZR a * IZR b. Proof. exact: mult_IZR. Qed.
Lemma IZR_sub a b : IZR (Z.sub a b) = IZR a - IZR b. Proof. exact: minus_IZR. Qed.
Lemma IZR_opp a : IZR (Z.opp a) = - IZR a. Proof. exact: opp_IZR. Qed.
Lemma IZR_add a b : IZR (Z.add a b) = IZR a + IZR b. Proof. exact: plus_IZR. Qed.

Lemma IZR_posM p q : IZR (Zpos (p * q)) = IZR (Zpos p) * IZR (Zpos q).
Proof. by rewrite Pos2Z.inj_mul mult_IZR. Qed.

Lemma dot_rational D D' l l' :
  \sum_i (rational_column d D l) i 0 * (rational_column d D' l') i 0 =
  IZR (zdot l l') / (IZR (Zpos D) * IZR (Zpos D')).
Proof.
rewrite /zdot -zsumE mulr_suml; apply: eq_bigr => i _.
by rewrite !mxE mult_IZR mulf_div.
Qed.

Lemma apply_rational DA D A l :
  rational_matrix d DA A *m rational_column d D l = rational_column d (DA * D) (zapply A l).
Proof.
apply/colP => i; rewrite !mxE entry_zapply /zdot -zsumE mulr_suml; apply: eq_bigr => j _.
by rewrite !mxE mult_IZR IZR_posM mulf_div.
Qed.

Lemma scoreE z : score score_map query_token (token_at z) = IZR (zscore z) / IZR (Zpos score_den).
Proof.
rewrite /score -mulmxA apply_rational mxE; under eq_bigr => i _ do rewrite mxE.
by rewrite dot_rational /score_den -IZR_posM Pos.mul_assoc.
Qed.

(** The functional with integer coefficients f. *)
Definition functional (f : seq Z) (v : 'cV[R]_d) : R := \sum_(i < d) IZR (entry f i) * v i 0.

Lemma functional_is_scalar f : scalar (functional f).
Proof.
move=> a u v; rewrite /functional mulr_sumr -big_split; apply: eq_bigr => i _.
by rewrite !mxE mulrDr mulrCA.
Qed.
Canonical functional_linear f := Linear (functional_is_scalar f).

Lemma functionalE f D l : functional f (rational_column d D l) = IZR (zdot f l) / IZR (Zpos D).
Proof.
rewrite /functional /zdot -zsumE mulr_suml; apply: eq_bigr => i _.
by rewrite !mxE mult_IZR mulrA.
Qed.

Lemma valueE f (t z : seq Z) :
  functional f (rational_column d (den_target T) t - value_map *m token_at z) =
  IZR (zvalue f t z) / IZR (Zpos value_den).
Proof.
rewrite linearB /= apply_rational !functionalE /zvalue /value_den IZR_sub !IZR_mul !IZR_posM.
have := And3 (IZR_pos_neq0 (den_V T)) (IZR_pos_neq0 (den_token T)) (IZR_pos_neq0 (den_target T)).
move: (zdot f t) (zdot f _) (IZR (Zpos (den_V T))) (IZR (Zpos (den_token T))) (IZR (Zpos (den_target T))).
by move=> a b x y z' [x0 y0 z0]; move: (IZR a) (IZR b) => a' b'; field; rewrite x0 y0 z0.
Qed.

(** ** Sums of c exp(s/D) *)
(** The number that a list of pairs (s, c) stands for: sum c exp(s/D). *)
Fixpoint exp_sum (D : positive) (l : seq (Z * Z)) : R :=
  if l is (s, c) :: l' then Rplus (Rmult (Rtrigo_def.exp (Rdiv (IZR s) (IZR (Zpos D)))) (IZR c)) (exp_sum D l')
  else IZR 0.

Lemma exp_sumE D l : exp_sum D l = \sum_(sc <- l) exp (IZR sc.1 / IZR (Zpos D)) * IZR sc.2.
Proof.
elim: l => [|[s c] l IH]; first by rewrite big_nil.
by rewrite big_cons /= IH Rdiv_field.
Qed.

Lemma exp_sum_cat D l l' : exp_sum D (l ++ l') = exp_sum D l + exp_sum D l'.
Proof. by rewrite !exp_sumE big_cat. Qed.

(** The pairs (s(z_j), g1 f(t - V z_j) + g2) of an example. *)
Definition gap_terms (g1 g2 : Z) (f : seq Z) (i : nat) : seq (Z * Z) :=
  [seq (zscore z, Z.add (Z.mul g1 (zvalue f (example_at i).2 z)) g2) | z <- (example_at i).1].

(** sum_j exp(s_j) (g1 f(t_i - V z_j) value_den + g2) = g1 f(b_i) value_den + g2 S_i. *)
Lemma gap_termsE g1 g2 f (i : 'I_(size (examples T))) : exp_sum score_den (gap_terms g1 g2 f i) =
  IZR g1 * (functional f (demand (softmax score_map) (mulmx value_map) query_token example_tokens wanted i)
            * IZR (Zpos value_den))
  + IZR g2 * own_mass (softmax score_map) query_token example_tokens i.
Proof.
rewrite exp_sumE big_map (big_nth [::]) big_mkord /demand /own_output /own_mass scalerBr mass_att; last exact: softmax_gt0.
rewrite /mass scaler_suml -sumrB linear_sum /= mulr_suml !mulr_sumr -big_split; apply: eq_bigr => j _ /=.
rewrite -scalerBr linearZ /= valueE /softmax scoreE IZR_add IZR_mul.
have := IZR_pos_neq0 value_den; move: (IZR (Zpos value_den)) (exp _) (IZR (zvalue _ _ _)) => D E v D0.
by move: (IZR g1) (IZR g2) => a b; field.
Qed.

(** ** Claim (a): no prompt of any length *)

(** f separates: with tau = t_i - t_j and w = b_j - b_i, f(tau) >= 0 > f(w) or f(tau) > 0 >= f(w),
    so that no S > 0 has S tau = w. The sum stands for f(w). *)
Definition separating_terms (i j : nat) (f : seq Z) := gap_terms 1 0 f j ++ gap_terms (-1) 0 f i.
Definition separating_gap (i j : nat) (f : seq Z) :=
  Z.sub (zdot f (example_at i).2) (zdot f (example_at j).2).

Definition nonempty_examples := all (fun e => 0 < size e.1)%N (examples T).

Lemma tokens_gt0 : nonempty_examples -> forall i : 'I_(size (examples T)), (0 < size (example_at i).1)%N.
Proof. by move=> /(all_nthP ([::], [::])) H i; apply: H. Qed.

(** A prompt that fits, empty or not, has a total weight S >= 0 with S f(tau) = f(w). *)
Lemma separating_fit (i j : nat) (f : seq Z) m (P : 'I_m -> 'cV[R]_d) :
  nonempty_examples -> (i < size (examples T))%N && (j < size (examples T))%N ->
  (forall k, attention (concat P (@example_tokens k)) = wanted k) ->
  mass (softmax score_map) query_token P * (IZR (separating_gap i j f) / IZR (Zpos (den_target T)))
    * IZR (Zpos value_den) = exp_sum score_den (separating_terms i j f).
Proof.
move=> ne /andP [li lj] fits.
pose i' := Ordinal li; pose j' := Ordinal lj.
pose b k := demand (softmax score_map) (mulmx value_map) query_token example_tokens wanted k.
have hit k : mass (softmax score_map) query_token P *: (attention P - wanted k) = b k.
  by apply/prompt_hits; [apply: softmax_gt0 | rewrite card_ord tokens_gt0 | apply: fits].
have -> : IZR (separating_gap i j f) / IZR (Zpos (den_target T)) = functional f (wanted i' - wanted j').
  by rewrite linearB /= !functionalE /separating_gap IZR_sub mulrBl.
have -> : mass (softmax score_map) query_token P * functional f (wanted i' - wanted j') = functional f (b j' - b i').
  rewrite -!hit -scalerBr -linearZ; congr (functional f (_ *: _)).
  by rewrite opprB [RHS]addrC addrA subrK.
rewrite exp_sum_cat (gap_termsE 1 0 f j') (gap_termsE (-1) 0 f i') linearB /= mulrBl.
by rewrite IZR_one IZR_zero IZR_minus_one !mul0r !addr0 mul1r mulN1r.
Qed.

Theorem no_prompt_sound (i j : nat) (f : seq Z) (D : positive) (terms : seq (Z * Z)) :
  nonempty_examples -> (i < size (examples T))%N && (j < size (examples T))%N ->
  (score_den, separating_terms i j f) = (D, terms) ->
  Z.le 0 (separating_gap i j f) /\ Rlt (exp_sum D terms) (IZR 0) \/
  Z.lt 0 (separating_gap i j f) /\ Rle (exp_sum D terms) (IZR 0) ->
  no_prompt_claim.
Proof.
move=> ne ij [<- <-] H m P fits.
have S0 : 0 < mass (softmax score_map) query_token P by apply: mass_gt0; [apply: softmax_gt0 | rewrite card_ord].
have pos p : 0 < IZR (Zpos p) by apply/RltP/IZR_lt.
move: H; rewrite -(separating_fit f ne ij fits) => -[[/IZR_le/RleP g0 /RltP]|[/IZR_lt/RltP g0 /RleP]].
  by rewrite ltNge => /negP []; rewrite !mulr_ge0 ?invr_ge0 ?(ltW S0) ?(ltW (pos _)).
by rewrite leNgt => /negP []; rewrite !mulr_gt0 ?invr_gt0.
Qed.

(** ** Claim (b): the floor *)

(** A row is a pair of examples, a coordinate and a sign (true: minus), here by their numbers. *)
Definition row_in_range (r : nat * nat * nat * bool) := let: (i, j, c, _) := r in
  [&& (i < size (examples T))%N, (j < size (examples T))%N & (c < d)%N].
Definition unit_functional (c : nat) : seq Z := [seq (if k == c then Zpos xH else Z0) | k <- iota 0 d].
Definition sign_of (b : bool) : Z := if b then Zneg xH else Zpos xH.

(** The row's slope and offset for the level num/den, times l, cleared of denominators. *)
Definition slope_term (num den : positive) (l : Z) (r : nat * nat * nat * bool) : Z :=
  let: (i, j, c, b) := r in
  Z.mul l (Z.sub (Z.mul (Z.mul (sign_of b) (Zpos den)) (Z.sub (entry (example_at i).2 c) (entry (example_at j).2 c)))
                 (Zpos (2 * num * den_target T))).
Definition offset_terms (num den : positive) (l : Z) (r : nat * nat * nat * bool) : seq (Z * Z) :=
  let: (i, j, c, b) := r in
  let g := Z.mul l (Z.mul (sign_of b) (Zpos den)) in
  let h := Z.opp (Z.mul l (Zpos (num * value_den))) in
  gap_terms g h (unit_functional c) i ++ gap_terms (Z.opp g) h (unit_functional c) j.

Lemma unit_functionalE (c : 'I_d) v : functional (unit_functional c) v = v c 0.
Proof.
rewrite /functional (bigD1 c) //= big1 ?addr0 => [|i /negPf ne].
  by rewrite /entry (nth_map 0%N) ?size_iota ?nth_iota // add0n eqxx IZR_one mul1r.
rewrite /entry (nth_map 0%N) ?size_iota ?nth_iota // add0n.
by rewrite (_ : (i == c :> nat) = false) ?mul0r.
Qed.

Lemma IZR_sign b : IZR (sign_of b) = (-1) ^+ b.
Proof. by case: b; rewrite ?expr1 ?expr0 ?IZR_one ?IZR_minus_one. Qed.

Notation slope := (row_slope wanted).
Notation offset := (row_offset (softmax score_map) (mulmx value_map) query_token example_tokens wanted).

Lemma slope_termE num den l (i j : 'I_(size (examples T))) (c : 'I_d) b :
  IZR (slope_term num den l (i : nat, j : nat, c : nat, b)) =
  IZR l * (IZR (Zpos den) * IZR (Zpos (den_target T)) *
    slope (IZR (Zpos num) / IZR (Zpos den)) (Row i j c b)).
Proof.
rewrite /slope_term /row_slope !IZR_mul !IZR_sub !IZR_posM !IZR_mul IZR_sub IZR_sign /= !mxE.
have := conj (IZR_pos_neq0 den) (IZR_pos_neq0 (den_target T)).
move: (IZR (Zpos den)) (IZR (Zpos (den_target T))) (IZR (Zpos num)) ((-1) ^+ b) => D t nu sg [D0 t0].
move: (IZR (entry _ _)) (IZR (entry _ _)) (IZR l) => x y L.
rewrite (_ : IZR 2 = 1 + 1); last by rewrite -IZR_one -IZR_add.
by field; rewrite D0 t0.
Qed.

Lemma offset_termsE num den l (i j : 'I_(size (examples T))) (c : 'I_d) b :
  exp_sum score_den (offset_terms num den l (i : nat, j : nat, c : nat, b)) =
  IZR l * (IZR (Zpos den) * IZR (Zpos value_den) *
    offset (IZR (Zpos num) / IZR (Zpos den)) (Row i j c b)).
Proof.
rewrite /offset_terms exp_sum_cat !gap_termsE !unit_functionalE.
rewrite !IZR_opp !IZR_mul IZR_posM IZR_sign /row_offset /=.
rewrite [(_ - _ : 'cV_d) c 0]mxE [(- _ : 'cV_d) c 0]mxE.
have := conj (IZR_pos_neq0 den) (IZR_pos_neq0 value_den).
move: (demand _ _ _ _ _ i c 0) (demand _ _ _ _ _ j c 0) (own_mass _ _ _ i) (own_mass _ _ _ j) => bi bj Si Sj.
move: (IZR (Zpos den)) (IZR (Zpos value_den)) (IZR (Zpos num)) ((-1) ^+ b) (IZR l) => D v nu sg L [D0 v0].
by field.
Qed.

(** Two rows r1, r2 with multipliers l1, l2 >= 0 prove the floor num/den. *)
Theorem floor_sound (num den : positive) r1 r2 (l1 l2 : Z) (D : positive) (terms : seq (Z * Z)) :
  nonempty_examples -> row_in_range r1 && row_in_range r2 ->
  Z.leb 0 l1 && Z.leb 0 l2 && Z.ltb 0 (Z.add l1 l2) ->
  Z.leb 0 (Z.add (slope_term num den l1 r1) (slope_term num den l2 r2)) ->
  (score_den, offset_terms num den l1 r1 ++ offset_terms num den l2 r2) = (D, terms) ->
  Rle (IZR 0) (exp_sum D terms) ->
  floor_claim num den.
Proof.
case: r1 => [[[i1 j1] c1] b1]; case: r2 => [[[i2 j2] c2] b2].
move=> ne /andP [/and3P [li1 lj1 lc1] /and3P [li2 lj2 lc2]] /andP [/andP [/Z.leb_le/IZR_le/RleP l10 /Z.leb_le/IZR_le/RleP l20]].
move=> /Z.ltb_lt/IZR_lt/RltP; rewrite IZR_add => l0.
move=> /Z.leb_le/IZR_le/RleP; rewrite IZR_add => sl [<- <-] /RleP; rewrite exp_sum_cat => off m P.
have pos p : 0 < IZR (Zpos p) by apply/RltP/IZR_lt.
pose R1 := Row (Ordinal li1) (Ordinal lj1) (Ordinal lc1) b1.
pose R2 := Row (Ordinal li2) (Ordinal lj2) (Ordinal lc2) b2.
have e0 : 0 < IZR (Zpos num) / IZR (Zpos den) by rewrite divr_gt0.
apply: (two_rows_certify (r1 := R1) (r2 := R2) (l1 := IZR l1) (l2 := IZR l2) _ _ e0).
- exact: softmax_gt0.
- by move=> i; apply: tokens_gt0.
split=> //.
- rewrite -(pmulr_rge0 _ (mulr_gt0 (pos den) (pos (den_target T)))) mulrDr ![_ * (IZR _ * row_slope _ _ _)]mulrCA.
  by rewrite -!slope_termE.
rewrite -(pmulr_rge0 _ (mulr_gt0 (pos den) (pos value_den))) mulrDr ![_ * (IZR _ * row_offset _ _ _ _ _ _ _)]mulrCA.
by rewrite -!offset_termsE.
Qed.
End Instance.
