(** Theory items 1.2 and 1.6: the bracket of packed prompts at alpha = inf as one statement, with its factor.

    K = ceil(C/(2 eps)), n = d L. Necessary for every model with b-bit entries: n K^n bits. Sufficient at function level: the
    m tokens of the difference form, with b P m payload bits, at most n K^n times
        (1 + 1/t + 1/K)^n log2(2t+1) (1 + 1/J)/(1 - n A/(P J)),   plus b P (one token, from the ceiling),
    which tends to (1 + 1/t)^n log2(2t+1); at t = n it is at most e^{1 + n/K} log2(2n+1) times the last quotient. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring zify.
From PromptBound.algebra Require Import sup_norm target_class alpha_norm entropy_bits reflected_path packed_differences.
From PromptBound.algebra Require Import packed_payload packed_upper.
From PromptBound.analysis Require Import bridge.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Definition log2 (x : R) : R := ln x / ln 2%:R.

Lemma ln2_gt0 : 0 < ln 2%:R.
Proof.
by apply/RltP; rewrite -[X in Rlt X _]/(IZR 0) -ln_1; apply: ln_increasing; apply/RltP; rewrite ?ltr01 // ltr1n.
Qed.

Lemma ln_nat_expn (B j : nat) : (0 < B)%N -> ln (B ^ j)%:R = j%:R * ln B%:R.
Proof.
move=> B0; elim: j => [|j IH]; first by rewrite expn0 mul0r; exact: ln_1.
rewrite expnS natrM; have BR : Rlt 0 (B%:R : R) by apply/RltP; rewrite ltr0n.
have QR : Rlt 0 ((B ^ j)%:R : R) by apply/RltP; rewrite ltr0n expn_gt0 B0.
by rewrite -[X in ln X]/(Rmult _ _) ln_mult // IH [j.+1%:R]mulrSr mulrDl mul1r addrC.
Qed.

(** 2^b < B^{J+1} gives b < (J+1) log2 B. *)
Lemma bits_le_digits (b B J : nat) : (2 ^ b < B ^ J.+1)%N -> b%:R <= J.+1%:R * log2 B%:R.
Proof.
move=> lt; have B0 : (0 < B)%N by case: (B) lt => //; rewrite exp0n.
have H : ln (2 ^ b)%:R <= ln (B ^ J.+1)%:R.
  apply/RleP/Rlt_le/ln_increasing; first by apply/RltP; rewrite ltr0n expn_gt0.
  by apply/RltP; rewrite ltr_nat.
rewrite !ln_nat_expn // in H; have p := ln2_gt0.
by rewrite /log2 mulrA ler_pdivl_mulr.
Qed.

Section Factor.
Variables (n b P t A J k K : nat) (x : R).
Hypotheses (n0 : (0 < n)%N) (t0 : (0 < t)%N) (J0 : (0 < J)%N) (K0 : (0 < K)%N).
Hypotheses (k_le : k%:R <= x * (1 + t%:R^-1) + 1) (x_le : x <= K%:R).
Hypotheses (J_most : (2 ^ b < (2 * t + 1) ^ J.+1)%N) (room : (n * A < P * J)%N).
Let r := cells_per_token P J n A.
Let m := tokens_for (k ^ n) r.

(** (1 + 1/t + 1/K)^n log2(2t+1) (1 + 1/J)/(1 - n A/(P J)) *)
Definition bracket_factor : R :=
  (1 + t%:R^-1 + K%:R^-1) ^+ n * log2 (2 * t + 1)%:R * (1 + J%:R^-1) / (1 - (n * A)%:R / (P * J)%:R).

Let tR : 0 < t%:R :> R. Proof. by rewrite ltr0n. Qed.
Let KR : 0 < K%:R :> R. Proof. by rewrite ltr0n. Qed.
Let JR : 0 < J%:R :> R. Proof. by rewrite ltr0n. Qed.
Let r0 : (0 < r)%N. Proof. by []. Qed.
Let PJ : (0 < P * J)%N. Proof. exact: leq_ltn_trans room. Qed.
Let PR : 0 < P%:R :> R. Proof. by rewrite ltr0n; move: PJ; rewrite muln_gt0 => /andP []. Qed.
Let PJR : 0 < (P * J)%:R :> R. Proof. by rewrite ltr0n. Qed.

Let cells : k%:R ^+ n <= K%:R ^+ n * (1 + t%:R^-1 + K%:R^-1) ^+ n :> R.
Proof.
rewrite -exprMn ler_expn2r ?nnegrE ?ler0n ?mulr_ge0 ?addr_ge0 ?ler01 ?invr_ge0 ?ler0n //.
apply: le_trans k_le _; rewrite [K%:R * _]mulrDr mulfV ?lt0r_neq0 // ler_add2r ler_wpmul2r //.
by rewrite addr_ge0 ?ler01 // invr_ge0 ler0n.
Qed.

Let per_token : (P * J)%:R - (n * A)%:R <= n%:R * r%:R :> R.
Proof.
rewrite ler_subl_addr -natrM -natrD ler_nat /r /cells_per_token.
have le : (A <= P * J %/ n)%N by rewrite leq_divRL // mulnC ltnW.
have E := divn_eq (P * J) n; have lt := ltn_pmod (P * J) n0.
move: (P * J %/ n)%N (P * J %% n)%N le E lt => a c le -> lt.
rewrite -mulnDr; have -> : ((a - A).+1 + A = a.+1)%N by lia.
by rewrite mulnS mulnC; lia.
Qed.

Theorem bracket_factor_bound : (b * P * m)%:R <= n%:R * K%:R ^+ n * bracket_factor + (b * P)%:R :> R.
Proof.
have rR : 0 < r%:R :> R by rewrite ltr0n.
have nR : 0 < n%:R :> R by rewrite ltr0n.
have gap : 0 < (P * J)%:R - (n * A)%:R :> R by rewrite subr_gt0 ltr_nat.
have m_le : m%:R <= k%:R ^+ n / r%:R + 1 :> R.
  rewrite -(ler_pmul2r rR) mulrDl mul1r divfK ?lt0r_neq0 // -natrX -natrM -natrD ler_nat ltnW //.
  exact: tokens_for_lt.
have b_le := bits_le_digits J_most; set l := log2 _ in b_le.
have l0 : 0 <= l.
  by have := le_trans (ler0n _ b) b_le; rewrite pmulr_rge0 // ltr0n.
rewrite natrM; apply: le_trans (ler_wpmul2l (ler0n _ _) m_le) _; rewrite mulrDr mulr1 ler_add2r.
apply: (@le_trans _ _ ((J.+1%:R * l) * P%:R * (K%:R ^+ n * (1 + t%:R^-1 + K%:R^-1) ^+ n) * (n%:R / ((P * J)%:R - (n * A)%:R)))).
  have inv_r : r%:R^-1 <= n%:R / ((P * J)%:R - (n * A)%:R) :> R.
    by rewrite ler_pdivl_mulr // mulrC ler_pdivr_mulr.
  rewrite natrM mulrA; apply: ler_pmul; rewrite ?mulr_ge0 ?invr_ge0 ?exprn_ge0 ?ler0n //.
  apply: ler_pmul; rewrite ?mulr_ge0 ?exprn_ge0 ?ler0n //.
  by apply: ler_wpmul2r; rewrite ?ler0n.
rewrite le_eqVlt; apply/orP; left; apply/eqP.
have gapE : 1 - (n * A)%:R / (P * J)%:R = ((P * J)%:R - (n * A)%:R) / (P * J)%:R :> R.
  by rewrite mulrBl divff ?lt0r_neq0.
rewrite /bracket_factor -/l gapE; move: gap; move: (_ - (n * A)%:R) => D D0.
rewrite natrM [J.+1%:R]mulrSr; move: (_ ^+ n) (_ ^+ n) => a c.
by field; rewrite !lt0r_neq0.
Qed.

(** The first factor is at most e^{n/t + n/K}, so e^{1 + n/K} at t = n. *)
Lemma growth_le : (1 + t%:R^-1 + K%:R^-1) ^+ n <= exp (n%:R / t%:R + n%:R / K%:R).
Proof.
have -> : n%:R / t%:R + n%:R / K%:R = n%:R * (t%:R^-1 + K%:R^-1) :> R by rewrite mulrDr.
set y := t%:R^-1 + K%:R^-1; have y0 : 0 <= y by rewrite addr_ge0 // invr_ge0 ler0n.
have -> : exp (n%:R * y) = exp y ^+ n.
  elim: (n) => [|i IH]; first by rewrite mul0r expr0; exact: exp_0.
  by rewrite exprS -IH -expD mulrSr mulrDl mul1r addrC.
rewrite ler_expn2r ?nnegrE ?exp_ge0 //; first by rewrite -addrA addr_ge0 ?ler01.
by rewrite -addrA; apply/RleP; exact: exp_ineq1_le.
Qed.
End Factor.

(** The bracket at alpha = inf. K - 1 < C/(2 eps) <= K; k - 1 <= C (1 + 1/t)/(2 eps) < k; (2t+1)^J <= 2^b < (2t+1)^{J+1};
    M = floor(1/q + 1/2) < (2t+1)^A, q = C/(k t). *)
Theorem packed_bracket (d L b w P t A J M k K : nat) (C eps : R) :
  let n := (d * L)%N in let m := tokens_for (k ^ n) (cells_per_token P J n A) in
  (0 < d)%N -> (0 < L)%N -> (0 < b)%N -> (0 < w)%N -> (0 < t)%N -> (0 < J)%N -> 0 < eps -> eps < 2%:R^-1 ->
  (1 < K)%N -> K.-1%:R < C / (2%:R * eps) -> C / (2%:R * eps) <= K%:R ->
  k.-1%:R <= C * (1 + t%:R^-1) / (2%:R * eps) -> C * (1 + t%:R^-1) / (2%:R * eps) < k%:R ->
  ((2 * t + 1) ^ J <= 2 ^ b)%N -> (2 ^ b < (2 * t + 1) ^ J.+1)%N ->
  (step_of k t C)^-1 + 2%:R^-1 < M.+1%:R -> (M < (2 * t + 1) ^ A)%N -> (n * A < P * J)%N ->
  [/\ (* necessary *)
      forall m' (run : bit_prompt_upto b w m' -> {ffun 'I_d * 'I_L -> R} -> {ffun 'I_d * 'I_L -> R}),
        (forall f, target_class (@sup_dist _ _) C f -> approximable (@sup_dist _ _) (fun=> True) run eps f) ->
        (n * K ^ n <= b * w * m')%N,
      (* sufficient *)
      packed_serves (m := m) C eps (fun x : {ffun 'I_d * 'I_L -> R} => sup_dist x 0) (step_of k t C)
        (@difference_reader [finType of 'I_d * 'I_L] b P m k (cells_per_token P J n A) J t A) &
      (* their ratio *)
      (b * P * m)%:R <= n%:R * K%:R ^+ n * bracket_factor n P t A J K + (b * P)%:R :> R].
Proof.
move=> n m d0 L0 b0 w0 t0 J0 eps0 eps_half K1 K_lt K_ge k_le k_gt fits J_most M_floor M_lt room.
have e2 : 0 < 2%:R * eps by rewrite mulr_gt0 ?ltr0n.
have KS : K = K.-1.+1 by lia.
have n0 : (0 < n)%N by rewrite muln_gt0 d0.
have K0 : (0 < K.-1)%N by lia.
have K_lt' : K.-1%:R * (2%:R * eps) < C by rewrite -ltr_pdivl_mulr.
have C0 : 0 < C by apply: le_lt_trans K_lt'; rewrite mulr_ge0 ?ler0n // ltW.
have tR : 0 < t%:R :> R by rewrite ltr0n.
have pos : 0 < C * (1 + t%:R^-1) / (2%:R * eps) by rewrite divr_gt0 // mulr_gt0 // ltr_paddr ?ltr01 // invr_ge0 ltW.
have k0 : (0 < k)%N by rewrite -(ltr_nat R_numDomainType) (lt_trans pos).
have card : #|{: 'I_d * 'I_L}| = n by rewrite card_prod !card_ord.
split.
- move=> m' run served; rewrite KS; exact: (entropy_bits_max (ltW eps0) eps_half K0 K_lt' b0 w0 served).
- have A_le : (A <= P * J %/ n)%N by rewrite leq_divRL // mulnC ltnW.
  have := @packed_upper_tokens R_realFieldType [finType of 'I_d * 'I_L] b P k M J t A C eps 1 _ k0 C0
    (alpha_norm_max R_realFieldType [finType of 'I_d * 'I_L]) t0 eps0.
  by rewrite /= mulr1 card => /(_ k_gt M_floor fits M_lt A_le).
apply: (@bracket_factor_bound n b P t A J k K (C / (2%:R * eps))) => //; first exact: ltnW.
by move: k_le; rewrite mulrAC -{2}(prednK k0) [k.-1.+1%:R]mulrSr ler_add2r.
Qed.
