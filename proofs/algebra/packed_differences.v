(** Theory items 1.6 and 5.9: along a path through the cells, differences of the stored indices fit base 2t+1.

    Values are stored as multiples of a step q. The index of y is floor(y/q + 1/2); for y in [0, 1] it is at most
    M = floor(1/q + 1/2). With k cells a coordinate, q = C/(k t) and neighbouring cells (1 apart in one coordinate), each
    value of a C-Lipschitz function changes by at most C/k = t q, and its index by at most t. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import target_class reflected_path.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Index.
Variable R : realFieldType.
Implicit Types x y q : R.

(** floor(x) for 0 <= x < M + 1 *)
Definition floor_upto (M : nat) x : nat := \max_(i < M.+1 | i%:R <= x) i.
(** floor(y/q + 1/2) *)
Definition stored_index (M : nat) q y : nat := floor_upto M (y / q + 2%:R^-1).

Lemma floor_upto_le M x : (floor_upto M x <= M)%N.
Proof. by apply/bigmax_leqP => i _; rewrite -ltnS. Qed.

Lemma floor_uptoP M x : 0 <= x -> x < M.+1%:R -> (floor_upto M x)%:R <= x < (floor_upto M x).+1%:R.
Proof.
move=> x0 xM; have low : (0 < #|[pred i : 'I_M.+1 | (i%:R <= x)%R]|)%N.
  by apply/card_gt0P; exists ord0; rewrite inE.
have [i iP iE] := eq_bigmax_cond (fun i : 'I_M.+1 => i : nat) low.
rewrite inE in iP; rewrite [floor_upto M x]iE iP /= ltNge; apply/negP => le.
have iM : (i.+1 < M.+1)%N by rewrite -(ltr_nat R) (le_lt_trans le).
have := @leq_bigmax_cond _ [pred i : 'I_M.+1 | i%:R <= x] (fun i => i : nat) (Ordinal iM) le.
by rewrite iE /= ltnn.
Qed.

Section Step.
Variables (M : nat) (q : R).
Hypotheses (q0 : 0 < q) (M_floor : q^-1 + 2%:R^-1 < M.+1%:R).

Lemma stored_indexP y : 0 <= y <= 1 ->
  (stored_index M q y)%:R <= y / q + 2%:R^-1 < (stored_index M q y).+1%:R.
Proof.
move=> /andP [y0 y1]; apply: floor_uptoP; first by rewrite addr_ge0 ?invr_ge0 ?ler0n // divr_ge0 // ltW.
by apply: le_lt_trans M_floor; rewrite ler_add2r -[X in _ <= X]mul1r ler_wpmul2r // invr_ge0 ltW.
Qed.

(** The stored value is within q/2. *)
Theorem stored_index_error y : 0 <= y <= 1 -> `|q * (stored_index M q y)%:R - y| <= q / 2%:R.
Proof.
move=> /stored_indexP; set v := stored_index M q y => /andP [lo hi].
have half : 1 = 2%:R^-1 + 2%:R^-1 :> R by field.
have -> : q * v%:R - y = q * (v%:R - y / q) by field; rewrite lt0r_neq0.
rewrite normrM (gtr0_norm q0) ler_pmul2l // ler_norml; apply/andP; split.
  by rewrite ler_subr_addl ler_subl_addr -(ler_add2r 2%:R^-1) -addrA -half -mulrSr ltW.
by rewrite ler_subl_addl.
Qed.

(** Values at most t q apart have indices at most t apart. *)
Theorem differences_fit (t : nat) y y' : 0 <= y <= 1 -> 0 <= y' <= 1 -> `|y' - y| <= t%:R * q ->
  (stored_index M q y' <= stored_index M q y + t)%N.
Proof.
move=> y01 y'01 close; have /andP [_ hi] := stored_indexP y01; have /andP [lo _] := stored_indexP y'01.
rewrite -ltnS -addSn -(ltr_nat R) natrD; apply: le_lt_trans lo _.
have le : y' / q <= y / q + t%:R.
  rewrite -ler_subl_addl -mulrBl ler_pdivr_mulr //; exact: le_trans (ler_norm _) close.
by apply: (le_lt_trans (y := y / q + 2%:R^-1 + t%:R)); rewrite ?ltr_add2r // addrAC ler_add2r.
Qed.
End Step.
End Index.

(** The digit v' - v + t in base 2t+1, and what is read back from it. *)
Lemma difference_digit (t v v' : nat) : (v' <= v + t)%N -> (v <= v' + t)%N ->
  (v' + t - v < 2 * t + 1)%N /\ (v + (v' + t - v) - t = v')%N.
Proof.
move=> up down; split; last by rewrite subnKC ?addnK.
by rewrite addn1 ltnS leq_subLR mul2n -addnn addnA leq_add2r.
Qed.

Section Neighbours.
Variables (R : realFieldType) (I : finType) (k t M : nat) (C : R).
Variable dist : {ffun I -> R} -> {ffun I -> R} -> R.
Hypotheses (k0 : (0 < k)%N) (t0 : (0 < t)%N) (C0 : 0 < C) (dist_alpha : alpha_distance dist).
Local Notation point := {ffun I -> R}.
Local Notation cell := {ffun I -> 'I_k}.

(** The centre of a cell. *)
Definition centre_of (c : cell) : point := [ffun i => ((c i)%:R + 2%:R^-1) / k%:R].
(** C/(k t) *)
Definition step_of : R := C / (k%:R * t%:R).
Hypothesis M_floor : step_of^-1 + 2%:R^-1 < M.+1%:R.

Let kR : 0 < k%:R :> R. Proof. by rewrite ltr0n. Qed.
Let tR : 0 < t%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma step_of_gt0 : 0 < step_of. Proof. by rewrite divr_gt0 // mulr_gt0. Qed.

Lemma centre_of_cube c : cube (centre_of c).
Proof.
move=> i; rewrite ffunE; apply/andP; split; first by rewrite divr_ge0 ?addr_ge0 ?invr_ge0 ?ler0n.
rewrite ler_pdivr_mulr // mul1r; apply: (@le_trans _ _ (c i).+1%:R); last by rewrite ler_nat.
by rewrite [X in _ <= X]mulrSr ler_add // invf_le1 ?ltr0n // ler1n.
Qed.

Lemma centre_distance c c' : adjacent c c' -> dist (centre_of c') (centre_of c) = k%:R^-1.
Proof.
move=> [i [one same]]; rewrite (alpha_dist_single dist_alpha (i := i)); last first.
  by move=> j /same e; rewrite !ffunE e.
rewrite !ffunE -mulrBl normrM [X in _ * X]gtr0_norm ?invr_gt0 // opprD addrACA subrr addr0.
case: one => ->; rewrite mulrSr.
  by rewrite opprD addrA subrr add0r normrN1 mul1r.
by rewrite addrAC subrr add0r normr1 mul1r.
Qed.

(** One digit in base 2t+1 a coordinate and step of the path. *)
Theorem path_differences_fit (f : point -> point) (c c' : cell) (i : I) :
  target_class dist C f -> adjacent c c' ->
  let index c := stored_index M step_of (f (centre_of c) i) in
  (index c' <= index c + t)%N /\ (index c <= index c' + t)%N.
Proof.
move=> [f01 lip] adj /=.
have close : `|f (centre_of c') i - f (centre_of c) i| <= t%:R * step_of.
  apply: le_trans (alpha_dist_ge dist_alpha _ _ i) _.
  apply: le_trans (lip _ _ (centre_of_cube c') (centre_of_cube c)) _.
  rewrite centre_distance // le_eqVlt; apply/orP; left; apply/eqP; rewrite /step_of; field.
  by rewrite !lt0r_neq0.
split; apply: (differences_fit step_of_gt0 M_floor); try exact: f01 (centre_of_cube _) i.
  exact: close.
by rewrite distrC.
Qed.
End Neighbours.
