(** Theory items 1.2, 1.3, 1.4, 5.1, 5.2 and the bracket for the entrywise alpha-norm itself, alpha in [1, inf].

    The theorems named here without their suffix are about any norm with the properties of an alpha-norm;
    [alpha_norm_of] says that the entrywise norms have them, so that what follows speaks of F(C, alpha) as
    the theory defines it. n = d L. 1.2, 1.3 and 1.4 are also read backwards: the accuracies that m tokens exclude or reach. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import Rstruct ring.
From PromptBound.algebra Require Import sup_norm target_class alpha_norm grid_code entropy_bits entropy_lipschitz.
From PromptBound.algebra Require Import universal_transformer universal_prompting.
From PromptBound.analysis Require Import bridge gaussian_line gaussian_lookup lookup_transformer lookup_upper.
From PromptBound.analysis Require Import lookup_bits entrywise_norm.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Bind Scope ring_scope with R.

(** s = n for alpha = inf, else 1 *)
Definition copies (e : exponent) (n : nat) : nat := if e is AlphaInf then n else 1.

Section EveryAlpha.
Variables (d L : nat) (e : exponent).
Hypotheses (d0 : (0 < d)%N) (L0 : (0 < L)%N) (e1 : exponent_ge1 e).
Local Notation point := {ffun 'I_d * 'I_L -> R}.
Local Notation dist := (dist_of e).
Local Notation root := (root_of e (d * L)).

Local Notation coordinates := (prod_finType (ordinal_finType d) (ordinal_finType L)).
Let norm_alpha : alpha_norm (@norm_of coordinates e) root.
Proof. by have := alpha_norm_of coordinates e1; rewrite card_prod !card_ord. Qed.
Let dist_alpha : alpha_distance (@dist_of coordinates e) := alpha_distance_of _ e1.
Let dist_inf : @dist_of coordinates AlphaInf = @sup_dist _ _.
Proof. by extensionality x; extensionality y; exact: dist_of_inf. Qed.

(** ** 1.2, prompts of at most m tokens with entries of b bits *)
Section Bits.
Variables (b w m k : nat) (C eps : R) (run : bit_prompt_upto b w m -> point -> point).
Hypotheses (b0 : (0 < b)%N) (w0 : (0 < w)%N) (k0 : (0 < k)%N) (eps0 : 0 <= eps) (eps_half : eps < 2%:R^-1).

Theorem entropy_bits_alpha : k%:R * (2%:R * eps) < C ->
  (forall f : point -> point, target_class dist C f -> approximable dist (fun=> True) run eps f) ->
  (copies e (d * L) * k.+1 ^ (d * L) <= b * w * m)%N.
Proof.
move=> k_lt; case: e dist_alpha => [alpha|] D served.
  by rewrite mul1n; exact (entropy_bits eps0 eps_half k0 k_lt b0 w0 d0 L0 D served).
rewrite dist_inf in served; exact (entropy_bits_max eps0 eps_half k0 k_lt b0 w0 served).
Qed.

(** Backwards: no accuracy below min(1/2, C/(2k)) is reached when b w m < s (k+1)^n. *)
Theorem entropy_bits_accuracy : eps < C / (2%:R * k%:R) ->
  (b * w * m < copies e (d * L) * k.+1 ^ (d * L))%N ->
  ~ forall f : point -> point, target_class dist C f -> approximable dist (fun=> True) run eps f.
Proof.
move=> small few served; have k_lt : k%:R * (2%:R * eps) < C.
  by move: small; rewrite ltr_pdivl_mulr ?mulr_gt0 ?ltr0n // mulrC mulrA [k%:R * _]mulrC.
by have := entropy_bits_alpha k_lt served; rewrite leqNgt few.
Qed.
End Bits.

(** ** 1.3, box form: prompts of m tokens with entries in [-r, r], Lambda in the entrywise max norms *)
Section Lipschitz.
Variables (w m k c : nat) (C eps r Lambda : R).
Variable run : {ffun 'I_w * 'I_m -> R} -> point -> point.
Hypotheses (k0 : (0 < k)%N) (C0 : 0 <= C) (eps0 : 0 <= eps) (r0 : 0 <= r) (Lambda0 : 0 < Lambda).
Hypothesis run_lipschitz : lipschitz_in_prompt (@sup_dist _ _) r Lambda (@cube _ _) run.

Theorem entropy_lipschitz_alpha : r < c%:R * packing_radius C eps Lambda k ->
  (forall f : point -> point, target_class dist C f -> approximable dist (in_box r) run eps f) ->
  (2 ^ (copies e (d * L) * k.+1 ^ (d * L)) <= c ^ (w * m))%N.
Proof.
move=> cells; case: e dist_alpha => [alpha|] D served.
  by rewrite mul1n; exact (entropy_lipschitz C0 eps0 k0 r0 Lambda0 cells run_lipschitz d0 L0 D served).
rewrite dist_inf in served; exact (entropy_lipschitz_max C0 eps0 k0 r0 Lambda0 cells run_lipschitz served).
Qed.

Theorem entropy_lipschitz_impossible_alpha : r < packing_radius C eps Lambda k ->
  ~ forall f : point -> point, target_class dist C f -> approximable dist (in_box r) run eps f.
Proof.
move=> small; exact (entropy_lipschitz_impossible C0 eps0 k0 r0 Lambda0 small d0 L0 dist_alpha run_lipschitz).
Qed.

(** Backwards: no accuracy below h/2 - Lambda r/c is reached when c^{w m} < 2^{s (k+1)^n}. *)
Theorem entropy_lipschitz_accuracy : (0 < c)%N -> (c ^ (w * m) < 2 ^ (copies e (d * L) * k.+1 ^ (d * L)))%N ->
  eps < packing_height C k / 2%:R - Lambda * r / c%:R ->
  ~ forall f : point -> point, target_class dist C f -> approximable dist (in_box r) run eps f.
Proof.
move=> c0 few small served; have cR : 0 < c%:R :> R by rewrite ltr0n.
have cells : r < c%:R * packing_radius C eps Lambda k.
  have gap : 2%:R * (Lambda * r / c%:R) < packing_height C k - 2%:R * eps.
    by move: small; move: (packing_height C k) (Lambda * r / c%:R) => h q H; mlra.
  have -> : r = c%:R * (2%:R * (Lambda * r / c%:R) / (2%:R * Lambda)) by field; rewrite !lt0r_neq0.
  by rewrite /packing_radius ltr_pmul2l // ltr_pmul2r // invr_gt0 mulr_gt0 ?ltr0n.
by have := entropy_lipschitz_alpha cells served; rewrite leqNgt few.
Qed.
End Lipschitz.

(** ** 5.1 *)
Theorem universal_prompting_alpha (k : nat) (eta C : R) (f : point -> point) (g : {ffun 'I_d * 'I_L -> 'I_k}) (x : point) (k0 : (0 < k)%N) :
  0 < eta -> eta <= (2%:R * k%:R)^-1 -> 0 <= C -> target_class dist C f ->
  (forall ci, in_cell eta (g ci) (x ci)) ->
  dist (prompted_output eta (table_prompt k0 f) x) (f x) <= (C + 1) * root / (2%:R * k%:R).
Proof. move=> eta0 small C0 fC xg; exact: (universal_prompting d0 k0 eta0 small C0 norm_alpha fC xg). Qed.

(** ** 5.2, tau = 2 n^{1-1/alpha} X, X a bound of the partial sums of x(B) *)
Theorem lookup_transformer_error_alpha (k : nat) (beta Lambda1 Lambda2 C X : R) (f : point -> point) (x : point) :
  (0 < k)%N -> 0 < beta -> 0 <= C -> excess_sum (beta / k%:R ^+ 2) k <= X -> target_class dist C f -> cube x ->
  dist (lookup_output k beta Lambda1 Lambda2 f x) (f x) <=
    C * (root / (2%:R * k%:R) + (d * L)%:R * X / k%:R) + C * root * leak1 d L k Lambda1 + root * leak2 L Lambda2.
Proof. move=> k0 beta0 C0 xB fC x01; exact (lookup_transformer_error Lambda1 Lambda2 L0 k0 beta0 C0 norm_alpha xB fC x01). Qed.

(** ** 1.4 *)
Theorem lookup_upper_alpha (k : nat) (C eps : R) :
  (0 < k)%N -> 0 <= C -> 0 < eps -> C * root / (2%:R * eps) < k%:R ->
  #|{: {ffun 'I_d * 'I_L -> 'I_k}}| = (k ^ (d * L))%N /\
  exists beta Lambda1 Lambda2 : R, forall (f : point -> point) (x : point), target_class dist C f -> cube x ->
    dist (lookup_output k beta Lambda1 Lambda2 f x) (f x) <= eps.
Proof. move=> k0 C0 eps0 k_gt; exact (lookup_upper L0 k0 C0 eps0 norm_alpha k_gt). Qed.

(** Backwards: with m >= k^n tokens every accuracy above C n^{1/alpha}/(2k) is reached, by k^n of them. *)
Theorem lookup_upper_accuracy (m k : nat) (C eps : R) :
  (0 < k)%N -> (k ^ (d * L) <= m)%N -> 0 <= C -> 0 < eps -> C * root / (2%:R * k%:R) < eps ->
  (#|{: {ffun 'I_d * 'I_L -> 'I_k}}| <= m)%N /\
  exists beta Lambda1 Lambda2 : R, forall (f : point -> point) (x : point), target_class dist C f -> cube x ->
    dist (lookup_output k beta Lambda1 Lambda2 f x) (f x) <= eps.
Proof.
move=> k0 km C0 eps0 room; have k_gt : C * root / (2%:R * eps) < k%:R.
  move: room; rewrite !ltr_pdivr_mulr ?mulr_gt0 ?ltr0n //.
  by rewrite [eps * _]mulrC [k%:R * _]mulrC mulrAC.
by have [-> H] := lookup_upper_alpha k0 C0 eps0 k_gt.
Qed.

(** Entries of b bits. *)
Theorem lookup_upper_bits_alpha (k b : nat) (C eps : R) :
  (0 < k)%N -> 0 <= C -> C * root / (2%:R * k%:R) + root / (2%:R * (2 ^ b)%:R) < eps ->
  #|{: {ffun 'I_d * 'I_L -> 'I_k}}| = (k ^ (d * L))%N /\
  exists beta Lambda1 Lambda2 : R, forall f : point -> point, target_class dist C f ->
    (exists P : {ffun {ffun 'I_d * 'I_L -> 'I_k} * ('I_d * 'I_L) -> 'I_(2 ^ b)}, forall g c,
       stored_f (prompt_token (rounded_values b f) g) c = middle R_realFieldType (P (g, c))) /\
    forall x : point, cube x -> dist (lookup_output k beta Lambda1 Lambda2 (rounded_values b f) x) (f x) <= eps.
Proof. move=> k0 C0 room; exact (lookup_upper_bits k0 L0 C0 norm_alpha room). Qed.

(** The bracket at one alpha: k < C/(2 eps), k' > C n^{1/alpha}/(2 eps) and eps < 1/2. Every model with prompts of at most
    m tokens of b-bit entries and width w that serves F(C, alpha) has s (k+1)^n <= b w m; k'^n tokens suffice. *)
Theorem bracket_alpha (k k' b w : nat) (C eps : R) :
  (0 < k)%N -> (0 < k')%N -> (0 < b)%N -> (0 < w)%N -> 0 < eps -> eps < 2%:R^-1 ->
  k%:R < C / (2%:R * eps) -> C * root / (2%:R * eps) < k'%:R ->
  (forall m (run : bit_prompt_upto b w m -> point -> point),
     (forall f : point -> point, target_class dist C f -> approximable dist (fun=> True) run eps f) ->
     (copies e (d * L) * k.+1 ^ (d * L) <= b * w * m)%N) /\
  exists beta Lambda1 Lambda2 : R, forall (f : point -> point) (x : point), target_class dist C f -> cube x ->
    dist (lookup_output k' beta Lambda1 Lambda2 f x) (f x) <= eps.
Proof.
move=> k0 k'0 b0 w0 eps0 eps_half k_lt k'_gt; have two_eps : 0 < 2%:R * eps by rewrite mulr_gt0 ?ltr0n.
rewrite ltr_pdivl_mulr // in k_lt; have C0 : 0 <= C by rewrite ltW // (le_lt_trans _ k_lt) // !mulr_ge0 ?ler0n // ltW.
split=> [m run served|]; first exact (entropy_bits_alpha b0 w0 k0 (ltW eps0) eps_half k_lt served).
by have [] := lookup_upper_alpha k'0 C0 eps0 k'_gt.
Qed.

(** The same with entries of b bits at both ends, those of the sufficient length rounded as in [lookup_upper_bits_alpha]. *)
Theorem bracket_bits_alpha (k k' b w : nat) (C eps : R) :
  (0 < k)%N -> (0 < k')%N -> (0 < b)%N -> (0 < w)%N -> 0 < eps -> eps < 2%:R^-1 ->
  k%:R < C / (2%:R * eps) -> C * root / (2%:R * k'%:R) + root / (2%:R * (2 ^ b)%:R) < eps ->
  (forall m (run : bit_prompt_upto b w m -> point -> point),
     (forall f : point -> point, target_class dist C f -> approximable dist (fun=> True) run eps f) ->
     (copies e (d * L) * k.+1 ^ (d * L) <= b * w * m)%N) /\
  exists beta Lambda1 Lambda2 : R, forall (f : point -> point) (x : point), target_class dist C f -> cube x ->
    dist (lookup_output k' beta Lambda1 Lambda2 (rounded_values b f) x) (f x) <= eps.
Proof.
move=> k0 k'0 b0 w0 eps0 eps_half k_lt room.
rewrite ltr_pdivl_mulr ?mulr_gt0 ?ltr0n // in k_lt.
have C0 : 0 <= C by rewrite ltW // (le_lt_trans _ k_lt) // !mulr_ge0 ?ler0n // ltW.
split=> [m run served|]; first exact (entropy_bits_alpha b0 w0 k0 (ltW eps0) eps_half k_lt served).
have [_ [beta [l1 [l2 H]]]] := lookup_upper_bits_alpha k'0 C0 room.
by exists beta, l1, l2 => f x /H [_ served] x01; exact: served.
Qed.
End EveryAlpha.
