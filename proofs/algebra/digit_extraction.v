(** Theory item 5.9: reading the base-B digits of a stored integer with staircases, under noise.

    u = N B^{-J} + 1/(2 B^J) + an error of at most B^{-J}/4, N < B^J. Each step takes u to the digit floor(B u) and the rest
    B u - floor(B u), with floor replaced by a continuous staircase whose ramps have half-width at most B^{1-J}/4. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import exact_product.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.

(** The J digits of N in base B, the most significant first, and the number with given digits. *)
Fixpoint base_digits (B J N : nat) : seq nat :=
  if J is J'.+1 then N %/ B ^ J' :: base_digits B J' (N %% B ^ J') else [::].
Definition from_digits (B : nat) (s : seq nat) : nat := foldl (fun N D => N * B + D) 0 s.

Section Digits.
Variable B : nat.
Hypothesis B0 : 0 < B.

Lemma size_base_digits J N : size (base_digits B J N) = J.
Proof. by elim: J N => //= J IH N; rewrite IH. Qed.

Lemma base_digits_lt J N : N < B ^ J -> all (fun D => D < B) (base_digits B J N).
Proof.
elim: J N => //= J IH N; rewrite expnS => lt; rewrite ltn_divLR ?expn_gt0 ?B0 // lt /=.
by apply: IH; rewrite ltn_mod expn_gt0 B0.
Qed.

Let fold_from a s : foldl (fun N D => N * B + D) a s = a * B ^ size s + from_digits B s.
Proof.
elim: s a => [|D s IH] a; first by rewrite /= muln1 addn0.
rewrite /from_digits /= IH [in RHS]IH mul0n add0n /= -/(from_digits B s) expnS.
by rewrite mulnDl mulnA addnA.
Qed.

Lemma from_digits_cons D s : from_digits B (D :: s) = D * B ^ size s + from_digits B s.
Proof. by rewrite /from_digits /= mul0n add0n fold_from. Qed.

Lemma from_digits_lt s : all (fun D => D < B) s -> from_digits B s < B ^ size s.
Proof.
elim: s => //= D s IH /andP [DB /IH lt]; rewrite from_digits_cons expnS.
apply: (@leq_trans (D.+1 * B ^ size s)); first by rewrite mulSn addnC ltn_add2r.
by rewrite leq_mul2r DB orbT.
Qed.

Lemma base_digitsK J N : N < B ^ J -> from_digits B (base_digits B J N) = N.
Proof.
elim: J N => [|J IH] N lt; first by case: N lt.
by rewrite /= from_digits_cons size_base_digits IH ?ltn_mod ?expn_gt0 ?B0 // -divn_eq.
Qed.

Lemma from_digitsK s : all (fun D => D < B) s -> base_digits B (size s) (from_digits B s) = s.
Proof.
elim: s => //= D s IH /andP [DB sB]; have lt := from_digits_lt sB.
by rewrite from_digits_cons divnMDl ?expn_gt0 ?B0 // (divn_small lt) addn0 modnMDl (modn_small lt) IH.
Qed.
End Digits.

Section Staircase.
Local Open Scope ring_scope.
Variables (R : realFieldType) (B : nat) (w : R).
Hypotheses (B0 : (0 < B)%N) (w0 : 0 < w).
Implicit Types u z : R.

(** A ramp from 0 at -w to 1 at w, by two units. *)
Definition ramp z : R := (relu1 (z + w) - relu1 (z - w)) / (2%:R * w).
(** floor(z) on [0, B], off the ramps around 1..B-1. *)
Definition staircase z : R := \sum_(1 <= i < B) ramp (z - i%:R).
(** J steps of u -> (floor(B u), B u - floor(B u)); the digits. *)
Fixpoint extract_digits (J : nat) u : seq R :=
  if J is J'.+1 then let D := staircase (B%:R * u) in D :: extract_digits J' (B%:R * u - D) else [::].

Lemma ramp_low z : z <= - w -> ramp z = 0.
Proof.
move=> zw; have z1 : z + w <= 0 by rewrite -ler_subr_addr sub0r.
have z2 : z - w <= 0 by apply: le_trans z1; rewrite ler_add2l (le_trans _ (ltW w0)) // oppr_le0 ltW.
by rewrite /ramp /relu1 !max_l // subrr mul0r.
Qed.

Lemma ramp_high z : w <= z -> ramp z = 1.
Proof.
move=> wz; have z2 : 0 <= z - w by rewrite subr_ge0.
have z1 : 0 <= z + w by rewrite addr_ge0 ?(ltW w0) // (le_trans (ltW w0)).
rewrite /ramp /relu1 !max_r //; have -> : z + w - (z - w) = 2%:R * w by ring.
by rewrite divff // mulf_neq0 ?pnatr_eq0 // lt0r_neq0.
Qed.

(** Away from the ramps the staircase counts the steps below z, also beyond B. *)
Lemma staircase_count (a : nat) z : (a < B)%N -> (forall i, (0 < i <= a)%N -> i%:R + w <= z) ->
  (forall i, (a < i < B)%N -> z <= i%:R - w) -> staircase z = a%:R.
Proof.
move=> aB lo hi; rewrite /staircase (@big_cat_nat _ _ _ a.+1) //=.
rewrite [X in X + _](_ : _ = \sum_(1 <= i < a.+1) 1); last first.
  by apply: eq_big_nat => i ia; apply: ramp_high; rewrite ler_subr_addr addrC lo.
