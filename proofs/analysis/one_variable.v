(** Two equations in one real variable, solved by continuity (used by theory item 2.2).

    Written in the standard library's notation for the reals, on which [lra], [nra] and [field]
    work. Proved: the entropy of the weights proportional to (1, e^{-u}, .., e^{-u}) takes every
    value in (0, ln m]; and r - al - be e^{-r} = c is solvable whenever its minimum allows. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** ln t <= t - 1. *)
Lemma ln_le_sub1 t : 0 < t -> ln t <= t - 1.
Proof.
move=> t0; have [e|ne] := Req_dec (t - 1) 0; first by rewrite (_ : t = 1) ?ln_1; lra.
have := exp_ineq1 (t - 1) ne; rewrite (_ : 1 + (t - 1) = t); last by lra.
by move=> /(ln_increasing _ _ t0); rewrite ln_exp => /Rlt_le.
Qed.

Lemma continuity_pt_id u : continuity_pt (fun u => u) u.
Proof. exact/derivable_continuous_pt/derivable_pt_id. Qed.

(** ** The entropy of a one-parameter family of weights takes every value *)
(** The entropy of the weights proportional to 1 (once) and e^{-u} (c times). *)
Definition family_entropy (c u : R) :=
  ln (1 + c * exp (- u)) + u * (c * exp (- u) / (1 + c * exp (- u))).

Lemma family_denominator c u : 0 < c -> 0 < 1 + c * exp (- u).
Proof. by move=> c0; have := Rmult_lt_0_compat _ _ c0 (exp_pos (- u)); lra. Qed.

Lemma family_continuous c : 0 < c -> continuity (family_entropy c).
Proof.
move=> c0 u.
have Ce : continuity_pt (fun u => c * exp (- u)) u.
  apply: (continuity_pt_mult (fun _ => c) (fun u => exp (- u))).
    exact: continuity_pt_const.
  apply: (continuity_pt_comp Ropp exp); first exact/continuity_pt_opp/continuity_pt_id.
  exact/derivable_continuous_pt/derivable_pt_exp.
have Cd : continuity_pt (fun u => 1 + c * exp (- u)) u.
  by apply: (continuity_pt_plus (fun _ => 1)) => //; apply: continuity_pt_const.
apply: continuity_pt_plus.
  apply: (continuity_pt_comp (fun u => 1 + c * exp (- u)) ln) => //.
  apply: derivable_continuous_pt; exists (/ (1 + c * exp (- u))).
  exact/derivable_pt_lim_ln/family_denominator.
apply: (continuity_pt_mult (fun u => u)); first exact: continuity_pt_id.
apply: (continuity_pt_div (fun u => c * exp (- u)) (fun u => 1 + c * exp (- u))) => //.
exact/Rgt_not_eq/family_denominator.
Qed.

(** From ln (1+c) at u = 0 the entropy falls below any h > 0: H <= c (1+u) e^{-u} <= 2c/(1+u/2). *)
Lemma family_small c h : 0 < c -> 0 < h -> family_entropy c (4 * c / h) < h.
Proof.
move=> c0 h0; set u := 4 * c / h.
have u0 : 0 < u by apply: Rdiv_lt_0_compat; lra.
have q0 : 0 < c * exp (- u) by apply: Rmult_lt_0_compat => //; apply: exp_pos.
have l := ln_le_sub1 (family_denominator u c0).
have f : c * exp (- u) / (1 + c * exp (- u)) <= c * exp (- u).
  apply: (Rmult_le_reg_r (1 + c * exp (- u))); first lra.
  by rewrite /Rdiv Rmult_assoc Rinv_l; nra.
have b : family_entropy c u <= c * exp (- u) * (1 + u).
  by rewrite /family_entropy; have := Rmult_le_compat_l u _ _ (Rlt_le _ _ u0) f; lra.
have e2 : exp (- u) = / exp (u / 2) * / exp (u / 2).
  by rewrite -!exp_Ropp -exp_plus; congr exp; lra.
have e1 := Rlt_le _ _ (exp_ineq1 (u / 2) ltac:(lra)).
have ep := exp_pos (u / 2).
have i1 : / exp (u / 2) * exp (u / 2) = 1 by rewrite Rinv_l; lra.
have ip := Rinv_0_lt_compat _ ep.
have b2 : exp (- u) * (1 + u) <= 2 * / exp (u / 2).
  rewrite e2 Rmult_assoc; rewrite [2 * _]Rmult_comm; apply: Rmult_le_compat_l; first lra.
  by apply: (Rmult_le_reg_l (exp (u / 2))) => //; rewrite -Rmult_assoc [exp _ * / _]Rmult_comm i1; lra.
