(** Theory items 1.6 and 5.9, the counting: what P payload entries of b bits in each of m prompt tokens hold.

    An entry holds J digits in base B, B^J <= 2^b. The cells of the path are dealt out to the tokens, r to each. Difference
    form, B = 2t+1: the n values of a token's first cell take A digits each, those of each further cell one digit each, the
    difference to the cell before. Direct form, B = M+1: one digit a value. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.
From PromptBound.algebra Require Import entropy_bits reflected_path digit_extraction packed_differences.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** The least number of tokens with r cells each for a cells. *)
Definition tokens_for (a r : nat) : nat := (a + r.-1) %/ r.
Lemma tokens_for_enough a r : 0 < r -> a <= tokens_for a r * r.
Proof. by move=> r0; have := divn_eq (a + r.-1) r; have := ltn_pmod (a + r.-1) r0; rewrite /tokens_for; lia. Qed.
Lemma tokens_for_least a r m : 0 < r -> a <= m * r -> tokens_for a r <= m.
Proof. by move=> r0 le; rewrite /tokens_for -ltnS ltn_divLR // mulSn; lia. Qed.
Lemma tokens_for_lt a r : 0 < r -> tokens_for a r * r < a + r.
Proof. by move=> r0; have := divn_eq (a + r.-1) r; rewrite /tokens_for; lia. Qed.

(** Cells of a token in the difference form. *)
Definition cells_per_token (P J n A : nat) : nat := (P * J %/ n - A).+1.
Lemma cells_per_token_fit P J n A : A <= P * J %/ n -> n * (A + (cells_per_token P J n A).-1) <= P * J.
Proof. by move=> le; rewrite /cells_per_token /= subnKC // mulnC leq_trunc_div. Qed.

Section Digits.
Variables (b P m B J : nat).
Hypotheses (B0 : 0 < B) (fits : B ^ J <= 2 ^ b).

(** Digit x of token tok: digit x mod J of its entry x div J. *)
Definition digit_read (p : bit_prompt b P m) (tok x : nat) : nat :=
  match insub (x %/ J) : option 'I_P, insub tok : option 'I_m with
  | Some e, Some T => nth 0 (base_digits B J (p (e, T))) (x %% J)
  | _, _ => 0
  end.

(** Any P J digits a token can be stored. *)
Lemma digits_written (D : nat -> nat -> nat) : (forall tok x, D tok x < B) ->
  exists p, forall tok x, tok < m -> x < P * J -> digit_read p tok x = D tok x.
Proof.
move=> DB; pose s (tok e : nat) := [seq D tok (e * J + y) | y <- iota 0 J].
have size_s tok e : size (s tok e) = J by rewrite size_map size_iota.
have sB tok e : all (fun d => d < B) (s tok e) by apply/allP => _ /mapP [y _ ->].
have small (et : 'I_P * 'I_m) : from_digits B (s et.2 et.1) < 2 ^ b.
  by apply: leq_trans fits; have := from_digits_lt (sB et.2 et.1); rewrite size_s.
exists [ffun et => Ordinal (small et)] => tok x tokm xPJ.
have J0 : 0 < J by case: (J) xPJ; rewrite ?muln0.
rewrite /digit_read; case: insubP => [e _ eE|]; last by rewrite ltn_divLR // xPJ.
case: insubP => [T _ TE|]; last by rewrite tokm.
have K := from_digitsK B0 (sB T e); rewrite size_s in K.
rewrite ffunE /= K (nth_map 0) ?size_iota ?ltn_mod // nth_iota ?ltn_mod //.
by rewrite add0n eE TE -divn_eq.
Qed.
End Digits.

