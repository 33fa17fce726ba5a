(** Certificates for the least prompt length (theory item 2.2, Case I) on concrete rational data.

    On top of attention_instance.v: S is given as sum c exp(s/D) / q, and S tau_i = w_i is checked
    formally, exponent by exponent. With a rational h such that h V = (A x0)^T, A x0 is orthogonal
    to ker V and s(vbar) = h (t_0 + b_0/S), so that rho becomes a number that [interval] bounds. *)
From Coq Require Import Reals ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import concatenation memorization_floor.
From PromptBound.analysis Require Import bridge prompt_realisation shared_query.
From PromptBound.certificates Require Import attention_instance.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.
Local Arguments exp _%ring_scope.

(** ** Formal sums *)

(** Adds c exp(s/D) to a list without repeated exponents. *)
Fixpoint insert_term (s c : Z) (l : seq (Z * Z)) : seq (Z * Z) :=
  if l is (s', c') :: l' then
    if Z.eqb s s' then (s', Z.add c c') :: l' else (s', c') :: insert_term s c l'
  else [:: (s, c)].
(** The sum vanishes formally: after collecting equal exponents every coefficient is 0. *)
Definition vanishes (l : seq (Z * Z)) : bool :=
  all (fun sc => Z.eqb sc.2 0) (foldr (fun sc => insert_term sc.1 sc.2) [::] l).
Definition scale_terms (k : Z) (l : seq (Z * Z)) : seq (Z * Z) := [seq (sc.1, Z.mul k sc.2) | sc <- l].

Lemma insert_termE D s c l : exp_sum D (insert_term s c l) = exp_sum D ((s, c) :: l).
Proof.
elim: l => [|[s' c'] l IH] //=; case: Z.eqb_spec => [->|_] /=.
  by rewrite plus_IZR Rmult_plus_distr_l Rplus_assoc.
by rewrite IH /= -!Rplus_assoc [Rplus (Rmult _ (IZR c)) _]Rplus_comm.
Qed.

Lemma vanishesE D l : vanishes l -> exp_sum D l = 0.
Proof.
have E k : exp_sum D (foldr (fun sc => insert_term sc.1 sc.2) [::] k) = exp_sum D k.
  by elim: k => [|[s c] k IH] //=; rewrite insert_termE /= IH.
rewrite /vanishes -E; elim: (foldr _ _ _) => [|[s c] k IH] //= /andP [/Z.eqb_eq -> /IH ->].
by rewrite Rmult_0_r Rplus_0_r.
Qed.

Lemma scale_termsE D k l : exp_sum D (scale_terms k l) = IZR k * exp_sum D l.
Proof.
rewrite !exp_sumE big_map mulr_sumr; apply: eq_bigr => -[s c] _ /=.
by rewrite IZR_mul mulrCA.
Qed.

Section Length.
Variable T : instance.
Notation d := (dim T).
Notation N := (size (examples T)).-1.
Notation A := (score_map T).
Notation V := (value_map T).
Notation x0 := (query_token T).
Definition tokens (i : 'I_N.+1) (j : 'I_(size (example_at T i).1)) : 'cV[R]_d :=
  token_at T (nth [::] (example_at T i).1 j).
Definition targets (i : 'I_N.+1) : 'cV[R]_d := rational_column d (den_target T) (example_at T i).2.

(** Exactly the lengths from m on work; no length works. The empty prompt is among them. *)
Definition least_length_claim (m : nat) := forall m',
  memorizable A V x0 tokens targets m' <-> (m <= m')%N.
Definition no_length_claim := forall m', ~ memorizable A V x0 tokens targets m'.

(** Linear algebra over Z: A x0 <> 0, V u = t_0, h V = (A x0)^T. *)
Definition query_key := zapply T (mat_A T) (query T).
Definition nonzero_key := has (fun j => ~~ Z.eqb (entry query_key j) 0) (iota 0 d).
Definition is_preimage (u : seq Z) (uden : positive) := all (fun i =>
  Z.eqb (Z.mul (entry (zapply T (mat_V T) u) i) (Zpos (den_target T)))
        (Z.mul (entry (example_at T 0).2 i) (Zpos (den_V T * uden)))) (iota 0 d).
Definition column_of (B : seq (seq Z)) j := [seq entry (row_of B i) j | i <- iota 0 d].
Definition is_pullback (h : seq Z) (hden : positive) := all (fun j =>
  Z.eqb (Z.mul (zdot T h (column_of (mat_V T) j)) (Zpos (den_A T * den_token T)))
        (Z.mul (entry query_key j) (Zpos (hden * den_V T)))) (iota 0 d).

