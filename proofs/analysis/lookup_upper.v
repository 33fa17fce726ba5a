(** Theory item 1.4 (lookup-upper) and the bracket 1.2-1.4.

    k^n prompt tokens suffice, k = floor(C n^{1/alpha}/(2 eps)) + 1, n = d L: one fixed transformer, that of item
    5.2, serves every f in F(C, alpha) within eps in the supremum norm, with real prompt entries.
    nu = n^{1/alpha}. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import sup_norm target_class alpha_norm entropy_bits.
From PromptBound.analysis Require Import bridge gaussian_line gaussian_lookup lookup_transformer.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

(** e^{-B} <= 1/B *)
Lemma exp_opp_le (B : R) : 0 < B -> exp (- B) <= B^-1.
Proof.
move=> B0; have e0 := exp_gt0 B.
have -> : exp (- B) = (exp B)^-1.
  apply: (mulfI (lt0r_neq0 e0)); rewrite divff ?lt0r_neq0 // -expD.
  by rewrite Rplus_opp_r exp0.
rewrite lef_pinv ?posrE //; have H := exp_ineq1_le B; mlra.
Qed.

(** A crude bound that shows x(B) -> 0 at fixed k: partial sums up to k are at most k^2/B. *)
Lemma excess_sum_le (B : R) k : 0 < B -> excess_sum B k <= k%:R ^+ 2 / B.
Proof.
move=> B0; have inv0 : 0 <= B^-1 by rewrite invr_ge0 ltW.
have decay (u : R) : 1 <= u -> exp (- (B * u)) <= B^-1.
  move=> u1; apply: le_trans (exp_opp_le B0); apply: exp_le; rewrite ler_opp2 ler_pemulr // ltW //.
have near i : (0 < i)%N -> near_term B i <= i%:R / B.
  move=> i0; have i1 : 1 <= i%:R :> R by rewrite ler1n.
  rewrite /near_term; case: eqP => [->|/eqP i_1].
    rewrite invfM mul1r; apply: ler_pimull => //; rewrite invf_le1 ?mulr_gt0 ?ltr0n ?exp_gt0 //.
    have H := exp_ineq1_le 1; mlra.
  have i2 : 2%:R <= i%:R :> R by rewrite ler_nat; case: (i) i0 i_1 => [|[]].
  apply: ler_pmul; rewrite ?exp_ge0 //.
  - mlra.
  - mlra.
  apply: decay; have -> : i%:R ^+ 2 - i%:R = i%:R * (i%:R - 1) :> R by ring.
  by apply: mulr_ege1 => //; mlra.
have far i : (0 < i)%N -> far_term B i <= (i%:R + 1) / B.
  move=> i0; have i1 : 1 <= i%:R :> R by rewrite ler1n.
  rewrite /far_term; apply: ler_pmul; rewrite ?exp_ge0 ?addr_ge0 ?invr_ge0 ?ler0n //.
    mlra.
  by apply: decay; rewrite exprn_ege1.
case: k => [|k]; first by rewrite /excess_sum !big_geq // addr0 mulr_ge0 // sqr_ge0.
apply: (@le_trans _ _ ((\sum_(1 <= i < k.+1) (i%:R + (i%:R + 1))) / B)).
  rewrite /excess_sum -big_split mulr_suml /=; apply: ler_sum_nat => i /andP [i0 _].
  by rewrite mulrDl; apply: ler_add; [exact: near|exact: far].
apply: ler_wpmul2r => //.
elim: k => [|k IH]; first by rewrite big_geq // sqr_ge0.
rewrite big_nat_recr //=; apply: (le_trans (ler_add IH (lexx _))).
rewrite [k.+2%:R]mulrSr; move: (k.+1%:R : R) => c; rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.

Section LookupUpper.
Variables (d L k : nat) (C eps nu : R) (nrm : {ffun 'I_d * 'I_L -> R} -> R).
Hypotheses (L0 : (0 < L)%N) (k0 : (0 < k)%N) (C0 : 0 <= C) (eps0 : 0 < eps) (N : alpha_norm nrm nu)
  (k_gt : C * nu / (2%:R * eps) < k%:R).

Let nu0 : 0 <= nu.
Proof.
have := @alpha_norm_box _ _ _ _ N 0 1 ler01; rewrite mulr1 => H.
by apply: le_trans (alpha_norm_ge0 N 0) (H _) => i; rewrite ffunE normr0 ler01.
Qed.

(** One choice of beta, Lambda_1, Lambda_2 serves all f; the prompt has one token a cell. *)
Theorem lookup_upper :
  #|{: {ffun 'I_d * 'I_L -> 'I_k}}| = (k ^ (d * L))%N /\
  exists beta Lambda1 Lambda2 : R, forall f x,
    target_class (fun y z => nrm (y - z)) C f -> cube x ->
    nrm (lookup_output k beta Lambda1 Lambda2 f x - f x) <= eps.
Proof.
split; first by rewrite card_ffun card_prod !card_ord.
have kR : 0 < k%:R :> R by rewrite ltr0n.
have LR : 0 < L%:R :> R by rewrite ltr0n.
have sigma0 : 0 < eps - C * (nu / (2%:R * k%:R)).
  rewrite subr_gt0; move: k_gt; rewrite ltr_pdivr_mulr ?mulr_gt0 ?ltr0n // mulrA.
  by rewrite ltr_pdivr_mulr ?mulr_gt0 ?ltr0n // => H; apply: (lt_le_trans H); rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
set sigma := eps - _ in sigma0.
(* a third of sigma for each of the three remaining terms *)
have third (a : R) : 0 <= a -> exists2 t : R, 0 < t & a / t <= sigma / 3%:R.
  move=> a0; have q0 : 0 <= 3%:R * a / sigma by rewrite divr_ge0 ?(ltW sigma0) // mulr_ge0 ?ler0n.
  have t0 : 0 < 3%:R * a / sigma + 1 by apply: (lt_le_trans ltr01); rewrite ler_addr.
  exists (3%:R * a / sigma + 1) => //; rewrite ler_pdivr_mulr //.
  have -> : sigma / 3%:R * (3%:R * a / sigma + 1) = a + sigma / 3%:R by field; rewrite lt0r_neq0.
  by rewrite ler_addl divr_ge0 ?ler0n // ltW.
have [B B0 HB] : exists2 t : R, 0 < t & C * ((d * L)%:R * k%:R) / t <= sigma / 3%:R.
  by apply: third; rewrite !mulr_ge0 ?ler0n.
have [l1 l10 H1] : exists2 t : R, 0 < t & C * nu * ((k ^ (d * L))%:R / L%:R) / t <= sigma / 3%:R.
  by apply: third; rewrite !mulr_ge0 ?invr_ge0 ?ler0n.
have [l2 l20 H2] : exists2 t : R, 0 < t & nu * L%:R / t <= sigma / 3%:R.
  by apply: third; rewrite mulr_ge0 ?ler0n.
exists (B * k%:R ^+ 2), l1, l2 => f x fC x01.
have beta0 : 0 < B * k%:R ^+ 2 by rewrite mulr_gt0 // exprn_gt0.
have BE : B * k%:R ^+ 2 / k%:R ^+ 2 = B by rewrite mulfK // lt0r_neq0 // exprn_gt0.
have X : excess_sum (B * k%:R ^+ 2 / k%:R ^+ 2) k <= k%:R ^+ 2 / B by rewrite BE excess_sum_le.
apply: le_trans (lookup_transformer_error l1 l2 L0 k0 beta0 C0 N X fC x01) _.
have T1 : C * ((d * L)%:R * (k%:R ^+ 2 / B) / k%:R) <= sigma / 3%:R.
  apply: le_trans HB; rewrite le_eqVlt; apply/orP; left; apply/eqP.
  by move: ((d * L)%:R : R) => n; field; rewrite !lt0r_neq0.
have T2 : C * nu * leak1 d L k l1 <= sigma / 3%:R.
  apply: le_trans H1; rewrite /leak1 mulrA; apply: ler_wpmul2l; last exact: exp_opp_le.
  by rewrite !mulr_ge0 ?invr_ge0 ?ler0n.
have T3 : nu * leak2 L l2 <= sigma / 3%:R.
  by apply: le_trans H2; rewrite /leak2 mulrA; apply: ler_wpmul2l; [rewrite mulr_ge0 ?ler0n|exact: exp_opp_le].
have -> : eps = C * (nu / (2%:R * k%:R)) + sigma / 3%:R + sigma / 3%:R + sigma / 3%:R.
  by rewrite /sigma; set y := C * _; field.
by rewrite mulrDr; apply: ler_add => //; apply: ler_add => //; rewrite ler_add2l.
Qed.
End LookupUpper.

(** The bracket at alpha = inf: let k < C/(2 eps) < k + 1 and eps < 1/2, K = k + 1, n = d L.
    Necessary for every model with b-bit entries of width w: n K^n <= b w m.
    Sufficient, with real entries: K^n tokens. So the least length is known up to the factor b w/n. *)
Theorem bracket (d L k b w : nat) (C eps : R) :
  (0 < L)%N -> (0 < k)%N -> (0 < b)%N -> (0 < w)%N -> 0 < eps -> eps < 2%:R^-1 ->
  k%:R < C / (2%:R * eps) -> C / (2%:R * eps) < k.+1%:R ->
  (forall m (run : bit_prompt_upto b w m -> {ffun 'I_d * 'I_L -> R} -> {ffun 'I_d * 'I_L -> R}),
     (forall f, target_class (@sup_dist _ _) C f ->
        approximable (@sup_dist _ _) (fun=> True) run eps f) ->
     (d * L * k.+1 ^ (d * L) <= b * w * m)%N) /\
  (exists beta Lambda1 Lambda2 : R, forall f (x : {ffun 'I_d * 'I_L -> R}),
     target_class (@sup_dist _ _) C f -> cube x ->
     sup_dist (lookup_output k.+1 beta Lambda1 Lambda2 f x) (f x) <= eps).
Proof.
move=> L0 k0 b0 w0 eps0 eps_half k_lt k_gt /=; have two_eps : 0 < 2%:R * eps by rewrite mulr_gt0 ?ltr0n.
have k_lt' : k%:R * (2%:R * eps) < C by rewrite -ltr_pdivl_mulr.
have C0 : 0 <= C by rewrite ltW // (le_lt_trans _ k_lt') // mulr_ge0 ?ler0n // ltW.
split=> [m run served|].
  exact: (entropy_bits_max (ltW eps0) eps_half k0 k_lt' b0 w0 served).
have k_gt' : C * 1 / (2%:R * eps) < k.+1%:R by rewrite mulr1.
have [_ [beta [l1 [l2 H]]]] := lookup_upper L0 (ltn0Sn k) C0 eps0 (alpha_norm_max R_realFieldType [finType of 'I_d * 'I_L]) k_gt'.
have distE (y z : {ffun 'I_d * 'I_L -> R}) : sup_dist (y - z) 0 = sup_dist y z.
  by apply: eq_bigr => c _; rewrite !ffunE subr0.
exists beta, l1, l2 => f x [f01 lip] x01; rewrite -distE; apply: H => //; split=> // y z y01 z01.
by rewrite !distE lip.
Qed.
