(** Bridge between the two ways in which Coq speaks about the reals.

    Sums over finite families come from Mathematical Components, facts on exp and ln from
    Coq's standard library; both are used over the same type R (mathcomp-analysis' Rstruct).
    The tactics below rewrite a goal or hypothesis from the first notation into the second,
    so that [lra], [nra] and [interval] apply. *)
From Coq Require Import Reals Lra ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
Set Implicit Arguments. Unset Strict Implicit.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Lemma natR (n : nat) : (n%:R : R) = IZR (Z.of_nat n).
Proof. by rewrite -INRE INR_IZR_INZ. Qed.

(** Division by zero has the same value on both sides, so no side condition is needed. *)
Lemma RinvE0 (x : R) : x^-1 = Rinv x.
Proof.
have [->|x0] := eqVneq x 0; last by rewrite RinvE.
by rewrite invr0 -[0]/(IZR 0) Rinv_0.
Qed.

Ltac r_order := repeat match goal with
  | H : is_true (@Order.le _ _ _ _) |- _ => move/RleP: H => H
  | H : is_true (@Order.lt _ _ _ _) |- _ => move/RltP: H => H
  | |- is_true (@Order.le _ _ _ _) => apply/RleP
  | |- is_true (@Order.lt _ _ _ _) => apply/RltP
  end.
Ltac r_ring := rewrite ?natR /= ?RinvE0;
  repeat match goal with
  | |- context [@GRing.add ?T ?x ?y] => change (@GRing.add T x y) with (Rplus x y)
  | |- context [@GRing.mul ?T ?x ?y] => change (@GRing.mul T x y) with (Rmult x y)
  | |- context [@GRing.opp ?T ?x] => change (@GRing.opp T x) with (Ropp x)
  | |- context [@GRing.one ?T] => change (@GRing.one T) with (IZR 1)
  | |- context [@GRing.zero ?T] => change (@GRing.zero T) with (IZR 0)
  | |- context [@GRing.exp ?T ?x ?n] => change (@GRing.exp T x n) with (x ^+ n : R); rewrite -RpowE
  | |- context [@Num.Def.normr ?T ?V ?x] => change (@Num.Def.normr T V x) with (Rabs x)
  end.
(** [mlra], [mnra]: [lra], [nra] on goals and hypotheses in mathcomp notation. *)
Ltac r_revert := repeat match goal with
  | H : @Rle _ _ |- _ => revert H | H : Rlt _ _ |- _ => revert H | H : @eq R _ _ |- _ => revert H end.
Ltac mlra := r_order; r_revert; r_ring; intros; lra.
Ltac mnra := r_order; r_revert; r_ring; intros; nra.

Section ExpFacts.
Implicit Types x y : R.
Lemma exp_gt0 x : 0 < exp x. Proof. exact/RltP/exp_pos. Qed.
Lemma exp_ge0 x : 0 <= exp x. Proof. exact/ltW/exp_gt0. Qed.
Lemma exp_le x y : x <= y -> exp x <= exp y.
Proof. by move=> /RleP [H|->]; apply/RleP; [left; apply: exp_increasing|right]. Qed.
Lemma exp_lt x y : x < y -> exp x < exp y.
Proof. by move=> /RltP H; apply/RltP; apply: exp_increasing. Qed.
Lemma expD x y : exp (x + y) = exp x * exp y.
Proof. exact: exp_plus. Qed.
Lemma exp_split x y z : z = x + y -> exp z = exp x * exp y.
Proof. by move=> ->; exact: expD. Qed.
Lemma exp0 : exp 0 = 1. Proof. exact: exp_0. Qed.
End ExpFacts.
