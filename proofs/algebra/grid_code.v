(** Grid codes of a box: cut [-r, r]^D into c^D cells; points with the same cell are close in the
    max norm. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import sup_norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section GridCode.
Variables (R : realFieldType) (I : finType) (c : nat) (r eta : R).
Hypotheses (c0 : (0 < c)%N) (eta0 : 0 <= eta) (cover : 2%:R * r <= c%:R * eta).

(** x lies in cell j of [-r, r] cut into c cells of width eta. *)
Definition in_cell (x : R) (j : 'I_c) : bool := (j%:R * eta - r <= x <= j.+1%:R * eta - r).

Lemma some_cell (x : R) : `|x| <= r -> exists j, in_cell x j.
Proof.
rewrite /in_cell ler_norml => /andP [lo hi].
have : x <= c%:R * eta - r by rewrite (le_trans hi) // ler_subr_addr (le_trans _ cover) // mulr2n mulrDl mul1r.
suff H n : (0 < n)%N -> x <= n%:R * eta - r -> exists j : 'I_n, j%:R * eta - r <= x <= j.+1%:R * eta - r by exact: H.
elim: n => // n IH _ xn.
have [le|gt] := lerP x (n%:R * eta - r); last by exists ord_max; rewrite /= xn ltW.
case: n IH le {xn} => [|n] IH le.
  exists ord0; rewrite /= mul0r sub0r lo /=; rewrite (le_trans le) // mul0r sub0r mul1r ler_addr //.
by have [j jP] := IH isT le; exists (widen_ord (leqnSn _) j).
Qed.

Definition cell (x : R) : 'I_c := odflt (Ordinal c0) [pick j | in_cell x j].
Definition grid_code (x : {ffun I -> R}) : {ffun I -> 'I_c} := [ffun i => cell (x i)].

Lemma cellP x : `|x| <= r -> in_cell x (cell x).
Proof. by move=> /some_cell [j jP]; rewrite /cell; case: pickP => //= /(_ j); rewrite jP. Qed.

Lemma same_cell x y : `|x| <= r -> `|y| <= r -> cell x = cell y -> `|x - y| <= eta.
Proof.
move=> /cellP + /cellP + e; rewrite -e /in_cell => /andP [x1 x2] /andP [y1 y2].
have W : (cell x).+1%:R * eta - r = eta + ((cell x)%:R * eta - r).
  by rewrite -addn1 natrD mulrDl mul1r addrAC addrC.
by rewrite ler_distl; apply/andP; split; rewrite ?ler_subl_addr;
  [apply: le_trans y2 _|apply: le_trans x2 _]; rewrite W addrC ler_add2r.
Qed.

Lemma grid_code_close (x y : {ffun I -> R}) :
  (forall i, `|x i| <= r) -> (forall i, `|y i| <= r) -> grid_code x = grid_code y ->
  sup_dist x y <= eta.
Proof.
move=> Hx Hy /ffunP E; apply: sup_dist_le => // i; apply: same_cell => //.
by have := E i; rewrite !ffunE.
Qed.

Lemma card_grid_code : #|{: {ffun I -> 'I_c}}| = (c ^ #|I|)%N.
Proof. by rewrite card_ffun card_ord. Qed.
End GridCode.

Section LipschitzModel.
(** A prompted model whose prompts have entries in [-r, r] and whose output is Lambda-Lipschitz in the
    prompt, entrywise max norms on both sides. Y: any set of outputs with a distance. *)
Variables (R : realFieldType) (w m : nat) (X Y : Type) (dist : Y -> Y -> R) (r Lambda : R).
Local Notation prompt := {ffun 'I_w * 'I_m -> R}.

Definition in_box (P : prompt) : Prop := forall i, `|P i| <= r.

Definition lipschitz_in_prompt (domain : X -> Prop) (run : prompt -> X -> Y) : Prop :=
  forall P Q x, in_box P -> in_box Q -> domain x ->
    dist (run P x) (run Q x) <= Lambda * sup_dist P Q.

Hypotheses (r0 : 0 <= r) (Lambda0 : 0 < Lambda).

(** If r < c rho with rho = gap/(2 Lambda), then c cells of one side cover [-r, r], and Lambda side < gap. *)
Lemma lipschitz_side (gap : R) (c : nat) : r < c%:R * (gap / (2%:R * Lambda)) ->
  exists side : R, [/\ (0 < c)%N, 0 <= side, 2%:R * r <= c%:R * side & Lambda * side < gap].
Proof.
move=> cover; have c0 : (0 < c)%N.
  by case: c cover => // cover; have := le_lt_trans r0 cover; rewrite mul0r ltxx.
have cR : 0 < c%:R :> R by rewrite ltr0n.
exists (2%:R * r / c%:R); split=> //.
- by rewrite !mulr_ge0 ?ler0n // invr_ge0 ler0n.
- by rewrite [c%:R * _]mulrC mulfVK // lt0r_neq0.
have -> : Lambda * (2%:R * r / c%:R) = r * (2%:R * Lambda) / c%:R by ring.
by rewrite ltr_pdivr_mulr // [gap * _]mulrC -ltr_pdivl_mulr ?mulr_gt0 ?ltr0n // -mulrA.
Qed.

(** Prompts in the same of the c^{w m} cells have outputs less than gap apart. *)
Lemma lipschitz_code (domain : X -> Prop) (run : prompt -> X -> Y) (gap : R) (c : nat) :
  lipschitz_in_prompt domain run -> r < c%:R * (gap / (2%:R * Lambda)) ->
  exists (eta : R) (code : prompt -> {ffun 'I_w * 'I_m -> 'I_c}), eta < gap /\
    forall P Q x, in_box P -> in_box Q -> domain x -> code P = code Q ->
      dist (run P x) (run Q x) <= eta.
Proof.
move=> lip /lipschitz_side [side [c0 side0 covered small]].
exists (Lambda * side), (grid_code r side c0); split=> // P Q x Pr Qr dx e.
apply: le_trans (lip _ _ _ Pr Qr dx) _; rewrite ler_pmul2l //.
exact: (grid_code_close side0 covered Pr Qr e).
Qed.
End LipschitzModel.
