(** Theory items 1.3, 2.5 and 2.6 in their Euclidean forms: prompt tokens in the Euclidean ball of radius r, outputs
    Lambda-Lipschitz in the prompt, in the largest Euclidean norm of a token on both sides.

    1.3: 2^{s (k+1)^n} <= (1 + r/rho)^{w m}, rho = (h - 2 eps)/(2 Lambda), h = min(1, C/k), for every alpha in [1, inf];
    2.5: K^N <= (1 + r/rho)^{w m}, rho = (Delta - 2 eps)/(2 Lambda);
    2.6, outputs that do not see the order of prompt tokens: K^N <= binom(c + m - 1, m), c = floor((1 + 2 r/rho)^w). *)
From Coq Require Import Reals Lra FunctionalExtensionality Classical.
From mathcomp Require Import all_ssreflect all_algebra all_fingroup.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import sup_norm target_class alpha_norm packing entropy_lipschitz.
From PromptBound.algebra Require Import volume_packing memory_saturation.
From PromptBound.analysis Require Import bridge entrywise_norm every_alpha.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

(** max_j ||P_j||_2 over the tokens P_j *)
Definition token_norm (w m : nat) (P : {ffun 'I_w * 'I_m -> R}) : R := max_token (@euclidean_norm R_rcfType _) P.

