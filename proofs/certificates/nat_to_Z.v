(** From counts over the natural numbers (the theorems) to integers (the certificates). *)
From Coq Require Import ZArith Lia.
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Delimit Scope Z_scope with coqZ.

Lemma Z_muln a b : Z.of_nat (a * b)%N = (Z.of_nat a * Z.of_nat b)%coqZ.
Proof. by rewrite -multE Nat2Z.inj_mul. Qed.

Lemma Z_expn a e : Z.of_nat (a ^ e)%N = (Z.of_nat a ^ Z.of_nat e)%coqZ.
Proof.
elim: e => [//|e IH]; rewrite expnS Z_muln IH Nat2Z.inj_succ Z.pow_succ_r //.
exact: Nat2Z.is_nonneg.
Qed.

Lemma Z_leq a b : (a <= b)%N -> (Z.of_nat a <= Z.of_nat b)%coqZ.
Proof. by move=> /leP /inj_le. Qed.

(** Z.to_nat of a successor, product and power of nonnegative integers *)
Lemma Z_to_natK z : (0 <= z)%coqZ -> Z.of_nat (Z.to_nat z) = z.
Proof. exact: Z2Nat.id. Qed.
Lemma Z_to_nat_gt0 z : (0 < z)%coqZ -> (0 < Z.to_nat z)%N.
Proof. by move=> z0; apply/ltP; lia. Qed.
