(** The counting step that items 1.2, 1.3, 2.5 and 2.7 share: targets that are too far apart to
    be served by one code need codes of their own. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Packing.
Variables (R : realFieldType) (X Y Prompt : Type) (dist : Y -> Y -> R).
Hypotheses (distC : forall x y, dist x y = dist y x)
  (dist_triangle : forall x y z, dist x z <= dist x y + dist y z).

(** Prompts of equal code give outputs within eta of each other; any two targets differ by more
    than 2 eps + eta at some input; every target is met within eps everywhere. Then there are at
    least as many codes as targets. *)
Lemma targets_le_codes (Target Code : finType) (target : Target -> X -> Y)
    (code : Prompt -> Code) (good : Prompt -> Prop) (domain : X -> Prop)
    (run : Prompt -> X -> Y) (eps eta : R) :
  (forall p q x, good p -> good q -> domain x -> code p = code q ->
     dist (run p x) (run q x) <= eta) ->
  (forall s t, s != t -> exists2 x, domain x & 2%:R * eps + eta < dist (target s x) (target t x)) ->
  (forall s, exists2 p, good p & forall x, domain x -> dist (run p x) (target s x) <= eps) ->
  (#|Target| <= #|Code|)%N.
Proof.
move=> close apart met.
have /fin_all_exists2 [p p_good pP] : forall s, exists2 p, good p &
  forall x, domain x -> dist (run p x) (target s x) <= eps by exact: met.
have /leq_card : injective (code \o p) => // s t /= e.
apply/eqP; apply: contraT => /apart [x dx]; rewrite ltNge => /negP []; rewrite addrC.
apply: le_trans (dist_triangle _ (run (p t) x) _) _.
rewrite mulr2n mulrDl mul1r addrA ler_add ?pP //.
apply: le_trans (dist_triangle _ (run (p s) x) _) _.
by rewrite addrC ler_add ?close // distC pP.
Qed.
End Packing.
