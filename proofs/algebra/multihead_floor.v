(** Theory item 2.3H, multi-head floor: a layer of several heads with one shared query x0, the heads' outputs added.

    A prompt acts through its weights S_h and mean values u_h. With theta_{i,h} = S_h/(S_h + S_{i,h}) the output at example i
    is sum_h theta_{i,h} u_h + sum_h (1 - theta_{i,h}) a_{i,h}. Multipliers mu with sum_i mu_i theta_{i,h} = 0 for every head
    eliminate the u_h: some example is left with an error of at least |sum_i mu_i y_i|/sum_i |mu_i| in each coordinate,
    y_i = t_i - sum_h (1 - theta_{i,h}) a_{i,h}. A tree of boxes of S with such multipliers bounds every prompt. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From PromptBound.algebra Require Import concatenation.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section MultiHead.
Variables (F : realFieldType) (d : nat) (tok : Type) (heads : finType).
Notation vec := 'cV[F]_d.
Variables (w : heads -> tok -> tok -> F) (v : heads -> tok -> vec).
Hypothesis w_gt0 : forall h x z, 0 < w h x z.
Variable x0 : tok.
(** N examples; example i shows the tokens X i 0, .., X i (n i - 1) to the query. *)
Variables (N : nat) (n : 'I_N -> nat) (X : forall i, 'I_(n i) -> tok) (t : 'I_N -> vec).
Hypothesis n_gt0 : forall i, (0 < n i)%N.

(** The layer's output at the query. *)
Definition layer_output (J : finType) (Z : J -> tok) : vec := \sum_h att (w h) (v h) x0 Z.
(** The error left by the prompt P is at least e on some example and coordinate. *)
Definition layer_error_at_least m (P : 'I_m -> tok) (e : F) :=
  exists i c, e <= `|(layer_output (concat P (@X i)) - t i) c 0|.

(** theta_{i,h} and y_i at given weights S_h of the prompt. *)
Definition head_mass i h : F := mass (w h) x0 (@X i).
Definition share (S : heads -> F) i h : F := S h / (S h + head_mass i h).
Definition asked (S : heads -> F) i : vec := t i - \sum_h (1 - share S i h) *: att (w h) (v h) x0 (@X i).

(** Multipliers that bound the error from below by e at the weights S. *)
Definition eliminates (S : heads -> F) (mu : 'I_N -> F) (c : 'I_d) (e : F) : Prop :=
  [/\ forall h, \sum_i mu i * share S i h = 0, (exists i, mu i != 0) &
      e * (\sum_i `|mu i|) <= `|\sum_i mu i * asked S i c 0| ].

Lemma head_mass_gt0 i h : 0 < head_mass i h.
Proof. by apply: mass_gt0; rewrite ?card_ord. Qed.

Lemma layer_outputE m (P : 'I_m -> tok) i (S := fun h => mass (w h) x0 P) :
  layer_output (concat P (@X i)) - t i = \sum_h share S i h *: att (w h) (v h) x0 P - asked S i.
Proof.
rewrite /asked opprB addrA -big_split /=; congr (_ - _); apply: eq_bigr => h _.
have s0 : 0 < S h + head_mass i h by rewrite ltr_paddl ?head_mass_gt0 // mass_ge0.
rewrite concatenation // scalerDr !scalerA /share -/(head_mass i h) -/(S h); congr (_ *: _ + _ *: _).
  by congr (_ / _); rewrite mulrC.
by congr (_ / _); field; rewrite lt0r_neq0.
Qed.

(** The bound at fixed S: whatever the prompt's mean values are. *)
Theorem multihead_floor_at m (P : 'I_m -> tok) mu c e :
  eliminates (fun h => mass (w h) x0 P) mu c e -> layer_error_at_least P e.
Proof.
set S := fun h => _; move=> [kill [i0 mu0] gap].
pose res i := (layer_output (concat P (@X i)) - t i) c 0.
have E : \sum_i mu i * res i = - \sum_i mu i * asked S i c 0.
  have resE i : mu i * res i = \sum_h mu i * share S i h * att (w h) (v h) x0 P c 0 - mu i * asked S i c 0.
    rewrite /res layer_outputE mxE summxE mxE mulrBr mulr_sumr; congr (_ - _).
    by apply: eq_bigr => h _; rewrite mxE mulrA.
  rewrite (eq_bigr _ (fun i _ => resE i)) sumrB exchange_big /= big1 ?sub0r // => h _.
  by rewrite -mulr_suml kill mul0r.
have total : 0 < \sum_i `|mu i|.
  by rewrite (bigD1 i0) //= ltr_paddr ?normr_gt0 // sumr_ge0.
have [/existsP [i hit]|none] := boolP [exists i, e <= `|res i|]; first by exists i, c.
move: none; rewrite negb_exists => /forallP small.
have : `|\sum_i mu i * asked S i c 0| < e * (\sum_i `|mu i|); last by rewrite ltNge gap.
rewrite -normrN -E; apply: le_lt_trans (ler_norm_sum _ _ _) _; rewrite mulr_sumr.
have le i : `|mu i * res i| <= e * `|mu i|.
  by rewrite normrM mulrC ler_wpmul2r // ltW // ltNge small.
have lt : `|mu i0 * res i0| < e * `|mu i0|.
  by rewrite normrM mulrC ltr_pmul2r ?normr_gt0 // ltNge small.
rewrite (bigD1 i0) //= [X in _ < X](bigD1 i0) //=; apply: ltr_le_add lt _.
by apply: ler_sum => i _; exact: le.
Qed.

(** If at all weights S > 0 some multipliers give e, every non-empty prompt of any length leaves at least e. *)
Theorem multihead_floor e :
  (forall S, (forall h, 0 < S h) -> exists mu c, eliminates S mu c e) ->
  forall m (P : 'I_m -> tok), (0 < m)%N -> layer_error_at_least P e.
Proof.
move=> H m P m0; have [h|mu [c good]] := H (fun h => mass (w h) x0 P).
  by apply: mass_gt0; rewrite ?card_ord.
exact: multihead_floor_at good.
Qed.
End MultiHead.

(** ** The tree's conclusion *)
(** A point is a family of coordinates; a tree splits boxes at a value of one coordinate. If every leaf's property holds on its
    box, the property holds on the whole of the root's box. *)
Section Tree.
Variables (F : realDomainType) (heads : finType) (good : (heads -> F) -> Prop).
Inductive tree : Type := Leaf | Split (h : heads) (at_ : F) (low high : tree).

Definition inside (lo hi : heads -> F) (x : heads -> F) : Prop := forall h, lo h <= x h <= hi h.
Definition cut (y : heads -> F) h (a : F) : heads -> F := fun h' => if h' == h then a else y h'.

Fixpoint leaves_good (T : tree) (lo hi : heads -> F) : Prop :=
  match T with
  | Leaf => forall x, inside lo hi x -> good x
  | Split h a low high => leaves_good low lo (cut hi h a) /\ leaves_good high (cut lo h a) hi
  end.

Theorem tree_sound T lo hi : leaves_good T lo hi -> forall x, inside lo hi x -> good x.
Proof.
elim: T lo hi => [|h a low IHl high IHh] lo hi //= [gl gh] x xin.
case/orP: (le_total (x h) a) => le.
  apply: IHl gl _ _ => h'; have /andP [l u] := xin h'; rewrite l /= /cut.
  by case: eqP => [->|].
apply: IHh gh _ _ => h'; have /andP [l u] := xin h'; rewrite u andbT /cut.
by case: eqP => [->|].
Qed.
End Tree.
