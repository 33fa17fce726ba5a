(** The target class F(C, alpha) of section 1 of the theory, and a large separated family in it.

    Points are families of scalars indexed by a finite set I of coordinates (d x L matrices when
    I = 'I_d * 'I_L). The alpha-norm enters only through the properties that all of them share
    for 1 <= alpha <= inf ([alpha_distance]): a distance, at least every coordinate's
    difference, and equal to it for points that differ in that coordinate alone. *)
From mathcomp Require Import all_ssreflect all_algebra.
From PromptBound.algebra Require Import sup_norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Definitions.
Variables (R : realFieldType) (I : finType).
Local Notation point := {ffun I -> R}.

Record alpha_distance (dist : point -> point -> R) : Prop := AlphaDistance {
  alpha_distxx : forall x, dist x x = 0;
  alpha_distC : forall x y, dist x y = dist y x;
  alpha_dist_triangle : forall x y z, dist x z <= dist x y + dist y z;
  alpha_dist_ge : forall (x y : point) i, `|x i - y i| <= dist x y;
  alpha_dist_single : forall (x y : point) i, (forall j, j != i -> x j = y j) -> dist x y = `|x i - y i| }.

(** [0,1]^I *)
Definition cube (x : point) : Prop := forall i, 0 <= x i <= 1.

(** F(C, alpha): maps of the cube into itself with dist (f x) (f y) <= C dist x y. *)
Definition target_class (dist : point -> point -> R) (C : R) (f : point -> point) : Prop :=
  (forall x, cube x -> cube (f x)) /\
  (forall x y, cube x -> cube y -> dist (f x) (f y) <= C * dist x y).

(** The model, under some admissible prompt, is within eps of f on the whole cube. *)
Definition approximable (dist : point -> point -> R) Prompt (admissible : Prompt -> Prop)
    (run : Prompt -> point -> point) (eps : R) (f : point -> point) : Prop :=
  exists2 P, admissible P & forall x, cube x -> dist (run P x) (f x) <= eps.
End Definitions.

(** alpha = inf *)
Lemma alpha_distance_max (R : realFieldType) (I : finType) : alpha_distance (@sup_dist R I).
Proof.
split; [exact: sup_distxx|exact: sup_distC|exact: sup_dist_triangle|exact: sup_dist_ge|].
move=> x y i same; apply/eqP; rewrite eq_le sup_dist_ge andbT.
apply: sup_dist_le => // j; have [->//|ji] := eqVneq j i.
by rewrite same // subrr normr0.
Qed.