Section Forms.
Variables (I : finType) (b P m k M r J : nat).
Hypotheses (k0 : 0 < k) (r0 : 0 < r) (enough : k ^ #|I| <= m * r).
Local Notation n := #|I|.
Local Notation cell := {ffun I -> 'I_k}.
(** The values to be stored: one for each position on the path and coordinate. *)
Variable value : nat -> I -> nat.
Hypothesis value_le : forall pos i, value pos i <= M.

Let token_of (c : cell) := path_position c %/ r.
Let slot_of (c : cell) := path_position c %% r.
Let token_lt c : token_of c < m.
Proof. by have [lt _ _ _] := @reflected_path I k k0; rewrite ltn_divLR // (leq_trans (lt c)). Qed.
Let slot_lt c : slot_of c < r. Proof. exact: ltn_pmod. Qed.
Let rank (i : I) : nat := enum_rank i.
Let rank_lt i : rank i < n. Proof. exact: ltn_ord. Qed.
(** A number x = n a + rank i. *)
Let coordinate (i0 : I) (x : nat) : I := nth i0 (enum I) (x %% n).
Let coordinate_rank i0 a i : coordinate i0 (n * a + rank i) = i.
Proof. by rewrite /coordinate mulnC modnMDl modn_small // nth_enum_rank. Qed.
Let quotient_rank a i : (n * a + rank i) %/ n = a.
Proof. by have lt := rank_lt i; rewrite mulnC divnMDl ?(leq_ltn_trans _ lt) // divn_small // addn0. Qed.

(** Direct form: the value of a cell at a coordinate is one digit. *)
Definition direct_reader (p : bit_prompt b P m) (c : cell) (i : I) : nat :=
  digit_read M.+1 J p (path_position c %/ r) (n * (path_position c %% r) + enum_rank i).

Theorem direct_form : M.+1 ^ J <= 2 ^ b -> n * r <= P * J ->
  exists p, forall c i, direct_reader p c i = value (path_position c) i.
Proof.
move=> fits room; case: (pickP (@predT I)) => [i0 _|none]; last first.
  have pow0 : 0 < 2 ^ b by rewrite expn_gt0.
  by exists [ffun=> Ordinal pow0] => c i; have := none i.
have [|p pD] := @digits_written b P m M.+1 J isT fits (fun tok x => value (tok * r + x %/ n) (coordinate i0 x)).
  by move=> tok x; rewrite ltnS.
exists p => c i; rewrite /direct_reader pD ?token_lt //.
  by rewrite coordinate_rank quotient_rank -divn_eq.
apply: leq_trans room; apply: (@leq_trans (n * (slot_of c).+1)); last by rewrite leq_mul2l slot_lt orbT.
by rewrite mulnS addnC ltn_add2r.
Qed.

(** Difference form: A digits a coordinate for the first cell of a token, then one a coordinate and cell. *)
Variables (t A : nat).
Definition difference_reader (p : bit_prompt b P m) (c : cell) (i : I) : nat :=
  let digit := digit_read (2 * t + 1) J p (path_position c %/ r) in
  from_digits (2 * t + 1) [seq digit (enum_rank i * A + a) | a <- iota 0 A]
    + \sum_(s < path_position c %% r) digit (n * A + (n * s + enum_rank i)) - t * (path_position c %% r).

(** The digits of one token, n A for its first cell and n (r-1) differences, fit in P J digits. *)
Theorem difference_form : (2 * t + 1) ^ J <= 2 ^ b -> n * (A + r.-1) <= P * J -> M < (2 * t + 1) ^ A ->
  (forall pos i, pos.+1 < k ^ n -> value pos.+1 i <= value pos i + t /\ value pos i <= value pos.+1 i + t) ->
  exists p, forall c i, difference_reader p c i = value (path_position c) i.
Proof.
move=> fits room M_lt near; case: (pickP (@predT I)) => [i0 _|none]; last first.
  have pow0 : 0 < 2 ^ b by rewrite expn_gt0.
  by exists [ffun=> Ordinal pow0] => c i; have := none i.
pose B := 2 * t + 1; have B0 : 0 < B by rewrite /B addn1.
(* the values of a token's slots; behind the end of the path the last one is repeated *)
pose V tok s i := value (minn (tok * r + s) (k ^ n).-1) i.
have V_near tok s i : V tok s.+1 i <= V tok s i + t /\ V tok s i <= V tok s.+1 i + t.
  rewrite /V addnS; have [lt|ge] := ltnP (tok * r + s).+1 (k ^ n).
    have -> : minn (tok * r + s).+1 (k ^ n).-1 = (tok * r + s).+1 by lia.
    have -> : minn (tok * r + s) (k ^ n).-1 = tok * r + s by lia.
    exact: near.
  have -> : minn (tok * r + s).+1 (k ^ n).-1 = (k ^ n).-1 by lia.
  have -> : minn (tok * r + s) (k ^ n).-1 = (k ^ n).-1 by lia.
  by rewrite leq_addr.
pose D tok x := if x < n * A then nth 0 (base_digits B A (V tok 0 (nth i0 (enum I) (x %/ A)))) (x %% A)
  else let y := x - n * A in V tok (y %/ n).+1 (coordinate i0 y) + t - V tok (y %/ n) (coordinate i0 y).
have D_lt tok x : D tok x < B.
  rewrite /D; case: ifP => [lt|_].
    have A0 : 0 < A by case: (A) lt; rewrite ?muln0.
    have := all_nthP 0 (base_digits_lt B0 (_ : V tok 0 (nth i0 (enum I) (x %/ A)) < B ^ A)) (x %% A).
    by rewrite size_base_digits ltn_mod => /(_ (leq_ltn_trans (value_le _ _) M_lt)); apply.
  have [up down] := V_near tok ((x - n * A) %/ n) (coordinate i0 (x - n * A)).
  by have [] := difference_digit up down.
have [p pD] := @digits_written b P m B J B0 fits D D_lt.
exists p => c i; rewrite /difference_reader -/B -/(token_of c) -/(slot_of c) -/(rank i).
have room_A : n * A <= P * J by apply: leq_trans room; rewrite leq_mul2l leq_addr orbT.
have first : [seq digit_read B J p (token_of c) (rank i * A + a) | a <- iota 0 A] = base_digits B A (V (token_of c) 0 i).
  apply: (@eq_from_nth _ 0) => [|a]; first by rewrite size_map size_iota size_base_digits.
  rewrite size_map size_iota => aA; have A0 : 0 < A := leq_ltn_trans (leq0n _) aA.
  have lt : rank i * A + a < n * A.
    by apply: (@leq_trans ((rank i).+1 * A)); [rewrite mulSn addnC ltn_add2r|rewrite leq_mul2r rank_lt orbT].
  rewrite (nth_map 0) ?size_iota // nth_iota // add0n pD ?token_lt ?(leq_trans lt) // /D lt.
  by rewrite divnMDl // (divn_small aA) addn0 modnMDl (modn_small aA) nth_enum_rank.
rewrite first base_digitsK //; last exact: leq_ltn_trans (value_le _ _) M_lt.
have later s : s < slot_of c -> digit_read B J p (token_of c) (n * A + (n * s + rank i)) =
    V (token_of c) s.+1 i + t - V (token_of c) s i.
  move=> sr; rewrite pD ?token_lt //; last first.
    apply: leq_trans room; rewrite mulnDr ltn_add2l; apply: (@leq_trans (n * s.+1)).
      by rewrite mulnS addnC ltn_add2r.
    by rewrite leq_mul2l; have := slot_lt c; lia.
  by rewrite /D ltnNge leq_addr /= addKn coordinate_rank quotient_rank.
have sum s : s <= slot_of c ->
    V (token_of c) 0 i + \sum_(l < s) digit_read B J p (token_of c) (n * A + (n * l + rank i)) =
    V (token_of c) s i + t * s.
  elim: s => [|s IH] lt; first by rewrite big_ord0 muln0.
  rewrite big_ord_recr /= later // addnA IH 1?ltnW //.
  by have [up down] := V_near (token_of c) s i; lia.
rewrite sum // addnK /V -divn_eq; congr value; apply/minn_idPl.
by have [lt _ _ _] := @reflected_path I k k0; have := lt c; lia.
Qed.
End Forms.
