(** Integer claims on reals of the form x = (u/v) n^{q/p}, decided by comparing integers.

    Raising to the p-th power makes both sides integers: x^p v^p = u^p n^q. Everything below is the
    passage from there back to x; the comparisons themselves are left to [vm_compute] over Z. *)
From Coq Require Import Reals Lra Lia ZArith.
Local Open Scope R_scope.

(** N is the least integer >= x; N is the greatest integer <= x. *)
Definition is_ceil (N : Z) (x : R) : Prop := IZR N - 1 < x <= IZR N.
Definition is_floor (N : Z) (x : R) : Prop := IZR N <= x < IZR N + 1.

(** n^{q/p}: the factor n^{1/alpha} with 1/alpha = q/p; alpha = inf is q = 0. *)
Definition root_factor (n q p : Z) : R := Rpower (IZR n) (IZR q / IZR p).

Lemma INR_to_nat z : (0 <= z)%Z -> INR (Z.to_nat z) = IZR z.
Proof. intros H. now rewrite INR_IZR_INZ, Z2Nat.id. Qed.

Lemma IZR_pow b e : (0 <= e)%Z -> IZR (b ^ e) = IZR b ^ Z.to_nat e.
Proof. intros H. now rewrite pow_IZR, Z2Nat.id. Qed.

Lemma pow_lt_cancel x y p : 0 <= y -> x ^ p < y ^ p -> x < y.
Proof.
intros Hy Hp. destruct (Rlt_or_le x y) as [|H]; [easy|].
exfalso. apply (Rlt_irrefl (x ^ p)). eapply Rlt_le_trans; [exact Hp|]. now apply pow_incr.
Qed.

Lemma pow_le_cancel x y p : (0 < p)%nat -> 0 <= y -> x ^ p <= y ^ p -> x <= y.
Proof.
intros p0 Hy Hp. destruct (Rle_or_lt x y) as [|H]; [easy|].
exfalso. apply (Rlt_irrefl (x ^ p)). eapply Rle_lt_trans; [exact Hp|].
destruct p as [|p]; [lia|]. clear Hp p0.
assert (y ^ p <= x ^ p) by (apply pow_incr; lra).
assert (0 < x ^ p) by (apply pow_lt; lra). simpl.
apply Rle_lt_trans with (y * x ^ p).
- now apply Rmult_le_compat_l.
- now apply Rmult_lt_compat_r.
Qed.

Lemma div_pow_mult x y k : y <> 0 -> (x / y) ^ k * y ^ k = x ^ k.
Proof. intros. rewrite <- Rpow_mult_distr. f_equal. now field. Qed.

(** a/b against c, for integers with b > 0 *)
Lemma quotient_gt a b c : (0 < b)%Z -> (c * b < a)%Z -> IZR c < IZR a / IZR b.
Proof.
intros b0 H. assert (B := IZR_lt _ _ b0). apply Rmult_lt_reg_r with (1 := B).
unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, <- mult_IZR by lra. now apply IZR_lt.
Qed.
Lemma quotient_le a b c : (0 < b)%Z -> (a <= c * b)%Z -> IZR a / IZR b <= IZR c.
Proof.
intros b0 H. assert (B := IZR_lt _ _ b0). apply Rmult_le_reg_r with (1 := B).
unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, <- mult_IZR by lra. now apply IZR_le.
Qed.
Lemma quotient_ge a b c : (0 < b)%Z -> (c * b <= a)%Z -> IZR c <= IZR a / IZR b.
Proof.
intros b0 H. assert (B := IZR_lt _ _ b0). apply Rmult_le_reg_r with (1 := B).
unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, <- mult_IZR by lra. now apply IZR_le.
Qed.
Lemma quotient_lt a b c : (0 < b)%Z -> (a < c * b)%Z -> IZR a / IZR b < IZR c.
Proof.
intros b0 H. assert (B := IZR_lt _ _ b0). apply Rmult_lt_reg_r with (1 := B).
unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, <- mult_IZR by lra. now apply IZR_lt.
Qed.

(** ((x n^{q/p})^e)^p = x^{e p} n^{e q}. *)
Lemma root_factor_pow x n q p e : (0 < n)%Z -> (0 < p)%Z -> (0 <= q)%Z -> (0 <= e)%Z ->
  ((x * root_factor n q p) ^ Z.to_nat e) ^ Z.to_nat p = x ^ Z.to_nat (e * p) * IZR (n ^ (e * q)).
Proof.
intros n0 p0 q0 e0. assert (P : 0 < IZR n) by now apply IZR_lt.
assert (P' : 0 < IZR p) by now apply IZR_lt.
rewrite <- pow_mult, Rpow_mult_distr, <- Z2Nat.inj_mul by lia. f_equal.
rewrite <- Rpower_pow by apply exp_pos. unfold root_factor. rewrite Rpower_mult.
rewrite IZR_pow, <- Rpower_pow by (try apply Z.mul_nonneg_nonneg; easy).
f_equal. rewrite !INR_to_nat by (apply Z.mul_nonneg_nonneg; lia). rewrite !mult_IZR. field. lra.
Qed.

(** Cross-multiplied comparisons of an integer N with x >= 0 when x^p den = num. *)
Section Compare.
Variables (x : R) (p : nat) (num den N : Z).
Hypotheses (p0 : (0 < p)%nat) (x0 : 0 <= x) (den0 : (0 < den)%Z) (N0 : (0 <= N)%Z)
  (E : x ^ p * IZR den = IZR num).
Let D : 0 < IZR den. Proof. now apply IZR_lt. Qed.
Let PN : IZR N ^ p = IZR (N ^ Z.of_nat p). Proof. apply pow_IZR. Qed.
Let N0' : 0 <= IZR N. Proof. now apply IZR_le. Qed.

Lemma power_ge : (num <= N ^ Z.of_nat p * den)%Z -> x <= IZR N.
Proof.
intros H. apply pow_le_cancel with p; [easy|easy|]. rewrite PN.
apply Rmult_le_reg_r with (1 := D). rewrite E, <- mult_IZR. now apply IZR_le.
Qed.
Lemma power_gt : (num < N ^ Z.of_nat p * den)%Z -> x < IZR N.
Proof.
intros H. apply pow_lt_cancel with p; [easy|]. rewrite PN.
apply Rmult_lt_reg_r with (1 := D). rewrite E, <- mult_IZR. now apply IZR_lt.
Qed.
Lemma power_le : (N ^ Z.of_nat p * den <= num)%Z -> IZR N <= x.
Proof.
intros H. apply pow_le_cancel with p; [easy|easy|]. rewrite PN.
apply Rmult_le_reg_r with (1 := D). rewrite E, <- mult_IZR. now apply IZR_le.
Qed.
Lemma power_lt : (N ^ Z.of_nat p * den < num)%Z -> IZR N < x.
Proof.
intros H. apply pow_lt_cancel with p; [easy|]. rewrite PN.
apply Rmult_lt_reg_r with (1 := D). rewrite E, <- mult_IZR. now apply IZR_lt.
Qed.
End Compare.