rewrite sumr_const_nat subn1 /= [X in _ + X]big_nat_cond big1 ?addr0 // => i.
by rewrite andbT => ai; apply: ramp_low; rewrite ler_subl_addr addrC hi.
Qed.

Lemma staircase_exact (a : nat) z : (a < B)%N -> a%:R + w <= z -> z <= a.+1%:R - w -> staircase z = a%:R.
Proof.
move=> aB lo hi; apply: staircase_count => // i /andP [i1 i2].
  by apply: le_trans lo; rewrite ler_add2r ler_nat.
by apply: le_trans hi _; rewrite ler_add2r ler_nat.
Qed.

(** The digits are exact. *)
Theorem digits_under_noise (J N : nat) u e : (N < B ^ J)%N -> 4%:R * w * (B ^ J)%:R <= B%:R ->
  `|e| <= (4%:R * (B ^ J)%:R)^-1 -> u = N%:R / (B ^ J)%:R + (2%:R * (B ^ J)%:R)^-1 + e ->
  extract_digits J u = [seq D%:R | D <- base_digits B J N].
Proof.
move=> NB small e_small uE; have Q0 : 0 < (B ^ J)%:R :> R by rewrite ltr0n expn_gt0 B0.
have q0 : 0 < (4%:R : R)^-1 by rewrite invr_gt0 ltr0n.
have : N%:R + 4%:R^-1 <= u * (B ^ J)%:R <= N%:R + 1 - 4%:R^-1.
  have -> : u * (B ^ J)%:R = N%:R + 2%:R^-1 + e * (B ^ J)%:R by rewrite uE; field; rewrite lt0r_neq0.
  have : `|e * (B ^ J)%:R| <= 4%:R^-1.
    rewrite normrM (gtr0_norm Q0) -ler_pdivl_mulr //; apply: le_trans e_small _.
    by rewrite invfM.
  rewrite ler_norml => /andP [lo hi]; rewrite -!addrA !ler_add2l.
  have h1 : 4%:R^-1 = 2%:R^-1 + - 4%:R^-1 :> R by field.
  have h2 : 1 - 4%:R^-1 = 2%:R^-1 + 4%:R^-1 :> R by field.
  by rewrite h2 {1}h1 !ler_add2l lo hi.
elim: J N u NB small {e_small uE Q0 e} => //= J IH N u NB small /andP [lo hi].
have Q0 : 0 < (B ^ J)%:R :> R by rewrite ltr0n expn_gt0 B0.
have BR : 0 < B%:R :> R by rewrite ltr0n.
have wQ : w * (B ^ J)%:R <= 4%:R^-1.
  rewrite -(ler_pmul2l (_ : 0 < 4%:R)) ?ltr0n // divff ?pnatr_eq0 // mulrA -(ler_pmul2r BR) mul1r.
  by rewrite -mulrA -natrM mulnC -expnS.
set a := (N %/ B ^ J)%N; set r := (N %% B ^ J)%N.
have aB : (a < B)%N by rewrite ltn_divLR ?expn_gt0 ?B0 // -expnS.
have rQ : (r < B ^ J)%N by rewrite ltn_mod expn_gt0 B0.
have NE : N%:R = a%:R * (B ^ J)%:R + r%:R :> R by rewrite -natrM -natrD -divn_eq.
have uQ : u * (B ^ J.+1)%:R = B%:R * u * (B ^ J)%:R by rewrite expnS natrM; ring.
rewrite uQ NE in lo hi.
have -> : staircase (B%:R * u) = a%:R.
  apply: staircase_exact => //; rewrite -(ler_pmul2r Q0).
    rewrite mulrDl; apply: le_trans lo; rewrite -addrA ler_add2l (le_trans wQ) //.
    by rewrite ler_addr ler0n.
  apply: le_trans hi _; rewrite mulrBl; apply: ler_sub => //.
  by rewrite mulrSr mulrDl mul1r -addrA ler_add2l -mulrSr ler_nat.
congr (_ :: _); apply: IH => //.
  have -> : 4%:R * w * (B ^ J)%:R = 4%:R * (w * (B ^ J)%:R) by ring.
  apply: (@le_trans _ _ 1); last by rewrite ler1n.
  by rewrite -[X in _ <= X](divff (_ : 4%:R != 0 :> R)) ?pnatr_eq0 // ler_wpmul2l ?ler0n.
rewrite mulrBl ler_subr_addl ler_subl_addl; apply/andP; split.
  by rewrite addrA.
by rewrite !addrA.
Qed.

(** What is read back is the number. *)
Corollary digits_read_back (J N : nat) u e : (N < B ^ J)%N -> 4%:R * w * (B ^ J)%:R <= B%:R ->
  `|e| <= (4%:R * (B ^ J)%:R)^-1 -> u = N%:R / (B ^ J)%:R + (2%:R * (B ^ J)%:R)^-1 + e ->
  foldl (fun N D => N * B%:R + D) 0 (extract_digits J u) = N%:R.
Proof.
move=> NB small e_small uE; rewrite (digits_under_noise NB small e_small uE) -{2}(base_digitsK B0 NB).
rewrite /from_digits -[0]/(0%N%:R); elim: (base_digits _ _ _) 0%N => //= D s IH a.
by rewrite -natrM -natrD IH.
Qed.
End Staircase.
