(** Certificates that no prompt of any length, the empty one included, reaches an accuracy on concrete
    rational data (theory items 2.2 and 2.3), and the tactic that closes emitted certificates. *)
From Coq Require Import Reals ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct.
From mathcomp Require Export seq.
From Interval Require Import Tactic.
From PromptBound.algebra Require Import concatenation memorization_floor.
From PromptBound.analysis Require Import bridge prompt_realisation shared_query.
From PromptBound.certificates Require Import attention_instance prompt_length.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

Section Impossible.
Variable T : instance.
Notation d := (dim T).
Notation attention := (att (softmax (score_map T)) (mulmx (value_map T)) (query_token T)).

(** Every prompt, of any length, leaves an error above num/den in some coordinate. *)
Definition impossible_claim (num : Z) (den : positive) := forall m (P : 'I_m -> 'cV[R]_d),
  exists i c, IZR num / IZR (Zpos den) < `|(attention (concat P (@example_tokens T i)) - wanted i) c 0|.

Lemma IZR_abs z : IZR (Z.abs z) = `|IZR z|. Proof. exact: abs_IZR. Qed.
Lemma IZR_pos_gt0 p : 0 < IZR (Zpos p). Proof. exact/RltP/IZR_lt. Qed.

Lemma quotient_lt a b (p q : positive) : Z.lt (Z.mul a (Zpos q)) (Z.mul b (Zpos p)) ->
  IZR a / IZR (Zpos p) < IZR b / IZR (Zpos q).
Proof.
move=> /IZR_lt/RltP; rewrite !IZR_mul => H.
by rewrite ltr_pdivr_mulr ?IZR_pos_gt0 // mulrAC ltr_pdivl_mulr ?IZR_pos_gt0.
Qed.

(** A floor above the accuracy. *)
Theorem floor_impossible (num den : positive) a b : floor_claim T num den ->
  Z.lt (Z.mul a (Zpos den)) (Z.mul (Zpos num) (Zpos b)) -> impossible_claim a b.
Proof.
move=> fl ab m P; have [i [c ge]] := fl m P; exists i, c.
exact: lt_le_trans (quotient_lt ab) ge.
Qed.

