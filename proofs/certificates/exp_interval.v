(** The polynomial behind the exponential of binary64 intervals: its distance from e^r, and the splitting of ln 2.

    The rounding errors of evaluating it are added in gappa/exp_interval.gappa. A test of the program compares the
    coefficients here and there with the ones that it computes with. *)
From Coq Require Import Reals.
From Interval Require Import Tactic.
Local Open Scope R_scope.

Definition exp_polynomial (r : R) :=
  ((((((((((((0x1.6124613a86d09p-33 * r + 0x1.1eed8eff8d898p-29) * r + 0x1.ae64567f544e4p-26) * r
   + 0x1.27e4fb7789f5cp-22) * r + 0x1.71de3a556c734p-19) * r + 0x1.a01a01a01a01ap-16) * r
   + 0x1.a01a01a01a01ap-13) * r + 0x1.6c16c16c16c17p-10) * r + 0x1.1111111111111p-7) * r
   + 0x1.5555555555555p-5) * r + 0x1.5555555555555p-3) * r + 0x1p-1) * r + 1) * r + 1.

Theorem exp_interval_polynomial r : -0.3467 <= r <= 0.3467 ->
  Rabs (exp_polynomial r / exp r - 1) <= 0x1p-56.
Proof.
intros H. unfold exp_polynomial, Rdiv. rewrite <- exp_Ropp.
interval with (i_taylor r, i_degree 18, i_prec 100, i_bisect r).
Qed.

(** ln 2 is split into a part of 42 bits and the rest. *)
Theorem exp_interval_ln2 : Rabs (ln 2 - (0x1.62e42fefa38p-1 + 0x1.ef35793c7673p-45)) <= 0x1p-102.
Proof. interval with (i_prec 200). Qed.

(** An error of the reduced argument, as a factor of the exponential. *)
Theorem exp_interval_argument d : Rabs d <= 0x1.01p-54 -> Rabs (exp d - 1) <= 0x1.02p-54.
Proof.
intros H.
interval with (i_taylor d, i_degree 2, i_prec 100).
Qed.