Lemma alpha_norm_token (w m : nat) : alpha_norm (@token_norm w m) (Num.sqrt #|'I_w|%:R).
Proof. exact: alpha_norm_max_token (alpha_norm_euclidean R_rcfType _). Qed.

Lemma sup_dist_le_token_norm (d L : nat) (x y : {ffun 'I_d * 'I_L -> R}) : sup_dist x y <= token_norm (x - y).
Proof.
apply: sup_dist_le => [|ij]; first exact: alpha_norm_ge0 (alpha_norm_token d L) _.
by have := alpha_norm_ge (alpha_norm_token d L) (x - y) ij; rewrite !ffunE.
Qed.

Local Lemma card_prompt w m : #|prod_finType (ordinal_finType w) (ordinal_finType m)| = (w * m)%N.
Proof. by rewrite card_prod !card_ord. Qed.

Section EntropyLipschitz.
Variables (d L : nat) (e : exponent).
Hypotheses (d0 : (0 < d)%N) (L0 : (0 < L)%N) (e1 : exponent_ge1 e).
Local Notation point := {ffun 'I_d * 'I_L -> R}.
Variables (w m k : nat) (C eps r Lambda : R) (run : {ffun 'I_w * 'I_m -> R} -> point -> point).
Hypotheses (k0 : (0 < k)%N) (C0 : 0 <= C) (eps0 : 0 <= eps) (r0 : 0 <= r) (Lambda0 : 0 < Lambda).
Hypothesis run_lipschitz : forall P Q x, token_norm P <= r -> token_norm Q <= r -> cube x ->
  token_norm (run P x - run Q x) <= Lambda * token_norm (P - Q).

Let family_le (Target : finType) (F : Target -> point -> point) : 2%:R * eps < packing_height C k ->
  (forall s, target_class (dist_of e) C (F s)) ->
  (forall s t, s != t -> exists2 x, cube x & packing_height C k <= sup_dist (F s x) (F t x)) ->
  (forall f : point -> point, target_class (dist_of e) C f ->
     approximable (dist_of e) (fun P => token_norm P <= r) run eps f) ->
  #|Target|%:R <= (1 + r / packing_radius C eps Lambda k) ^+ (w * m).
Proof.
move=> gap0 FC Fsep served; rewrite -card_prompt; rewrite -subr_gt0 in gap0.
apply: (@targets_le_volume _ _ _ _ _ _ _ _ _ _ eps (alpha_norm_token w m) r0 Lambda0 gap0
  (@sup_dist _ _) (@cube _ _) run F (@sup_distC _ _) (@sup_dist_triangle _ _)).
- move=> P Q x Pr Qr x01; exact: le_trans (sup_dist_le_token_norm _ _) (run_lipschitz Pr Qr x01).
- by move=> s t /Fsep [x x01 far]; exists x => //; rewrite subrK.
- move=> s; have [P Pr HP] := served _ (FC s); exists P => // x /HP H.
  apply: sup_dist_le => // i; apply: le_trans H.
  exact: (alpha_dist_ge (alpha_distance_of _ e1)).
Qed.

Theorem entropy_lipschitz_euclidean : 2%:R * eps < packing_height C k ->
  (forall f : point -> point, target_class (dist_of e) C f ->
     approximable (dist_of e) (fun P => token_norm P <= r) run eps f) ->
  (2 ^ (copies e (d * L) * k.+1 ^ (d * L)))%:R <= (1 + r / packing_radius C eps Lambda k) ^+ (w * m).
Proof.
move=> gap0 served; have cells : #|{: {ffun 'I_d * 'I_L -> 'I_k.+1}}| = (k.+1 ^ (d * L))%N.
  by rewrite card_ffun card_prod !card_ord.
case eE: e => [alpha|] /=.
  have [F [FC Fsep]] := separated_targets (alpha_distance_of _ e1) C0 k0 (Ordinal d0, Ordinal L0).
  by have := family_le gap0 FC Fsep served; rewrite card_ffun card_bool cells mul1n.
have [F [FC Fsep]] := @separated_targets_max _ (prod_finType (ordinal_finType d) (ordinal_finType L)) C k C0 k0.
have FC' s : target_class (dist_of e) C (F s).
  by have := FC s; rewrite eE; case=> f01 lip; split=> // x y x01 y01; rewrite !dist_of_inf; exact: lip.
by have := family_le gap0 FC' Fsep served; rewrite card_ffun card_bool card_prod cells card_prod !card_ord.
Qed.

(** Backwards: no accuracy below h/2 - Lambda r/(X - 1) is reached, X = 2^{s (k+1)^n/(w m)}. *)
Theorem entropy_lipschitz_euclidean_accuracy (X : R) : (0 < w * m)%N -> 1 < X ->
  X ^+ (w * m) <= (2 ^ (copies e (d * L) * k.+1 ^ (d * L)))%:R ->
  eps < packing_height C k / 2%:R - Lambda * r / (X - 1) ->
  ~ forall f : point -> point, target_class (dist_of e) C f ->
    approximable (dist_of e) (fun P => token_norm P <= r) run eps f.
Proof.
move=> wm X1 few small served; have X0 : 0 < X - 1 by rewrite subr_gt0.
have q0 : 0 <= Lambda * r / (X - 1) by rewrite !mulr_ge0 ?invr_ge0 ?(ltW X0) ?(ltW Lambda0).
have gap : 2%:R * (Lambda * r / (X - 1)) < packing_height C k - 2%:R * eps.
  by move: small; move: (packing_height C k) (Lambda * r / (X - 1)) => h q H; mlra.
have gap0 : 0 < packing_height C k - 2%:R * eps by rewrite (le_lt_trans _ gap) // mulr_ge0 ?ler0n.
have rho0 : 0 < packing_radius C eps Lambda k by rewrite divr_gt0 // mulr_gt0 ?ltr0n.
have less : 1 + r / packing_radius C eps Lambda k < X.
  rewrite addrC -ltr_subr_addr /packing_radius; move: (packing_height C k - 2%:R * eps) gap gap0 => G gap G0.
  have -> : r / (G / (2%:R * Lambda)) = 2%:R * (Lambda * r) / G by field; rewrite !lt0r_neq0.
  by rewrite ltr_pdivr_mulr // [Z in _ < Z]mulrC -ltr_pdivr_mulr // -mulrA.
have base0 : 0 <= 1 + r / packing_radius C eps Lambda k by rewrite addr_ge0 ?ler01 // divr_ge0 // ltW.
have gap2 : 2%:R * eps < packing_height C k by rewrite -subr_gt0.
have := entropy_lipschitz_euclidean gap2 served; rewrite leNgt => /negP; apply; apply: lt_le_trans few.
by rewrite ltr_expn2r ?nnegrE // ?(ltW (le_lt_trans base0 less)) // -lt0n.
Qed.
End EntropyLipschitz.

(** Points of a ball of radius r have codes 0..c for c + 1 = floor((1 + 2 r/rho)^D): a maximal set of points at
    least rho apart has no more, and each point is closer than rho to one of them. *)
Section Balls.
Variables (J : finType) (nrm : {ffun J -> R} -> R) (nu r rho : R).
Hypotheses (N : alpha_norm nrm nu) (r0 : 0 <= r) (rho0 : 0 < rho).
Local Notation vector := {ffun J -> R}.

Lemma ball_codes (c : nat) : (1 + 2%:R * r / rho) ^+ #|J| < c.+2%:R ->
  exists code : vector -> 'I_c.+1,
    forall y z, nrm y <= r -> nrm z <= r -> code y = code z -> nrm (y - z) <= 2%:R * rho.
Proof.
move=> few; pose separated n := exists2 y : 'I_n -> vector,
  forall s, nrm (y s) <= r & forall s t, s != t -> rho <= nrm (y s - y t).
have at_most n : separated n -> (n <= c.+1)%N.
  move=> [y y_ball apart]; rewrite -ltnS -(ltr_nat R_realFieldType); apply: le_lt_trans few.
  have half0 : 0 < rho / 2%:R by rewrite divr_gt0 ?ltr0n.
  have -> : 2%:R * r / rho = r / (rho / 2%:R) by field; exact: lt0r_neq0.
  have := volume_packing N r0 half0 y_ball; rewrite card_ord; apply => s t /apart.
  by rewrite mulrC divfK // pnatr_eq0.
have [n [[y y_ball apart] maximal]] : exists n, separated n /\ ~ separated n.+1.
  apply: NNPP => H; suff /(_ c.+2) /at_most : forall n, separated n by rewrite ltnn.
  by elim=> [|n IH]; [exists (fun=> 0); case|apply: NNPP => no; apply: H; exists n].
have near z : nrm z <= r -> exists s, nrm (z - y s) < rho.
  move=> z_ball; apply/existsP; apply: contraT => /existsPn far; case: maximal.
  have {}far s : rho <= nrm (z - y s) by rewrite leNgt.
  exists (fun s => if unlift ord_max s is Some s' then y s' else z) => [s|s t].
    by case: unliftP => [s' _|_].
  case: unliftP => [s' ->|->]; case: unliftP => [t' ->|-> //] ne; last by rewrite eqxx in ne.
  - by apply: apart; apply: contra ne => /eqP ->.
  - by rewrite -(alpha_normN N) opprB.
  - exact: far.
have small : (n <= c.+1)%N by apply: at_most; exists y.
pose code z : 'I_c.+1 := if [pick s | nrm (z - y s) < rho] is Some s then widen_ord small s else ord0.
exists code => z z' /near [s zs] /near [s' zs']; rewrite /code.
case: pickP => [t zt|/(_ s)]; last by rewrite zs.
case: pickP => [t' zt'|/(_ s')]; last by rewrite zs'.
move=> /(congr1 val) /= /ord_inj e; rewrite -{t'}e in zt'.
have -> : z - z' = (z - y t) + - (z' - y t) by rewrite opprB addrA subrK.
apply: le_trans (alpha_normD N _ _) _; rewrite (alpha_normN N) mulr2n mulrDl mul1r.
by apply: ler_add; exact: ltW.
Qed.
End Balls.

Section Memory.
Variables (w m N K : nat) (Y : Type) (dist : Y -> Y -> R).
Hypotheses (distC : forall x y, dist x y = dist y x)
  (dist_triangle : forall x y z, dist x z <= dist x y + dist y z).
Variables (eps Delta r Lambda : R).
Hypotheses (Lambda0 : 0 < Lambda) (r0 : 0 <= r) (gap0 : 2%:R * eps < Delta).
Variable run : {ffun 'I_w * 'I_m -> R} -> 'I_N -> Y.
Hypothesis run_lipschitz : forall P Q i, token_norm P <= r -> token_norm Q <= r ->
  dist (run P i) (run Q i) <= Lambda * token_norm (P - Q).
Variable label : 'I_K -> Y.
Hypothesis label_apart : forall a b, a != b -> Delta < dist (label a) (label b).
Hypothesis reached : forall l : {ffun 'I_N -> 'I_K}, exists2 P, token_norm P <= r &
  forall i, dist (run P i) (label (l i)) <= eps.

Theorem memory_linear_euclidean : (K ^ N)%:R <= (1 + r / ((Delta - 2%:R * eps) / (2%:R * Lambda))) ^+ (w * m).
Proof.
have -> : (K ^ N)%N = #|[finType of {ffun 'I_N -> 'I_K}]| by rewrite card_ffun !card_ord.
rewrite -card_prompt; have gap : 0 < Delta - 2%:R * eps by rewrite subr_gt0.
apply: (@targets_le_volume _ _ _ _ _ _ _ _ _ _ eps (alpha_norm_token w m) r0 Lambda0 gap
  dist (fun=> True) run (fun (l : {ffun 'I_N -> 'I_K}) i => label (l i)) distC dist_triangle).
- by move=> P Q i Pr Qr _; exact: run_lipschitz.
- move=> s t st; have [i sti] : exists i, s i != t i.
    apply/existsP; apply: contraNT st => /existsPn H.
    by apply/eqP/ffunP => i; apply/eqP; rewrite -[_ == _]negbK.
  by exists i => //; rewrite subrK; exact/ltW/label_apart.
- by move=> l; have [P Pr HP] := reached l; exists P.
Qed.

(** c = floor((1 + 2 r/rho)^w) *)
Theorem memory_saturation_euclidean (c : nat) : (0 < c)%N ->
  (1 + 2%:R * r / ((Delta - 2%:R * eps) / (2%:R * Lambda))) ^+ w < c.+1%:R ->
  (forall s P i, run (permute s P) i = run P i) -> (K ^ N <= 'C(c + m - 1, m))%N.
Proof.
case: c => // c _ few unordered; have gap : 0 < Delta - 2%:R * eps by rewrite subr_gt0.
have rho0 : 0 < (Delta - 2%:R * eps) / (2%:R * Lambda) by rewrite divr_gt0 // mulr_gt0 ?ltr0n.
have N2 := alpha_norm_euclidean R_rcfType (ordinal_finType w).
rewrite -{1}[w]card_ord in few; have [code codeP] := ball_codes N2 r0 rho0 few.
apply: (@labellings_le_multisets _ _ _ _ _ _ _ dist distC dist_triangle eps Delta (Delta - 2%:R * eps) code
  (fun P => token_norm P <= r) run unordered _ (lexx _) _ label label_apart reached).
- move=> s P Pr; apply: max_token_le => // j; apply: le_trans Pr; apply: le_trans (max_token_ge _ P (s j)).
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; congr euclidean_norm; apply/ffunP => i; rewrite !ffunE.
move=> P Q i Pr Qr same; apply: le_trans (run_lipschitz i Pr Qr) _.
rewrite mulrC -ler_pdivl_mulr //.
have -> : (Delta - 2%:R * eps) / Lambda = 2%:R * ((Delta - 2%:R * eps) / (2%:R * Lambda)).
  by field; rewrite lt0r_neq0.
apply: max_token_le => [|j]; first by rewrite mulr_ge0 ?ler0n // ltW.
have -> : token (P - Q) j = token P j - token Q j by apply/ffunP => l; rewrite !ffunE.
apply: codeP => //; [exact: le_trans (max_token_ge _ P j) Pr|exact: le_trans (max_token_ge _ Q j) Qr|exact: same].
Qed.
End Memory.