(** All errors at most a: impossible to exclude otherwise than by a contradiction. *)
Lemma some_error_above (a : R) m (P : 'I_m -> 'cV[R]_d) :
  ~ (forall i c, `|(attention (concat P (@example_tokens T i)) - wanted i) c 0| <= a) ->
  exists i c, a < `|(attention (concat P (@example_tokens T i)) - wanted i) c 0|.
Proof.
move=> H; case: (pickP (fun ic : 'I_(size (examples T)) * 'I_d =>
    a < `|(attention (concat P (@example_tokens T ic.1)) - wanted ic.1) ic.2 0|)) => [[i c] ?|no].
  by exists i, c.
by case: H => i c; have := no (i, c); rewrite /= ltNge => /negbFE.
Qed.

Lemma misses_impossible m (P : 'I_m -> 'cV[R]_d) :
  ~ (forall i, attention (concat P (@example_tokens T i)) = wanted i) ->
  exists i c, IZR 0 / IZR 1 < `|(attention (concat P (@example_tokens T i)) - wanted i) c 0|.
Proof.
move=> H; apply: some_error_above => small; apply: H => i; apply/eqP; rewrite -subr_eq0; apply/eqP/colP => c.
by apply/eqP; rewrite [X in _ == X]mxE -normr_le0 (le_trans (small i c)) // IZR_zero mul0r.
Qed.

(** Equality at no length: a functional with f(tau) >= 0 > f(w), which excludes S = 0 as well. *)
Theorem separation_impossible (i j : nat) (f : seq Z) (D : positive) (terms : seq (Z * Z)) :
  nonempty_examples T && ((i < size (examples T))%N && (j < size (examples T))%N) &&
    Z.leb 0 (separating_gap T i j f) ->
  (score_den T, separating_terms T i j f) = (D, terms) ->
  Rlt (exp_sum D terms) (IZR 0) ->
  impossible_claim 0 1.
Proof.
move=> /andP [/andP [ne ij] /Z.leb_le/IZR_le/RleP g0] [<- <-] /RltP lt0 m P; apply: misses_impossible => fits.
move: lt0; rewrite -(separating_fit f ne ij fits) ltNge => /negP [].
rewrite !mulr_ge0 ?invr_ge0 ?(ltW (IZR_pos_gt0 _)) //.
by apply: sumr_ge0 => k _; apply/ltW/softmax_gt0.
Qed.

(** Equality at no length: [no_length_sound]'s claim. *)
Theorem no_length_impossible : (0 < size (examples T))%N -> no_length_claim T -> impossible_claim 0 1.
Proof.
move=> e0 no m P; apply: misses_impossible => fits; apply: (no m); exists P => i.
have li : (i < size (examples T))%N by rewrite -{2}(prednK e0).
exact: (fits (Ordinal li)).
Qed.

(** A target off the image of V: an integer vector k with k V = 0 and |k t_i| > (num/den) ||k||_1. *)
Definition size_of (k : seq Z) := zsum d (fun c => Z.abs (entry k c)).
Definition annihilates (k : seq Z) :=
  all (fun j => Z.eqb (zdot T k (column_of T (mat_V T) j)) 0) (iota 0 d).
Theorem image_impossible (i : nat) (k : seq Z) a b :
  annihilates k && (i < size (examples T))%N ->
  Z.lt (Z.mul (Z.mul a (size_of k)) (Zpos (den_target T)))
       (Z.mul (Z.abs (zdot T k (example_at T i).2)) (Zpos b)) -> impossible_claim a b.
Proof.
move=> /andP [/all_iota ann li] lt m P; apply: some_error_above => /(_ (Ordinal li)).
set v := _ - _ => small; move: lt; apply/Z.nlt_ge/le_IZR/RleP.
have kv : functional k v = - (IZR (zdot T k (example_at T i).2) / IZR (Zpos (den_target T))).
  rewrite /v linearB /= functionalE /att linearZ linear_sum /= big1 ?mulr0 ?sub0r // => j _.
  rewrite linearZ /= (_ : functional k _ = 0) ?mulr0 //.
  rewrite /functional; under eq_bigr => c _ do rewrite mxE mulr_sumr.
  rewrite exchange_big big1 //= => e _; move: (ann e) => /Z.eqb_eq; rewrite /zdot => E.
  have {E} : \sum_(c < d) IZR (entry k c) * value_map T c e = 0.
    transitivity (IZR 0 / IZR (Zpos (den_V T))); last by rewrite IZR_zero mul0r.
    rewrite -E -zsumE mulr_suml; apply: eq_bigr => c _.
    by rewrite mxE entry_column IZR_mul mulrA.
  by move=> E; under eq_bigr => c _ do rewrite mulrA; rewrite -mulr_suml E mul0r.
have : `|functional k v| <= IZR a / IZR (Zpos b) * IZR (size_of k).
  rewrite /size_of -zsumE mulr_sumr (le_trans (ler_norm_sum _ _ _)) //; apply: ler_sum => c _.
  by rewrite normrM mulrC IZR_abs ler_wpmul2r.
rewrite kv normrN normrM -IZR_abs normfV (gtr0_norm (IZR_pos_gt0 _)) ler_pdivr_mulr ?IZR_pos_gt0 // !IZR_mul.
rewrite -(ler_pmul2r (IZR_pos_gt0 b)).
rewrite (_ : IZR a / IZR (Zpos b) * IZR (size_of k) * IZR (Zpos (den_target T)) * IZR (Zpos b) =
             IZR a * IZR (size_of k) * IZR (Zpos (den_target T))) //.
by rewrite mulrAC [X in X * _]mulrAC divfK ?IZR_pos_neq0.
Qed.
End Impossible.

(** What is left of a certificate: computations over Z, then one enclosure with p bits. *)
Ltac close_certificate p :=
  try (vm_compute; reflexivity); unfold rho_value; cbn [exp_sum]; interval with (i_prec p).
