(** Certificates for theory item 1.2 (entropy-bits): the integers.

    Data: eps = en/ed, C = cn/cd. The claim: eps < 1/2, k >= 1 is the largest integer with
    k < C/(2 eps), and N = ceil(s (k+1)^n/(b w)) with n = d L and s = 1, or s = n for alpha = inf.
    What N means is [entropy_bits_necessary]: every model needs m >= N. *)
From Coq Require Import Reals Lra Lia ZArith.
From PromptBound.certificates Require Import power_bracket.
Local Open Scope R_scope.

Definition entropy_bits_claim (d L b w : Z) (eps C : R) (s k N : Z) : Prop :=
  (0 < d /\ 0 < L /\ 0 < b /\ 0 < w /\ 1 <= k)%Z /\
  0 < eps < 1 / 2 /\ IZR k < C / (2 * eps) <= IZR k + 1 /\
  is_ceil N (IZR (s * (k + 1) ^ (d * L)) / IZR (b * w)).

Definition entropy_bits_check (d L b w en ed cn cd s k N : Z) : bool :=
  ((0 <? d) && (0 <? L) && (0 <? b) && (0 <? w) && (1 <=? k) && (0 <? ed) && (0 <? cd) && (0 <? en)
   && (2 * en <? ed) && (k * (2 * en * cd) <? cn * ed) && (cn * ed <=? (k + 1) * (2 * en * cd))
   && ((N - 1) * (b * w) <? s * (k + 1) ^ (d * L)) && (s * (k + 1) ^ (d * L) <=? N * (b * w)))%Z%bool.

Theorem entropy_bits_sound d L b w en ed cn cd s k N :
  entropy_bits_check d L b w en ed cn cd s k N = true ->
  entropy_bits_claim d L b w (IZR en / IZR ed) (IZR cn / IZR cd) s k N.
Proof.
unfold entropy_bits_check. rewrite !Bool.andb_true_iff, !Z.ltb_lt, !Z.leb_le.
intros [[[[[[[[[[[[d0 L0] b0] w0] k1] ed0] cd0] en0] half] klo] khi] lo] hi].
assert (D : (0 < 2 * en * cd)%Z) by (repeat apply Z.mul_pos_pos; lia).
assert (BW : (0 < b * w)%Z) by (apply Z.mul_pos_pos; lia).
assert (Ed := IZR_lt _ _ ed0). assert (Cd := IZR_lt _ _ cd0). assert (En := IZR_lt _ _ en0).
assert (X : IZR cn / IZR cd / (2 * (IZR en / IZR ed)) = IZR (cn * ed) / IZR (2 * en * cd)).
{ rewrite !mult_IZR. field. lra. }
repeat split; try easy.
- now apply Rdiv_lt_0_compat.
- apply Rmult_lt_reg_r with (1 := Ed). unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra.
  apply IZR_lt in half. rewrite mult_IZR in half. lra.
- rewrite X. now apply quotient_gt.
- rewrite X, <- plus_IZR. now apply quotient_le.
- rewrite <- minus_IZR. now apply quotient_gt.
- now apply quotient_le.
Qed.