(** alpha = 1 *)
Lemma alpha_distance_sum (R : realFieldType) (I : finType) :
  alpha_distance (fun x y : {ffun I -> R} => \sum_i `|x i - y i|).
Proof.
split=> [x|x y|x y z|x y i|x y i same].
- by rewrite big1 // => i _; rewrite subrr normr0.
- by apply: eq_bigr => i _; rewrite distrC.
- by rewrite -big_split; apply: ler_sum => i _; exact: ler_dist_add.
- by rewrite (bigD1 i) //= ler_addl sumr_ge0.
- rewrite (bigD1 i) //= [X in _ + X]big1 ?addr0 // => j ji.
  by rewrite same // subrr normr0.
Qed.

Section SeparatedFamily.
Variables (R : realFieldType) (I : finType) (dist : {ffun I -> R} -> {ffun I -> R} -> R).
Hypothesis dist_alpha : alpha_distance dist.
Variables (C : R) (k : nat).
Hypotheses (C0 : 0 <= C) (k0 : (0 < k)%N).
Local Notation point := {ffun I -> R}.
Local Notation grid := {ffun I -> 'I_k.+1}.

(** h = min(1, C/k) *)
Definition packing_height : R := Num.min 1 (C / k%:R).

Definition grid_point (c : grid) : point := [ffun i => (c i)%:R / k%:R].

Lemma grid_point_cube c : cube (grid_point c).
Proof.
move=> i; rewrite ffunE divr_ge0 ?ler0n //= ler_pdivr_mulr ?ltr0n // mul1r ler_nat.
by rewrite -ltnS.
Qed.

Let kN0 : 0 <= k%:R^-1 :> R. Proof. by rewrite invr_ge0 ler0n. Qed.

Lemma grid_point_far c c' : c != c' -> k%:R^-1 <= dist (grid_point c) (grid_point c').
Proof.
move=> cc'; have [l] : exists l, c l != c' l.
  apply/existsP; apply: contraNT cc' => /existsPn H.
  by apply/eqP/ffunP => l; apply/eqP; rewrite -[_ == _]negbK.
move=> ccl; apply: le_trans (alpha_dist_ge dist_alpha _ _ l).
rewrite /= !ffunE -mulrBl normrM [X in _ * X]ger0_norm // -[X in X <= _]mul1r ler_wpmul2r //.
wlog lt : c c' {cc'} ccl / (c' l < c l)%N.
  move=> W; case: (ltngtP (c' l) (c l)) => [lt|lt|e].
  - exact: W ccl lt.
  - by rewrite distrC; apply: W lt; rewrite eq_sym.
  - by case/eqP: ccl; apply: val_inj.
by rewrite -natrB 1?ltnW // normr_nat ler1n subn_gt0.
Qed.

Lemma packing_height_ge0 : 0 <= packing_height.
Proof. by rewrite /packing_height le_minr ler01 mulr_ge0. Qed.

Let dist_ge0 x y : 0 <= dist x y.
Proof.
have := alpha_dist_triangle dist_alpha x y x.
rewrite (alpha_distxx dist_alpha) (alpha_distC dist_alpha y x) -mulr2n pmulrn_lge0 //.
Qed.

(** The McShane extension of the values s_c in {0, h} at the grid points, cut at 1:
    f_s(x) = min(1, min_c (s_c + C dist x c)). *)
Section Extension.
Variable s : {ffun grid -> bool}.
Definition level c : R := if s c then packing_height else 0.
Definition cone_at x c : R := level c + C * dist x (grid_point c).
Definition mcshane x : R :=
  Num.min 1 (cone_at x [arg min_(c < [ffun=> ord0]) cone_at x c]%O).

Lemma mcshane_le x c : mcshane x <= cone_at x c.
Proof. by rewrite /mcshane; case: arg_minP => // j _ H; rewrite le_minl H ?orbT. Qed.

Lemma level01 c : 0 <= level c <= 1.
Proof.
rewrite /level; case: (s c); rewrite ?lexx ?ler01 //.
by rewrite packing_height_ge0 /packing_height le_minl lexx.
Qed.

Lemma mcshane01 x : 0 <= mcshane x <= 1.
Proof.
rewrite /mcshane le_minl lexx andbT le_minr ler01 /= addr_ge0 //.
- by have /andP [] := level01 [arg min_(c < [ffun=> ord0]) cone_at x c]%O.
- by rewrite mulr_ge0.
Qed.

Lemma mcshane_lipschitz x y : `|mcshane x - mcshane y| <= C * dist x y.
Proof.
wlog le : x y / mcshane y <= mcshane x.
  move=> W; case/orP: (le_total (mcshane y) (mcshane x)) => [|H]; first exact: W.
  by rewrite distrC (alpha_distC dist_alpha); exact: W.
rewrite ger0_norm ?subr_ge0 // ler_subl_addr {2}/mcshane.
set c := Order.arg_min _ _ _; have Cd : 0 <= C * dist x y by rewrite mulr_ge0.
rewrite -ler_subl_addl le_minr !ler_subl_addl; apply/andP; split.
  by have /andP [_ H] := mcshane01 x; rewrite (le_trans H) // ler_addr.
apply: (le_trans (mcshane_le x c)); rewrite /cone_at addrCA ler_add2l -mulrDr ler_wpmul2l //.
exact: alpha_dist_triangle.
Qed.

Lemma mcshane_grid c : mcshane (grid_point c) = level c.
Proof.
apply/eqP; rewrite eq_le; apply/andP; split.
  by have := mcshane_le (grid_point c) c; rewrite /cone_at (alpha_distxx dist_alpha) mulr0 addr0.
have /andP [_ l1] := level01 c.
rewrite /mcshane le_minr l1 /=; set j := Order.arg_min _ _ _; rewrite /cone_at.
have [<-|cj] := eqVneq c j; first by rewrite ler_addl mulr_ge0.
apply: (@le_trans _ _ packing_height); first by rewrite /level; case: (s c); rewrite ?packing_height_ge0.
apply: (@le_trans _ _ (C * dist (grid_point c) (grid_point j))).
  by rewrite /packing_height le_minl ler_wpmul2l ?orbT ?grid_point_far.
by rewrite ler_addr; have /andP [] := level01 j.
Qed.
End Extension.

Lemma mcshane_apart s t : s != t ->
  exists c, `|mcshane s (grid_point c) - mcshane t (grid_point c)| = packing_height.
Proof.
move=> st; have [c sc] : exists c, s c != t c.
  apply/existsP; apply: contraNT st => /existsPn H.
  by apply/eqP/ffunP => c; apply/eqP; rewrite -[_ == _]negbK.
exists c; rewrite !mcshane_grid /level; have h0 := packing_height_ge0.
by case: (s c) (t c) sc => -[] // _; rewrite ?subr0 ?sub0r ?normrN ger0_norm.
Qed.

(** 2^{(k+1)^n} members of F(C, alpha), pairwise h apart at some grid point, any alpha. *)
Lemma separated_targets (i0 : I) : exists F : {ffun grid -> bool} -> point -> point,
  (forall s, target_class dist C (F s)) /\
  (forall s t, s != t -> exists2 x, cube x & packing_height <= sup_dist (F s x) (F t x)).
Proof.
exists (fun s x => [ffun i => if i == i0 then mcshane s x else 0]); split=> [s|s t st].
  split=> [x _ i|x y _ _].
    by rewrite ffunE; case: eqP => _; rewrite ?mcshane01 ?lexx ?ler01.
  rewrite (alpha_dist_single dist_alpha (i := i0)); last by move=> j /negPf ji; rewrite !ffunE ji.
  by rewrite !ffunE eqxx mcshane_lipschitz.
have [c cP] := mcshane_apart st; exists (grid_point c); first exact: grid_point_cube.
by rewrite -cP; apply: le_trans (sup_dist_ge _ _ i0); rewrite !ffunE eqxx.
Qed.
End SeparatedFamily.

(** alpha = inf: the coordinates of the output are chosen independently, 2^{n (k+1)^n} members. *)
Lemma separated_targets_max (R : realFieldType) (I : finType) (C : R) (k : nat) :
  0 <= C -> (0 < k)%N ->
  exists F : {ffun I * {ffun I -> 'I_k.+1} -> bool} -> {ffun I -> R} -> {ffun I -> R},
  (forall s, target_class (@sup_dist R I) C (F s)) /\
  (forall s t, s != t ->
     exists2 x, cube x & packing_height C k <= sup_dist (F s x) (F t x)).
Proof.
move=> C0 k0; have dist_alpha := alpha_distance_max R I.
pose slice (s : {ffun I * {ffun I -> 'I_k.+1} -> bool}) i := [ffun c => s (i, c)].
exists (fun s x => [ffun i => mcshane (@sup_dist R I) C (slice s i) x]); split=> [s|s t st].
  split=> [x _ i|x y _ _]; first by rewrite ffunE mcshane01.
  apply: sup_dist_le => [|i]; first by rewrite mulr_ge0 // sup_dist_ge0.
  by rewrite !ffunE mcshane_lipschitz.
have [i sti] : exists i, slice s i != slice t i.
  apply/existsP; apply: contraNT st => /existsPn H; apply/eqP/ffunP => -[i c].
  by have /eqP/ffunP/(_ c) := negbNE (H i); rewrite !ffunE.
have [c cP] := mcshane_apart dist_alpha C0 sti.
exists (grid_point R c); first exact: grid_point_cube.
by rewrite -cP; apply: le_trans (sup_dist_ge _ _ i); rewrite !ffunE.
Qed.
