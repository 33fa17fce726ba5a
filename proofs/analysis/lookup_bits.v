(** Theory item 1.4 with prompt entries of b bits: the prompt of item 5.2 with its stored values rounded to the
    middles of 2^b equal intervals of [0,1]. Every other entry of a prompt token is the same for all f, so each entry takes
    one of at most 2^b values of its own code book; the error grows by n^{1/alpha} 2^{-b-1}. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import target_class alpha_norm polynomial_attention universal_prompting.
From PromptBound.analysis Require Import bridge gaussian_line gaussian_lookup lookup_transformer lookup_upper.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Lemma codes_gt0 (b : nat) : (0 < 2 ^ b)%N. Proof. by rewrite expn_gt0. Qed.

(** f with its values rounded to b bits: (q + 1/2)/2^b, q < 2^b *)
Definition rounded_values (I : finType) (b : nat) (f : {ffun I -> R} -> {ffun I -> R}) (y : {ffun I -> R}) : {ffun I -> R} :=
  [ffun c => middle R_realFieldType (digit_of (codes_gt0 b) (f y c))].

Section LookupBits.
Variables (d L k b : nat).
Hypothesis k0 : (0 < k)%N.
Local Notation point := {ffun 'I_d * 'I_L -> R}.
Local Notation cell := {ffun 'I_d * 'I_L -> 'I_k}.
Implicit Types (f : point -> point) (x : point).

Lemma rounded_values_cube f : (forall y, cube y -> cube (f y)) -> forall y, cube y -> cube (rounded_values b f y).
Proof.
move=> f01 y y01 c; rewrite ffunE; set q := digit_of _ _; have N := ltn_ord q.
have p0 : 0 < (2 ^ b)%:R :> R by rewrite ltr0n codes_gt0.
have h0 : 0 <= 2%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite /middle divr_ge0 ?addr_ge0 ?ler0n //= ler_pdivr_mulr // mul1r.
apply: (@le_trans _ _ (q.+1%:R)); last by rewrite ler_nat.
by rewrite [X in _ <= X]mulrSr ler_add2l invf_le1 ?ltr0n // ler1n.
Qed.

(** The output moves by no more than the stored values. *)
Lemma lookup_output_stable beta Lambda1 Lambda2 f f' x q : cube x ->
  (forall y, cube y -> cube (f y)) -> (forall y, cube y -> cube (f' y)) ->
  (forall (g : cell) c, `|f (centre g) c - f' (centre g) c| <= q) ->
  forall c, `|lookup_output k beta Lambda1 Lambda2 f x c - lookup_output k beta Lambda1 Lambda2 f' x c| <= q.
Proof.
move=> x01 f01 f'01 close [c i].
rewrite (lookup_outputE beta Lambda1 Lambda2 k0 x01 f01) (lookup_outputE beta Lambda1 Lambda2 k0 x01 f'01).
set u := gathered _ _ _; set B := beta / _.
set prompt_mass := exp _ * \sum_g _; set share := prompt_mass / _.
have mass0 : 0 < \sum_(g : cell) gaussian B u g := gaussian_mass B k0 u.
have pm0 : 0 <= prompt_mass by rewrite mulr_ge0 ?exp_ge0 // ltW.
have l0 : 0 <= leak2 L Lambda2 by rewrite /leak2 mulr_ge0 ?ler0n ?exp_ge0.
have share0 : 0 <= share by rewrite divr_ge0 // addr_ge0.
have share1 : share <= 1.
  have [e|n0] := eqVneq (prompt_mass + leak2 L Lambda2) 0; first by rewrite /share e invr0 mulr0 ler01.
  by rewrite ler_pdivr_mulr ?lt_neqAle 1?eq_sym ?n0 ?addr_ge0 // mul1r ler_addl.
rewrite -mulrBr normrM (ger0_norm share0).
apply: (@le_trans _ _ `|lookup k B f u (c, i) - lookup k B f' u (c, i)|).
  by rewrite ler_pimull.
rewrite !ffunE /average -mulrBl -sumrB normrM normfV (ger0_norm (ltW mass0)).
rewrite ler_pdivr_mulr // mulr_sumr; apply: le_trans (ler_norm_sum _ _ _) _.
apply: ler_sum => g _; rewrite -mulrBr normrM (ger0_norm (ltW (gaussian_gt0 _ _ _))) mulrC.
by apply: ler_wpmul2r => //; exact/ltW/gaussian_gt0.
Qed.

Variables (C eps nu : R) (nrm : point -> R).
Hypotheses (L0 : (0 < L)%N) (C0 : 0 <= C) (N : alpha_norm nrm nu)
  (room : C * nu / (2%:R * k%:R) + nu / (2%:R * (2 ^ b)%:R) < eps).

(** k^n prompt tokens suffice; P is the table of codes that makes up the prompt of f. *)
Theorem lookup_upper_bits :
  #|{: cell}| = (k ^ (d * L))%N /\
  exists beta Lambda1 Lambda2 : R, forall f : point -> point, target_class (fun y z => nrm (y - z)) C f ->
    (exists P : {ffun cell * ('I_d * 'I_L) -> 'I_(2 ^ b)}, forall g c,
       stored_f (prompt_token (rounded_values b f) g) c = middle R_realFieldType (P (g, c))) /\
    forall x, cube x -> nrm (lookup_output k beta Lambda1 Lambda2 (rounded_values b f) x - f x) <= eps.
Proof.
have kR : 0 < k%:R :> R by rewrite ltr0n.
have pR : 0 < (2 ^ b)%:R :> R by rewrite ltr0n codes_gt0.
have nu0 : 0 <= nu.
  have := @alpha_norm_box _ _ _ _ N 0 1 ler01; rewrite mulr1 => H.
  by apply: le_trans (alpha_norm_ge0 N 0) (H _) => i; rewrite ffunE normr0 ler01.
pose q : R := (2%:R * (2 ^ b)%:R)^-1.
have q0 : 0 <= q by rewrite invr_ge0 mulr_ge0 ?ler0n.
have eps'0 : 0 < eps - nu * q.
  by rewrite subr_gt0 (le_lt_trans _ room) // ler_addr divr_ge0 // !mulr_ge0 // ler0n.
have k_gt : C * nu / (2%:R * (eps - nu * q)) < k%:R.
  rewrite ltr_pdivr_mulr ?mulr_gt0 ?ltr0n // mulrCA mulrA mulrC -ltr_pdivr_mulr ?mulr_gt0 ?ltr0n //.
  by rewrite ltr_subr_addr.
have [size [beta [l1 [l2 H]]]] := lookup_upper L0 k0 C0 eps'0 N k_gt.
split=> //; exists beta, l1, l2 => f fC; have [f01 _] := fC.
split; first by exists [ffun p => digit_of (codes_gt0 b) (f (centre p.1) p.2)] => g c; rewrite ffunE /= ffunE.
move=> x x01; set out := lookup_output k beta l1 l2.
have -> : out (rounded_values b f) x - f x = (out (rounded_values b f) x - out f x) + (out f x - f x).
  by rewrite addrA subrK.
have -> : eps = nu * q + (eps - nu * q) by rewrite addrC subrK.
apply: le_trans (alpha_normD N _ _) _; apply: ler_add; last exact: H.
apply: (alpha_norm_box N) => // c; rewrite ffunE [(- out f x) c]ffunE.
apply: lookup_output_stable => //; last by move=> g c'; rewrite ffunE; apply: digit_ofP; apply: (f01 _ (centre_cube k0 g)).
exact: rounded_values_cube.
Qed.
End LookupBits.
