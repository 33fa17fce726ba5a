(** What the certified integers of item 1.6 mean, at function level: m tokens with P payload entries of b bits serve F(C, alpha). *)
From Coq Require Import Reals Lra Lia ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.algebra Require Import target_class alpha_norm entropy_bits packed_differences packed_payload packed_upper.
From PromptBound.analysis Require Import bridge entrywise_norm every_alpha.
From PromptBound.certificates Require Import power_bracket lookup_upper_claim nat_to_Z exponent packed_memory_claim packed_upper_claim.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Delimit Scope R_scope with coqR.
Local Open Scope ring_scope.

(** 1/alpha = q/p: one map from prompts and inputs to outputs, with a prompt of m tokens, P entries of b bits in each, for every
    f of F(C, alpha) that brings it within eps of f. *)
Definition packed_sufficient (d L : Z) (eps C : R) (q p b P m : Z) : Prop :=
  let d' := Z.to_nat d in let L' := Z.to_nat L in
  let point := {ffun 'I_d' * 'I_L' -> R} in
  let dist : point -> point -> R := dist_of (exponent_of q p) in
  exists run : bit_prompt (Z.to_nat b) (Z.to_nat P) (Z.to_nat m) -> point -> point,
    forall f : point -> point, target_class dist C f -> approximable dist (fun=> True) run eps f.

Lemma card_entries (d L : Z) : (0 < d)%coqZ -> (0 < L)%coqZ ->
  #|[finType of 'I_(Z.to_nat d) * 'I_(Z.to_nat L)]| = Z.to_nat (d * L).
Proof. by move=> d0 L0; rewrite card_prod !card_ord Z2Nat.inj_mul //; lia. Qed.

Lemma cells_enough (k n r m : Z) : (0 <= k)%coqZ -> (0 <= n)%coqZ -> (0 < r)%coqZ -> least_tokens (k ^ n) r m ->
  (Z.to_nat k ^ Z.to_nat n <= Z.to_nat m * Z.to_nat r)%N.
Proof.
move=> k0 n0 r0 [_ hi]; have kn := Z.pow_nonneg k n k0.
have m0 : (0 <= m)%coqZ by apply: (Zmult_le_0_reg_r r); [lia|apply: Z.le_trans hi].
by apply: nat_le_of_Z; rewrite Z_expn Z_muln !Z_to_natK //; lia.
Qed.

Lemma power_fits (B J b : Z) : (0 <= B)%coqZ -> (0 <= J)%coqZ -> (0 <= b)%coqZ -> (B ^ J <= 2 ^ b)%coqZ ->
  (Z.to_nat B ^ Z.to_nat J <= 2 ^ Z.to_nat b)%N.
Proof. by move=> B0 J0 b0 le; apply: nat_le_of_Z; rewrite !Z_expn !Z_to_natK. Qed.

Lemma power_above (M B A : Z) : (0 <= M)%coqZ -> (0 <= B)%coqZ -> (0 <= A)%coqZ -> (M < B ^ A)%coqZ ->
  (Z.to_nat M < Z.to_nat B ^ Z.to_nat A)%N.
Proof. by move=> M0 B0 A0 lt; apply/ssrnat.ltP/Nat2Z.inj_lt; rewrite Z_expn !Z_to_natK. Qed.

Lemma difference_room (P J n A r : Z) : (0 <= P)%coqZ -> (0 <= J)%coqZ -> (0 < n)%coqZ -> (0 <= A)%coqZ -> (0 < r)%coqZ ->
  r = (P * J / n - A + 1)%coqZ -> (Z.to_nat n * (Z.to_nat A + (Z.to_nat r).-1) <= Z.to_nat P * Z.to_nat J)%N.
Proof.
move=> P0 J0 n0 A0 r0 rE; have r1 : Z.of_nat (Z.to_nat r).-1 = (r - 1)%coqZ by lia.
apply: nat_le_of_Z; rewrite !Z_muln -plusE Nat2Z.inj_add r1 !Z_to_natK //; last lia.
have -> : (A + (r - 1) = P * J / n)%coqZ by lia.
exact: Z.mul_div_le.
Qed.

Lemma direct_room (P J n r : Z) : (0 <= P)%coqZ -> (0 <= J)%coqZ -> (0 < n)%coqZ -> (0 < r)%coqZ -> r = (P * J / n)%coqZ ->
  (Z.to_nat n * Z.to_nat r <= Z.to_nat P * Z.to_nat J)%N.
