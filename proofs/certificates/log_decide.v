(** The ways in which emitted certificates decide the ceiling or floor of x = E ln b / (w ln c).

    - powers, for moderate exponents: [ceil_log_sound], [floor_log_sound] of [log_compare];
    - a common base: b = g^i and c = g^j make x the rational E i / (w j). Only then can x be an integer, and
      equality is what enclosures cannot decide;
    - enclosures of the logarithms, by [interval], for all else: [ceil_by_logarithms], [floor_by_logarithms]. *)
From Coq Require Import Reals Lra Lia ZArith.
From Interval Require Import Tactic.
From PromptBound.certificates Require Import power_bracket log_compare memory_bits_claim log_scale.
Local Open Scope R_scope.

Lemma log_quotient_common E b w c g i j :
  (1 < g)%Z -> (0 <= i)%Z -> (0 < j)%Z -> (0 < w)%Z -> b = (g ^ i)%Z -> c = (g ^ j)%Z ->
  log_quotient E b w c = IZR (E * i) / IZR (w * j).
Proof.
intros g1 i0 j0 w0 -> ->. unfold log_quotient. rewrite <- !ln_pow_Z, !mult_IZR by lia.
assert (G : 0 < ln (IZR g)) by (rewrite <- ln_1; apply ln_increasing; [lra|now apply IZR_lt]).
apply IZR_lt in w0, j0. field. lra.
Qed.

Definition common_base (b w c g i j : Z) : bool :=
  ((1 <? g) && (0 <=? i) && (0 <? j) && (0 <? w) && (b =? g ^ i) && (c =? g ^ j))%Z%bool.
Definition ceil_common_check (E b w c g i j N : Z) : bool :=
  (common_base b w c g i j && ((N - 1) * (w * j) <? E * i) && (E * i <=? N * (w * j)))%Z%bool.
Definition floor_common_check (E b w c g i j N : Z) : bool :=
  (common_base b w c g i j && (N * (w * j) <=? E * i) && (E * i <? (N + 1) * (w * j)))%Z%bool.

Lemma ceil_common_sound g i j E b w c N :
  ceil_common_check E b w c g i j N = true -> is_ceil N (log_quotient E b w c).
Proof.
unfold ceil_common_check, common_base. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le, !Z.eqb_eq.
intros [[[[[[[g1 i0] j0] w0] bE] cE] lo] hi]. rewrite (log_quotient_common _ _ _ _ g i j) by easy.
assert (W : (0 < w * j)%Z) by now apply Z.mul_pos_pos.
split; [rewrite <- minus_IZR; now apply quotient_gt|now apply quotient_le].
Qed.

Lemma floor_common_sound g i j E b w c N :
  floor_common_check E b w c g i j N = true -> is_floor N (log_quotient E b w c).
Proof.
unfold floor_common_check, common_base. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le, !Z.eqb_eq.
intros [[[[[[[g1 i0] j0] w0] bE] cE] lo] hi]. rewrite (log_quotient_common _ _ _ _ g i j) by easy.
assert (W : (0 < w * j)%Z) by now apply Z.mul_pos_pos.
split; [now apply quotient_ge|rewrite <- plus_IZR; now apply quotient_lt].
Qed.

(** is_ceil N (log_quotient E b w c), numerals throughout, with enclosures of p bits. *)
Ltac compute_coefficients :=
  repeat match goal with
  | |- context [IZR ?z] => let v := eval vm_compute in z in progress change (IZR z) with (IZR v)
  end.
Tactic Notation "ceil_by_logarithms" constr(p) :=
  apply ceil_log_quotient; [reflexivity|reflexivity|compute_coefficients; split; interval with (i_prec p)].
Tactic Notation "floor_by_logarithms" constr(p) :=
  apply floor_log_quotient; [reflexivity|reflexivity|compute_coefficients; split; interval with (i_prec p)].

(** Item 2.7 in the form of [log_quotient]. *)
Lemma memory_bits_length_log N K w b m :
  is_ceil m (log_quotient N K (w * b) 2) -> memory_bits_length_claim N K w b m.
Proof. easy. Qed.
Lemma memory_bits_count_log m w b K N :
  is_floor N (log_quotient (m * w * b) 2 1 K) -> memory_bits_count_claim m w b K N.
Proof. unfold log_quotient, memory_bits_count_claim. now rewrite Rmult_1_l. Qed.

(** 10^k <= L lambda < 10^{k+1} (item 1.1), numerals throughout, with enclosures of p bits. *)
Tactic Notation "magnitude_by_logarithms" constr(p) :=
  apply quantized_capacity_log10;
  [reflexivity|reflexivity|easy|lra|lra|cbv zeta; compute_coefficients; split; interval with (i_prec p)].
