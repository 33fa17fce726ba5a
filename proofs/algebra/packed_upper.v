(** Theory items 1.6 and 5.9 at function level: prompts that use every bit of their entries.

    The prompt stores, for each of the k^n cells, the n indices of f at the cell's centre; the output is a convex
    combination of the stored values of cells whose centres are within delta = 1/(2k) + 4 n eta/k + q1 of x in the max
    norm, cut at 1. Its error is at most C n^{1/alpha} delta + n^{1/alpha} q/2. nu = n^{1/alpha}, n = |I|. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From PromptBound.algebra Require Import target_class alpha_norm entropy_bits reflected_path packed_differences.
From PromptBound.algebra Require Import digit_extraction packed_payload universal_prompting.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section PackedOutput.
Variables (R : realFieldType) (I : finType) (k : nat).
Local Notation point := {ffun I -> R}.
Local Notation cell := {ffun I -> 'I_k}.

(** min(1, q sum_j w_j v_j), v the values read from the prompt. *)
Definition packed_output (q : R) (v : cell -> I -> nat) (J : finType) (w : J -> R) (g : J -> cell) : point :=
  [ffun i => Num.min 1 (q * \sum_j w j * (v (g j) i)%:R)].

(** A convex combination of cells near x. *)
Definition nearby (delta : R) (x : point) (J : finType) (w : J -> R) (g : J -> cell) : Prop :=
  [/\ forall j, 0 <= w j, \sum_j w j = 1 &
      forall j, w j != 0 -> forall i, `|x i - centre_of R (g j) i| <= delta].

Variables (C nu : R) (nrm : point -> R) (N : alpha_norm nrm nu).
Hypotheses (k0 : (0 < k)%N) (C0 : 0 <= C).

Let nu0 : 0 <= nu.
Proof.
have := @alpha_norm_box _ _ _ _ N 0 1 ler01; rewrite mulr1 => H.
by apply: le_trans (alpha_norm_ge0 N 0) (H _) => i; rewrite ffunE normr0 ler01.
Qed.

Theorem packed_error (q delta : R) (v : cell -> I -> nat) (f : point -> point) (x : point) (J : finType)
    (w : J -> R) (g : J -> cell) : 0 <= q -> 0 <= delta ->
  target_class (fun y z => nrm (y - z)) C f -> cube x ->
  (forall c i, `|q * (v c i)%:R - f (centre_of R c) i| <= q / 2%:R) -> nearby delta x w g ->
  nrm (packed_output q v w g - f x) <= C * (nu * delta) + nu * (q / 2%:R).
Proof.
move=> q0 delta0 [f01 lip] x01 stored [w0 w1 near].
pose F : point := [ffun i => \sum_j w j * f (centre_of R (g j)) i].
have F1 i : F i <= 1.
  rewrite ffunE -[X in _ <= X]w1; apply: ler_sum => j _; apply: ler_pimulr => //.
  by have /andP [] := f01 _ (centre_of_cube R k0 (g j)) i.
have -> : packed_output q v w g - f x = (F - f x) + (packed_output q v w g - F) by rewrite [RHS]addrC addrA subrK.
apply: le_trans (alpha_normD N _ _) _; apply: ler_add.
  have FE : F - f x = \sum_j [ffun i => w j * (f (centre_of R (g j)) - f x) i].
    apply/ffunP => i; rewrite sum_ffunE !ffunE -[f x i]mul1r -w1 mulr_suml -sumrB; apply: eq_bigr => j _.
    by rewrite !ffunE mulrBr.
  rewrite FE; apply: le_trans (alpha_norm_sum N _) _.
  rewrite -[X in _ <= X]mul1r -w1 mulr_suml; apply: ler_sum => j _.
  rewrite (alpha_normZ N) ger0_norm //; have [->|wj] := eqVneq (w j) 0; first by rewrite !mul0r.
  apply: ler_wpmul2l => //; apply: le_trans (lip _ _ (centre_of_cube R k0 (g j)) x01) _.
  apply: ler_wpmul2l => //; apply: (alpha_norm_box N) => // i.
  by rewrite !ffunE distrC; have := near _ wj i; rewrite ffunE.
apply: (alpha_norm_box N) => [|i]; first by rewrite divr_ge0 ?ler0n.
have close : `|q * (\sum_j w j * (v (g j) i)%:R) - F i| <= q / 2%:R.
  rewrite ffunE mulr_sumr -sumrB; apply: le_trans (ler_norm_sum _ _ _) _.
  have -> : q / 2%:R = \sum_j w j * (q / 2%:R) by rewrite -mulr_suml w1 mul1r.
  apply: ler_sum => j _.
  by rewrite mulrCA -mulrBr normrM (ger0_norm (w0 j)) ler_wpmul2l // stored.
rewrite !ffunE -/(F i) in close *; apply: le_trans close.
set a := q * _; have := F1 i; rewrite ffunE; set y := \sum_j _ => y1.
case: (lerP 1 a) => // a1; rewrite !ger0_norm ?subr_ge0 ?ler_sub // ?(le_trans y1) //.
Qed.

(** Room for eta and q1: where C n^{1/alpha}/(2k) + n^{1/alpha} q/2 < eps, some positive eta and q1 keep the error below eps. *)
Lemma packed_slack (q eps : R) : C * nu / (2%:R * k%:R) + nu * (q / 2%:R) < eps ->
  exists eta q1 : R, [/\ 0 < eta, 4%:R * #|I|.+1%:R * eta < 1, 0 < q1 &
    C * (nu * ((2%:R * k%:R)^-1 + 4%:R * #|I|%:R * eta / k%:R + q1)) + nu * (q / 2%:R) < eps].
Proof.
set base := _ + _ => room; pose sigma := eps - base; have sigma0 : 0 < sigma by rewrite subr_gt0.
have kR : 0 < k%:R :> R by rewrite ltr0n.
pose D := C * nu * (4%:R * #|I|%:R / k%:R + 1).
have D0 : 0 <= D by rewrite !mulr_ge0 // addr_ge0 ?ler01 // divr_ge0 ?mulr_ge0 ?ler0n.
have D1 : 0 < 1 + D by rewrite ltr_paddr ?ltr01.
have n8 : 0 < 8%:R * #|I|.+1%:R :> R by rewrite mulr_gt0 ?ltr0n.
pose e := Num.min (8%:R * #|I|.+1%:R)^-1 (sigma / (1 + D)).
have e0 : 0 < e by rewrite lt_minr invr_gt0 n8 divr_gt0.
exists e, e; split=> //.
  have le : e <= (8%:R * #|I|.+1%:R)^-1 by rewrite le_minl lexx.
  apply: (@le_lt_trans _ _ (4%:R * #|I|.+1%:R * (8%:R * #|I|.+1%:R)^-1)); first by rewrite ler_wpmul2l ?mulr_ge0 ?ler0n.
  have p0 : 0 < #|I|.+1%:R :> R by rewrite ltr0n.
  have -> : 4%:R * #|I|.+1%:R * (8%:R * #|I|.+1%:R)^-1 = 2%:R^-1 :> R.
    by move: (#|I|.+1%:R : R) p0 => p p0; field; rewrite lt0r_neq0.
  by rewrite invf_lt1 ?ltr0n // ltr1n.
have -> : C * (nu * ((2%:R * k%:R)^-1 + 4%:R * #|I|%:R * e / k%:R + e)) + nu * (q / 2%:R) = base + D * e.
  by rewrite /base /D; field; rewrite lt0r_neq0.
rewrite -ltr_subr_addl -/sigma.
have le : e <= sigma / (1 + D) by rewrite le_minl lexx orbT.
apply: (@le_lt_trans _ _ (D * (sigma / (1 + D)))); first by rewrite ler_wpmul2l.
by rewrite mulrCA -[X in _ < X]mulr1 ltr_pmul2l // ltr_pdivr_mulr // mul1r ltr_addr ltr01.
Qed.
End PackedOutput.

Section PackedUpper.
Variables (R : realFieldType) (I : finType) (b P m k M r J : nat) (C eps nu : R) (nrm : {ffun I -> R} -> R).
Local Notation point := {ffun I -> R}.
Local Notation cell := {ffun I -> 'I_k}.
Local Notation n := #|I|.
Hypotheses (k0 : (0 < k)%N) (r0 : (0 < r)%N) (enough : (k ^ n <= m * r)%N).
Hypotheses (C0 : 0 < C) (N : alpha_norm nrm nu).

(** One reader and one rule for the output, and a prompt of m tokens with P entries of b bits for every f in F(C, alpha): every
    convex combination of the values read at cells within 1/(2k) + 4 n eta/k + q1 of x is within eps of f(x). *)
Definition packed_serves (q : R) (reader : bit_prompt b P m -> cell -> I -> nat) : Prop :=
  exists eta q1 : R, [/\ 0 < eta, 4%:R * n.+1%:R * eta < 1, 0 < q1 &
  forall f : point -> point, target_class (fun y z => nrm (y - z)) C f ->
  exists p, forall x, cube x -> forall (T : finType) (w : T -> R) (g : T -> cell),
    nearby ((2%:R * k%:R)^-1 + 4%:R * n%:R * eta / k%:R + q1) x w g ->
    nrm (packed_output q (reader p) w g - f x) < eps].

Let served (q : R) (reader : bit_prompt b P m -> cell -> I -> nat) : 0 < q -> q^-1 + 2%:R^-1 < M.+1%:R ->
  C * nu / (2%:R * k%:R) + nu * (q / 2%:R) < eps ->
  (forall f : point -> point, target_class (fun y z => nrm (y - z)) C f ->
    exists p, forall c i, reader p c i = stored_index M q (f (centre_of R c) i)) ->
  packed_serves q reader.
Proof.
move=> q0 M_floor room stored; have [eta [q1 [eta0 small q10 lt]]] := packed_slack N k0 (ltW C0) room.
exists eta, q1; split=> // f fC; have [p pE] := stored f fC; exists p => x x01 T w g near.
have kR : 0 < k%:R :> R by rewrite ltr0n.
apply: le_lt_trans lt; apply: (packed_error N k0 (ltW C0) (ltW q0)) => //.
  by rewrite !addr_ge0 ?(ltW q10) // ?divr_ge0 ?mulr_ge0 ?invr_ge0 ?mulr_ge0 ?ler0n // ltW.
move=> c i; rewrite pE; apply: stored_index_error => //.
by have [f01 _] := fC; exact: (f01 _ (centre_of_cube R k0 c) i).
Qed.

(** Difference form: k > C n^{1/alpha} (1 + 1/t)/(2 eps) cells, step q = C/(k t), (2t+1)^J <= 2^b, (2t+1)^A > M = floor(1/q + 1/2),
    n (A + r - 1) <= P J and m r >= k^n. *)
Theorem packed_upper_difference (t A : nat) : (0 < t)%N -> 0 < eps ->
  C * nu * (1 + t%:R^-1) / (2%:R * eps) < k%:R -> (step_of k t C)^-1 + 2%:R^-1 < M.+1%:R ->
  ((2 * t + 1) ^ J <= 2 ^ b)%N -> (M < (2 * t + 1) ^ A)%N -> (n * (A + r.-1) <= P * J)%N ->
  packed_serves (step_of k t C) (difference_reader r J t A (m := m)).
Proof.
move=> t0 eps0 k_gt M_floor fits M_lt room; have q0 := step_of_gt0 k0 t0 C0.
have kR : 0 < k%:R :> R by rewrite ltr0n.
have tR : 0 < t%:R :> R by rewrite ltr0n.
apply: (served q0 M_floor) => [|f fC].
  move: k_gt; rewrite ltr_pdivr_mulr ?mulr_gt0 ?ltr0n // => lt.
  have -> : C * nu / (2%:R * k%:R) + nu * (step_of k t C / 2%:R) = C * nu * (1 + t%:R^-1) / (2%:R * k%:R).
    by rewrite /step_of; field; rewrite !lt0r_neq0.
  rewrite ltr_pdivr_mulr ?mulr_gt0 ?ltr0n //; apply: (lt_le_trans lt).
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
pose value pos i := stored_index M (step_of k t C) (f (centre_of R (path_cell I k0 pos)) i).
have value_le pos i : (value pos i <= M)%N by exact: floor_upto_le.
have [_ cK _ step] := @reflected_path I k k0.
have near pos i : (pos.+1 < k ^ n)%N -> (value pos.+1 i <= value pos i + t)%N /\ (value pos i <= value pos.+1 i + t)%N.
  move=> lt; have adj := step pos lt.
  exact: (path_differences_fit k0 t0 C0 (alpha_norm_distance N) M_floor i fC adj).
have [p pE] := difference_form k0 r0 enough value_le fits room M_lt near.
by exists p => c i; rewrite pE /value cK.
Qed.

(** Direct form: steps of 1/M, k > C n^{1/alpha}/(2 eps - n^{1/alpha}/M) cells, (M+1)^J <= 2^b, n r <= P J and m r >= k^n. *)
Theorem packed_upper_direct : (0 < M)%N -> nu / M%:R < 2%:R * eps ->
  C * nu / (2%:R * eps - nu / M%:R) < k%:R -> (M.+1 ^ J <= 2 ^ b)%N -> (n * r <= P * J)%N ->
  packed_serves M%:R^-1 (direct_reader M r J (m := m)).
Proof.
move=> M0 eps_gt k_gt fits room; have MR : 0 < M%:R :> R by rewrite ltr0n.
have kR : 0 < k%:R :> R by rewrite ltr0n.
have q0 : 0 < M%:R^-1 :> R by rewrite invr_gt0.
have M_floor : (M%:R^-1)^-1 + 2%:R^-1 < M.+1%:R :> R.
  by rewrite invrK [M.+1%:R]mulrSr ltr_add2l invf_lt1 ?ltr0n // ltr1n.
apply: (served q0 M_floor) => [|f fC].
  move: k_gt; rewrite ltr_pdivr_mulr ?subr_gt0 // => lt.
  have -> : C * nu / (2%:R * k%:R) + nu * (M%:R^-1 / 2%:R) = (C * nu + k%:R * (nu / M%:R)) / (2%:R * k%:R).
    by field; rewrite !lt0r_neq0.
  rewrite ltr_pdivr_mulr ?mulr_gt0 ?ltr0n // -ltr_subr_addr; apply: (lt_le_trans lt).
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite lt0r_neq0.
pose value pos i := stored_index M M%:R^-1 (f (centre_of R (path_cell I k0 pos)) i).
have value_le pos i : (value pos i <= M)%N by exact: floor_upto_le.
have [_ cK _ _] := @reflected_path I k k0.
have [p pE] := direct_form k0 r0 enough value_le fits room.
by exists p => c i; rewrite pE /value cK.
Qed.

(** So some model serves F(C, alpha) with these prompts: that of one cell that holds x. *)
Corollary packed_approximable (q : R) (reader : bit_prompt b P m -> cell -> I -> nat) : packed_serves q reader ->
  exists run : bit_prompt b P m -> point -> point, forall f : point -> point,
    target_class (fun y z => nrm (y - z)) C f -> approximable (fun y z => nrm (y - z)) (fun=> True) run eps f.
Proof.
move=> [eta [q1 [eta0 _ q10 served_f]]]; have kR : 0 < k%:R :> R by rewrite ltr0n.
pose hold (x : point) : cell := [ffun i => digit_of k0 (x i)].
exists (fun p x => packed_output q (reader p) (fun _ : 'I_1 => 1) (fun=> hold x)) => f fC.
have [p pP] := served_f f fC; exists p => // x x01; apply/ltW/pP => //; split=> [j| |j _ i].
- exact: ler01.
- by rewrite big_ord1.
rewrite !ffunE distrC; apply: le_trans (digit_ofP k0 (x01 i)) _.
by rewrite -addrA ler_addl addr_ge0 ?(ltW q10) // divr_ge0 ?mulr_ge0 ?ler0n // ltW.
Qed.
End PackedUpper.

(** The token counts of 1.6. Difference form: r = floor(P J/n) - A + 1 cells a token. *)
Theorem packed_upper_tokens (R : realFieldType) (I : finType) (b P k M J t A : nat) (C eps nu : R) (nrm : {ffun I -> R} -> R) :
  let r := cells_per_token P J #|I| A in let m := tokens_for (k ^ #|I|) r in
  (0 < k)%N -> 0 < C -> alpha_norm nrm nu -> (0 < t)%N -> 0 < eps ->
  C * nu * (1 + t%:R^-1) / (2%:R * eps) < k%:R -> (step_of k t C)^-1 + 2%:R^-1 < M.+1%:R ->
  ((2 * t + 1) ^ J <= 2 ^ b)%N -> (M < (2 * t + 1) ^ A)%N -> (A <= P * J %/ #|I|)%N ->
  packed_serves (m := m) C eps nrm (step_of k t C) (@difference_reader I b P m k r J t A).
Proof.
move=> r m k0 C0 N t0 eps0 k_gt M_floor fits M_lt room.
by apply: (packed_upper_difference k0 _ _ C0 N t0 eps0 k_gt M_floor fits M_lt); rewrite // ?cells_per_token_fit ?tokens_for_enough.
Qed.

(** Direct form: r = floor(P J/n) cells a token. *)
Theorem packed_upper_tokens_direct (R : realFieldType) (I : finType) (b P k M J : nat) (C eps nu : R) (nrm : {ffun I -> R} -> R) :
  let r := (P * J %/ #|I|)%N in let m := tokens_for (k ^ #|I|) r in
  (0 < k)%N -> 0 < C -> alpha_norm nrm nu -> (0 < M)%N -> nu / M%:R < 2%:R * eps ->
  C * nu / (2%:R * eps - nu / M%:R) < k%:R -> (M.+1 ^ J <= 2 ^ b)%N -> (0 < r)%N ->
  packed_serves (m := m) C eps nrm M%:R^-1 (@direct_reader I b P m k M r J).
Proof.
move=> r m k0 C0 N M0 eps_gt k_gt fits r0.
by apply: (packed_upper_direct k0 r0 _ C0 N M0 eps_gt k_gt fits); rewrite ?tokens_for_enough // mulnC leq_trunc_div.
Qed.