Proof.
move=> P0 J0 n0 r0 rE; apply: nat_le_of_Z; rewrite !Z_muln !Z_to_natK //; try lia.
by rewrite rE; exact: Z.mul_div_le.
Qed.

Lemma odd_base (t : Z) : (0 <= t)%coqZ -> (2 * Z.to_nat t + 1)%N = Z.to_nat (2 * t + 1).
Proof. by move=> t0; apply: Nat2Z.inj; rewrite -plusE Nat2Z.inj_add Z_muln !Z_to_natK; lia. Qed.

Lemma succ_base (M : Z) : (0 <= M)%coqZ -> (Z.to_nat M).+1 = Z.to_nat (M + 1).
Proof. by move=> M0; lia. Qed.

Lemma difference_grid (C eps root : R) (t k : Z) : (0 < t)%coqZ -> (0 < k)%coqZ -> (0 < eps)%coqR ->
  (C * (1 + 1 / IZR t) / (2 * eps) * root < IZR (k - 1) + 1)%coqR ->
  C * root * (1 + (Z.to_nat t)%:R^-1) / (2%:R * eps) < (Z.to_nat k)%:R.
Proof.
move=> t0 k0 eps0; rewrite minus_IZR => hi; have T := IZR_lt _ _ t0.
apply/RltP; r_ring; rewrite !Z2Nat.id; [|exact: Z.lt_le_incl|exact: Z.lt_le_incl].
have -> : (C * root * (1 + / IZR t) * / (2 * eps) = C * (1 + 1 / IZR t) / (2 * eps) * root)%coqR by field; lra.
lra.
Qed.

Lemma difference_floor (C : R) (t k M : Z) : (0 < t)%coqZ -> (0 < k)%coqZ -> (0 <= M)%coqZ ->
  (IZR k * IZR t / C + 1 / 2 < IZR M + 1)%coqR ->
  (step_of (Z.to_nat k) (Z.to_nat t) C)^-1 + 2%:R^-1 < (Z.to_nat M).+1%:R.
Proof.
move=> t0 k0 M0 hi; rewrite /step_of invf_div; apply/RltP; rewrite [(Z.to_nat M).+1%:R]mulrSr.
r_ring; rewrite !Z2Nat.id //; [|exact: Z.lt_le_incl|exact: Z.lt_le_incl].
by move: hi; rewrite /Rdiv; lra.
Qed.

Theorem packed_difference_sufficient (d L : Z) (eps C : R) (q p b P t k J A r m : Z) : exponent_check q p = true ->
  (0 < d)%coqZ -> (0 < L)%coqZ -> (0 < b)%coqZ -> (0 < P)%coqZ -> (0 < t)%coqZ -> (0 < k)%coqZ -> (0 < J)%coqZ ->
  (0 < A)%coqZ -> (0 < r)%coqZ -> (0 < eps)%coqR -> (0 < C)%coqR ->
  packed_difference_claim d L eps C q p b P t k J A r m -> packed_sufficient d L eps C q p b P m.
Proof.
move=> qp d0 L0 b0 P0 t0 k0 J0 A0 r0 eps0 C0 [[_ k_hi] [[fits _] [[M [[_ M_hi] [_ M_lt]]] [rE tokens]]]].
have n0 : (0 < d * L)%coqZ by apply: Z.mul_pos_pos.
have M0 : (0 <= M)%coqZ.
  have x0 : (0 < IZR k * IZR t / C)%coqR.
    by apply: Rdiv_lt_0_compat => //; apply: Rmult_lt_0_compat; apply: IZR_lt.
  by apply: (Zlt_succ_le 0); apply: lt_IZR; rewrite succ_IZR; move: x0 M_hi; lra.
have N := alpha_norm_of [finType of 'I_(Z.to_nat d) * 'I_(Z.to_nat L)] (exponent_of_ge1 qp).
rewrite (card_entries d0 L0) (root_of_exponent qp n0) in N.
have B := odd_base (Z.lt_le_incl _ _ t0).
have B0 : (0 <= 2 * t + 1)%coqZ by clear - t0; lia.
have fits' := power_fits B0 (Z.lt_le_incl _ _ J0) (Z.lt_le_incl _ _ b0) fits.
have M_lt' := power_above M0 B0 (Z.lt_le_incl _ _ A0) M_lt.
have room := difference_room (Z.lt_le_incl _ _ P0) (Z.lt_le_incl _ _ J0) n0 (Z.lt_le_incl _ _ A0) r0 rE.
have enough := cells_enough (Z.lt_le_incl _ _ k0) (Z.lt_le_incl _ _ n0) r0 tokens.
rewrite -B in fits' M_lt'.
have served := @packed_upper_difference R_realFieldType [finType of 'I_(Z.to_nat d) * 'I_(Z.to_nat L)]
  (Z.to_nat b) (Z.to_nat P) (Z.to_nat m) (Z.to_nat k) (Z.to_nat M) (Z.to_nat r) (Z.to_nat J) C eps _ _
  (Z_to_nat_gt0 k0) (Z_to_nat_gt0 r0).
