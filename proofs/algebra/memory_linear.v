(** Theory item 2.5 (memory-linear), box form: what a prompt of m tokens can memorize.

    Prompt entries lie in [-r, r]; the output is Lambda-Lipschitz in the prompt (entrywise max norms). For N
    inputs, every one of the K^N labellings by K labels, pairwise further apart than Delta > 2 eps, is
    reached within eps. With rho = (Delta - 2 eps)/(2 Lambda) and any natural c > r/rho (the least is
    floor(r/rho) + 1):   K^N <= c^{w m},   that is   N ln K <= m w ln c. *)
From mathcomp Require Import all_ssreflect all_algebra.
From PromptBound.algebra Require Import sup_norm packing grid_code.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section MemoryLinear.
Variables (R : realFieldType) (w m N K : nat) (Y : Type) (dist : Y -> Y -> R).
Hypotheses (distC : forall x y, dist x y = dist y x)
  (dist_triangle : forall x y z, dist x z <= dist x y + dist y z).
Variables (eps Delta r Lambda : R) (c : nat).
Hypotheses (Lambda0 : 0 < Lambda) (r0 : 0 <= r)
  (cells : r < c%:R * ((Delta - 2%:R * eps) / (2%:R * Lambda))).
(** The output of the model at input i under prompt P. *)
Variable run : {ffun 'I_w * 'I_m -> R} -> 'I_N -> Y.
Hypothesis run_lipschitz : lipschitz_in_prompt dist r Lambda (fun=> True) run.
Variable label : 'I_K -> Y.
Hypothesis label_apart : forall a b, a != b -> Delta < dist (label a) (label b).

Theorem memory_linear :
  (forall l : {ffun 'I_N -> 'I_K}, exists2 P, in_box r P &
     forall i, dist (run P i) (label (l i)) <= eps) ->
  (K ^ N <= c ^ (w * m))%N.
Proof.
move=> reached.
have [eta [code [eta_lt code_close]]] := lipschitz_code r0 Lambda0 run_lipschitz cells.
have := @targets_le_codes R 'I_N Y _ dist distC dist_triangle [finType of {ffun 'I_N -> 'I_K}] _
  (fun l i => label (l i)) code (in_box r) (fun=> True) run eps eta code_close.
rewrite card_grid_code card_ffun card_prod !card_ord; apply.
- move=> s t st; have [i sti] : exists i, s i != t i.
    apply/existsP; apply: contraNT st => /existsPn H.
    by apply/eqP/ffunP => i; apply/eqP; rewrite -[_ == _]negbK.
  exists i => //; apply: le_lt_trans (label_apart sti).
  by rewrite -ler_subr_addl ltW.
- by move=> l; have [P Pr HP] := reached l; exists P.
Qed.
End MemoryLinear.
