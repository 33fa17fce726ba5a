(** Certificates for theory items 1.3 (entropy-lipschitz) and 2.5 (memory-linear), box forms.

    Both count cells of the prompt box: c = floor(R/rho) + 1 with rho = gap/(2 Lambda), where the gap is
    h - 2 eps, h = min(1, C/k), in item 1.3 and Delta - 2 eps in item 2.5. All data are rational, so c is
    decided over Z ([cells_check]); the quotients of logarithms are decided over Z for moderate
    sizes ([ceil_log_check]) and by [interval] through [ceil_log_quotient] for large ones. *)
From Coq Require Import Reals Lra Lia ZArith.
From PromptBound.certificates Require Import power_bracket log_compare.
Local Open Scope R_scope.

(** c = floor(R/rho) + 1, at least 2 (so rho <= R: below that the bound is "impossible"). *)
Definition cells_claim (R Lambda gap : R) (c : Z) : Prop :=
  0 < R /\ 0 < Lambda /\ 0 < gap /\ (1 < c)%Z /\ is_floor (c - 1) (R / (gap / (2 * Lambda))).

(** h = min(1, C/k) *)
Definition packing_height_Z (C : R) (k : Z) : R := Rmin 1 (C / IZR k).

(** m >= s (k+1)^n ln 2 / (w ln c): N is the least integer above; s = 1, or s = n for alpha = inf. *)
Definition entropy_lipschitz_claim (d L w : Z) (R Lambda eps C : R) (s k c N : Z) : Prop :=
  ((0 < d)%Z /\ (0 < L)%Z /\ (0 < w)%Z /\ (1 <= k)%Z /\ 0 <= s)%Z /\ 0 <= C /\ 0 <= eps /\
  cells_claim R Lambda (packing_height_Z C k - 2 * eps) c /\
  is_ceil N (log_quotient (s * (k + 1) ^ (d * L)) 2 w c).

(** N ln K <= m w ln c: least prompt length, and most inputs. *)
Definition memory_linear_length_claim (N K w : Z) (R Lambda Delta eps : R) (c m : Z) : Prop :=
  cells_claim R Lambda (Delta - 2 * eps) c /\ is_ceil m (log_quotient N K w c).
Definition memory_linear_count_claim (m K w : Z) (R Lambda Delta eps : R) (c N : Z) : Prop :=
  cells_claim R Lambda (Delta - 2 * eps) c /\ is_floor N (log_quotient (m * w) c 1 K).

(** R = rn/rd, Lambda = ln/ld, gap = gn/gd *)
Definition cells_check (rn rd ln ld gn gd c : Z) : bool :=
  let num := (2 * rn * ln * gd)%Z in
  let den := (rd * ld * gn)%Z in
  ((0 <? rn) && (0 <? rd) && (0 <? ln) && (0 <? ld) && (0 <? gn) && (0 <? gd) && (1 <? c)
   && ((c - 1) * den <=? num) && (num <? c * den))%Z%bool.

Lemma cells_sound rn rd ln ld gn gd c gap : cells_check rn rd ln ld gn gd c = true ->
  gap = IZR gn / IZR gd -> cells_claim (IZR rn / IZR rd) (IZR ln / IZR ld) gap c.
Proof.
unfold cells_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le.
intros [[[[[[[[rn0 rd0] ln0] ld0] gn0] gd0] c1] lo] hi] ->.
assert (D : (0 < rd * ld * gn)%Z) by (repeat apply Z.mul_pos_pos; lia).
apply IZR_lt in rn0, rd0, ln0, ld0, gn0, gd0.
assert (X : IZR rn / IZR rd / (IZR gn / IZR gd / (2 * (IZR ln / IZR ld))) =
    IZR (2 * rn * ln * gd) / IZR (rd * ld * gn)).
{ rewrite !mult_IZR. field. lra. }
split; [now apply Rdiv_lt_0_compat|]. split; [now apply Rdiv_lt_0_compat|].
split; [now apply Rdiv_lt_0_compat|]. split; [easy|]. rewrite X. split.
- now apply quotient_ge.
- replace (IZR (c - 1) + 1) with (IZR c) by (rewrite minus_IZR; ring). now apply quotient_lt.
Qed.

(** h - 2 eps as a quotient of integers, for eps = en/ed and C = cn/cd *)
Definition gap_num (en ed cn cd k : Z) : Z :=
  (if cd * k <=? cn then ed - 2 * en else cn * ed - 2 * en * (cd * k))%Z.
Definition gap_den (ed cn cd k : Z) : Z := (if cd * k <=? cn then ed else cd * k * ed)%Z.

Lemma gap_quotient en ed cn cd k : (0 < ed)%Z -> (0 < cd)%Z -> (1 <= k)%Z ->
  packing_height_Z (IZR cn / IZR cd) k - 2 * (IZR en / IZR ed) =
  IZR (gap_num en ed cn cd k) / IZR (gap_den ed cn cd k).