rewrite (card_entries d0 L0) in served.
have eps_gt0 : 0 < eps by apply/RltP.
have C_gt0 : 0 < C by apply/RltP.
have grid := difference_grid t0 k0 eps0 k_hi.
have floor := difference_floor t0 k0 M0 M_hi.
exact (packed_approximable (Z_to_nat_gt0 k0) (served _ _ enough C_gt0 N (Z.to_nat t) (Z.to_nat A) (Z_to_nat_gt0 t0) eps_gt0 grid floor fits' M_lt' room)).
Qed.

Lemma direct_grid (C eps root : R) (M k : Z) : (0 < M)%coqZ -> (0 < k)%coqZ -> (root / IZR M < 2 * eps)%coqR ->
  (C * root / (2 * eps - root / IZR M) < IZR (k - 1) + 1)%coqR ->
  root / (Z.to_nat M)%:R < 2%:R * eps /\ C * root / (2%:R * eps - root / (Z.to_nat M)%:R) < (Z.to_nat k)%:R.
Proof.
move=> M0 k0 gap; rewrite minus_IZR => hi; split; apply/RltP; r_ring; rewrite ?Z2Nat.id; try exact: Z.lt_le_incl.
  by move: gap; rewrite /Rdiv.
by move: hi; rewrite /Rdiv /Rminus; lra.
Qed.

Theorem packed_direct_sufficient (d L : Z) (eps C : R) (q p b P M k J r m : Z) : exponent_check q p = true ->
  (0 < d)%coqZ -> (0 < L)%coqZ -> (0 < b)%coqZ -> (0 < P)%coqZ -> (0 < M)%coqZ -> (0 < k)%coqZ -> (0 < J)%coqZ ->
  (0 < r)%coqZ -> (0 < eps)%coqR -> (0 < C)%coqR ->
  packed_direct_claim d L eps C q p b P M k J r m -> packed_sufficient d L eps C q p b P m.
Proof.
move=> qp d0 L0 b0 P0 M0 k0 J0 r0 eps0 C0 [gap [[_ k_hi] [[fits _] [rE tokens]]]].
have n0 : (0 < d * L)%coqZ by apply: Z.mul_pos_pos.
have N := alpha_norm_of [finType of 'I_(Z.to_nat d) * 'I_(Z.to_nat L)] (exponent_of_ge1 qp).
rewrite (card_entries d0 L0) (root_of_exponent qp n0) in N.
have B := succ_base (Z.lt_le_incl _ _ M0).
have B0 : (0 <= M + 1)%coqZ by clear - M0; lia.
have fits' := power_fits B0 (Z.lt_le_incl _ _ J0) (Z.lt_le_incl _ _ b0) fits.
have room := direct_room (Z.lt_le_incl _ _ P0) (Z.lt_le_incl _ _ J0) n0 r0 rE.
have enough := cells_enough (Z.lt_le_incl _ _ k0) (Z.lt_le_incl _ _ n0) r0 tokens.
rewrite -B in fits'.
have served := @packed_upper_direct R_realFieldType [finType of 'I_(Z.to_nat d) * 'I_(Z.to_nat L)]
  (Z.to_nat b) (Z.to_nat P) (Z.to_nat m) (Z.to_nat k) (Z.to_nat M) (Z.to_nat r) (Z.to_nat J) C eps _ _
  (Z_to_nat_gt0 k0) (Z_to_nat_gt0 r0).
rewrite (card_entries d0 L0) in served.
have C_gt0 : 0 < C by apply/RltP.
have [gap' k_gt] := direct_grid M0 k0 gap k_hi.
exact (packed_approximable (Z_to_nat_gt0 k0) (served _ _ enough C_gt0 N (Z_to_nat_gt0 M0) gap' k_gt fits' room)).
Qed.
