(** Theory item 5.1, the guarantee off the ramps: one network of item 5.1's kind serves every f in F(C, alpha) when the
    prompt is the table of f.

    n = d L; the prompt has one token for each cell g of the grid and each position i of the output, m = L k^n tokens,
    holding the quantized value of f at the centre of g. On every input off the ramps the output is within
    (C + 1) n^{1/alpha}/(2k) of f; nu = n^{1/alpha}. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import target_class alpha_norm grid_code universal_transformer.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Prompting.
Variables (R : realFieldType) (d L k : nat) (eta : R).
Hypotheses (d0 : (0 < d)%N) (k0 : (0 < k)%N) (eta0 : 0 < eta) (eta_small : eta <= (2%:R * k%:R)^-1).
Local Notation point := {ffun 'I_d * 'I_L -> R}.
Local Notation cell := {ffun 'I_d * 'I_L -> 'I_k}.

(** prompt positions (g, i); the sequence is the prompt followed by the L input tokens *)
Definition prompt_length : nat := #|{: cell * 'I_L}|.
Local Notation T := (prompt_length + L)%N.
Local Notation digits := {ffun 'I_T * 'I_d -> 'I_k}.

Lemma prompt_lengthE : prompt_length = (L * k ^ (d * L))%N.
Proof. by rewrite /prompt_length card_prod card_ffun card_prod !card_ord mulnC. Qed.

Definition sequence (P : cell * 'I_L -> 'I_d -> R) (x : point) (j : 'I_T) (c : 'I_d) : R :=
  match split j with inl p => P (enum_val p) c | inr i => x (c, i) end.

(** the middle of cell q *)
Definition middle (q : 'I_k) : R := (q%:R + 2%:R^-1) / k%:R.
Definition cell_centre (g : cell) : point := [ffun c => middle (g c)].

(** What FFN 2 looks up at a code, for output coordinate c: the digits of the input tokens name the cell g,
    the answer is the prompt token of g and the own position. *)
Definition look_up (c : 'I_d) (D : digits) (j : 'I_T) : R :=
  match split j with
  | inl _ => 0
  | inr i =>
      let g : cell := [ffun ci => D (rshift prompt_length ci.2, ci.1)] in
      middle (D (lshift L (enum_rank (g, i)), c))
  end.

(** The prompted network: nothing in it depends on f. *)
Definition prompted_output (P : cell * 'I_L -> 'I_d -> R) (x : point) : point :=
  [ffun ci => universal_transformer eta (look_up ci.1) (sequence P x) (rshift prompt_length ci.2)].

Let kR : 0 < k%:R :> R. Proof. by rewrite ltr0n. Qed.
Let kN : k%:R != 0 :> R. Proof. exact: lt0r_neq0. Qed.

Lemma some_digit (v : R) : 0 <= v <= 1 -> exists q : 'I_k, `|middle q - v| <= (2%:R * k%:R)^-1.
Proof.
move=> /andP [v0 v1].
have cover : 2%:R * 2%:R^-1 <= k%:R * k%:R^-1 :> R by rewrite !divff // pnatr_eq0.
have inv0 : 0 <= k%:R^-1 :> R by rewrite invr_ge0 ler0n.
have [|q /andP [lo hi]] := some_cell k0 inv0 cover (_ : `|v - 2%:R^-1| <= 2%:R^-1).
  rewrite ler_distl subrr v0 /=; apply: (le_trans v1).
  by have -> : 2%:R^-1 + 2%:R^-1 = 1 :> R by field.
exists q; rewrite ler_distl; move: lo hi; rewrite !ler_add2r mulrSr => lo hi.
have -> : middle q = q%:R / k%:R + (2%:R * k%:R)^-1 by rewrite /middle; field.
have two : k%:R^-1 = (2%:R * k%:R)^-1 + (2%:R * k%:R)^-1 :> R by field.
apply/andP; split.
  by rewrite ler_subl_addr; move: hi; rewrite mulrDl mul1r two addrA.
by rewrite ler_add2r.
Qed.

(** The table of f: quantized values. *)
Definition digit_of (v : R) : 'I_k :=
  odflt (Ordinal k0) [pick q | `|middle q - v| <= (2%:R * k%:R)^-1].
Definition table_prompt (f : point -> point) (p : cell * 'I_L) (c : 'I_d) : R :=
  middle (digit_of (f (cell_centre p.1) (c, p.2))).

Lemma digit_ofP v : 0 <= v <= 1 -> `|middle (digit_of v) - v| <= (2%:R * k%:R)^-1.
Proof.
by move=> /some_digit [q qv]; rewrite /digit_of; case: pickP => //= /(_ q); rewrite qv.
Qed.

Lemma middle_in_cell q : in_cell eta q (middle q).
Proof.
have inv0 : 0 <= k%:R^-1 :> R by rewrite invr_ge0 ler0n.
have mE : middle q = q%:R / k%:R + (2%:R * k%:R)^-1 by rewrite /middle; field.
have half0 : 0 <= (2%:R * k%:R)^-1 :> R by rewrite invr_ge0 mulr_ge0 ?ler0n.
split; first by rewrite mE ler_addl.
have two : k%:R^-1 = (2%:R * k%:R)^-1 + (2%:R * k%:R)^-1 :> R by field.
have next : q.+1%:R / k%:R = middle q + (2%:R * k%:R)^-1.
  by rewrite mE mulrSr mulrDl mul1r {2}two addrA.
case: eqP => [qk|_]; last by rewrite next ler_subr_addr ler_add2l.
have : q.+1%:R / k%:R = 1 :> R by rewrite qk divff.
by rewrite next => <-; rewrite ler_addl.
Qed.

(** Points of a cell are within 1/(2k) of its middle. *)
Lemma in_cell_close q v : in_cell eta q v -> `|middle q - v| <= (2%:R * k%:R)^-1.
Proof.
move=> [lo hi]; have mE : middle q = q%:R / k%:R + (2%:R * k%:R)^-1 by rewrite /middle; field.
have two : k%:R^-1 = (2%:R * k%:R)^-1 + (2%:R * k%:R)^-1 :> R by field.
have up : v <= middle q + (2%:R * k%:R)^-1.
  have next : q.+1%:R / k%:R = middle q + (2%:R * k%:R)^-1.
    by rewrite mE mulrSr mulrDl mul1r {2}two addrA.
  rewrite -next; move: hi; case: eqP => [-> |_ hi]; first by rewrite divff.
  by rewrite (le_trans hi) // ler_subl_addr ler_addl ltW.
by rewrite ler_distl ler_subl_addr up /= mE ler_add2r.
Qed.

Lemma cell_centre_cube g : cube (cell_centre g).
Proof.
move=> c; rewrite ffunE; have := middle_in_cell (g c); apply: in_cell01 => //.
Qed.

(** Off the ramps, the output is the quantized value of f at the centre of the input's cell. *)
Lemma prompted_outputE f (g : cell) (x : point) : (forall ci, in_cell eta (g ci) (x ci)) ->
  forall ci, prompted_output (table_prompt f) x ci = middle (digit_of (f (cell_centre g) ci)).
Proof.
move=> xg [c i].
pose D : digits := [ffun jc => match split jc.1 with
  | inl p => digit_of (f (cell_centre (enum_val p).1) (jc.2, (enum_val p).2))
  | inr l => g (jc.2, l) end].
have off j e : in_cell eta (D (j, e)) (sequence (table_prompt f) x j e).
  by rewrite ffunE /sequence /=; case: (split j) => [p|l]; [exact: middle_in_cell|exact: xg].
have eta1 : eta <= 1.
  apply: (le_trans eta_small); rewrite invf_le1 ?mulr_gt0 ?ltr0n //.
  by rewrite -natrM ler1n muln_gt0.
rewrite ffunE /= (universal_transformer_on_grid d0 k0 eta0 eta1 _ off) /look_up.
have splitr (l : 'I_L) : split (rshift prompt_length l) = inr l := unsplitK (inr l).
have splitl (p : 'I_prompt_length) : split (lshift L p) = inl p := unsplitK (inl p).
rewrite splitr.
have -> : [ffun ci => D (rshift prompt_length ci.2, ci.1)] = g.
  by apply/ffunP => -[e l]; rewrite !ffunE /= splitr.
by rewrite ffunE /= splitl enum_rankK.
Qed.

Theorem universal_prompting (C nu : R) (nrm : point -> R) f (g : cell) (x : point) :
  0 <= C -> alpha_norm nrm nu -> target_class (fun y z => nrm (y - z)) C f ->
  (forall ci, in_cell eta (g ci) (x ci)) ->
  nrm (prompted_output (table_prompt f) x - f x) <= (C + 1) * nu / (2%:R * k%:R).
Proof.
move=> C0 N [f01 lip] xg.
have half0 : 0 <= (2%:R * k%:R)^-1 :> R by rewrite invr_ge0 mulr_ge0 ?ler0n.
have x01 : cube x by move=> ci; exact: (in_cell01 k0 eta0 (xg ci)).
have coordinate (a b : point) ci : (a - b) ci = a ci - b ci by rewrite !ffunE.
set out := prompted_output _ _.
have -> : out - f x = (out - f (cell_centre g)) + (f (cell_centre g) - f x) by rewrite addrA subrK.
have -> : (C + 1) * nu / (2%:R * k%:R) = nu * (2%:R * k%:R)^-1 + C * (nu * (2%:R * k%:R)^-1) by ring.
apply: le_trans (alpha_normD N _ _) _; apply: ler_add.
  apply: (alpha_norm_box N) => // ci; rewrite coordinate /out (prompted_outputE f xg).
  by apply: digit_ofP; apply: f01; exact: cell_centre_cube.
apply: le_trans (lip _ _ (cell_centre_cube g) x01) _; apply: ler_wpmul2l => //.
by apply: (alpha_norm_box N) => // ci; rewrite !ffunE; exact: in_cell_close.
Qed.
End Prompting.
