(** Theory item 5.9, part (a): the address of an input, and with it the whole construction at function level.

    xt is the gathered input, within q1 of x. Shift j adds 4 eta j to k xt; staircases with ramps of half-width eta at 1..k-1
    give the raw digits, exactly where mu_j > 0; the cells so found have centres within 1/(2k) + 4 n eta/k + q1 of x, and
    the weights phi_j make the output a convex combination of their stored values. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From PromptBound.algebra Require Import target_class alpha_norm entropy_bits packed_differences digit_extraction good_shift packed_upper.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Address.
Variables (R : realFieldType) (I : finType) (k : nat) (eta : R).
Hypotheses (k0 : (0 < k)%N) (eta0 : 0 < eta) (eta_small : 4%:R * #|I|.+1%:R * eta < 1).
Local Notation point := {ffun I -> R}.
Local Notation cell := {ffun I -> 'I_k}.
Local Notation n := #|I|.
Variable xt : point.
Hypothesis xt01 : cube xt.

Definition scaled : point := [ffun c => k%:R * xt c].
(** The scaled input under shift j. *)
Definition shifted_input (j : 'I_n.+1) (c : I) : R := shifted eta scaled j c.
(** mu_j, with the borders 1..k-1. *)
Definition quality (j : 'I_n.+1) : R := shift_quality k.-1 eta scaled j.
(** phi_j *)
Definition address_weight (j : 'I_n.+1) : R :=
  shift_weight (fun l => if insub l : option 'I_n.+1 is Some i then quality i else 0) j.
(** The raw digits as integers. *)
Definition address (j : 'I_n.+1) : cell := [ffun c => insubd (Ordinal k0) (floor_upto k.-1 (shifted_input j c))].

Let kR : 0 < k%:R :> R. Proof. by rewrite ltr0n. Qed.
Let shifted0 j c : 0 <= shifted_input j c.
Proof.
have /andP [x0 _] := xt01 c.
by rewrite /shifted_input /shifted ffunE addr_ge0 // ?mulr_ge0 ?ler0n // ltW.
Qed.

Let floor_lt (z : R) : (floor_upto k.-1 z < k)%N.
Proof. by have := @floor_upto_le R k.-1 z; lia. Qed.
Let addressE j c : address j c = floor_upto k.-1 (shifted_input j c) :> nat.
Proof. by rewrite ffunE val_insubd floor_lt. Qed.

Let floor_below (z : R) : 0 <= z -> (floor_upto k.-1 z)%:R <= z.
Proof.
move=> z0; rewrite /floor_upto; case: (pickP (fun i : 'I_k.-1.+1 => i%:R <= z)) => [i iz|none]; last first.
  by rewrite big_pred0.
have low : (0 < #|[pred i : 'I_k.-1.+1 | (i%:R <= z)%R]|)%N by apply/card_gt0P; exists i; rewrite inE.
have [l lP lE] := eq_bigmax_cond (fun i : 'I_k.-1.+1 => i : nat) low.
by rewrite inE in lP; rewrite [X in X%:R]lE.
Qed.
Let floor_above (z : R) i : (i < k)%N -> i%:R <= z -> (i <= floor_upto k.-1 z)%N.
Proof.
move=> ik iz; have ik' : (i < k.-1.+1)%N by lia.
exact: (@leq_bigmax_cond _ [pred i : 'I_k.-1.+1 | (i%:R <= z)%R] (fun i => i : nat) (Ordinal ik') iz).
Qed.

(** Where mu_j > 0 the staircases give exactly the digits of a cell. *)
Theorem address_exact j c : 0 < quality j -> staircase k eta (shifted_input j c) = (address j c)%:R.
Proof.
move=> /(shift_quality_exact eta0) far; rewrite addressE; set z := shifted_input j c; set a := floor_upto _ _.
have border i : (0 < i < k)%N -> eta < `|z - i%:R|.
  move=> /andP [i0 ik]; have lt : (i.-1 < k.-1)%N by lia.
  by have := far c (Ordinal lt); rewrite /= prednK.
apply: staircase_count => // [|i /andP [i0 ia]|i /andP [ai ik]]; first exact: floor_lt.
  have ik : (i < k)%N := leq_ltn_trans ia (floor_lt z).
  have iz : i%:R <= z by apply: le_trans (floor_below (shifted0 j c)); rewrite ler_nat.
  have := border i; rewrite i0 ik => /(_ isT); rewrite ger0_norm ?subr_ge0 // => /ltW.
  by rewrite ler_subr_addr addrC.
have zi : z < i%:R.
  by rewrite ltNge; apply/negP => le; have := floor_above ik le; rewrite leqNgt ai.
have i0 : (0 < i)%N := leq_ltn_trans (leq0n _) ai.
have := border i; rewrite i0 ik => /(_ isT); rewrite ltr0_norm ?subr_lt0 // opprB => /ltW.
by rewrite ler_subr_addr addrC -ler_subr_addr.
Qed.

(** The cell found has its centre near the input, for every shift. *)
Theorem address_near (x : point) (q1 : R) j : (forall c, `|x c - xt c| <= q1) ->
  forall c, `|x c - centre_of R (address j) c| <= (2%:R * k%:R)^-1 + 4%:R * n%:R * eta / k%:R + q1.
Proof.
move=> close c; set delta := (2%:R * k%:R)^-1 + _.
have -> : x c - centre_of R (address j) c = (xt c - centre_of R (address j) c) + (x c - xt c) by rewrite [RHS]addrC addrA subrK.
apply: le_trans (ler_norm_add _ _) _; apply: ler_add (close c).
rewrite ffunE addressE; set z := shifted_input j c; set a := floor_upto k.-1 z.
have zE : z = k%:R * xt c + 4%:R * eta * j%:R by rewrite /z /shifted_input /shifted ffunE.
have jn : 4%:R * eta * j%:R <= 4%:R * n%:R * eta.
  have -> : 4%:R * n%:R * eta = 4%:R * eta * n%:R by ring.
  by rewrite ler_wpmul2l ?ler_nat ?mulr_ge0 ?ler0n ?(ltW eta0) // -ltnS ltn_ord.
have j0 : 0 <= 4%:R * eta * j%:R by rewrite !mulr_ge0 ?ler0n // ltW.
have lo : a%:R - 4%:R * n%:R * eta <= k%:R * xt c.
  rewrite ler_subl_addr; apply: le_trans (floor_below (shifted0 j c)) _.
  by rewrite -/z zE ler_add2l.
have hi : k%:R * xt c <= a.+1%:R.
  have [lt|ge] := ltnP a.+1 k.
    apply: (@le_trans _ _ z); first by rewrite zE ler_addl.
    by rewrite leNgt; apply/negP => gt; have := floor_above lt (ltW gt); rewrite -/a ltnn.
  apply: (@le_trans _ _ k%:R); last by rewrite ler_nat.
  by have /andP [_ x1] := xt01 c; rewrite ler_pimulr ?ler0n.
have -> : xt c - (a%:R + 2%:R^-1) / k%:R = (k%:R * xt c - a%:R - 2%:R^-1) / k%:R by field; rewrite lt0r_neq0.
have -> : delta = (2%:R^-1 + 4%:R * n%:R * eta) / k%:R by rewrite /delta; field; rewrite lt0r_neq0.
rewrite normrM normfV (gtr0_norm kR) ler_wpmul2r ?invr_ge0 ?(ltW kR) //.
have e0 : 0 <= 4%:R * n%:R * eta by rewrite !mulr_ge0 ?ler0n // ltW.
have half : 1 = 2%:R^-1 + 2%:R^-1 :> R by field.
set u := k%:R * xt c - a%:R.
have lo' : - (4%:R * n%:R * eta) <= u by rewrite ler_subr_addl.
have hi' : u <= 1 by rewrite ler_subl_addl -mulrSr.
rewrite ler_norml; apply/andP; split; first by rewrite opprD [u - _]addrC ler_add2l.
by rewrite ler_subl_addr (le_trans hi') // addrAC -half ler_addl.
Qed.

Lemma address_weights : [/\ forall j, 0 <= address_weight j, \sum_j address_weight j = 1 &
  forall j, address_weight j != 0 -> 0 < quality j].
Proof.
pose mu l := if insub l : option 'I_n.+1 is Some i then quality i else 0.
have mu0 l : 0 <= mu l by rewrite /mu; case: insub => // i; exact: shift_quality_ge0.
have muE (j : 'I_n.+1) : mu j = quality j by rewrite /mu valK.
have [j one] := shift_quality_one k.-1 scaled eta0 eta_small.
have good : exists j : 'I_n.+1, mu j = 1 by exists j; rewrite muE.
have [w0 wmu w1] := shift_weights mu0 good; split=> [l|//|l]; first exact: w0.
by move=> wl; rewrite -muE; apply: lt_le_trans (wmu l); rewrite lt_neqAle eq_sym wl w0.
Qed.
End Address.

(** The construction at function level: for every f in F(C, alpha) there is a prompt of m tokens with P entries of b bits such that
    the weights phi_j, the cells found by the shifted staircases and the values read from the prompt give an output within eps
    of f(x), whenever the gathered input is within q1 of x; and every cell with phi_j > 0 is found exactly. *)
Theorem packed_lookup (R : realFieldType) (I : finType) (b P m k : nat) (C eps q : R) (nrm : {ffun I -> R} -> R)
    (reader : bit_prompt b P m -> {ffun I -> 'I_k} -> I -> nat) (k0 : (0 < k)%N) : packed_serves C eps nrm q reader ->
  exists eta q1 : R, [/\ 0 < eta, 0 < q1 &
  forall f : {ffun I -> R} -> {ffun I -> R}, target_class (fun y z => nrm (y - z)) C f ->
  exists p, forall x xt, cube x -> cube xt -> (forall c, `|x c - xt c| <= q1) ->
    nrm (packed_output q (reader p) (address_weight k eta xt) (address eta k0 xt) - f x) < eps /\
    forall j, address_weight k eta xt j != 0 ->
      forall c, staircase k eta (shifted_input k eta xt j c) = (address eta k0 xt j c)%:R].
Proof.
move=> [eta [q1 [eta0 small q10 served]]]; exists eta, q1; split=> // f fC.
have [p pP] := served f fC; exists p => x xt x01 xt01 close.
have [w0 w1 exact_at] := address_weights k eta0 small xt; split.
  by apply: pP => //; split=> // j _; exact: address_near.
by move=> j /exact_at good c; exact: address_exact.
Qed.
