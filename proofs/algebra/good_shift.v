(** Theory item 5.9: among n+1 shifted grids one keeps every coordinate away from the cell borders, and the weights phi_j
    that pick it are exact.

    y: the scaled input k x, n coordinates; shift j adds 4 eta j to all of them; the borders are the integers 1..K.
    The bad zones (width 4 eta) of one coordinate meet one shift at most when 4 (n+1) eta < 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Shifts.
Variables (R : realFieldType) (I : finType) (K : nat) (eta : R) (y : {ffun I -> R}).
Hypotheses (eta0 : 0 < eta) (eta_small : 4%:R * #|I|.+1%:R * eta < 1).
Implicit Types (j : 'I_#|I|.+1) (c : I).

Definition shifted j c : R := y c + 4%:R * eta * j%:R.
(** within 2 eta of a border *)
Definition near_border j c : bool := [exists i : 'I_K, `|shifted j c - i.+1%:R| < 2%:R * eta].

Lemma near_once c j j' : near_border j c -> near_border j' c -> j = j'.
Proof.
wlog lt : j j' / (j < j')%N.
  move=> W nj nj'; case: (ltngtP j j') => [lt|lt|e]; [exact: W|by rewrite (W _ _ lt nj' nj)|exact: val_inj].
move=> /existsP [i /ltr_normlP [i1 i2]] /existsP [i' /ltr_normlP [i'1 i'2]]; exfalso.
have e4 : 0 < 4%:R * eta by rewrite mulr_gt0 // ltr0n.
have gap : shifted j' c - shifted j c = 4%:R * eta * (j' - j)%N%:R.
  by rewrite natrB 1?ltnW // /shifted; ring.
have four : 4%:R * eta = 2%:R * eta + 2%:R * eta by ring.
have far : 4%:R * eta * (j' - j)%N%:R + 4%:R * eta < 1.
  apply: le_lt_trans eta_small; have -> : 4%:R * #|I|.+1%:R * eta = 4%:R * eta * #|I|.+1%:R by ring.
  rewrite -[X in _ + X]mulr1 -mulrDr ler_wpmul2l ?(ltW e4) // -mulrSr ler_nat ltnS.
  by apply: leq_trans (leq_subr _ _) _; rewrite -ltnS.
have one : 4%:R * eta <= 4%:R * eta * (j' - j)%N%:R.
  by rewrite -[X in X <= _]mulr1 ler_wpmul2l ?(ltW e4) // ler1n subn_gt0.
have up : i'.+1%:R - i.+1%:R < 1 :> R.
  apply: lt_trans far; rewrite -gap four.
  have -> : i'.+1%:R - i.+1%:R = (shifted j' c - shifted j c) + (- (shifted j' c - i'.+1%:R) + (shifted j c - i.+1%:R)) by ring.
  by rewrite ltr_add2l ltr_add.
have down : 0 < i'.+1%:R - i.+1%:R :> R.
  have : 0 <= 4%:R * eta * (j' - j)%N%:R - 4%:R * eta by rewrite subr_ge0.
  move=> /le_lt_trans; apply; rewrite -gap four.
  have -> : i'.+1%:R - i.+1%:R = (shifted j' c - shifted j c) - ((shifted j' c - i'.+1%:R) + - (shifted j c - i.+1%:R)) by ring.
  by rewrite ltr_add2l ltr_opp2 ltr_add.
have ii' : (i < i')%N by rewrite -ltnS -(ltr_nat R) -subr_gt0.
by move: up; rewrite -natrB ?ltnS 1?ltnW // subSS ltrn1 ltnS leqn0 subn_eq0 leqNgt ii'.
Qed.

(** One of the n+1 shifts is good: no coordinate within 2 eta of a border. *)
Theorem good_shift : exists j, forall c (i : 'I_K), 2%:R * eta <= `|shifted j c - i.+1%:R|.
Proof.
have [/existsP [j good]|bad] := boolP [exists j, [forall c, ~~ near_border j c]].
  exists j => c i; move/forallP: good => /(_ c); rewrite negb_exists => /forallP /(_ i).
  by rewrite -leNgt.
have /fin_all_exists [coordinate near] : forall j, exists c, near_border j c.
  move=> j; move: bad; rewrite negb_exists => /forallP /(_ j); rewrite negb_forall => /existsP [c].
  by rewrite negbK; exists c.
have inj : injective coordinate.
  by move=> j j' e; apply: (near_once (near j)); rewrite e; exact: near.
by have := leq_card _ inj; rewrite card_ord ltnn.
Qed.

(** ** The weights *)

(** 1 where |z| <= eta, 0 from 2 eta on, linear between *)
Definition trapezoid (z : R) : R := Num.min 1 (Num.max 0 (2%:R - `|z| / eta)).
(** mu_j = relu(1 - sum_c bad_c) *)
Definition shift_quality j : R := Num.max 0 (1 - \sum_c \sum_(i < K) trapezoid (shifted j c - i.+1%:R)).

Lemma trapezoid_ge0 z : 0 <= trapezoid z.
Proof. by rewrite /trapezoid le_minr ler01 le_maxr lexx. Qed.
Lemma trapezoid_far z : 2%:R * eta <= `|z| -> trapezoid z = 0.
Proof.
move=> far; rewrite /trapezoid max_l ?min_r ?ler01 // subr_le0 ler_pdivl_mulr //.
Qed.
Lemma trapezoid_near z : `|z| <= eta -> trapezoid z = 1.
Proof.
move=> near; have le : 1 <= 2%:R - `|z| / eta.
  by rewrite ler_subr_addr -ler_subr_addl (_ : 2%:R - 1 = 1) ?ler_pdivr_mulr ?mul1r //; ring.
by rewrite /trapezoid max_r ?(le_trans ler01 le) // min_l.
Qed.

Lemma shift_quality_ge0 j : 0 <= shift_quality j.
Proof. by rewrite /shift_quality le_maxr lexx. Qed.

(** mu_j > 0 keeps every coordinate more than eta away from every border, where the staircases are exact. *)
Theorem shift_quality_exact j : 0 < shift_quality j -> forall c (i : 'I_K), eta < `|shifted j c - i.+1%:R|.
Proof.
rewrite /shift_quality lt_maxr ltxx subr_gt0 /= => small c i; rewrite ltNge; apply/negP => near.
have ge1 : 1 <= \sum_c \sum_(i < K) trapezoid (shifted j c - i.+1%:R).
  rewrite (bigD1 c) //= (bigD1 i) //= trapezoid_near // -addrA ler_addl addr_ge0 //.
    by apply: sumr_ge0 => i' _; exact: trapezoid_ge0.
  by apply: sumr_ge0 => c' _; apply: sumr_ge0 => i' _; exact: trapezoid_ge0.
by have := le_lt_trans ge1 small; rewrite ltxx.
Qed.

(** A good shift has mu_j = 1. *)
Theorem shift_quality_one : exists j, shift_quality j = 1.
Proof.
have [j good] := good_shift; exists j; rewrite /shift_quality big1 ?subr0 ?max_r ?ler01 // => c _.
by rewrite big1 // => i _; exact: trapezoid_far.
Qed.
End Shifts.

(** phi_j = M_j - M_{j-1}, M_j = min(1, mu_0 + ... + mu_j), M_{-1} = 0. *)
Section Weights.
Variables (R : realDomainType) (mu : nat -> R).
Hypothesis mu0 : forall j, 0 <= mu j.
Definition capped_sum (j : nat) : R := Num.min 1 (\sum_(i < j) mu i).
Definition shift_weight (j : nat) : R := capped_sum j.+1 - capped_sum j.

Lemma shift_weight_ge0 j : 0 <= shift_weight j.
Proof.
rewrite subr_ge0 /capped_sum big_ord_recr /=; set s := \sum_(i < j) _.
by rewrite le_minr le_minl lexx /= le_minl ler_addl mu0 orbT.
Qed.

Lemma shift_weight_le j : shift_weight j <= mu j.
Proof.
rewrite ler_subl_addl /capped_sum big_ord_recr /=; set s := \sum_(i < j) _.
case: (lerP 1 s) => [s1|s1]; first by rewrite le_minl ler_addl mu0.
by rewrite le_minl lexx orbT.
Qed.

Theorem shift_weights (n : nat) : (exists j : 'I_n.+1, mu j = 1) ->
  [/\ forall j, 0 <= shift_weight j, forall j, shift_weight j <= mu j & \sum_(j < n.+1) shift_weight j = 1].
Proof.
move=> [j one]; split; [exact: shift_weight_ge0|exact: shift_weight_le|].
have -> : \sum_(i < n.+1) shift_weight i = capped_sum n.+1.
  elim: n.+1 => [|l IH]; first by rewrite big_ord0 /capped_sum big_ord0 min_r ?ler01.
  by rewrite big_ord_recr /= IH /shift_weight addrC subrK.
rewrite /capped_sum min_l // (bigD1 j) //= one ler_addl.
by apply: sumr_ge0.
Qed.
End Weights.
