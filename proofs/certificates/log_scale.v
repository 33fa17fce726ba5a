(** Huge claims through logarithms: 10^k <= L lambda < 10^{k+1} for item 1.1 when L lambda itself is too
    large to write down. The two inequalities on logarithms are left to [interval]. *)
From Coq Require Import Reals Lra Lia ZArith.
From PromptBound.certificates Require Import power_bracket quantized_capacity_claim.
Local Open Scope R_scope.

(** x has k + 1 digits before the point. *)
Definition decimal_magnitude (k : Z) (x : R) : Prop := IZR (10 ^ k) <= x < IZR (10 ^ (k + 1)).

Lemma IZR_pow10 j : (0 <= j)%Z -> IZR (10 ^ j) = exp (IZR j * ln 10).
Proof.
intros j0. rewrite IZR_pow, <- Rpower_pow by (easy || lra). unfold Rpower. now rewrite INR_to_nat.
Qed.

Lemma decimal_magnitude_exp k e : (0 <= k)%Z ->
  IZR k * ln 10 <= e < (IZR k + 1) * ln 10 -> decimal_magnitude k (exp e).
Proof.
intros k0 [lo hi]. unfold decimal_magnitude. rewrite !IZR_pow10, plus_IZR by lia. split.
- destruct lo as [lo| ->]; [now left; apply exp_increasing|now right].
- now apply exp_increasing.
Qed.

(** ln (L lambda) = ln L + n (ln (2 C / eps) + (q/p) ln n) *)
Theorem quantized_capacity_log10 (d L q p k : Z) (eps C : R) :
  (0 < d)%Z -> (0 < L)%Z -> (0 <= k)%Z -> 0 < eps -> 0 < C ->
  let n := IZR (d * L) in
  IZR k * ln 10 <= ln (IZR L) + n * (ln (2 * C / eps) + IZR q / IZR p * ln n)
    < (IZR k + 1) * ln 10 ->
  decimal_magnitude k (published_tokens d L eps C q p).
Proof.
intros d0 L0 k0 He HC n H.
assert (n0 : (0 < d * L)%Z) by now apply Z.mul_pos_pos.
assert (PL : 0 < IZR L) by now apply IZR_lt.
assert (P1 : 0 < 2 * C / eps) by (apply Rdiv_lt_0_compat; lra).
assert (P2 : 0 < root_factor (d * L) q p) by apply exp_pos.
assert (Ex : published_tokens d L eps C q p =
    exp (ln (IZR L) + n * (ln (2 * C / eps) + IZR q / IZR p * ln n))); [|rewrite Ex; now apply decimal_magnitude_exp].
unfold published_tokens, inverse_step.
rewrite <- Rpower_pow by now apply Rmult_lt_0_compat. rewrite INR_to_nat by lia. fold n.
rewrite exp_plus, exp_ln by easy. f_equal. unfold Rpower. f_equal. f_equal.
rewrite ln_mult by easy. f_equal. unfold root_factor, Rpower. now rewrite ln_exp.
Qed.
