(** The polynomials and the table behind the power of two of the attention kernels: their distance from 2^f.

    The rounding errors of evaluating them are added in gappa/exp2_single.gappa and gappa/exp2_double.gappa. A test of
    the program compares the coefficients here and there with the ones that it computes with. *)
From Coq Require Import Reals List Lia.
From Interval Require Import Tactic.
Import ListNotations.
Local Open Scope R_scope.

Definition single_polynomial (f : R) :=
  ((((0x1.5bfd58p-10 * f + 0x1.3ceaf8p-7) * f + 0x1.c6b69ap-5) * f + 0x1.ebf9bap-3) * f + 0x1.62e42ap-1) * f + 1.

Theorem exp2_single f : -1/2 <= f <= 1/2 ->
  Rabs (single_polynomial f / Rpower 2 f - 1) <= 0x1.98p-24.
Proof.
intros H. unfold single_polynomial, Rdiv, Rpower. rewrite <- exp_Ropp.
interval with (i_taylor f, i_degree 12, i_prec 80, i_bisect f).
Qed.

Definition double_polynomial (f : R) :=
  (((((0x1.4308149168d76p-13 * f + 0x1.5d89bd6282f85p-10) * f + 0x1.3b2ab6fe2ce32p-7) * f
   + 0x1.c6b08d6e8ccacp-5) * f + 0x1.ebfbdff82c553p-3) * f + 0x1.62e42fefa39fdp-1) * f + 1.

Theorem exp2_double f : -1/32 <= f <= 1/32 ->
  Rabs (double_polynomial f / Rpower 2 f - 1) <= 0x1p-56.
Proof.
intros H. unfold double_polynomial, Rdiv, Rpower. rewrite <- exp_Ropp.
interval with (i_taylor f, i_degree 12, i_prec 100, i_bisect f).
Qed.

Definition sixteenths : list R :=
  [1; 0x1.0b5586cf9890fp0; 0x1.172b83c7d517bp0; 0x1.2387a6e756238p0;
   0x1.306fe0a31b715p0; 0x1.3dea64c123422p0; 0x1.4bfdad5362a27p0; 0x1.5ab07dd485429p0;
   0x1.6a09e667f3bcdp0; 0x1.7a11473eb0187p0; 0x1.8ace5422aa0dbp0; 0x1.9c49182a3f09p0;
   0x1.ae89f995ad3adp0; 0x1.c199bdd85529cp0; 0x1.d5818dcfba487p0; 0x1.ea4afa2a490dap0].

Theorem exp2_sixteenths j : (j < 16)%nat ->
  Rabs (nth j sixteenths 0 / Rpower 2 (INR j / 16) - 1) <= 0x1p-53.
Proof.
intros H. unfold Rpower.
do 16 (destruct j as [|j]; [rewrite INR_IZR_INZ; cbn -[exp ln]; interval with (i_prec 100)|]). lia.
Qed.
