(** Theory item 4.3 (hardness-instance): attention to accuracy below 1/4 decides near-neighbour search.

    Points a_1..a_M, b_1..b_M in {0,1}^D; every a_i has either some b_j at Hamming distance <= t, or all
    at distance >= t + gap. Queries sqrt(beta)(2 a_i - 1) followed by |o| coordinates sqrt(beta), o = D - 2t - gap; real
    keys sqrt(beta)(2 b_j - 1) followed by |o| coordinates -sign(o) sqrt(beta); M dummy keys zero. Values 1 for
    real keys, 0 for dummies. If beta gap >= ln M + c, the output at i is at least 1/(1+e^{-c}) in the near
    case and at most e^{-c}/(e^{-c}+M) in the far case. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import polynomial_attention.
From PromptBound.analysis Require Import bridge.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Section Hardness.
Variables (D M t gap : nat) (a b : 'I_M -> {ffun 'I_D -> bool}) (beta c : R).

Definition hamming (x y : {ffun 'I_D -> bool}) : nat := #|[set l | x l != y l]|.

(** o = D - 2t - gap *)
Definition offset : int := (D%:Z - (2 * t)%:Z - gap%:Z)%R.

Definition spin (x : bool) : R := if x then 1 else - 1.
Definition query (i : 'I_M) (l : 'I_D + 'I_`|offset|) : R :=
  Num.sqrt beta * (if l is inl l' then spin (a i l') else 1).
Definition key (j : 'I_M + 'I_M) (l : 'I_D + 'I_`|offset|) : R :=
  match j with
  | inl j' => Num.sqrt beta * (if l is inl l' then spin (b j' l') else - (sgz offset)%:~R)
  | inr _ => 0
  end.
Definition value (j : 'I_M + 'I_M) : R := if j is inl _ then 1 else 0.
Definition score (i : 'I_M) (j : 'I_M + 'I_M) : R := \sum_l query i l * key j l.
(** softmax attention *)
Definition output (i : 'I_M) : R := average (fun j => exp (score i j)) value.

Hypotheses (beta0 : 0 <= beta) (beta_gap : ln M%:R + c <= beta * gap%:R).

Lemma spin_sum (x y : {ffun 'I_D -> bool}) :
  \sum_l spin (x l) * spin (y l) = D%:R - 2%:R * (hamming x y)%:R :> R.
Proof.
have -> : D%:R = \sum_(l < D) 1 :> R by rewrite sumr_const card_ord.
have -> : (hamming x y)%:R = \sum_(l < D) (x l != y l)%:R :> R.
  rewrite /hamming -sum1_card natr_sum big_mkcond /=; apply: eq_bigr => l _.
  by rewrite inE; case: eqP.
rewrite mulr_sumr -sumrB; apply: eq_bigr => l _; rewrite /spin.
by case: (x l); case: (y l) => /=; ring.
Qed.

(** score at a real key: beta (2 (t - Ham) + gap) *)
Lemma real_score i j :
  score i (inl j) = beta * (2%:R * (t%:R - (hamming (a i) (b j))%:R) + gap%:R).
Proof.
rewrite /score big_sumType /= /query /key.
have S : Num.sqrt beta * Num.sqrt beta = beta by rewrite -expr2 sqr_sqrtr.
rewrite (eq_bigr (fun l => beta * (spin (a i l) * spin (b j l)))); last by move=> l _; rewrite -[in RHS]S; ring.
rewrite -mulr_sumr spin_sum [X in _ + X](eq_bigr (fun=> beta * - (sgz offset)%:~R)); last first.
  by move=> l _; rewrite -[in RHS]S; ring.
rewrite sumr_const card_ord -mulrnAr -mulrDr; congr (_ * _).
have -> : (- (sgz offset)%:~R : R) *+ `|offset| = - offset%:~R.
  by rewrite mulNrn -mulr_natr [in RHS](intEsg offset) intrM -pmulrn.
rewrite /offset !intrD !mulrNz -!pmulrn natrM; ring.
Qed.

Lemma dummy_score i j : score i (inr j) = 0.
Proof. by rewrite /score big1 // => l _; rewrite /key mulr0. Qed.

(** output = x/(x + M) with x the mass of the real keys *)
Let mass i := \sum_j exp (score i (inl j)).
Lemma outputE i : output i = mass i / (mass i + M%:R).
Proof.
rewrite /output /average !big_sumType /= /value; congr (_ / _).
  by rewrite [X in _ + X]big1 ?addr0 => [|j _]; [apply: eq_bigr => j _; rewrite mulr1|rewrite mulr0].
by congr (_ + _); rewrite (eq_bigr (fun=> 1)) ?sumr_const ?card_ord // => j _; rewrite dummy_score exp0.
Qed.

Let i_exists (i : 'I_M) : 0 < M%:R :> R.
Proof. by rewrite ltr0n; case: (M) i => // -[]. Qed.
Let exp_shift (i : 'I_M) : M%:R * exp c <= exp (beta * gap%:R).
Proof.
have M0 := i_exists i; apply: le_trans (exp_le beta_gap).
by rewrite expD exp_ln ?lexx //; exact/RltP.
Qed.
Let mass_gt0 i : 0 < mass i.
Proof.
rewrite /mass (bigD1 i) //= ltr_paddr ?exp_gt0 //.
by apply: sumr_ge0 => j _; exact: exp_ge0.
Qed.

(** near: output >= 1/(1 + e^{-c}) *)
Theorem hardness_instance_near i :
  (exists j, hamming (a i) (b j) <= t)%N -> 1 / (1 + exp (- c)) <= output i.
Proof.
move=> [j near]; have M0 := i_exists i; have m0 := mass_gt0 i.
have ec : 0 < exp (- c) := exp_gt0 _.
have big : M%:R * exp c <= mass i.
  apply: le_trans (exp_shift i) _; rewrite /mass (bigD1 j) //=.
  apply: (@le_trans _ _ (exp (score i (inl j)))); last first.
    by rewrite ler_addl sumr_ge0 // => k _; exact: exp_ge0.
  apply: exp_le; rewrite real_score ler_wpmul2l // ler_addr mulr_ge0 ?ler0n //.
  by rewrite subr_ge0 ler_nat.
have inverse : exp (- c) * exp c = 1 by rewrite -expD; rewrite Rplus_opp_l exp0.
have small : M%:R <= mass i * exp (- c).
  by rewrite mulrC; have := ler_wpmul2l (ltW ec) big; rewrite mulrCA inverse mulr1.
rewrite outputE ler_pdivr_mulr ?addr_gt0 ?ltr01 // mulrAC ler_pdivl_mulr ?addr_gt0 // mul1r.
by rewrite mulrDr mulr1 ler_add2l.
Qed.

(** far: output <= e^{-c}/(e^{-c} + M) *)
Theorem hardness_instance_far i :
  (forall j, t + gap <= hamming (a i) (b j))%N -> output i <= exp (- c) / (exp (- c) + M%:R).
Proof.
move=> far; have M0 := i_exists i; have m0 := mass_gt0 i.
have ec : 0 < exp (- c) := exp_gt0 _.
have each j : exp (score i (inl j)) <= exp (- (beta * gap%:R)).
  apply: exp_le; rewrite real_score -mulrN ler_wpmul2l //.
  have : (t + gap)%:R <= (hamming (a i) (b j))%:R :> R by rewrite ler_nat.
  by rewrite natrD; move: (_%:R) (t%:R) (gap%:R) => x y z H; mlra.
have inverse (x : R) : exp (- x) * exp x = 1 by rewrite -expD; rewrite Rplus_opp_l exp0.
have shifted : M%:R * exp (- (beta * gap%:R)) <= exp (- c).
  have := exp_shift i; set B := beta * gap%:R => H.
  have := ler_wpmul2l (ltW (mulr_gt0 (exp_gt0 (- B)) ec)) H.
  have -> : exp (- B) * exp (- c) * (M%:R * exp c) = M%:R * exp (- B) * (exp (- c) * exp c) by ring.
  have -> : exp (- B) * exp (- c) * exp B = exp (- c) * (exp (- B) * exp B) by ring.
  by rewrite !inverse !mulr1.
have small : mass i <= exp (- c).
  apply: le_trans shifted; rewrite /mass (le_trans (ler_sum _ (fun j _ => each j))) //.
  by rewrite sumr_const card_ord mulr_natl.
rewrite outputE ler_pdivr_mulr ?addr_gt0 // mulrAC ler_pdivl_mulr ?addr_gt0 //.
by rewrite !mulrDr [exp (- c) * mass i]mulrC ler_add2l ler_wpmul2r // ltW.
Qed.

(** With c >= ln 3, any answer within less than 1/4 of the output, cut at 1/2, decides the promise. *)
Corollary hardness_instance_decides i (y : R) : ln 3%:R <= c -> `|y - output i| < 4%:R^-1 ->
  ((exists j, hamming (a i) (b j) <= t)%N -> 2%:R^-1 < y) /\
  ((forall j, t + gap <= hamming (a i) (b j))%N -> y < 2%:R^-1).
Proof.
move=> c3; rewrite ltr_distl => /andP [ylo yhi].
have M1 : 1 <= M%:R :> R by have := i_exists i; rewrite ltr0n ler1n.
have ec : 0 < exp (- c) := exp_gt0 _.
have third : 3%:R * exp (- c) <= 1.
  have e3 : 3%:R <= exp c.
    apply: le_trans (exp_le c3); rewrite exp_ln; first exact: lexx.
    by apply/RltP; rewrite -[IZR 0]/(0 : R) ltr0n.
  have inverse : exp c * exp (- c) = 1 by rewrite -expD; rewrite Rplus_opp_r exp0.
  by apply: (@le_trans _ _ (exp c * exp (- c))); [apply: ler_wpmul2r => //; exact: ltW|rewrite inverse lexx].
split=> [/hardness_instance_near near|/hardness_instance_far far].
  have : 3%:R / 4%:R <= output i.
    apply: le_trans near; rewrite ler_pdivl_mulr ?addr_gt0 ?ltr01 //; mlra.
  by move=> H; clear near; mlra.
have : output i <= 1 / 4%:R.
  apply: le_trans far _; rewrite ler_pdivr_mulr ?addr_gt0 // ?(lt_le_trans ltr01 M1) //; mlra.
by move=> H; clear far; mlra.
Qed.
End Hardness.
