(** alpha in certificate files: two integers q and p with 1/alpha = q/p and 0 <= q <= p; q = 0 is alpha = inf. *)
From Coq Require Import Reals Lra Lia ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.analysis Require Import bridge entrywise_norm every_alpha.
From PromptBound.certificates Require Import power_bracket nat_to_Z.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.

Definition exponent_of (q p : Z) : exponent :=
  if (q =? 0)%coqZ then AlphaInf else Alpha (IZR p / IZR q)%coqR.
Definition exponent_check (q p : Z) : bool := ((0 <=? q) && (q <=? p) && (0 <? p))%coqZ.

Lemma exponent_checkP q p : exponent_check q p = true -> (0 <= q <= p /\ 0 < p)%coqZ.
Proof. by rewrite /exponent_check => /andP [/andP [/Z.leb_le ? /Z.leb_le ?] /Z.ltb_lt ?]. Qed.

Lemma exponent_of_ge1 q p : exponent_check q p = true -> exponent_ge1 (exponent_of q p).
Proof.
move=> /exponent_checkP [[q0 qp] p0]; rewrite /exponent_of; case: Z.eqb_spec => // qN.
have Q := IZR_lt 0 q ltac:(lia); apply/RleP; apply: (Rmult_le_reg_r (IZR q)) => //.
by rewrite /Rdiv Rmult_assoc Rinv_l ?Rmult_1_r -?mult_IZR; [rewrite Z.mul_1_l; apply: IZR_le|lra].
Qed.

(** n^{1/alpha} *)
Lemma root_of_exponent n q p : exponent_check q p = true -> (0 < n)%coqZ ->
  root_of (exponent_of q p) (Z.to_nat n) = root_factor n q p.
Proof.
move=> /exponent_checkP [[q0 qp] p0] n0; rewrite /exponent_of /root_factor; case: Z.eqb_spec => [->|qN] /=.
  by rewrite /Rdiv Rmult_0_l Rpower_O //; apply: (IZR_lt 0).
have Q := IZR_lt 0 q ltac:(lia); have P := IZR_lt 0 p p0.
have -> : ((Z.to_nat n)%:R = IZR n)%R by rewrite natR Z2Nat.id //; lia.
rewrite powerE; last by apply/RltP; apply: (IZR_lt 0).
by congr Rpower; rewrite RinvE0; field; lra.
Qed.

(** s = n for alpha = inf, else 1 *)
Definition copies_Z (q n : Z) : Z := if (q =? 0)%coqZ then n else 1%coqZ.
Lemma copies_exponent q p n : (0 <= n)%coqZ ->
  Z.of_nat (copies (exponent_of q p) (Z.to_nat n)) = copies_Z q n.
Proof. by move=> n0; rewrite /exponent_of /copies_Z; case: Z.eqb => //=; exact: Z2Nat.id. Qed.
