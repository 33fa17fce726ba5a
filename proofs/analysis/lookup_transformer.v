(** Theory item 5.2 (lookup transformer): two attention blocks and two feed-forward blocks that look f up in
    the prompt, and their error, x(B) form.

    A token is laid out in blocks: data (d), onehot (L), flag, gate (n), gather (n), g (n), g2, f (n), n = d L.
    The prompt holds one token for each of the k^n cells: flag 1, its centre g, g2 = ||g||^2 - n/(4 k^2), f(g).
    Input token i holds data x_i and onehot e_i. Blocks, in order FFN 1, Att 1, Att 2, FFN 2 (all residual):
    FFN 1 gates the data into the block of its position, Att 1 gathers all inputs, Att 2 looks up with
    Gaussian weights, FFN 2 picks the block of its position. The constant 1 is the sum of a query's onehot, so
    all scores are bilinear and all values linear. nu = n^{1/alpha}; X bounds the partial sums of x(B). *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import target_class alpha_norm polynomial_attention.
From PromptBound.analysis Require Import bridge gaussian_line gaussian_lookup.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Lemma sum_prompt_input (P Q : finType) (F : P + Q -> R) :
  \sum_j F j = \sum_g F (inl g) + \sum_i F (inr i).
Proof. by rewrite big_sumType. Qed.

Section LookupTransformer.
Variables (d L k : nat) (beta Lambda1 Lambda2 : R).
Local Notation coordinate := ('I_d * 'I_L)%type.
Local Notation point := {ffun 'I_d * 'I_L -> R}.
Local Notation cell := {ffun 'I_d * 'I_L -> 'I_k}.

Record token := Token {
  data : 'I_d -> R; onehot : 'I_L -> R; flag : R; gate : coordinate -> R; gather : coordinate -> R;
  stored_g : coordinate -> R; stored_g2 : R; stored_f : coordinate -> R }.
Definition relu1 (a : R) : R := Num.max 0 a.
Definition one (z : token) : R := \sum_j onehot z j.

Definition ffn1 (z : token) : token :=
  Token (data z) (onehot z) (flag z) (fun c => gate z c + relu1 (data z c.1 + onehot z c.2 - 1))
    (gather z) (stored_g z) (stored_g2 z) (stored_f z).
Definition ffn2 (z : token) : token :=
  Token (fun c => data z c + (\sum_j relu1 (stored_f z (c, j) + onehot z j - 1) - relu1 (data z c)))
    (onehot z) (flag z) (gate z) (gather z) (stored_g z) (stored_g2 z) (stored_f z).

Section Attention.
Variable T : finType.
Definition score1 (query key : token) : R := - Lambda1 * flag key * one query.
Definition attention1 (Z : T -> token) (i : T) : token :=
  let z := Z i in
  Token (data z) (onehot z) (flag z) (gate z)
    (fun c => gather z c + average (fun j => exp (score1 z (Z j))) (fun j => L%:R * gate (Z j) c))
    (stored_g z) (stored_g2 z) (stored_f z).
Definition score2 (query key : token) : R :=
  beta * (2%:R * (\sum_c gather query c * stored_g key c) - stored_g2 key * one query)
  - Lambda2 * one key * one query.
Definition attention2 (Z : T -> token) (i : T) : token :=
  let z := Z i in
  Token (data z) (onehot z) (flag z) (gate z) (gather z) (stored_g z) (stored_g2 z)
    (fun c => stored_f z c + average (fun j => exp (score2 z (Z j))) (fun j => stored_f (Z j) c)).
Definition lookup_transformer (Z : T -> token) : T -> token :=
  ffn2 \o attention2 (attention1 (ffn1 \o Z)).
End Attention.

(** The sequence: prompt token of cell g, input token of position i. *)
Definition prompt_token (f : point -> point) (g : cell) : token :=
  Token (fun=> 0) (fun=> 0) 1 (fun=> 0) (fun=> 0) (centre g)
    (\sum_c centre g c ^+ 2 - (d * L)%:R / (4%:R * k%:R ^+ 2)) (f (centre g)).
Definition input_token (x : point) (i : 'I_L) : token :=
  Token (fun c => x (c, i)) (fun j => (j == i)%:R) 0 (fun=> 0) (fun=> 0) (fun=> 0) 0 (fun=> 0).
Definition lookup_sequence (f : point -> point) (x : point) (p : cell + 'I_L) : token :=
  match p with inl g => prompt_token f g | inr i => input_token x i end.
Definition lookup_output (f : point -> point) (x : point) : point :=
  [ffun c => data (lookup_transformer (lookup_sequence f x) (inr c.2)) c.1].

(** q1 = (m/L) e^{-Lambda_1} with m = k^n, and q2 = L e^{-Lambda_2} *)
Definition leak1 : R := (k ^ (d * L))%:R / L%:R * exp (- Lambda1).
Definition leak2 : R := L%:R * exp (- Lambda2).

Variables (f : point -> point) (x : point).
Hypotheses (k0 : (0 < k)%N) (x01 : cube x) (f01 : forall y, cube y -> cube (f y)) (beta0 : 0 < beta).
Variable i : 'I_L.

Let L0 : 0 < L%:R :> R. Proof. by rewrite ltr0n; case: (L) i => // -[]. Qed.
Let leak1_ge0 : 0 <= leak1.
Proof. by rewrite /leak1 !mulr_ge0 ?invr_ge0 ?ler0n ?exp_ge0. Qed.
Let leak2_ge0 : 0 <= leak2. Proof. by rewrite /leak2 mulr_ge0 ?ler0n ?exp_ge0. Qed.
Let Z := lookup_sequence f x.
Let one_input j : one (Z (inr j)) = 1.
Proof. by rewrite /one /= (bigD1 j) //= eqxx big1 ?addr0 // => l /negPf ->. Qed.
Let one_prompt g : one (Z (inl g)) = 0.
Proof. by rewrite /one /= big1. Qed.

(** FFN 1: the gate of input j holds its data in its own block; prompt tokens have gate 0. *)
Let gate_input j c : gate (ffn1 (Z (inr j))) c = if c.2 == j then x c else 0.
Proof.
case: c => c l /=; rewrite add0r /relu1; have [->|lj] := eqVneq l j.
  by rewrite addrK max_r //; have /andP [] := x01 (c, j).
by rewrite addr0 max_l // subr_le0; have /andP [] := x01 (c, j).
Qed.
Let gate_prompt g c : gate (ffn1 (Z (inl g))) c = 0.
Proof. by rewrite /= !add0r /relu1 max_l // oppr_le0 ler01. Qed.

(** Att 1: the gathered point x/(1 + q1). *)
Definition gathered : point := [ffun c => x c / (1 + leak1)].
Let gather_input c : gather (attention1 (ffn1 \o Z) (inr i)) c = gathered c.
Proof.
transitivity (0 + average (fun j => exp (score1 (ffn1 (Z (inr i))) (ffn1 (Z j))))
  (fun j => L%:R * gate (ffn1 (Z j)) c)); first by [].
rewrite add0r ffunE /average !sum_prompt_input.
have prompt_score g : score1 (ffn1 (Z (inr i))) (ffn1 (Z (inl g))) = - Lambda1.
  by rewrite /score1 -[one (ffn1 _)]/(one (Z (inr i))) one_input /= !mulr1.
have input_score j : score1 (ffn1 (Z (inr i))) (ffn1 (Z (inr j))) = 0.
  by rewrite /score1 /= mulr0 mul0r.
rewrite big1 ?add0r; last by move=> g _; rewrite gate_prompt !mulr0.
rewrite (eq_bigr (fun j => if j == c.2 then L%:R * x c else 0)); last first.
  by move=> j _; rewrite gate_input input_score exp0 mul1r eq_sym; case: eqP => _; rewrite ?mulr0.
rewrite -big_mkcond big_pred1_eq.
rewrite (eq_bigr (fun=> exp (- Lambda1))); last by move=> g _; rewrite prompt_score.
rewrite [X in _ / (_ + X)](eq_bigr (fun=> 1)); last by move=> j _; rewrite input_score exp0.
rewrite !sumr_const card_ord card_ffun card_prod !card_ord /leak1.
rewrite -[exp _ *+ _]mulr_natl; move: (exp_gt0 (- Lambda1)) => e0.
have pos : 0 < (k ^ (d * L))%:R * exp (- Lambda1) + L%:R by rewrite ltr_paddl // mulr_ge0 ?ler0n ?exp_ge0.
have pos' : 0 < L%:R + (k ^ (d * L))%:R * exp (- Lambda1) by rewrite addrC.
by field; rewrite !lt0r_neq0.
Qed.

Lemma gathered_cube : cube gathered.
Proof.
move=> c; rewrite ffunE; have /andP [x0 x1] := x01 c.
have p : 0 < 1 + leak1 by rewrite ltr_paddr ?ltr01.
by rewrite divr_ge0 ?(ltW p) //= ler_pdivr_mulr // mul1r (le_trans x1) // ler_addl.
Qed.

(** Att 2: weights on prompt keys are E times Gaussian, on input keys e^{-Lambda_2}. *)
Let B := beta / k%:R ^+ 2.
Let E := exp (beta * (\sum_c gathered c ^+ 2) + beta * ((d * L)%:R / (4%:R * k%:R ^+ 2))).
Let kN : k%:R != 0 :> R. Proof. by rewrite lt0r_neq0 // ltr0n. Qed.
Let prompt_weight g :
  exp (score2 (attention1 (ffn1 \o Z) (inr i)) (attention1 (ffn1 \o Z) (inl g))) = E * gaussian B gathered g.
Proof.
rewrite /gaussian; apply: exp_split; rewrite /score2.
have -> : one (attention1 (ffn1 \o Z) (inr i)) = 1 := one_input i.
have -> : one (attention1 (ffn1 \o Z) (inl g)) = 0 := one_prompt g.
rewrite (eq_bigr (fun c => gathered c * centre g c)); last by move=> c _; rewrite gather_input.
have -> : \sum_c (gathered c - centre g c) ^+ 2 =
    \sum_c gathered c ^+ 2 - 2%:R * (\sum_c gathered c * centre g c) + \sum_c centre g c ^+ 2.
  by rewrite mulr_sumr -sumrB -big_split; apply: eq_bigr => c _ /=; ring.
rewrite /= /B; move: (\sum_c _) (\sum_c _) (\sum_c _) => s1 s2 s3; by field.
Qed.
Let input_weight j :
  exp (score2 (attention1 (ffn1 \o Z) (inr i)) (attention1 (ffn1 \o Z) (inr j))) = exp (- Lambda2).
Proof.
congr exp; rewrite /score2.
have -> : one (attention1 (ffn1 \o Z) (inr i)) = 1 := one_input i.
have -> : one (attention1 (ffn1 \o Z) (inr j)) = 1 := one_input j.
by rewrite big1 => [|c _]; rewrite /= ?mulr0 //; ring.
Qed.

Let mass := \sum_(g : cell) gaussian B gathered g.
Let share := E * mass / (E * mass + leak2).
Let mass0 : 0 < mass := gaussian_mass B k0 gathered.
Let E0 : 0 < E := exp_gt0 _.
Let total0 : 0 < E * mass + leak2. Proof. by rewrite ltr_paddr // mulr_gt0. Qed.

Let found c : stored_f (attention2 (attention1 (ffn1 \o Z)) (inr i)) c = share * lookup k B f gathered c.
Proof.
transitivity (0 + average (fun j => exp (score2 (attention1 (ffn1 \o Z) (inr i)) (attention1 (ffn1 \o Z) j)))
  (fun j => stored_f (Z j) c)); first by [].
rewrite add0r /average !sum_prompt_input.
rewrite [X in (_ + X) / _]big1 ?addr0; last by move=> j _; rewrite mulr0.
rewrite (eq_bigr (fun g => E * (gaussian B gathered g * f (centre g) c))); last first.
  by move=> g _; rewrite prompt_weight mulrA.
rewrite [X in _ / (X + _)](eq_bigr (fun g => E * gaussian B gathered g)); last by move=> g _; rewrite prompt_weight.
rewrite [X in _ / (_ + X)](eq_bigr (fun=> exp (- Lambda2))); last by move=> j _; rewrite input_weight.
rewrite -!mulr_sumr sumr_const card_ord -[exp _ *+ _]mulr_natl -/leak2 -/mass /share ffunE /average -/mass.
by move: (mass) mass0 total0 => s s0 t0; move: (\sum_g _) => u; field; rewrite !lt0r_neq0.
Qed.

(** The nearest centre's score is at least 0, so the prompt's mass is at least 1. *)
Let prompt_mass_ge1 : 1 <= E * mass.
Proof.
have cell_of c : exists j : 'I_k, `|k%:R * gathered c - j%:R - 2%:R^-1| <= 2%:R^-1.
  have /andP [u0 u1] := gathered_cube c.
  have y0 : 0 <= k%:R * gathered c by rewrite mulr_ge0 ?ler0n.
  have y1 : k%:R * gathered c <= k%:R by rewrite ler_pimulr ?ler0n.
  by have [j jk H] := nearest_centre k0 y0 y1; exists (Ordinal jk).
have [near nearP] := fin_all_exists cell_of; pose g : cell := [ffun c => near c].
apply: (@le_trans _ _ (E * gaussian B gathered g)); last first.
  rewrite ler_pmul2l // /mass (bigD1 g) //= ler_addl sumr_ge0 // => g' _; exact/ltW/gaussian_gt0.
apply: (@le_trans _ _ (exp 0)); first by rewrite exp0.
rewrite /E /gaussian -(exp_split (erefl _)); apply: exp_le.
have -> : B * k%:R ^+ 2 = beta by rewrite /B mulfVK // expf_neq0.
have close : \sum_c (gathered c - centre g c) ^+ 2 <= (d * L)%:R / (4%:R * k%:R ^+ 2).
  have k20 : 0 < 4%:R * k%:R ^+ 2 :> R by rewrite mulr_gt0 ?exprn_gt0 ?ltr0n.
  apply: (@le_trans _ _ (\sum_(c : coordinate) (4%:R * k%:R ^+ 2)^-1)).
    apply: ler_sum => c _; have := nearP c; pose r := k%:R * gathered c - (near c)%:R - 2%:R^-1; rewrite -/r => H.
    have -> : gathered c - centre g c = r / k%:R.
      by rewrite /r [centre g c]ffunE [g c]ffunE; move: (gathered c) => u; field.
    have -> : (4%:R * k%:R ^+ 2)^-1 = (2%:R^-1 / k%:R) ^+ 2 :> R by field.
    rewrite !exprMn; apply: ler_wpmul2r; first exact: sqr_ge0.
    by rewrite -[r ^+ 2]real_normK ?num_real // ler_sqr ?nnegrE ?invr_ge0 ?ler0n.
  have constant (a : R) : \sum_(c : coordinate) a = (d * L)%:R * a.
    by rewrite sumr_const card_prod !card_ord mulr_natl.
  by rewrite constant.
have b2 : 0 <= beta * \sum_c gathered c ^+ 2.
  by rewrite mulr_ge0 ?(ltW beta0) // sumr_ge0 // => c _; rewrite sqr_ge0.
have := ler_wpmul2l (ltW beta0) close.
move: b2; set s1 := beta * _; set s2 := beta * _; set s3 := beta * _ => b2 H.
by rewrite -addrA addr_ge0 // subr_ge0.
Qed.

Let share01 : 0 <= share <= 1.
Proof.
rewrite /share divr_ge0 ?(ltW total0) ?(ltW (mulr_gt0 E0 mass0)) //=.
by rewrite ler_pdivr_mulr // mul1r ler_addl.
Qed.
Let share_loss : 1 - share <= leak2.
Proof.
have -> : 1 - share = leak2 / (E * mass + leak2).
  by rewrite /share; move: (E * mass) (lt0r_neq0 total0) => s n0; field.
by rewrite ler_pdivr_mulr // ler_pemulr // (le_trans prompt_mass_ge1) // ler_addl.
Qed.

Let lookup01 : cube (lookup k B f gathered).
Proof.
move=> c; rewrite ffunE /average ler_pdivl_mulr // mul0r ler_pdivr_mulr // mul1r.
have f1 (g : cell) : 0 <= f (centre g) c <= 1 by apply: (f01 (centre_cube k0 g)).
apply/andP; split.
  apply: sumr_ge0 => g _; have /andP [f0 _] := f1 g.
  by apply: mulr_ge0 => //; exact/ltW/gaussian_gt0.
apply: ler_sum => g _; have /andP [_ fle1] := f1 g.
by apply: ler_pimulr => //; exact/ltW/gaussian_gt0.
Qed.

(** FFN 2 picks the block of its position. *)
Lemma lookup_outputE c : lookup_output f x (c, i) = share * lookup k B f gathered (c, i).
Proof.
have F01 j : 0 <= share * lookup k B f gathered (c, j) <= 1.
  have /andP [s0 s1] := share01; have /andP [l0 l1] := lookup01 (c, j).
  by rewrite mulr_ge0 // mulr_ile1.
rewrite ffunE.
transitivity (x (c, i) + (\sum_j relu1 (stored_f (attention2 (attention1 (ffn1 \o Z)) (inr i)) (c, j) +
  (j == i)%:R - 1) - relu1 (x (c, i)))); first by [].
have -> : relu1 (x (c, i)) = x (c, i) by rewrite /relu1 max_r //; have /andP [] := x01 (c, i).
have pick j : relu1 (stored_f (attention2 (attention1 (ffn1 \o Z)) (inr i)) (c, j) + (j == i)%:R - 1) =
    if j == i then share * lookup k B f gathered (c, i) else 0.
  rewrite found /relu1; have /andP [F0 F1] := F01 j; case: eqP => [<-|_]; first by rewrite addrK max_r.
  by rewrite addr0 max_l // subr_le0.
by rewrite (eq_bigr _ (fun j _ => pick j)) -big_mkcond big_pred1_eq addrC subrK.
Qed.

Lemma lookup_output_close c :
  `|lookup_output f x (c, i) - lookup k B f gathered (c, i)| <= leak2.
Proof.
rewrite lookup_outputE; have /andP [l0 l1] := lookup01 (c, i); have /andP [s0 s1] := share01.
have -> : share * lookup k B f gathered (c, i) - lookup k B f gathered (c, i) =
  - ((1 - share) * lookup k B f gathered (c, i)) by ring.
rewrite normrN ger0_norm; last by rewrite mulr_ge0 // subr_ge0.
by apply: le_trans share_loss; rewrite ler_pimulr // subr_ge0.
Qed.
End LookupTransformer.

(** The error of the lookup transformer: for every f in F(C, alpha) and every input,
    ||out - f(x)||_alpha <= C n^{1/alpha} (1 + tau)/(2k) + C n^{1/alpha} q1 + n^{1/alpha} q2,
    tau = 2 n^{1-1/alpha} x(B): here written C (nu/(2k) + n X/k) + C nu q1 + nu q2. *)
Theorem lookup_transformer_error (d L k : nat) (beta Lambda1 Lambda2 C nu X : R)
    (nrm : {ffun 'I_d * 'I_L -> R} -> R) (f : {ffun 'I_d * 'I_L -> R} -> {ffun 'I_d * 'I_L -> R}) x :
  (0 < L)%N -> (0 < k)%N -> 0 < beta -> 0 <= C -> alpha_norm nrm nu ->
  excess_sum (beta / k%:R ^+ 2) k <= X ->
  target_class (fun y z => nrm (y - z)) C f -> cube x ->
  nrm (lookup_output k beta Lambda1 Lambda2 f x - f x) <=
    C * (nu / (2%:R * k%:R) + (d * L)%:R * X / k%:R) + C * nu * leak1 d L k Lambda1 + nu * leak2 L Lambda2.
Proof.
move=> L0 k0 beta0 C0 N xB fC x01; have [f01 lip] := fC.
set u := gathered k Lambda1 x; have u01 : cube u by exact: gathered_cube.
have B0 : 0 < beta / k%:R ^+ 2 by rewrite divr_gt0 // exprn_gt0 // ltr0n.
set look := lookup k (beta / k%:R ^+ 2) f u.
have q1 : 0 <= leak1 d L k Lambda1 by rewrite /leak1 !mulr_ge0 ?invr_ge0 ?ler0n ?exp_ge0.
have q2 : 0 <= leak2 L Lambda2 by rewrite /leak2 mulr_ge0 ?ler0n ?exp_ge0.
have -> : lookup_output k beta Lambda1 Lambda2 f x - f x =
    (look - f u) + (f u - f x) + (lookup_output k beta Lambda1 Lambda2 f x - look).
  by rewrite [(_ - _) + _]addrC; rewrite !addrA; apply/ffunP => c; rewrite !ffunE; ring.
apply: le_trans (alpha_normD N _ _) _; apply: ler_add; last first.
  apply: (alpha_norm_box N) => // -[c i]; rewrite ffunE [(- look) _]ffunE.
  exact: lookup_output_close.
apply: le_trans (alpha_normD N _ _) _; apply: ler_add.
  have := gaussian_lookup k0 B0 C0 N xB fC u01.
  by rewrite card_prod !card_ord.
apply: le_trans (lip _ _ u01 x01) _; rewrite -mulrA; apply: ler_wpmul2l => //.
apply: (alpha_norm_box N) => // c; rewrite !ffunE.
have /andP [x0 x1] := x01 c; have p : 0 < 1 + leak1 d L k Lambda1 by rewrite ltr_paddr ?ltr01.
have -> : x c / (1 + leak1 d L k Lambda1) - x c = - (x c * leak1 d L k Lambda1 / (1 + leak1 d L k Lambda1)).
  by move: (leak1 _ _ _ _) p => q p; field; rewrite lt0r_neq0.
rewrite normrN ger0_norm; last by rewrite divr_ge0 ?(ltW p) // mulr_ge0.
rewrite ler_pdivr_mulr //; apply: (@le_trans _ _ (leak1 d L k Lambda1)); first by rewrite ler_pimull.
by rewrite ler_pemulr // ler_addl.
Qed.
