(** What certified integers of items 1.3 (box form) and 2.5 (box form) mean for every model that is
    Lambda-Lipschitz in its prompt, entries in [-R, R], entrywise max norms. *)
From Coq Require Import Reals Lra Lia ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From PromptBound.algebra Require Import sup_norm target_class grid_code entropy_lipschitz memory_linear.
From PromptBound.analysis Require Import bridge entrywise_norm every_alpha.
From PromptBound.certificates Require Import power_bracket log_compare entropy_lipschitz_claim nat_to_Z exponent.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Delimit Scope R_scope with coqR.
Local Open Scope ring_scope.

(** r < c rho for the certified c, rho = gap/(2 Lambda) *)
Lemma cells_cover (r Lambda gap : R) (c : Z) : cells_claim r Lambda gap c ->
  [/\ 0 <= r, 0 < Lambda & r < (Z.to_nat c)%:R * (gap / (2%:R * Lambda))].
Proof.
case=> r0 [L0 [g0 [c1 [_ hi]]]]; split; [by apply/RleP; apply: Rlt_le|exact/RltP|].
apply/RltP; r_ring; rewrite Z2Nat.id; last lia.
have D : (0 < gap / (2 * Lambda))%coqR by apply: Rdiv_lt_0_compat; lra.
apply: (Rmult_lt_reg_r (/ (gap / (2 * Lambda)))%coqR); first exact: Rinv_0_lt_compat.
rewrite Rmult_assoc Rinv_r ?Rmult_1_r; last lra.
by move: hi; rewrite minus_IZR /Rdiv; lra.
Qed.

Lemma packing_height_RE (C : R) (k : Z) : (1 <= k)%coqZ ->
  packing_height C (Z.to_nat k) = packing_height_Z C k.
Proof.
move=> k1; rewrite /packing_height /packing_height_Z.
have -> : C / (Z.to_nat k)%:R = (C / IZR k)%coqR by r_ring; rewrite Z2Nat.id //; lia.
case: (Rle_lt_dec 1 (C / IZR k)%coqR) => H.
  by rewrite Rmin_left // min_l //; apply/RleP.
by rewrite Rmin_right ?min_r //; [apply/RleP|]; apply: Rlt_le.
Qed.

(** Item 1.3: prompts of m tokens of width w, 1/alpha = q/p. *)
Definition every_lipschitz_model_needs (d L w : Z) (r Lambda eps C : R) (q p N : Z) : Prop :=
  let point := {ffun 'I_(Z.to_nat d) * 'I_(Z.to_nat L) -> R} in
  let dist : point -> point -> R := dist_of (exponent_of q p) in
  forall (m : nat) (run : {ffun 'I_(Z.to_nat w) * 'I_m -> R} -> point -> point),
  lipschitz_in_prompt (@sup_dist _ _) r Lambda (@cube _ _) run ->
  (forall f : point -> point, target_class dist C f -> approximable dist (in_box r) run eps f) ->
  (N <= Z.of_nat m)%coqZ.

Section EntropyLipschitz.
Variables (d L w : Z) (r Lambda eps C : R) (s k c N : Z).
Hypothesis claim : entropy_lipschitz_claim d L w r Lambda eps C s k c N.

Let facts : [/\ (0 < d)%coqZ, (0 < L)%coqZ, (0 < w)%coqZ, (1 <= k)%coqZ & (0 <= s)%coqZ].
Proof. by case: claim => -[d0 [L0 [w0 [k1 s0]]]] _. Qed.
Let C0 : 0 <= C. Proof. by case: claim => _ [/RleP]. Qed.
Let eps0 : 0 <= eps. Proof. by case: claim => _ [_ [/RleP]]. Qed.
Let k_nat : (0 < Z.to_nat k)%N. Proof. by apply: Z_to_nat_gt0; case: facts; lia. Qed.
Let cover : [/\ 0 <= r, 0 < Lambda &
  r < (Z.to_nat c)%:R * packing_radius C eps Lambda (Z.to_nat k)].
