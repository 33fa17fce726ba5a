(** What a certified integer of item 1.4 means: with k^n prompt tokens one lookup transformer serves F(C, alpha). *)
From Coq Require Import Reals Lra Lia ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.algebra Require Import sup_norm target_class alpha_norm.
From PromptBound.analysis Require Import bridge lookup_transformer entrywise_norm every_alpha.
From PromptBound.certificates Require Import power_bracket lookup_upper_claim nat_to_Z exponent.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Delimit Scope R_scope with coqR.
Local Open Scope ring_scope.

(** 1/alpha = q/p: m is the number of the k^n grid cells, and the transformer of item 5.2 with one prompt token a cell
    serves every f of F(C, alpha) within eps. *)
Definition lookup_sufficient (d L : Z) (eps C : R) (q p k m : Z) : Prop :=
  let d' := Z.to_nat d in let L' := Z.to_nat L in let k' := Z.to_nat k in
  let point := {ffun 'I_d' * 'I_L' -> R} in
  let dist : point -> point -> R := dist_of (exponent_of q p) in
  m = Z.of_nat #|{: {ffun 'I_d' * 'I_L' -> 'I_k'}}| /\
  exists beta Lambda1 Lambda2 : R, forall (f : point -> point) (x : point), target_class dist C f -> cube x ->
    dist (lookup_output k' beta Lambda1 Lambda2 f x) (f x) <= eps.

Theorem lookup_upper_sufficient (d L : Z) (eps C : R) (q p k m : Z) : exponent_check q p = true ->
  (0 < d)%coqZ -> (0 < L)%coqZ -> (1 <= k)%coqZ -> (0 < eps)%coqR -> (0 <= C)%coqR ->
  lookup_upper_claim d L eps C q p k m -> lookup_sufficient d L eps C q p k m.
Proof.
move=> qp d0 L0 k1 eps0 C0 [[_ hi] ->]; split.
  by rewrite card_ffun card_prod !card_ord Z_expn Z_muln !Z_to_natK; lia.
have k0 : (0 < k)%coqZ by lia.
have n0 : (0 < d * L)%coqZ by apply: Z.mul_pos_pos.
have k_gt : C * root_factor (d * L) q p / (2%:R * eps) < (Z.to_nat k)%:R.
  apply/RltP; r_ring; rewrite Z2Nat.id; last lia.
  move: hi; rewrite minus_IZR /cells_needed.
  set r := root_factor _ _ _.
  have -> : (C * r * / (2 * eps) = C / (2 * eps) * r)%coqR by field; lra.
  by lra.
have eps_pos : 0 < eps by apply/RltP.
have C_ge0 : 0 <= C by apply/RleP.
rewrite -(root_of_exponent qp n0) Z2Nat.inj_mul in k_gt; try lia.
by have [_] := lookup_upper_alpha (Z_to_nat_gt0 L0) (exponent_of_ge1 qp) (Z_to_nat_gt0 k0) C_ge0 eps_pos k_gt.
Qed.
