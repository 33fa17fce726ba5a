(** Theory item 5.9, part (d): the product phi v of an integer v in 0..M and phi in [0, 1] is exact in feed-forward units,
    and at phi = 0 the units give exactly 0 for any v, integer or not. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.

Section Product.
Variables (R : realDomainType) (M : nat).
Implicit Types (phi v : R).

Definition relu1 (x : R) : R := Num.max 0 x.
(** sum_{l=1}^M (relu(phi + v - l) - relu(v - l)) *)
Definition product_units phi v : R := \sum_(1 <= l < M.+1) (relu1 (phi + v - l%:R) - relu1 (v - l%:R)).

Theorem product_units_exact phi (v : nat) : (v <= M)%N -> 0 <= phi <= 1 -> product_units phi v%:R = phi * v%:R.
Proof.
move=> vM /andP [phi0 phi1]; rewrite /product_units (@big_cat_nat _ _ _ v.+1) //=.
rewrite [X in X + _](_ : _ = \sum_(1 <= l < v.+1) phi); last first.
  apply: eq_big_nat => l /andP [_ lv]; rewrite ltnS in lv.
  have d0 : 0 <= v%:R - l%:R :> R by rewrite subr_ge0 ler_nat.
  have d1 : 0 <= phi + (v%:R - l%:R) by exact: addr_ge0.
  by rewrite /relu1 -addrA (max_r d0) (max_r d1) addrK.
rewrite sumr_const_nat subn1 /= [X in _ + X]big_nat_cond big1 ?addr0 ?mulr_natr // => l.
rewrite andbT => /andP [vl _].
have d1 : v%:R + 1 - l%:R <= 0 :> R by rewrite subr_le0 -mulrSr ler_nat.
have le : phi + v%:R - l%:R <= 0.
  by apply: le_trans d1; rewrite ler_add2r [phi + _]addrC ler_add2l.
by rewrite /relu1 (max_l le) max_l ?subrr // subr_le0 ler_nat ltnW.
Qed.

Theorem product_units_zero v : product_units 0 v = 0.
Proof. by apply: big1 => l _; rewrite add0r subrr. Qed.
End Product.