Proof.
case: (claim) => _ [_ [_ [/cells_cover [r0 L0 H] _]]]; split => //.
by case: facts => _ _ _ k1 _; rewrite /packing_radius packing_height_RE.
Qed.

Let count_length (m s' : nat) : s = Z.of_nat s' ->
  (2 ^ (s' * (Z.to_nat k).+1 ^ (Z.to_nat d * Z.to_nat L)) <= Z.to_nat c ^ (Z.to_nat w * m))%N ->
  (N <= Z.of_nat m)%coqZ.
Proof.
case: (facts) => d0 L0 w0 k1 s0 sE /Z_leq.
case: (claim) => _ [_ [_ [[_ [_ [_ [c1 _]]]] [lo _]]]].
rewrite !Z_expn !Z_muln !Z_expn Z_muln (Nat2Z.inj_succ (Z.to_nat k)) -sE !Z2Nat.id; try lia.
rewrite -Z.add_1_r -[Z.of_nat 2]/2%coqZ => count.
have E0 : (0 <= s * (k + 1) ^ (d * L))%coqZ.
  by apply: Z.mul_nonneg_nonneg => //; apply: Z.pow_nonneg; lia.
by refine (length_from_log _ _ _ _ _ _ _ c1 E0 w0 _ (ceil_log_lower _ _ _ _ _ w0 c1 lo) count); lia.
Qed.

(** s = n for alpha = inf, else 1. *)
Theorem entropy_lipschitz_necessary q p : exponent_check q p = true -> s = copies_Z q (d * L) ->
  every_lipschitz_model_needs d L w r Lambda eps C q p N.
Proof.
move=> /exponent_of_ge1 e1 sE point dist m run lip served; case: cover => r0 Lambda0 cells; case: facts => d0 L0 _ _ _.
apply: (@count_length m (copies (exponent_of q p) (Z.to_nat d * Z.to_nat L))).
  by rewrite sE -(copies_exponent q p) ?Z2Nat.inj_mul //; lia.
exact (entropy_lipschitz_alpha (Z_to_nat_gt0 d0) (Z_to_nat_gt0 L0) e1 k_nat C0 eps0 r0 Lambda0 lip cells served).
Qed.
End EntropyLipschitz.

(** Item 2.5: whatever memorizes all labellings of N inputs by K labels needs m tokens. *)
Definition memorizing_model_needs (N K w : Z) (r Lambda Delta eps : R) (m : Z) : Prop :=
  forall (Y : Type) (dist : Y -> Y -> R) (l : nat)
    (run : {ffun 'I_(Z.to_nat w) * 'I_l -> R} -> 'I_(Z.to_nat N) -> Y) (label : 'I_(Z.to_nat K) -> Y),
  (forall x y, dist x y = dist y x) -> (forall x y z, dist x z <= dist x y + dist y z) ->
  lipschitz_in_prompt dist r Lambda (fun=> True) run ->
  (forall a b, a != b -> Delta < dist (label a) (label b)) ->
  (forall t : {ffun 'I_(Z.to_nat N) -> 'I_(Z.to_nat K)}, exists2 P, in_box r P &
     forall i, dist (run P i) (label (t i)) <= eps) ->
  (m <= Z.of_nat l)%coqZ.

Theorem memory_linear_necessary (N K w : Z) (r Lambda Delta eps : R) (c m : Z) :
  (0 <= N)%coqZ -> (0 < K)%coqZ -> (0 < w)%coqZ ->
  memory_linear_length_claim N K w r Lambda Delta eps c m ->
  memorizing_model_needs N K w r Lambda Delta eps m.
Proof.
move=> N0 K0 w0 [cells [lo _]] Y dist l run label distC tri lip apart reached.
have [r0 L0 cover] := cells_cover cells.
have := memory_linear distC tri L0 r0 cover lip apart reached.
case: cells => _ [_ [_ [c1 _]]] /Z_leq.
rewrite !Z_expn Z_muln !Z2Nat.id; try lia; move=> count.
by refine (length_from_log _ _ _ _ _ _ K0 c1 N0 w0 _ (ceil_log_lower _ _ _ _ _ w0 c1 lo) count); lia.
Qed.