have b3 : / exp (u / 2) <= / (1 + u / 2) by apply: Rinv_le_contravar; lra.
have b4 : c * (2 * / (1 + u / 2)) < h.
  apply: (Rmult_lt_reg_r (1 + u / 2)); first lra.
  have -> : c * (2 * / (1 + u / 2)) * (1 + u / 2) = 2 * c.
    by have := Rinv_l (1 + u / 2) ltac:(lra); nra.
  have -> : h * (1 + u / 2) = h + 2 * c by rewrite /u; field; lra.
  by lra.
by nra.
Qed.

Lemma family_value c h : 0 < c -> 0 < h <= ln (1 + c) -> exists u, family_entropy c u = h.
Proof.
move=> c0 [h0 hc].
have at0 : family_entropy c 0 = ln (1 + c).
  by rewrite /family_entropy Ropp_0 exp_0 Rmult_1_r Rmult_0_l Rplus_0_r.
have u0 : 0 < 4 * c / h by apply: Rdiv_lt_0_compat; lra.
have [z [_ e]] : {z | 0 <= z <= 4 * c / h /\ family_entropy c z - h = 0}; last by exists z; lra.
apply: (IVT_cor (fun u => family_entropy c u - h)); last 2 first.
- lra.
- have s := family_small c0 h0; rewrite at0.
  by have := Rmult_le_pos (ln (1 + c) - h) (h - family_entropy c (4 * c / h)) ltac:(lra) ltac:(lra); lra.
move=> u; apply: continuity_pt_minus; first exact: family_continuous.
exact: continuity_pt_const.
Qed.

(** ** The equation S exp(-(al + be/S)) = y for the free total weight S of Case II *)
Lemma free_weight_log al be c : 0 <= be \/ be < 0 /\ ln (- be) - al + 1 <= c ->
  exists r, r - al - be * exp (- r) = c.
Proof.
move=> H; pose f r := r - al - be * exp (- r) - c.
have cf : continuity f.
  have ce : continuity (fun r => exp (- r)).
    move=> r; apply: (continuity_pt_comp Ropp exp); first exact/continuity_pt_opp/continuity_pt_id.
    exact/derivable_continuous_pt/derivable_pt_exp.
  move=> r; apply: continuity_pt_minus; last exact: continuity_pt_const.
  apply: continuity_pt_minus.
    by apply: continuity_pt_minus; [exact: continuity_pt_id | exact: continuity_pt_const].
  by apply: (continuity_pt_mult (fun _ => be)) => //; apply: continuity_pt_const.
have [r0 [r1 [r01 [f0 f1]]]] : exists r0 r1, r0 <= r1 /\ f r0 <= 0 /\ 0 <= f r1.
  case: H => [b0|[b0 h]].
    exists (al + c), (Rabs (al + c) + be); rewrite /f.
    have p0 := Rmult_le_pos _ _ b0 (Rlt_le _ _ (exp_pos (- (al + c)))).
    have := Rle_abs (al + c); have := Rabs_pos (al + c); move: (Rabs (al + c)) => q q0 qa.
    have e1 : exp (- (q + be)) <= 1.
      have [e|ne] := Req_dec (q + be) 0; first by rewrite e Ropp_0 exp_0; lra.
      by rewrite -exp_0; apply/Rlt_le/exp_increasing; lra.
    have p1 := Rmult_le_compat_l _ _ _ b0 e1.
    by split; [lra | split; lra].
  exists (ln (- be)), (Rmax (ln (- be)) (al + c)); split; first exact: Rmax_l.
  rewrite /f exp_Ropp exp_ln; last lra.
  have -> : be * / - be = -1 by rewrite -{1}[be]Ropp_involutive -Ropp_mult_distr_l Rinv_r; lra.
  split; first lra.
  by have := Rmax_r (ln (- be)) (al + c); have := exp_pos (- Rmax (ln (- be)) (al + c)); nra.
have [z [_ e]] : {z | r0 <= z <= r1 /\ f z = 0} by apply: IVT_cor => //; nra.
by exists z; rewrite /f in e; lra.
Qed.
