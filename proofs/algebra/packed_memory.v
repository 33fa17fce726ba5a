(** Theory items 2.8 and 5.10 at function level: prompts that hold all labellings of N inputs.

    An entry of b bits holds J labels below K where K^J <= 2^b; where K > 2^b, a label takes e entries, 2^{b e} >= K. With P
    payload entries a token, m P J >= N (or m floor(P/e) >= N) labels are stored and read back exactly. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import zify.
From PromptBound.algebra Require Import entropy_bits memory_bits digit_extraction packed_payload.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section PackedMemory.
Variables (b P N K : nat).
Hypothesis K0 : 0 < K.

(** Label i: digit i mod (P J) of token i div (P J), in base K. *)
Definition packed_label (m J : nat) (p : bit_prompt b P m) (i : nat) : nat :=
  digit_read K J p (i %/ (P * J)) (i %% (P * J)).

(** Every labelling of the N inputs has a prompt of m tokens from which all its labels are read. *)
Theorem packed_memory (m J : nat) : K ^ J <= 2 ^ b -> N <= m * (P * J) ->
  forall l : {ffun 'I_N -> 'I_K}, exists p : bit_prompt b P m, forall i : 'I_N, packed_label J p i = l i.
Proof.
move=> fits room l; pose label x : nat := if insub x : option 'I_N is Some i then l i : nat else 0.
have label_lt x : label x < K by rewrite /label; case: insub.
have [p pD] := digits_written P m K0 fits (fun tok x => label_lt (tok * (P * J) + x)).
exists p => i; have lt := leq_trans (ltn_ord i) room.
have PJ0 : 0 < P * J by case: (P * J) lt; rewrite ?muln0.
by rewrite /packed_label pD ?ltn_divLR ?ltn_mod // -divn_eq /label valK.
Qed.

(** Labels of more than b bits: label i takes the e entries e (i mod r), ... of token i div r, r = floor(P/e). *)
Definition wide_label (m e : nat) (p : bit_prompt b P m) (i : nat) : nat :=
  let r := P %/ e in
  from_digits (2 ^ b) [seq digit_read (2 ^ b) 1 p (i %/ r) (i %% r * e + a) | a <- iota 0 e].

Theorem packed_memory_wide (m e : nat) : K <= 2 ^ (b * e) -> N <= m * (P %/ e) ->
  forall l : {ffun 'I_N -> 'I_K}, exists p : bit_prompt b P m, forall i : 'I_N, wide_label e p i = l i.
Proof.
move=> fits room l; pose r := P %/ e; have B0 : 0 < 2 ^ b by rewrite expn_gt0.
pose label x : nat := if insub x : option 'I_N is Some i then l i : nat else 0.
have label_lt x : label x < (2 ^ b) ^ e by rewrite -expnM (leq_trans _ fits) // /label; case: insub.
pose D tok x := nth 0 (base_digits (2 ^ b) e (label (tok * r + x %/ e))) (x %% e).
have D_lt tok x : D tok x < 2 ^ b.
  rewrite /D; have [lt|ge] := ltnP (x %% e) e; last by rewrite nth_default ?size_base_digits.
  have := all_nthP 0 (base_digits_lt B0 (label_lt (tok * r + x %/ e))) (x %% e).
  by rewrite size_base_digits lt; apply.
have one : (2 ^ b) ^ 1 <= 2 ^ b by rewrite expn1.
have [p pD] := @digits_written b P m (2 ^ b) 1 B0 one D D_lt.
exists p => i; have lt := leq_trans (ltn_ord i) room.
have r0 : 0 < r by move: lt; rewrite -/r; case: (r); rewrite ?muln0.
have e0 : 0 < e by move: r0; rewrite /r; case: (e).
have tok_lt : i %/ r < m by rewrite ltn_divLR.
rewrite /wide_label -/r.
have -> : [seq digit_read (2 ^ b) 1 p (i %/ r) (i %% r * e + a) | a <- iota 0 e] = base_digits (2 ^ b) e (label i).
  apply: (@eq_from_nth _ 0) => [|a]; first by rewrite size_map size_iota size_base_digits.
  rewrite size_map size_iota => ae.
  have fit : i %% r * e + a < P * 1.
    rewrite muln1; apply: (@leq_trans (r * e)); last exact: leq_trunc_div.
    by apply: (@leq_trans ((i %% r).+1 * e)); [rewrite mulSn addnC ltn_add2r|rewrite leq_mul2r ltn_mod r0 orbT].
  rewrite (nth_map 0) ?size_iota // nth_iota // add0n pD // /D.
  by rewrite divnMDl // (divn_small ae) addn0 modnMDl (modn_small ae) -divn_eq.
by rewrite base_digitsK // /label valK.
Qed.

(** So prompts of m tokens reach all K^N labellings. *)
Definition reaches (m : nat) : Prop :=
  exists labelling : bit_prompt b P m -> {ffun 'I_N -> 'I_K}, forall l, exists p, labelling p = l.

Lemma reaches_by (m : nat) (read : bit_prompt b P m -> nat -> nat) :
  (forall l : {ffun 'I_N -> 'I_K}, exists p, forall i : 'I_N, read p i = l i) -> reaches m.
Proof.
move=> H; exists (fun p => [ffun i : 'I_N => insubd (Ordinal K0) (read p i)]) => l.
have [p pE] := H l; exists p; apply/ffunP => i; apply: val_inj.
by rewrite ffunE val_insubd pE ltn_ord.
Qed.

Corollary packed_memory_reaches (m J : nat) : K ^ J <= 2 ^ b -> N <= m * (P * J) -> reaches m.
Proof. by move=> fits room; exact: reaches_by (packed_memory fits room). Qed.
Corollary packed_memory_wide_reaches (m e : nat) : K <= 2 ^ (b * e) -> N <= m * (P %/ e) -> reaches m.
Proof. by move=> fits room; exact: reaches_by (packed_memory_wide fits room). Qed.

(** The tokens of 2.8: m = ceil(N/(P J)). With 2.7, for prompts of any model: the bracket of memory. *)
Theorem packed_memory_bracket (J : nat) : K ^ J <= 2 ^ b -> 0 < P * J ->
  reaches (tokens_for N (P * J)) /\
  forall (w m : nat) (labelling : bit_prompt b w m -> {ffun 'I_N -> 'I_K}),
    (forall l, exists p, labelling p = l) -> K ^ N <= 2 ^ (b * w * m).
Proof.
move=> fits PJ0; split; last by move=> w m; exact: memory_bits.
exact: packed_memory_reaches fits (tokens_for_enough N PJ0).
Qed.

(** The sufficient end in bits: b P m is at most (N b)/J + b P, against the necessary N log2 K, b < (J+1) log2 K. *)
Theorem packed_memory_bits (J : nat) : 0 < P * J -> J * (b * P * tokens_for N (P * J)) <= b * N + J * (b * P).
Proof.
move=> PJ0; have lt := ltnW (tokens_for_lt N PJ0).
have -> : J * (b * P * tokens_for N (P * J)) = b * (tokens_for N (P * J) * (P * J)) by lia.
have -> : b * N + J * (b * P) = b * (N + P * J) by lia.
by rewrite leq_mul2l lt orbT.
Qed.
End PackedMemory.
