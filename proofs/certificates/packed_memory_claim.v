(** Certificates for theory item 2.8 (packed-memory): m tokens with P payload entries of b bits reach all K^N labellings.

    - narrow labels: J = max{j: K^j <= 2^b} labels an entry, m = ceil(N/(P J));
    - wide labels, K > 2^b: e = least with 2^{b e} >= K entries a label, m = ceil(N/floor(P/e)). *)
From Coq Require Import ZArith Lia.
From mathcomp Require Import all_ssreflect.
From PromptBound.algebra Require Import packed_memory.
From PromptBound.certificates Require Import nat_to_Z.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope Z_scope.

(** m is the least integer with N <= m r. *)
Definition least_tokens (N r m : Z) : Prop := (m - 1) * r < N <= m * r.
Definition packed_memory_claim (N K b P J m : Z) : Prop :=
  K ^ J <= 2 ^ b < K ^ (J + 1) /\ least_tokens N (P * J) m.
Definition packed_memory_wide_claim (N K b P e m : Z) : Prop :=
  2 ^ (b * (e - 1)) < K <= 2 ^ (b * e) /\ least_tokens N (P / e) m.
(** What the numbers mean. *)
Definition packed_memory_sufficient (N K b P m : Z) : Prop :=
  reaches (Z.to_nat b) (Z.to_nat P) (Z.to_nat N) (Z.to_nat K) (Z.to_nat m).

Definition least_tokens_check (N r m : Z) : bool := ((m - 1) * r <? N) && (N <=? m * r).
Definition packed_memory_check (N K b P J m : Z) : bool :=
  [&& 0 <? N, 0 <? K, 0 <? b, 0 <? P, 0 <? J, 0 <? m, K ^ J <=? 2 ^ b, 2 ^ b <? K ^ (J + 1) & least_tokens_check N (P * J) m].
Definition packed_memory_wide_check (N K b P e m : Z) : bool :=
  [&& 0 <? N, 0 <? K, 0 <? b, 0 <? P, 0 <? e, 0 <? m, 2 ^ (b * (e - 1)) <? K, K <=? 2 ^ (b * e) & least_tokens_check N (P / e) m].

Lemma nat_le_of_Z (a b : nat) : Z.of_nat a <= Z.of_nat b -> (a <= b)%N.
Proof. by move=> H; apply/leP; lia. Qed.

Lemma Z_divn (p q : nat) : (0 < q)%N -> Z.of_nat (p %/ q)%N = Z.of_nat p / Z.of_nat q.
Proof.
move=> q0; apply: (Z.div_unique_pos _ _ _ (Z.of_nat (p %% q))).
  by split; [exact: Nat2Z.is_nonneg|apply/inj_lt/ltP/ltn_pmod].
by rewrite {1}(divn_eq p q) -plusE Nat2Z.inj_add Z_muln Z.mul_comm.
Qed.

Theorem packed_memory_sound N K b P J m : packed_memory_check N K b P J m = true ->
  packed_memory_claim N K b P J m /\ packed_memory_sufficient N K b P m.
Proof.
move=> /andP [/Z.ltb_lt N0 /andP [/Z.ltb_lt K0 /andP [/Z.ltb_lt b0 /andP [/Z.ltb_lt P0 /andP [/Z.ltb_lt J0
  /andP [/Z.ltb_lt m0 /andP [/Z.leb_le fits /andP [/Z.ltb_lt most /andP [/Z.ltb_lt lo /Z.leb_le hi]]]]]]]]].
split; first by split; split.
apply: (@packed_memory_reaches _ _ _ _ (Z_to_nat_gt0 K0) _ (Z.to_nat J)); apply: nat_le_of_Z.
  by rewrite !Z_expn !Z_to_natK; try lia; exact: fits.
by rewrite !Z_muln !Z_to_natK; lia.
Qed.

Theorem packed_memory_wide_sound N K b P e m : packed_memory_wide_check N K b P e m = true ->
  packed_memory_wide_claim N K b P e m /\ packed_memory_sufficient N K b P m.
Proof.
move=> /andP [/Z.ltb_lt N0 /andP [/Z.ltb_lt K0 /andP [/Z.ltb_lt b0 /andP [/Z.ltb_lt P0 /andP [/Z.ltb_lt e0
  /andP [/Z.ltb_lt m0 /andP [/Z.ltb_lt least /andP [/Z.leb_le fits /andP [/Z.ltb_lt lo /Z.leb_le hi]]]]]]]]].
split; first by split; split.
apply: (@packed_memory_wide_reaches _ _ _ _ (Z_to_nat_gt0 K0) _ (Z.to_nat e)); apply: nat_le_of_Z.
  by rewrite Z_expn Z_muln !Z_to_natK; lia.
have E : Z.of_nat (Z.to_nat P %/ Z.to_nat e)%N = P / e by rewrite Z_divn ?Z_to_nat_gt0 // !Z_to_natK; lia.
rewrite Z_muln E !Z_to_natK; [exact: hi|lia|lia].
Qed.
Arguments packed_memory_sound : clear implicits.
Arguments packed_memory_wide_sound : clear implicits.
