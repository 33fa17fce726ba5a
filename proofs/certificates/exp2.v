(** The polynomials and the tables behind the power of two of the attention kernels: their distance from the powers.

    Arguments are g = f/4 (binary32) and g = f/8 (binary64). The rounding errors of evaluating them are added in
    gappa/exp2_single.gappa and gappa/exp2_double.gappa. A test of the program compares the coefficients here and there
    with the ones that it computes with. *)
From Coq Require Import Reals List Lia.
From Interval Require Import Tactic.
Import ListNotations.
Local Open Scope R_scope.

Definition single_power (g : R) := 1 + 4 * (((g + 0x1.ec00ep-1) * g + 0x1.62e384p-1) * g).

Theorem exp2_single g : -1/128 <= g <= 1/128 ->
  Rabs (single_power g / Rpower 2 (4 * g) - 1) <= 0x1.ep-25.
Proof.
intros H. unfold single_power, Rdiv, Rpower. rewrite <- exp_Ropp.
interval with (i_taylor g, i_degree 8, i_prec 80, i_bisect g).
Qed.

Definition double_power (g : R) :=
  let z := (g + 0x1.d03249c73a558p-2) * g + 0x1.0e6192d6184c5p-1 in
  let w := (g - 0x1.4a167084dfa50p-2) * z + 0x1.4c3f2ce86146ap-1 in
  1 + 32 * (((w + (z - 0x1.97692afff392dp-1)) * w + 0x1.27f7a32ee6c18p-4) * g).

Theorem exp2_double g : -1/128 <= g <= 1/128 ->
  Rabs (double_power g / Rpower 2 (8 * g) - 1) <= 0x1p-57.
Proof.
intros H. unfold double_power, Rdiv, Rpower. cbv zeta. rewrite <- exp_Ropp.
interval with (i_taylor g, i_degree 12, i_prec 120, i_bisect g).
Qed.

Definition sixteenths : list R :=
  [1; 0x1.0b5586p0; 0x1.172b84p0; 0x1.2387a6p0; 0x1.306fep0; 0x1.3dea64p0; 0x1.4bfdaep0; 0x1.5ab07ep0;
   0x1.6a09e6p0; 0x1.7a1148p0; 0x1.8ace54p0; 0x1.9c4918p0; 0x1.ae89fap0; 0x1.c199bep0; 0x1.d5818ep0; 0x1.ea4afap0].

Theorem exp2_sixteenths j : (j < 16)%nat ->
  Rabs (nth j sixteenths 0 / Rpower 2 (INR j / 16) - 1) <= 0x1p-24.
Proof.
intros H. unfold Rpower.
do 16 (destruct j as [|j]; [rewrite INR_IZR_INZ; cbn -[exp ln]; interval with (i_prec 60)|]). lia.
Qed.

Definition eighths : list R :=
  [1; 0x1.172b83c7d517bp0; 0x1.306fe0a31b715p0; 0x1.4bfdad5362a27p0;
   0x1.6a09e667f3bcdp0; 0x1.8ace5422aa0dbp0; 0x1.ae89f995ad3adp0; 0x1.d5818dcfba487p0].

Theorem exp2_eighths j : (j < 8)%nat ->
  Rabs (nth j eighths 0 / Rpower 2 (INR j / 8) - 1) <= 0x1p-53.
Proof.
intros H. unfold Rpower.
do 8 (destruct j as [|j]; [rewrite INR_IZR_INZ; cbn -[exp ln]; interval with (i_prec 100)|]). lia.
Qed.