Lemma all_iota (P : pred nat) n : all P (iota 0 n) -> forall i : 'I_n, P i.
Proof. by move=> /allP H i; apply: H; rewrite mem_iota add0n ltn_ord. Qed.

Lemma preimageE u uden : is_preimage u uden -> in_image V (targets ord0).
Proof.
move=> /all_iota H; exists (rational_column d uden u); rewrite apply_rational.
apply/colP => i; rewrite !mxE; apply/eqP.
rewrite eqr_div ?IZR_pos_neq0 //; apply/eqP; rewrite -!IZR_mul; congr IZR.
exact/Z.eqb_eq/H.
Qed.

Lemma preimage_value S u uden : is_preimage u uden ->
  in_image V (targets ord0 + S^-1 *: b_ A V x0 tokens targets ord0).
Proof. by move=> pre; apply: (proj2 (image_value _ _ _ (preimageE pre))). Qed.

Lemma entry_column B j (i : 'I_d) : entry (column_of B j) i = entry (row_of B i) j.
Proof. by rewrite /entry (nth_map 0%N) ?size_iota ?nth_iota. Qed.

Lemma pullbackE h hden : is_pullback h hden ->
  forall v, score A x0 v = functional h (V *m v) / IZR (Zpos hden).
Proof.
move=> /all_iota H v; rewrite /score -mulmxA apply_rational mxE.
have key (j : 'I_d) : IZR (entry query_key j) / IZR (Zpos (den_A T * den_token T)) =
    (\sum_(i < d) IZR (entry h i) * V i j) / IZR (Zpos hden).
  have -> : \sum_(i < d) IZR (entry h i) * V i j =
      IZR (zdot T h (column_of (mat_V T) j)) / IZR (Zpos (den_V T)).
    rewrite /zdot -zsumE mulr_suml; apply: eq_bigr => i _.
    by rewrite mxE entry_column IZR_mul mulrA.
  rewrite -mulrA -invfM -IZR_posM; apply/eqP; rewrite eqr_div ?IZR_pos_neq0 // -!IZR_mul.
  by rewrite (Pos.mul_comm (den_V T)); have /Z.eqb_eq -> := H j.
transitivity (\sum_j v j 0 * ((\sum_(i < d) IZR (entry h i) * V i j) / IZR (Zpos hden))).
  by apply: eq_bigr => j _; rewrite -key !mxE.
rewrite /functional; under [in RHS]eq_bigr => i _ do rewrite mxE mulr_sumr.
rewrite exchange_big mulr_suml /=; apply: eq_bigr => j _.
rewrite mulrA mulr_sumr; congr (_ / _); apply: eq_bigr => i _.
by rewrite mulrCA mulrA mulrAC -mulrA.
Qed.

(** S = sum c exp(s/D) / q serves all examples: S tau_i = w_i, coordinate by coordinate. *)
Definition weight_terms_ok (Sterms : seq (Z * Z)) (q : positive) := all (fun i => all (fun c =>
  let gap := Z.sub (entry (example_at T i).2 c) (entry (example_at T 0).2 c) in
  let f := unit_functional T c in
  let k := Zpos (q * den_target T) in
  vanishes (scale_terms (Z.mul gap (Zpos (value_den T))) Sterms ++
            gap_terms T (Z.opp k) 0 f 0 ++ gap_terms T k 0 f i)) (iota 0 d)) (iota 0 N.+1).

Lemma termsE g f (i : 'I_N.+1) : (0 < size (examples T))%N ->
  exp_sum (score_den T) (gap_terms T g 0 f i) =
  IZR g * (functional f (b_ A V x0 tokens targets i) * IZR (Zpos (value_den T))).
Proof.
move=> ne; have li : (i < size (examples T))%N by rewrite -{2}(prednK ne).
have := gap_termsE g 0 f (Ordinal li); rewrite IZR_zero mul0r addr0 => ->.
by [].
Qed.

Lemma weightE Sterms q : (0 < size (examples T))%N -> weight_terms_ok Sterms q ->
  0 < exp_sum (score_den T) Sterms ->
  common_weight A V x0 tokens targets (exp_sum (score_den T) Sterms / IZR (Zpos q)).
Proof.
move=> ne ok S0; split=> [|i]; first by rewrite divr_gt0 //; apply/RltP/IZR_lt.
apply/colP => c; have := all_iota (all_iota ok i) c.
move=> /(vanishesE (score_den T)); rewrite !exp_sum_cat scale_termsE (termsE _ _ ord0 ne) (termsE _ _ i ne).
rewrite !unit_functionalE IZR_opp IZR_mul IZR_sub IZR_posM /w_.
move: (b_ A V x0 tokens targets ord0) (b_ A V x0 tokens targets i) => b0 bi; rewrite /tau_ !mxE.
have := And3 (IZR_pos_neq0 q) (IZR_pos_neq0 (den_target T)) (IZR_pos_neq0 (value_den T)).
have -> : nat_of_ord (ord0 : 'I_N.+1) = 0%N by [].
move: (exp_sum _ _) (IZR (entry (example_at T i).2 c)) (IZR (entry (example_at T 0).2 c)) => S ti t0 {S0}.
move: (IZR (Zpos q)) (IZR (Zpos (den_target T))) (IZR (Zpos (value_den T))) (b0 c 0) (bi c 0).
move=> {b0 bi} q' r v b0 bi [q0 r0 v0] H; have k0 : q' * r * v != 0 by rewrite !mulf_neq0.
apply: (mulIf k0); apply/eqP; rewrite -subr_eq0; apply/eqP; rewrite -[RHS]H.
by field; rewrite q0 r0.
Qed.

(** Some target differs from the first: Case I. *)
Definition has_gap := has (fun i => has (fun c =>
  ~~ Z.eqb (entry (example_at T i).2 c) (entry (example_at T 0).2 c)) (iota 0 d)) (iota 0 N.+1).

Lemma has_iota (P : pred nat) n : has P (iota 0 n) -> exists i : 'I_n, P i.
Proof. by move=> /hasP [i]; rewrite mem_iota add0n /= => ltin Pi; exists (Ordinal ltin). Qed.

Lemma caseE : has_gap -> case_I A V x0 tokens targets.
Proof.
move=> /has_iota [i /has_iota [c /Z.eqb_spec ne]]; exists i; apply/orP; left; apply/eqP => /colP/(_ c).
rewrite /tau_ !mxE -mulrBl => /eqP; rewrite mulf_eq0 invr_eq0 (negPf (IZR_pos_neq0 _)) orbF subr_eq0 => /eqP.
by move=> /eq_IZR.
Qed.

Lemma keyE : nonzero_key -> A *m x0 != 0.
Proof.
move=> /has_iota [i /Z.eqb_spec ne]; apply/eqP; rewrite apply_rational => /colP/(_ i).
rewrite !mxE => /eqP; rewrite mulf_eq0 invr_eq0 (negPf (IZR_pos_neq0 _)) orbF => /eqP.
by move=> /eq_IZR.
Qed.

(** The number rho = S exp(-(h t_0 + h b_0/S)), S = sum c exp(s/D) / q, h = h/hden. *)
Definition rho_value (D : positive) (Sterms : seq (Z * Z)) (q : positive) (ht hden tden vden : Z)
    (hterms : seq (Z * Z)) : R :=
  let S := Rdiv (exp_sum D Sterms) (IZR (Zpos q)) in
  Rmult S (Rtrigo_def.exp (Ropp (Rdiv (Rplus (Rdiv (IZR ht) (IZR tden))
    (Rdiv (Rdiv (exp_sum D hterms) (IZR vden)) S)) (IZR hden)))).

Lemma rhoE Sterms q u uden h hden v : (0 < size (examples T))%N ->
  let S := exp_sum (score_den T) Sterms / IZR (Zpos q) in
  is_preimage u uden -> is_pullback h hden ->
  V *m v = targets ord0 + S^-1 *: b_ A V x0 tokens targets ord0 ->
  rho A x0 S v = rho_value (score_den T) Sterms q (zdot T h (example_at T 0).2) (Zpos hden)
    (Zpos (den_target T)) (Zpos (value_den T)) (gap_terms T 1 0 h 0).
Proof.
move=> ne S pre pull Vv; rewrite /rho (pullbackE pull) Vv linearD linearZ /= functionalE /rho_value.
rewrite !Rdiv_field (termsE _ _ ord0 ne) IZR_one mul1r mulfK ?IZR_pos_neq0 // -/S.
by rewrite [S^-1 * _]mulrC.
Qed.

(** In Case I with a weight S > 0 the empty prompt does not fit: all b_i = 0 would make w_i = 0 = tau_i. *)
Lemma empty_misses S : (forall i : 'I_N.+1, (0 < size (example_at T i).1)%N) ->
  case_I A V x0 tokens targets -> common_weight A V x0 tokens targets S ->
  ~ memorizable A V x0 tokens targets 0.
Proof.
move=> ne [i ti] [S0 C] M; have {M} fit := proj1 (fits_empty A V x0 tokens targets ne) M.
have b0 k : b_ A V x0 tokens targets k = 0 by rewrite /b_ fit subrr scaler0.
have w0 : w_ A V x0 tokens targets i = 0 by rewrite /w_ !b0 subrr.
move/eqP: (C i); rewrite w0 scaler_eq0 (negPf (lt0r_neq0 S0)) /= => /eqP tau0.
by move: ti; rewrite tau0 w0 eqxx.
Qed.

(** Certificate: in Case I, with A x0 <> 0 orthogonal to ker V and m - 1 < rho <= m, m >= 2, exactly
    the lengths from m on work. *)
Theorem least_length_sound (m : positive) Sterms q u uden h hden (D : positive) ht vden tden hterms :
  (1 < Pos.to_nat m)%N ->
  nonempty_examples T && (0 < size (examples T))%N && nonzero_key && is_preimage u uden &&
    is_pullback h hden && weight_terms_ok Sterms q ->
  (score_den T, zdot T h (example_at T 0).2, Zpos (den_target T), Zpos (value_den T), gap_terms T 1 0 h 0) =
  (D, ht, tden, vden, hterms) ->
  has_gap ->
  Rlt (IZR 0) (exp_sum D Sterms) ->
  Rlt (Rminus (IZR (Zpos m)) (IZR 1)) (rho_value D Sterms q ht (Zpos hden) tden vden hterms) ->
  Rle (rho_value D Sterms q ht (Zpos hden) tden vden hterms) (IZR (Zpos m)) ->
  least_length_claim (Pos.to_nat m).
Proof.
move=> m2 /andP[/andP[/andP[/andP[/andP[ne e0] nz] pre] pull] wt] [<- <- <- <- <-] gap /RltP S0.
have C := weightE e0 wt S0; set S := _ / _ in C.
have [v Vv] := preimage_value S pre.
rewrite -(rhoE e0 pre pull Vv) => /RltP lo /RleP hi m'.
have ngt (i : 'I_N.+1) : (0 < size (example_at T i).1)%N.
  have li : (i < size (examples T))%N by rewrite -{2}(prednK e0).
  exact: (tokens_gt0 ne (Ordinal li)).
have bl : query_blind A V x0 by move=> k Vk; rewrite (pullbackE pull) Vk linear0 mul0r.
have [->|m'0] := posnP m'.
  by split=> [/(empty_misses ngt (caseE gap) C) []|]; rewrite leqNgt (ltnW m2).
have mE : IZR (Zpos m) = (Pos.to_nat m)%:R by rewrite natR positive_nat_Z.
have {}lo : (Pos.to_nat m)%:R - 1 < rho A x0 S v by rewrite -mE.
have {}hi : rho A x0 S v <= (Pos.to_nat m)%:R by rewrite -mE.
have [_ _ H] := case_I_lengths ngt (caseE gap) C (keyE nz) bl Vv m'0.
apply: iff_trans (H _) _.
  by apply: le_lt_trans lo; rewrite ler_subr_addr -(natrD _ 1 1) ler_nat.
split=> rm'; last by apply: le_trans hi _; rewrite ler_nat.
rewrite -ltnS -(ltr_nat R_numDomainType) -addn1 natrD -ltr_subl_addr.
exact: lt_le_trans lo rm'.
Qed.

(** Certificate: in Case I, with A x0 <> 0 orthogonal to ker V and rho < 1, no length works. *)
Theorem no_length_sound Sterms q u uden h hden (D : positive) ht vden tden hterms :
  nonempty_examples T && (0 < size (examples T))%N && nonzero_key && is_preimage u uden &&
    is_pullback h hden && weight_terms_ok Sterms q ->
  (score_den T, zdot T h (example_at T 0).2, Zpos (den_target T), Zpos (value_den T), gap_terms T 1 0 h 0) =
  (D, ht, tden, vden, hterms) ->
  has_gap ->
  Rlt (IZR 0) (exp_sum D Sterms) ->
  Rlt (rho_value D Sterms q ht (Zpos hden) tden vden hterms) (IZR 1) ->
  no_length_claim.
Proof.
move=> /andP[/andP[/andP[/andP[/andP[ne e0] nz] pre] pull] wt] [<- <- <- <- <-] gap /RltP S0.
have C := weightE e0 wt S0; set S := _ / _ in C.
have [v Vv] := preimage_value S pre.
rewrite -(rhoE e0 pre pull Vv) => /RltP hi m'.
have ngt (i : 'I_N.+1) : (0 < size (example_at T i).1)%N.
  have li : (i < size (examples T))%N by rewrite -{2}(prednK e0).
  exact: (tokens_gt0 ne (Ordinal li)).
have bl : query_blind A V x0 by move=> k Vk; rewrite (pullbackE pull) Vk linear0 mul0r.
have [->|m'0] := posnP m'; first exact: empty_misses ngt (caseE gap) C.
by have [H _ _] := case_I_lengths ngt (caseE gap) C (keyE nz) bl Vv m'0; apply: H.
Qed.
End Length.
