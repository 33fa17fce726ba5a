(** Theory item 2.6 (memory-saturation), multiset forms: bidirectional attention cannot see the order of
    prompt tokens that carry no positional information.

    Setting of 2.5, and the output does not change when the prompt's tokens are permuted. With
    rho = (Delta - 2 eps)/(2 Lambda), K^N is at most the number of multisets of m of the c cells of one token,
    binom(c + m - 1, m): the capacity in bits is at most log2 of the binomial.
    Over boxes there are c^w cells for any natural c > r/rho. *)
From mathcomp Require Import all_ssreflect all_algebra all_fingroup.
From PromptBound.algebra Require Import sup_norm packing grid_code.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

(** Multisets of the codes of a prompt's tokens, codes 0..c *)
Section Multisets.
Variables (R : Type) (w m c : nat) (code : {ffun 'I_w -> R} -> 'I_c.+1).
Local Notation prompt := {ffun 'I_w * 'I_m -> R}.

Definition token_codes (P : prompt) : m.-tuple 'I_c.+1 := [tuple code [ffun i => P (i, j)] | j < m].
(** the multiset: the sorted list *)
Let below : rel 'I_c.+1 := fun a b => (a <= b)%N.
Definition multiset := {t : m.-tuple 'I_c.+1 | sorted leq [seq val a | a <- t]}.
Lemma multisetP (P : prompt) : sorted leq [seq val a | a <- [tuple of sort below (token_codes P)]].
Proof. by rewrite sorted_map; apply: sort_sorted => a b; exact: leq_total. Qed.
Definition multiset_of (P : prompt) : multiset :=
  exist (fun t : m.-tuple 'I_c.+1 => sorted leq [seq val a | a <- t]) _ (multisetP P).

Lemma card_multiset : #|[finType of multiset]| = 'C(c.+1 + m - 1, m).
Proof.
rewrite card_sig addSn subn1 /= addnC -card_sorted_tuples.
by apply: eq_card => t; rewrite !inE.
Qed.

Definition permute (s : {perm 'I_m}) (P : prompt) : prompt := [ffun ij => P (ij.1, s ij.2)].

(** Equal multisets: one prompt, reordered, has the other's codes token by token. *)
Lemma multiset_same (P Q : prompt) : multiset_of P = multiset_of Q ->
  exists s, forall j, code [ffun i => P (i, j)] = code [ffun i => permute s Q (i, j)].
Proof.
move=> /(congr1 (fun h => val (sval h))) /= e.
have /tuple_permP [s sP] : perm_eq (token_codes P) (token_codes Q).
  by rewrite -(perm_sort below (token_codes P)) e perm_sort.
exists s => j; have := congr1 (fun t => tnth t j) (val_inj sP : token_codes P = _).
rewrite !tnth_mktuple => ->; congr code; by apply/ffunP => i; rewrite !ffunE.
Qed.
End Multisets.

(** One setting for boxes and balls: [good] prompts, tokens of equal codes move the output by at most eta < gap. *)
Section Count.
Variables (R : realFieldType) (w m N K c : nat) (Y : Type) (dist : Y -> Y -> R).
Hypotheses (distC : forall x y, dist x y = dist y x)
  (dist_triangle : forall x y z, dist x z <= dist x y + dist y z).
Variables (eps Delta eta : R) (code : {ffun 'I_w -> R} -> 'I_c.+1) (good : {ffun 'I_w * 'I_m -> R} -> Prop).
Variable run : {ffun 'I_w * 'I_m -> R} -> 'I_N -> Y.
Hypotheses (run_unordered : forall s P i, run (permute s P) i = run P i)
  (good_unordered : forall s P, good P -> good (permute s P))
  (eta_small : eta <= Delta - 2%:R * eps)
  (close : forall P Q i, good P -> good Q ->
    (forall j, code [ffun l => P (l, j)] = code [ffun l => Q (l, j)]) -> dist (run P i) (run Q i) <= eta).
Variable label : 'I_K -> Y.
Hypothesis label_apart : forall a b, a != b -> Delta < dist (label a) (label b).

Lemma labellings_le_multisets :
  (forall l : {ffun 'I_N -> 'I_K}, exists2 P, good P & forall i, dist (run P i) (label (l i)) <= eps) ->
  (K ^ N <= 'C(c.+1 + m - 1, m))%N.
Proof.
move=> reached.
have multiset_close P Q i : good P -> good Q -> True -> multiset_of code P = multiset_of code Q ->
    dist (run P i) (run Q i) <= eta.
  move=> Pg Qg _ /multiset_same [s sP]; rewrite -(run_unordered s Q).
  by apply: close => //; exact: good_unordered.
have count := @targets_le_codes R 'I_N Y _ dist distC dist_triangle [finType of {ffun 'I_N -> 'I_K}]
  [finType of multiset m c] (fun l i => label (l i)) (multiset_of code) good (fun=> True) run eps eta multiset_close.
have cardK : #|[finType of {ffun 'I_N -> 'I_K}]| = (K ^ N)%N by rewrite card_ffun !card_ord.
rewrite -cardK -card_multiset; apply: count.
- move=> s t st; have [i sti] : exists i, s i != t i.
    apply/existsP; apply: contraNT st => /existsPn H.
    by apply/eqP/ffunP => i; apply/eqP; rewrite -[_ == _]negbK.
  exists i => //; apply: le_lt_trans (label_apart sti).
  by rewrite -ler_subr_addl.
- by move=> l; have [P Pr HP] := reached l; exists P.
Qed.
End Count.

Section Boxes.
Variables (R : realFieldType) (w m N K : nat) (Y : Type) (dist : Y -> Y -> R).
Hypotheses (distC : forall x y, dist x y = dist y x)
  (dist_triangle : forall x y z, dist x z <= dist x y + dist y z).
Variables (eps Delta r Lambda : R) (c : nat).
Hypotheses (Lambda0 : 0 < Lambda) (r0 : 0 <= r)
  (cells : r < c%:R * ((Delta - 2%:R * eps) / (2%:R * Lambda))).
Variable run : {ffun 'I_w * 'I_m -> R} -> 'I_N -> Y.
Hypotheses (run_lipschitz : lipschitz_in_prompt dist r Lambda (fun=> True) run)
  (run_unordered : forall s P i, run (permute s P) i = run P i).
Variable label : 'I_K -> Y.
Hypothesis label_apart : forall a b, a != b -> Delta < dist (label a) (label b).

Theorem memory_saturation_multiset :
  (forall l : {ffun 'I_N -> 'I_K}, exists2 P, in_box r P &
     forall i, dist (run P i) (label (l i)) <= eps) ->
  (K ^ N <= 'C(c ^ w + m - 1, m))%N.
Proof.
have [side [c0 side0 cover small]] := lipschitz_side r0 Lambda0 cells.
have cw : #|{: {ffun 'I_w -> 'I_c}}| = (c ^ w).-1.+1 by rewrite card_ffun !card_ord prednK // expn_gt0 c0.
pose code (z : {ffun 'I_w -> R}) : 'I_(c ^ w).-1.+1 := cast_ord cw (enum_rank (grid_code r side c0 z)).
have codeP y z : code y = code z -> grid_code r side c0 y = grid_code r side c0 z.
  by move=> /cast_ord_inj; exact: enum_rank_inj.
rewrite -(prednK (_ : 0 < c ^ w)%N) ?expn_gt0 ?c0 //.
apply: (@labellings_le_multisets _ _ _ _ _ _ _ dist distC dist_triangle eps Delta (Lambda * side) code (in_box r)) => //.
- by move=> s P Pr ij; rewrite ffunE; exact: Pr.
- exact: ltW.
move=> P Q i Pr Qr same; apply: le_trans (run_lipschitz _ _ _) _ => //.
rewrite ler_pmul2l //; apply: sup_dist_le => // -[l j].
have /ffunP /(_ l) := codeP _ _ (same j); rewrite !ffunE => e.
exact: (same_cell side0 cover (Pr (l, j)) (Qr (l, j)) e).
Qed.
End Boxes.
