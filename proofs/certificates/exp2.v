(** The polynomials and the tables behind the power of two of the attention kernels: their distance from the powers.

    Arguments are g = f/4 (binary32) and g = f/8 (binary64), and f itself in the way that scales. The rounding errors of
    evaluating them are added in gappa/exp2_*.gappa. A test of the program compares the coefficients here and there
    with the ones that it computes with. *)
From Coq Require Import Reals List Lia Lra.
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

Definition scaled_single_power (f : R) :=
  1 + ((((0x1.e96912p-10 * f + 0x1.277c1cp-7) * f + 0x1.c91c1p-5) * f + 0x1.ebdb6ap-3) * f + 0x1.62e4bap-1) * f.

Theorem exp2_scaled_single f : 0 <= f <= 1 ->
  Rabs (scaled_single_power f / Rpower 2 f - 1) <= 0x1.63p-24.
Proof.
intros H. unfold scaled_single_power, Rdiv, Rpower. rewrite <- exp_Ropp.
interval with (i_taylor f, i_degree 8, i_prec 80, i_bisect f).
Qed.

Definition scaled_double_power (f : R) :=
  1 + (((((0x1.4a03b26ef5189p-13 * f + 0x1.5d7517dcfa561p-10) * f + 0x1.3b2ad01b225b5p-7) * f + 0x1.c6b08d4e90bdap-5) * f
    + 0x1.ebfbdff841237p-3) * f + 0x1.62e42fefa39abp-1) * f.

Theorem exp2_scaled_double f : 0 <= f <= 1/16 ->
  Rabs (scaled_double_power f / Rpower 2 f - 1) <= 0x1.2p-57.
Proof.
intros H. unfold scaled_double_power, Rdiv, Rpower. rewrite <- exp_Ropp.
interval with (i_taylor f, i_degree 12, i_prec 120, i_bisect f).
Qed.

Definition double_sixteenths : list R :=
  [1; 0x1.0b5586cf9890fp0; 0x1.172b83c7d517bp0; 0x1.2387a6e756238p0; 0x1.306fe0a31b715p0; 0x1.3dea64c123422p0;
   0x1.4bfdad5362a27p0; 0x1.5ab07dd485429p0; 0x1.6a09e667f3bcdp0; 0x1.7a11473eb0187p0; 0x1.8ace5422aa0dbp0;
   0x1.9c49182a3f09p0; 0x1.ae89f995ad3adp0; 0x1.c199bdd85529cp0; 0x1.d5818dcfba487p0; 0x1.ea4afa2a490dap0].

Theorem exp2_double_sixteenths j : (j < 16)%nat ->
  Rabs (nth j double_sixteenths 0 / Rpower 2 (INR j / 16) - 1) <= 0x1p-53.
Proof.
intros H. unfold Rpower.
do 16 (destruct j as [|j]; [rewrite INR_IZR_INZ; cbn -[exp ln]; interval with (i_prec 100)|]). lia.
Qed.

(** The argument's part f is itself rounded, to nearest: what that does to the power. *)
Lemma power_of_rounded (f F e bound : R) :
  (forall x, -e <= x <= e -> Rabs (exp (x * ln 2) - 1) <= bound) ->
  Rabs (f - F) <= e -> Rabs (Rpower 2 f / Rpower 2 F - 1) <= bound.
Proof.
intros small H. unfold Rpower, Rdiv. rewrite <- exp_Ropp, <- exp_plus.
replace (f * ln 2 + - (F * ln 2)) with ((f - F) * ln 2) by ring.
apply small. revert H. unfold Rabs. destruct (Rcase_abs (f - F)); lra.
Qed.

Theorem exp2_rounded_single f F : Rabs (f - F) <= 0x1p-25 ->
  Rabs (Rpower 2 f / Rpower 2 F - 1) <= 0x1.64p-26.
Proof. apply power_of_rounded. intros x H. interval with (i_taylor x, i_prec 80). Qed.

Theorem exp2_rounded_double f F : Rabs (f - F) <= 0x1p-58 ->
  Rabs (Rpower 2 f / Rpower 2 F - 1) <= 0x1p-58.
Proof. apply power_of_rounded. intros x H. interval with (i_taylor x, i_prec 120). Qed.