Proof.
intros ed0 cd0 k1. unfold packing_height_Z, gap_num, gap_den.
assert (D : (0 < cd * k)%Z) by (apply Z.mul_pos_pos; lia).
assert (Q : IZR cn / IZR cd / IZR k = IZR cn / IZR (cd * k)).
{ rewrite mult_IZR. field. split; apply Rgt_not_eq; apply IZR_lt; lia. }
rewrite Q. apply IZR_lt in ed0. assert (D' := IZR_lt _ _ D).
destruct (Z.leb_spec (cd * k) cn) as [le|lt].
- rewrite Rmin_left; [|apply quotient_ge; lia]. rewrite minus_IZR, mult_IZR. field. lra.
- rewrite Rmin_right; [|apply quotient_le; lia].
  rewrite minus_IZR, !(mult_IZR _ ed), (mult_IZR (2 * en)), (mult_IZR 2). field. lra.
Qed.

Definition entropy_lipschitz_check (d L w rn rd ln ld en ed cn cd s k c N : Z) : bool :=
  ((0 <? d) && (0 <? L) && (0 <? w) && (1 <=? k) && (0 <=? s) && (0 <=? en) && (0 <? ed) && (0 <=? cn) && (0 <? cd)
   && cells_check rn rd ln ld (gap_num en ed cn cd k) (gap_den ed cn cd k) c)%Z%bool.

(** Rational data checked over Z; the logarithms by the second hypothesis, which
    [ceil_log_sound] or [ceil_log_quotient] prove. *)
Theorem entropy_lipschitz_sound d L w rn rd ln ld en ed cn cd s k c N :
  entropy_lipschitz_check d L w rn rd ln ld en ed cn cd s k c N = true ->
  is_ceil N (log_quotient (s * (k + 1) ^ (d * L)) 2 w c) ->
  entropy_lipschitz_claim d L w (IZR rn / IZR rd) (IZR ln / IZR ld) (IZR en / IZR ed) (IZR cn / IZR cd)
    s k c N.
Proof.
unfold entropy_lipschitz_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le.
intros [[[[[[[[[d0 L0] w0] k1] s0] en0] ed0] cn0] cd0] cells] HN.
assert (Q : forall a b, (0 <= a)%Z -> (0 < b)%Z -> 0 <= IZR a / IZR b).
{ intros a b a0 b0. apply Rmult_le_pos; [now apply IZR_le|].
  apply Rlt_le, Rinv_0_lt_compat. now apply IZR_lt. }
repeat (split; [now auto|]). split; [|easy].
apply (cells_sound _ _ _ _ _ _ _ _ cells). now apply gap_quotient.
Qed.

(** Delta = Dn/Dd: Delta - 2 eps = (Dn ed - 2 en Dd)/(Dd ed) *)
Lemma memory_gap Dn Dd en ed : (0 < Dd)%Z -> (0 < ed)%Z ->
  IZR Dn / IZR Dd - 2 * (IZR en / IZR ed) = IZR (Dn * ed - 2 * en * Dd) / IZR (Dd * ed).
Proof. intros D0 e0. apply IZR_lt in D0, e0. rewrite minus_IZR, !mult_IZR. field. lra. Qed.

Definition memory_linear_check (rn rd ln ld Dn Dd en ed c : Z) : bool :=
  ((0 <? Dd) && (0 <? ed) && cells_check rn rd ln ld (Dn * ed - 2 * en * Dd) (Dd * ed) c)%Z%bool.

Lemma memory_linear_cells rn rd ln ld Dn Dd en ed c :
  memory_linear_check rn rd ln ld Dn Dd en ed c = true ->
  cells_claim (IZR rn / IZR rd) (IZR ln / IZR ld) (IZR Dn / IZR Dd - 2 * (IZR en / IZR ed)) c.
Proof.
unfold memory_linear_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt. intros [[D0 e0] cells].
apply (cells_sound _ _ _ _ _ _ _ _ cells). now apply memory_gap.
Qed.

Theorem memory_linear_length_sound rn rd ln ld Dn Dd en ed c N K w m :
  memory_linear_check rn rd ln ld Dn Dd en ed c = true -> is_ceil m (log_quotient N K w c) ->
  memory_linear_length_claim N K w (IZR rn / IZR rd) (IZR ln / IZR ld) (IZR Dn / IZR Dd) (IZR en / IZR ed) c m.
Proof. intros cells Hm. split; [now apply memory_linear_cells|easy]. Qed.

Theorem memory_linear_count_sound rn rd ln ld Dn Dd en ed c m K w N :
  memory_linear_check rn rd ln ld Dn Dd en ed c = true -> is_floor N (log_quotient (m * w) c 1 K) ->
  memory_linear_count_claim m K w (IZR rn / IZR rd) (IZR ln / IZR ld) (IZR Dn / IZR Dd) (IZR en / IZR ed) c N.
Proof. intros cells Hm. split; [now apply memory_linear_cells|easy]. Qed.
