(** Theory item 5.1 (universal single-layer transformer): the context code is injective, and the network
    returns any table on the grid.

    T tokens of d coordinates in [0,1], each cut into k cells; K = k + 1; token j carries the offset 2j. FFN 1 is,
    on coordinate c, a staircase that takes x_c + 2j to (digit + 1) K^{dj+c}, digit in 0..k-1, off the ramps
    [i/k - eta, i/k]; the sum over c is the token's own code. Attention with W_Q = 0 is the exact mean; the
    value map T K^{dT} adds K^{dT} times the sum of all codes. FFN 2 interpolates through the resulting
    integers. All in exact arithmetic, over any ordered field. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.

(** Numbers in base K: n digits below K give a number below K^n, and determine it. *)
Section Digits.
Variable K : nat.
Hypothesis K0 : 0 < K.

Lemma digits_lt n (a : nat -> nat) : (forall p, a p < K) -> \sum_(0 <= p < n) a p * K ^ p < K ^ n.
Proof.
move=> aK; elim: n => [|n IH]; first by rewrite big_geq.
rewrite big_nat_recr //= expnS (@leq_trans ((a n).+1 * K ^ n)) //.
  by rewrite mulSn ltn_add2r.
by rewrite leq_mul2r aK orbT.
Qed.

Lemma digits_inj n (a b : nat -> nat) : (forall p, a p < K) -> (forall p, b p < K) ->
  \sum_(0 <= p < n) a p * K ^ p = \sum_(0 <= p < n) b p * K ^ p -> forall p, p < n -> a p = b p.
Proof.
move=> aK bK; elim: n => // n IH; rewrite !big_nat_recr //= => e.
have Kn : 0 < K ^ n by rewrite expn_gt0 K0.
have top : a n = b n.
  have := congr1 (fun s => s %/ K ^ n) e.
  by rewrite addnC divnMDl // [_ + b n * _]addnC divnMDl // !divn_small ?digits_lt // !addn0.
move: e; rewrite top => /addIn /IH low p; rewrite ltnS leq_eqVlt => /orP [/eqP -> //|]; exact: low.
Qed.
End Digits.

Section Code.
Variables (d T k : nat).
Let K := k.+1.
Hypothesis d0 : 0 < d.
(** digits of a whole sequence: D j c in 0..k-1 *)
Local Notation digits := {ffun 'I_T * 'I_d -> 'I_k}.

(** the code of token j: sum_c (digit + 1) K^{dj+c} *)
Definition token_code (D : digits) (j : 'I_T) : nat := \sum_(c < d) (D (j, c)).+1 * K ^ (d * j + c).
(** N = own code + K^{dT} (sum of all codes) *)
Definition context_code (D : digits) (j : 'I_T) : nat :=
  token_code D j + K ^ (d * T) * \sum_j' token_code D j'.

Lemma token_code_bounds D (j : 'I_T) : K ^ (d * j) <= token_code D j < K ^ (d * j.+1).
Proof.
have codeE : token_code D j = K ^ (d * j) * \sum_(c < d) (D (j, c)).+1 * K ^ c.
  by rewrite big_distrr /=; apply: eq_bigr => c _; rewrite expnD mulnCA.
rewrite codeE; apply/andP; split.
  rewrite leq_pmulr // (bigD1 (Ordinal d0)) //= expn0 muln1; exact: ltn_addr.
rewrite mulnS addnC expnD ltn_pmul2l ?expn_gt0 //.
pose a p := if insub p is Some c then (D (j, c)).+1 else 0.
have aK p : a p < K by rewrite /a; case: insub => // c; rewrite ltnS.
have := digits_lt d aK; rewrite big_mkord; congr (_ < _); apply: eq_bigr => c _.
by rewrite /a valK.
Qed.

(** All codes together are the number with digits D in base K, position dj + c. *)
Let position_digit (D : digits) (p : nat) : nat :=
  if (insub (p %/ d), insub (p %% d)) is (Some j, Some c) then (D (j, c)).+1 else 0.
Let position_digit_lt D p : position_digit D p < K.
Proof. by rewrite /position_digit; case: insub => // j; case: insub => // c; rewrite ltnS. Qed.
Let position_digitE D (j : 'I_T) (c : 'I_d) : position_digit D (d * j + c) = (D (j, c)).+1.
Proof.
rewrite /position_digit mulnC divnMDl // modnMDl divn_small ?addn0 // modn_small //.
by rewrite !valK.
Qed.

Lemma sum_blocks (F : nat -> nat) t : \sum_(0 <= p < d * t) F p = \sum_(0 <= j < t) \sum_(c < d) F (d * j + c).
Proof.
elim: t => [|t IH]; first by rewrite muln0 !big_geq.
rewrite [RHS]big_nat_recr //= -IH mulnS addnC (@big_cat_nat _ _ _ (d * t)) ?leq_addr //=.
congr (_ + _); rewrite -{1}[d * t]add0n big_addn addKn big_mkord.
by apply: eq_bigr => c _; rewrite addnC.
Qed.

Lemma sum_codesE D : \sum_j token_code D j = \sum_(0 <= p < d * T) position_digit D p * K ^ p.
Proof.
rewrite sum_blocks big_mkord; apply: eq_bigr => j _; apply: eq_bigr => c _.
by rewrite position_digitE.
Qed.

Lemma sum_codes_lt D : \sum_j token_code D j < K ^ (d * T).
Proof. by rewrite sum_codesE digits_lt. Qed.

(** N mod K^{dT} is the own code, N div K^{dT} the whole sequence. *)
Lemma context_code_mod D (j : 'I_T) : context_code D j %% K ^ (d * T) = token_code D j.
Proof.
rewrite /context_code addnC mulnC modnMDl modn_small //.
by apply: leq_ltn_trans (sum_codes_lt D); rewrite (bigD1 j) //= leq_addr.
Qed.
Lemma context_code_div D (j : 'I_T) : context_code D j %/ K ^ (d * T) = \sum_j' token_code D j'.
Proof.
rewrite /context_code addnC mulnC divnMDl ?expn_gt0 // divn_small ?addn0 //.
by apply: leq_ltn_trans (sum_codes_lt D); rewrite (bigD1 j) //= leq_addr.
Qed.

(** The context code determines the whole sequence and the position. Being integers, different codes differ
    by at least 1. *)
Theorem context_code_injective D D' (j j' : 'I_T) : context_code D j = context_code D' j' -> D = D' /\ j = j'.
Proof.
move=> e; have K0 : 0 < K by [].
have sums : \sum_j token_code D j = \sum_j token_code D' j by rewrite -(context_code_div D j) e context_code_div.
have DD : D = D'.
  apply/ffunP => -[l c]; apply: val_inj; apply: succn_inj.
  rewrite -!position_digitE.
  apply: (@digits_inj K K0 (d * T) _ _ (position_digit_lt D) (position_digit_lt D')); first by rewrite -!sum_codesE.
  rewrite (@leq_trans (d * l + d)) ?ltn_add2l // -mulnSr leq_mul2l; apply/orP; right; exact: ltn_ord.
split=> //; have own : token_code D j = token_code D j' by rewrite -(context_code_mod D j) e -DD context_code_mod.
have k_gt0 : 0 < k := leq_ltn_trans (leq0n _) (ltn_ord (D (j, Ordinal d0))).
have later (l l' : 'I_T) : l < l' -> token_code D l < token_code D l'.
  move=> ll; have /andP [_ hi] := token_code_bounds D l; have /andP [lo _] := token_code_bounds D l'.
  by apply: leq_trans hi _; apply: leq_trans lo; rewrite leq_exp2l ?ltnS // leq_mul2l ll orbT.
apply/val_inj/eqP; case: (ltngtP j j') => // /later; by rewrite own ltnn.
Qed.
End Code.

Local Open Scope ring_scope.

Section Network.
Variables (R : realFieldType) (d T k : nat) (eta : R).
Hypotheses (d0 : (0 < d)%N) (k0 : (0 < k)%N) (eta0 : 0 < eta) (eta1 : eta <= 1).
Let K : R := k.+1%:R.

Definition relu1 (a : R) : R := Num.max 0 a.
(** 0 up to a, 1 from b on, linear between: two relus *)
Definition ramp (a b y : R) : R := (relu1 (y - a) - relu1 (y - b)) / (b - a).

Lemma ramp_low a b y : a < b -> y <= a -> ramp a b y = 0.
Proof.
move=> ab ya; rewrite /ramp /relu1 !max_l ?subr_le0 ?subrr ?mul0r //.
exact: le_trans ya (ltW ab).
Qed.
Lemma ramp_high a b y : a < b -> b <= y -> ramp a b y = 1.
Proof.
move=> ab yb; rewrite /ramp /relu1 !max_r ?subr_ge0 //; last exact: le_trans (ltW ab) yb.
have -> : y - a - (y - b) = b - a by ring.
by rewrite divff // subr_eq0 gt_eqF.
Qed.

(** FFN 1 on coordinate c *)
Definition staircase (c : nat) (y : R) : R :=
  K ^+ c
  + \sum_(0 <= j < T) \sum_(1 <= i < k) K ^+ (d * j + c) * ramp (2%:R * j%:R + i%:R / k%:R - eta) (2%:R * j%:R + i%:R / k%:R) y
  + \sum_(0 <= j < T.-1) (K ^+ (d * j.+1 + c) - k%:R * K ^+ (d * j + c)) * ramp (2%:R * j%:R + 1) (2%:R * j%:R + 2%:R) y.

(** x lies in cell q, off the ramps. *)
Definition in_cell (q : 'I_k) (x : R) : Prop :=
  q%:R / k%:R <= x /\ (if q.+1 == k then x <= 1 else x <= q.+1%:R / k%:R - eta).

Let kR : 0 < k%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma in_cell01 q x : in_cell q x -> 0 <= x <= 1.
Proof.
move=> [lo hi]; rewrite (le_trans _ lo) ?divr_ge0 ?ler0n //=.
move: hi; case: eqP => // _ hi; apply: (le_trans hi); rewrite ler_subl_addr.
rewrite (@le_trans _ _ 1) ?ler_addl ?(ltW eta0) // ler_pdivr_mulr // mul1r ler_nat.
exact: ltn_ord.
Qed.

Theorem staircase_value (c j : nat) (q : 'I_k) (x : R) : (j < T)%N -> in_cell q x ->
  staircase c (2%:R * j%:R + x) = q.+1%:R * K ^+ (d * j + c).
Proof.
move=> jT xq; have /andP [x0 x1] := in_cell01 xq; have [lo hi] := xq.
set y := 2%:R * j%:R + x.
have step_lt (j' i : nat) : 2%:R * j'%:R + i%:R / k%:R - eta < 2%:R * j'%:R + i%:R / k%:R :> R.
  by rewrite ltr_subl_addr ltr_addl.
have level_lt (j' : nat) : 2%:R * j'%:R + 1 < 2%:R * j'%:R + 2%:R :> R by rewrite ltr_add2l ltr1n.
have frac1 i : (i <= k)%N -> i%:R / k%:R <= 1 :> R by move=> ik; rewrite ler_pdivr_mulr // mul1r ler_nat.
(* earlier positions: y is beyond everything *)
have before j' : (j' < j)%N -> 2%:R * j'%:R + 2%:R <= y.
  move=> jj; apply: (@le_trans _ _ (2%:R * j%:R)); last by rewrite /y ler_addl.
  by have -> : 2%:R * j'%:R + 2%:R = 2%:R * j'.+1%:R :> R by [rewrite -addn1 natrD; ring]; rewrite ler_pmul2l ?ltr0n // ler_nat.
have after j' : (j < j')%N -> y <= 2%:R * j'%:R - 1.
  move=> jj; apply: (@le_trans _ _ (2%:R * j%:R + 1)); first by rewrite ler_add2l.
  rewrite ler_subr_addr; have -> : 2%:R * j%:R + 1 + 1 = 2%:R * j.+1%:R :> R by rewrite -addn1 natrD; ring.
  by rewrite ler_pmul2l ?ltr0n // ler_nat.
have stairs_before j' : (j' < j)%N ->
    \sum_(1 <= i < k) K ^+ (d * j' + c) * ramp (2%:R * j'%:R + i%:R / k%:R - eta) (2%:R * j'%:R + i%:R / k%:R) y =
    (k%:R - 1) * K ^+ (d * j' + c).
  move=> jj; rewrite (eq_big_nat _ _ (F2 := fun=> K ^+ (d * j' + c))) => [|i /andP [_ ik]].
    by rewrite sumr_const_nat -mulr_natl natrB.
  rewrite ramp_high ?mulr1 //; apply: le_trans (before _ jj); rewrite ler_add2l.
  by apply: (le_trans (frac1 _ (ltnW ik))); rewrite ler1n.
have stairs_after j' : (j < j')%N ->
    \sum_(1 <= i < k) K ^+ (d * j' + c) * ramp (2%:R * j'%:R + i%:R / k%:R - eta) (2%:R * j'%:R + i%:R / k%:R) y = 0.
  move=> jj; rewrite big_nat_cond big1 // => i _; rewrite ramp_low ?mulr0 //.
  apply: (le_trans (after _ jj)); rewrite -addrA ler_add2l ler_subr_addr addrC.
  have f0 : 0 <= i%:R / k%:R :> R by rewrite divr_ge0 ?ler0n.
  by rewrite -subr_ge0 (_ : _ - _ = (1 - eta) + i%:R / k%:R); [rewrite addr_ge0 // subr_ge0|ring].
have stairs_here :
    \sum_(1 <= i < k) K ^+ (d * j + c) * ramp (2%:R * j%:R + i%:R / k%:R - eta) (2%:R * j%:R + i%:R / k%:R) y =
    q%:R * K ^+ (d * j + c).
  rewrite (@big_cat_nat _ _ _ q.+1) ?ltn_ord //= [X in _ + X]big_nat_cond [X in _ + X]big1 ?addr0; last first.
    move=> i; rewrite andbT => /andP [qi ik]; rewrite ramp_low ?mulr0 // /y -addrA ler_add2l.
    have qk : q.+1 == k = false by apply/negbTE; rewrite neq_ltn (leq_ltn_trans qi ik).
    move: hi; rewrite qk => H; apply: (le_trans H); rewrite ler_add2r ler_wpmul2r ?invr_ge0 ?ler0n //.
    by rewrite ler_nat.
  rewrite (eq_big_nat _ _ (F2 := fun=> K ^+ (d * j + c))) => [|i /andP [_ iq]].
    by rewrite sumr_const_nat subSS subn0 -mulr_natl.
  rewrite ramp_high ?mulr1 // /y ler_add2l; apply: le_trans lo.
  by rewrite ler_wpmul2r ?invr_ge0 ?ler0n // ler_nat -ltnS.
have T_eq : T.-1.+1 = T by rewrite prednK // (leq_trans _ jT).
have jT1 : (j <= T.-1)%N by rewrite -ltnS T_eq.
pose stairs j' := \sum_(1 <= i < k) K ^+ (d * j' + c) * ramp (2%:R * j'%:R + i%:R / k%:R - eta) (2%:R * j'%:R + i%:R / k%:R) y.
pose level j' := (K ^+ (d * j'.+1 + c) - k%:R * K ^+ (d * j' + c)) * ramp (2%:R * j'%:R + 1) (2%:R * j'%:R + 2%:R) y.
have all_stairs : \sum_(0 <= j' < T) stairs j' =
    \sum_(0 <= j' < j) (k%:R - 1) * K ^+ (d * j' + c) + q%:R * K ^+ (d * j + c).
  rewrite (@big_cat_nat _ _ _ j) ?(ltnW jT) //=; congr (_ + _).
    by apply: eq_big_nat => j' /andP [_ jj]; exact: stairs_before.
  rewrite big_ltn // {1}/stairs stairs_here big_nat_cond big1 ?addr0 // => j'; rewrite andbT => /andP [jj _].
  exact: stairs_after.
have all_levels : \sum_(0 <= j' < T.-1) level j' =
    \sum_(0 <= j' < j) (K ^+ (d * j'.+1 + c) - k%:R * K ^+ (d * j' + c)).
  rewrite (@big_cat_nat _ _ _ j) //= [X in _ + X]big_nat_cond [X in _ + X]big1 ?addr0.
    by apply: eq_big_nat => j' /andP [_ jj]; rewrite /level ramp_high ?mulr1 //; exact: before.
  move=> j'; rewrite andbT => /andP [jj _]; rewrite /level ramp_low ?mulr0 // /y.
  by apply: ler_add => //; rewrite ler_pmul2l ?ltr0n // ler_nat.
rewrite /staircase -/(\sum_(0 <= j' < T) stairs j') -/(\sum_(0 <= j' < T.-1) level j') all_stairs all_levels.
have telescope : \sum_(0 <= j' < j) (k%:R - 1) * K ^+ (d * j' + c) +
    \sum_(0 <= j' < j) (K ^+ (d * j'.+1 + c) - k%:R * K ^+ (d * j' + c)) = K ^+ (d * j + c) - K ^+ c.
  rewrite -big_split /= (eq_big_nat _ _ (F2 := fun j' => K ^+ (d * j'.+1 + c) - K ^+ (d * j' + c))) => [|j' _]; last by ring.
  by rewrite (telescope_sumr (fun j' => K ^+ (d * j' + c))) // muln0 add0n.
move: telescope; set s1 := \sum_(_ <= _ < _) _; set s2 := \sum_(_ <= _ < _) _ => telescope.
have -> : K ^+ c + (s1 + q%:R * K ^+ (d * j + c)) + s2 = K ^+ c + (s1 + s2) + q%:R * K ^+ (d * j + c) by ring.
by rewrite telescope [q.+1%:R]mulrSr; ring.
Qed.

(** FFN 2: piecewise linear through the knots t_0 < t_1 < ..., constant outside. *)
Definition interpolation (ts : seq nat) (v : nat -> R) (z : R) : R :=
  v (nth 0%N ts 0) + \sum_(1 <= l < size ts)
    (v (nth 0%N ts l) - v (nth 0%N ts l.-1)) * ramp (nth 0%N ts l.-1)%:R (nth 0%N ts l)%:R z.

Lemma interpolation_knot ts v t : sorted ltn ts -> t \in ts -> interpolation ts v t%:R = v t.
Proof.
move=> sorted_ts t_in; pose l := index t ts.
have lt : (l < size ts)%N by rewrite index_mem.
have tE : nth 0%N ts l = t by rewrite nth_index.
have mono i j : (i < j)%N -> (j < size ts)%N -> (nth 0%N ts i < nth 0%N ts j)%N.
  by move=> ij js; rewrite (sorted_ltn_nth ltn_trans) // inE // (ltn_trans ij).
have knot_lt i : (0 < i)%N -> (i < size ts)%N -> (nth 0%N ts i.-1)%:R < (nth 0%N ts i)%:R :> R.
  by move=> i0 is_; rewrite ltr_nat mono // prednK.
have le_nth i j : (i <= j)%N -> (j < size ts)%N -> (nth 0%N ts i <= nth 0%N ts j)%N.
  by rewrite leq_eqVlt => /orP [/eqP -> //|ij] /(mono _ _ ij) /ltnW.
rewrite /interpolation (@big_cat_nat _ _ _ l.+1) //= [X in _ + (_ + X)]big_nat_cond [X in _ + (_ + X)]big1 ?addr0; last first.
  move=> i; rewrite andbT => /andP [li is_]; have i0 : (0 < i)%N by exact: leq_trans li.
  rewrite ramp_low ?mulr0 ?knot_lt // ler_nat -tE le_nth //; first by rewrite -ltnS prednK.
  by rewrite prednK // ltnW.
rewrite (eq_big_nat _ _ (F2 := fun i => v (nth 0%N ts i) - v (nth 0%N ts i.-1))) => [|i /andP [i0 il]].
  by rewrite big_add1 /= (telescope_sumr (fun i => v (nth 0%N ts i))) // tE addrC subrK.
by rewrite ramp_high ?mulr1 ?knot_lt // ?ler_nat -?tE ?le_nth //; apply: leq_ltn_trans lt; rewrite -ltnS.
Qed.

(** The network: FFN 1, exact mean with value map T K^{dT}, FFN 2. *)
Local Notation digits := {ffun 'I_T * 'I_d -> 'I_k}.
Definition codes (x : 'I_T -> 'I_d -> R) (j : 'I_T) : R := \sum_(c < d) staircase c (2%:R * j%:R + x j c).
Definition mean_attention (u : 'I_T -> R) (j : 'I_T) : R :=
  u j + T%:R * K ^+ (d * T) * ((\sum_j' u j') / T%:R).
(** every context code that occurs, in increasing order *)
Definition knots : seq nat :=
  sort leq (undup [seq @context_code d T k p.1 p.2 | p <- enum [finType of digits * 'I_T]]).
(** the wanted output at a code *)
Definition table (value : digits -> 'I_T -> R) (t : nat) : R :=
  if [pick p : digits * 'I_T | context_code p.1 p.2 == t] is Some p then value p.1 p.2 else 0.
Definition universal_transformer (value : digits -> 'I_T -> R) (x : 'I_T -> 'I_d -> R) (j : 'I_T) : R :=
  interpolation knots (table value) (mean_attention (codes x) j).

Lemma codesE (D : digits) x j : (forall c, in_cell (D (j, c)) (x j c)) -> codes x j = (token_code D j)%:R.
Proof.
move=> xD; rewrite /codes /token_code natr_sum; apply: eq_bigr => c _.
by rewrite (staircase_value _ (ltn_ord j) (xD c)) natrM natrX.
Qed.

(** Whatever output is wanted at each position of each digit pattern (each output coordinate apart), the
    network gives exactly it on all sequences off the ramps: the table on the grid. *)
Theorem universal_transformer_on_grid (value : digits -> 'I_T -> R) (D : digits) (x : 'I_T -> 'I_d -> R) :
  (forall j c, in_cell (D (j, c)) (x j c)) -> forall j, universal_transformer value x j = value D j.
Proof.
move=> xD j; rewrite /universal_transformer.
have T0 : T%:R != 0 :> R by rewrite pnatr_eq0 -lt0n (leq_ltn_trans _ (ltn_ord j)).
have -> : mean_attention (codes x) j = (context_code D j)%:R.
  rewrite /mean_attention /context_code (codesE (xD j)) natrD natrM natrX natr_sum -/K.
  have -> : \sum_j' codes x j' = \sum_j' (token_code D j')%:R by apply: eq_bigr => j' _; exact: codesE.
  by congr (_ + _); move: (\sum_j' _) => s; field.
rewrite interpolation_knot.
- rewrite /table; case: pickP => [p /eqP e|none]; last by have := none (D, j); rewrite /= eqxx.
  by have [-> ->] := context_code_injective d0 e.
- rewrite ltn_sorted_uniq_leq sort_uniq undup_uniq; apply: sort_sorted; exact: leq_total.
- rewrite mem_sort mem_undup; apply/mapP; exists (D, j) => //; exact: mem_enum.
Qed.
End Network.
