(** Two inequalities on the exponential behind the Lipschitz constant of softmax. *)
From Coq Require Import Reals Lra Psatz.
From Coquelicot Require Import Coquelicot.
Local Open Scope R_scope.

(** tanh x <= x for x >= 0 *)
Lemma tanh_le x : 0 <= x -> exp x - exp (- x) <= x * (exp x + exp (- x)).
Proof.
intros Hx.
destruct (MVT_gen (fun x => x * (exp x + exp (- x)) - (exp x - exp (- x))) 0 x
  (fun x => x * (exp x - exp (- x)))) as (c & Hc & E).
- intros y _. auto_derive; [easy|ring].
- intros y _. apply continuity_pt_filterlim.
  apply (ex_derive_continuous (fun x => x * (exp x + exp (- x)) - (exp x - exp (- x)))). auto_derive. easy.
- simpl in E. rewrite Ropp_0, exp_0 in E.
  rewrite Rmin_left, Rmax_right in Hc by lra.
  assert (0 <= exp c - exp (- c)).
  { assert (exp (- c) <= exp c); [|lra]. destruct (Req_dec c 0) as [->|]; [rewrite Ropp_0; lra|].
    left. apply exp_increasing. lra. }
  assert (0 <= c * (exp c - exp (- c)) * (x - 0)) by (apply Rmult_le_pos; nra). lra.
Qed.

(** If the mass A shrinks by at most e^{-t} and B grows by at most e^t, the share A/(A+B) drops by at
    most t/2. *)
Lemma two_block A B A' B' t : 0 < A -> 0 <= B -> 0 <= t -> 0 <= A' -> 0 <= B' -> 0 < A' + B' ->
  exp (- t) * A <= A' -> B' <= exp t * B ->
  A / (A + B) - A' / (A' + B') <= t / 2.
Proof.
intros HA HB Ht HA' HB' HS H1 H2.
set (z := exp (t/2)). set (y := exp (- (t/2))).
assert (zy : z * y = 1) by (unfold z, y; rewrite <-exp_plus; replace (t/2 + -(t/2)) with 0 by ring; apply exp_0).
assert (Ez : exp t = z * z) by (unfold z; rewrite <-exp_plus; f_equal; field).
assert (Ey : exp (- t) = y * y) by (unfold y; rewrite <-exp_plus; f_equal; field).
assert (z0 : 0 < z) by apply exp_pos. assert (y0 : 0 < y) by apply exp_pos.
assert (T : z - y <= t/2 * (z + y)) by (apply tanh_le; lra).
rewrite Ez in H2. rewrite Ey in H1.
destruct (Rle_lt_or_eq_dec 0 B HB) as [B0|<-].
2:{ assert (B' = 0) by (rewrite Rmult_0_r in H2; lra). subst B'. rewrite !Rplus_0_r.
    assert (0 < A') by lra. replace (A / A - A' / A') with 0 by (field; lra). lra. }
assert (a0 : 0 < y*y*A) by (repeat apply Rmult_lt_0_compat; lra).
assert (b0 : 0 < z*z*B) by (repeat apply Rmult_lt_0_compat; lra).
(* A'/(A'+B') >= y y A / (y y A + z z B) *)
assert (M : y*y*A / (y*y*A + z*z*B) <= A' / (A' + B')).
{   apply Rmult_le_reg_r with ((y*y*A + z*z*B) * (A' + B')); [apply Rmult_lt_0_compat; lra|].
  field_simplify; try lra.
  assert (y*y*A*B' <= A' * (z*z*B)) by (apply Rmult_le_compat; lra). lra. }
eapply Rle_trans; [apply Rplus_le_compat_l, Ropp_le_contravar, M|].
assert (Q : 0 < (A + B) * (y*y*A + z*z*B)) by (apply Rmult_lt_0_compat; lra).
replace (A / (A + B) + - (y*y*A / (y*y*A + z*z*B))) with (A * B * (z*z - y*y) / ((A + B) * (y*y*A + z*z*B)))
 by (field; lra).
apply Rmult_le_reg_r with (1 := Q). unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
(* (A+B)(yyA+zzB) >= AB (z+y)^2 *)
assert (G : A * B * ((z + y) * (z + y)) <= (A + B) * (y*y*A + z*z*B)).
{ assert (0 <= (y*A - z*B) * (y*A - z*B)) by apply Rle_0_sqr. nra. }
apply Rle_trans with (t/2 * (A * B * ((z + y) * (z + y)))); [|apply Rmult_le_compat_l; lra].
replace (A * B * (z*z - y*y)) with ((A * B * (z + y)) * (z - y)) by ring.
replace (t / 2 * (A * B * ((z + y) * (z + y)))) with ((A * B * (z + y)) * (t/2 * (z + y))) by ring.
apply Rmult_le_compat_l; [|exact T]. nra.
Qed.
