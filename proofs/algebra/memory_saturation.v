(** Theory item 2.6 (memory-saturation), multiset form over boxes: bidirectional attention cannot see the order of
    prompt tokens that carry no positional information.

    Setting of 2.5, and the output does not change when the prompt's tokens are permuted. With
    rho = (Delta - 2 eps)/(2 Lambda), any natural c > r/rho and the c^w cells of one token,
    K^N <= binom(c^w + m - 1, m): the capacity in bits is at most log2 of the binomial. *)
From mathcomp Require Import all_ssreflect all_algebra all_fingroup.
From PromptBound.algebra Require Import sup_norm packing grid_code.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Multisets.
Variables (R : realFieldType) (w m c : nat) (r side : R).
Hypotheses (c0 : (0 < c)%N) (side0 : 0 <= side) (cover : 2%:R * r <= c%:R * side).
Local Notation prompt := {ffun 'I_w * 'I_m -> R}.
Local Notation token_cell := {ffun 'I_w -> 'I_c}.

(** cells of one token, numbered 0..c^w - 1 *)
Let cells := (c ^ w).-1.
Let cellsE : #|{: token_cell}| = cells.+1.
Proof. by rewrite card_ffun !card_ord prednK // expn_gt0 c0. Qed.
Let number (t : token_cell) : 'I_cells.+1 := cast_ord cellsE (enum_rank t).
Let number_inj : injective number.
Proof. by move=> s t /cast_ord_inj /enum_rank_inj. Qed.

Definition token_numbers (P : prompt) : m.-tuple 'I_cells.+1 :=
  [tuple number [ffun i => cell r side c0 (P (i, j))] | j < m].
(** the multiset of cells: the sorted list of their numbers *)
Let below : rel 'I_cells.+1 := fun a b => (a <= b)%N.
Definition multiset := {t : m.-tuple 'I_cells.+1 | sorted leq [seq val a | a <- t]}.
Lemma multisetP (P : prompt) : sorted leq [seq val a | a <- [tuple of sort below (token_numbers P)]].
Proof. by rewrite sorted_map; apply: sort_sorted => a b; exact: leq_total. Qed.
Definition multiset_of (P : prompt) : multiset :=
  exist (fun t : m.-tuple 'I_cells.+1 => sorted leq [seq val a | a <- t]) _ (multisetP P).

Lemma card_multiset : #|[finType of multiset]| = 'C(c ^ w + m - 1, m).
Proof.
rewrite card_sig; have -> : (c ^ w + m - 1 = m + cells)%N.
  by rewrite addnC -addnBA ?expn_gt0 ?c0 // subn1.
by rewrite -card_sorted_tuples; apply: eq_card => t; rewrite !inE.
Qed.

Definition permute (s : {perm 'I_m}) (P : prompt) : prompt := [ffun ij => P (ij.1, s ij.2)].

(** Equal multisets: one prompt, reordered, lies in the cells of the other. *)
Lemma multiset_close (P Q : prompt) : in_box r P -> in_box r Q -> multiset_of P = multiset_of Q ->
  exists s, sup_dist P (permute s Q) <= side.
Proof.
move=> Pr Qr /(congr1 (fun h => val (sval h))) /= e.
have /tuple_permP [s sP] : perm_eq (token_numbers P) (token_numbers Q).
  by rewrite -(perm_sort below (token_numbers P)) e perm_sort.
exists s; apply: sup_dist_le => // -[i j]; rewrite ffunE /=.
apply: (@same_cell _ _ _ _ c0 side0 cover) => //.
have := congr1 (fun t => tnth t j) (val_inj sP : token_numbers P = _).
by rewrite !tnth_mktuple => /number_inj /ffunP /(_ i); rewrite !ffunE.
Qed.
End Multisets.

Section MemorySaturation.
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
move=> reached; have [side [c0 side0 cover small]] := lipschitz_side r0 Lambda0 cells.
have close P Q i : in_box r P -> in_box r Q -> True -> multiset_of r side c0 P = multiset_of r side c0 Q ->
    dist (run P i) (run Q i) <= Lambda * side.
  move=> Pr Qr _ e; have [s sP] := multiset_close side0 cover Pr Qr e.
  rewrite -(run_unordered s Q); apply: le_trans (run_lipschitz _ _ _) _ => //.
    by move=> ij; rewrite ffunE; exact: Qr.
  by rewrite ler_pmul2l.
have count := @targets_le_codes R 'I_N Y _ dist distC dist_triangle [finType of {ffun 'I_N -> 'I_K}]
  [finType of multiset w m c] (fun l i => label (l i)) (multiset_of r side c0) (in_box r) (fun=> True)
  run eps (Lambda * side) close.
have cardK : #|[finType of {ffun 'I_N -> 'I_K}]| = (K ^ N)%N by rewrite card_ffun !card_ord.
rewrite -cardK -(card_multiset w m c0); apply: count.
- move=> s t st; have [i sti] : exists i, s i != t i.
    apply/existsP; apply: contraNT st => /existsPn H.
    by apply/eqP/ffunP => i; apply/eqP; rewrite -[_ == _]negbK.
  exists i => //; apply: le_lt_trans (label_apart sti).
  by rewrite -ler_subr_addl ltW.
- by move=> l; have [P Pr HP] := reached l; exists P.
Qed.
End MemorySaturation.
