(** Theory item 1.3 (entropy-lipschitz), box form: a necessary prompt length for real prompts.

    Prompt entries lie in [-r, r], the model's output is Lambda-Lipschitz in the prompt (entrywise max
    norms on both sides). k >= 1 is any integer with h = min(1, C/k) > 2 eps, and
    rho = (h - 2 eps)/(2 Lambda). If the model serves every f in F(C, alpha) within eps by prompts of m tokens of
    width w, then for every natural number c > r/rho (the least is floor(r/rho) + 1)
        2^{s (k+1)^n} <= c^{w m},   that is   m >= s (k+1)^n ln 2 / (w ln c),
    with s = 1 for every alpha, and s = n = d L for alpha = inf. c = 1 (r < rho) means: impossible. *)
From mathcomp Require Import all_ssreflect all_algebra.
From PromptBound.algebra Require Import sup_norm packing target_class grid_code.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section EntropyLipschitz.
Variables (R : realFieldType) (d L w m : nat) (C eps r Lambda : R) (k c : nat).
Local Notation point := {ffun 'I_d * 'I_L -> R}.
Local Notation prompt := {ffun 'I_w * 'I_m -> R}.
Hypotheses (C0 : 0 <= C) (eps0 : 0 <= eps) (k0 : (0 < k)%N) (r0 : 0 <= r) (Lambda0 : 0 < Lambda).
(** rho = (h - 2 eps)/(2 Lambda); r < c rho implies h > 2 eps. *)
Definition packing_radius : R := (packing_height C k - 2%:R * eps) / (2%:R * Lambda).
Hypothesis cells : r < c%:R * packing_radius.

Variable run : prompt -> point -> point.
Hypothesis run_lipschitz : lipschitz_in_prompt (@sup_dist R _) r Lambda (@cube R _) run.

Let card_cells : #|{: {ffun 'I_d * 'I_L -> 'I_k.+1}}| = (k.+1 ^ (d * L))%N.
Proof. by rewrite card_ffun card_prod !card_ord. Qed.

Lemma family_le_cells dist (Target : finType) (F : Target -> point -> point) :
  alpha_distance dist -> (forall s, target_class dist C (F s)) ->
  (forall s t, s != t -> exists2 x, cube x & packing_height C k <= sup_dist (F s x) (F t x)) ->
  (forall f, target_class dist C f -> approximable dist (in_box r) run eps f) ->
  (#|Target| <= c ^ (w * m))%N.
Proof.
move=> dist_alpha FC Fsep universal.
have [eta [code [eta_lt code_close]]] := lipschitz_code r0 Lambda0 run_lipschitz cells.
have := @targets_le_codes R point point prompt (@sup_dist R _) (@sup_distC R _)
  (@sup_dist_triangle R _) Target _ F code (in_box r) (@cube R _) run eps eta code_close.
rewrite card_grid_code card_prod !card_ord; apply.
- move=> s t /Fsep [x x01 sep]; exists x => //.
  by rewrite -ltr_subr_addl (lt_le_trans eta_lt) // ler_sub.
- move=> s; have [P Pr HP] := universal _ (FC s); exists P => // x /HP H.
  apply: sup_dist_le => // i.
  exact: le_trans (alpha_dist_ge dist_alpha _ _ i) H.
Qed.

(** Any alpha in [1, inf]. *)
Theorem entropy_lipschitz dist : (0 < d)%N -> (0 < L)%N -> alpha_distance dist ->
  (forall f, target_class dist C f -> approximable dist (in_box r) run eps f) ->
  (2 ^ (k.+1 ^ (d * L)) <= c ^ (w * m))%N.
Proof.
move=> d0 L0 dist_alpha universal.
have [F [FC Fsep]] := separated_targets dist_alpha C0 k0 (Ordinal d0, Ordinal L0).
by have := family_le_cells dist_alpha FC Fsep universal; rewrite card_ffun card_bool card_cells.
Qed.

(** alpha = inf. *)
Theorem entropy_lipschitz_max :
  (forall f, target_class (@sup_dist R _) C f ->
     approximable (@sup_dist R _) (in_box r) run eps f) ->
  (2 ^ (d * L * k.+1 ^ (d * L)) <= c ^ (w * m))%N.
Proof.
move=> universal.
have [F [FC Fsep]] := @separated_targets_max R [finType of 'I_d * 'I_L] C k C0 k0.
have := family_le_cells (@alpha_distance_max _ _) FC Fsep universal.
by rewrite card_ffun card_bool card_prod card_cells card_prod !card_ord.
Qed.
End EntropyLipschitz.

(** Entries too small to tell any two prompts apart: no prompt length suffices. *)
Corollary entropy_lipschitz_impossible (R : realFieldType) (d L w m k : nat) (C eps r Lambda : R)
    (run : {ffun 'I_w * 'I_m -> R} -> {ffun 'I_d * 'I_L -> R} -> {ffun 'I_d * 'I_L -> R}) dist :
  0 <= C -> 0 <= eps -> (0 < k)%N -> 0 <= r -> 0 < Lambda ->
  r < packing_radius C eps Lambda k -> (0 < d)%N -> (0 < L)%N -> alpha_distance dist ->
  lipschitz_in_prompt (@sup_dist R _) r Lambda (@cube R _) run ->
  ~ forall f, target_class dist C f -> approximable dist (in_box r) run eps f.
Proof.
move=> C0 eps0 k0 r0 L0 small d0 L1 dist_alpha lip universal.
have cells : r < 1%:R * packing_radius C eps Lambda k by rewrite mul1r.
have := entropy_lipschitz C0 eps0 k0 r0 L0 cells lip d0 L1 dist_alpha universal.
by rewrite exp1n leqNgt -{1}(expn0 2) ltn_exp2l // expn_gt0.
Qed.
