(** Theory item 5.9: the boustrophedon (reflected base-k) path through the cells {0..k-1}^I, n = |I| coordinates in the
    order of their enumeration.

    The coordinates of a cell are its raw digits; the digit of the path at a coordinate is the raw digit or its reflection
    k-1-c, by the parity of the sum of the preceding raw digits. The path visits every cell once, and consecutive
    cells differ by 1 in exactly one coordinate, for every k >= 1. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** c, or k-1-c where e *)
Definition reflect_digit (k : nat) (e : bool) (c : nat) : nat := if e then k.-1 - c else c.

Section Sequences.
Variable k : nat.
Hypothesis k0 : 0 < k.
Local Notation reflect := (reflect_digit k).
Implicit Types (s : seq nat) (e : bool).

(** Position of a sequence of raw digits on the path that starts with parity e, and the sequence at a position. *)
Fixpoint encode e s : nat :=
  if s is c :: s' then reflect e c * k ^ size s' + encode (e (+) odd c) s' else 0.
Fixpoint decode e n p : seq nat :=
  if n is n'.+1 then let c := reflect e (p %/ k ^ n') in c :: decode (e (+) odd c) n' (p %% k ^ n') else [::].

Lemma reflectK e c : c < k -> reflect e (reflect e c) = c.
Proof. by case: e => //=; rewrite /reflect_digit; lia. Qed.
Lemma reflect_lt e c : c < k -> reflect e c < k.
Proof. by case: e => //=; rewrite /reflect_digit; lia. Qed.
Let kn0 n : 0 < k ^ n. Proof. by rewrite expn_gt0 k0. Qed.
Let high n p : p < k ^ n.+1 -> p %/ k ^ n < k.
Proof. by rewrite expnS ltn_divLR. Qed.
Let below c n r : c < k -> r < k ^ n -> c * k ^ n + r < k ^ n.+1.
Proof.
move=> ck rn; apply: (@leq_trans (c.+1 * k ^ n)); first by rewrite mulSn addnC ltn_add2r.
by rewrite expnS leq_mul2r ck orbT.
Qed.

Lemma size_decode e n p : size (decode e n p) = n.
Proof. by elim: n e p => //= n IH e p; rewrite IH. Qed.

Lemma decode_lt e n p : p < k ^ n -> all (fun c => c < k) (decode e n p).
Proof.
elim: n e p => //= n IH e p lt; rewrite reflect_lt ?high //=.
by apply: IH; rewrite ltn_mod.
Qed.

Lemma encode_lt e s : all (fun c => c < k) s -> encode e s < k ^ size s.
Proof.
elim: s e => [|c s IH] e //= /andP [ck sk].
by apply: below; [exact: reflect_lt|exact: IH].
Qed.

Lemma encodeK e s : all (fun c => c < k) s -> decode e (size s) (encode e s) = s.
Proof.
elim: s e => //= c s IH e /andP [ck sk].
have lt := encode_lt (e (+) odd c) sk.
by rewrite divnMDl // (divn_small lt) addn0 reflectK // modnMDl (modn_small lt) IH.
Qed.

Lemma decodeK e n p : p < k ^ n -> encode e (decode e n p) = p.
Proof.
elim: n e p => /= [|n IH] e p lt; first by case: p lt.
by rewrite size_decode reflectK ?high // IH ?ltn_mod // -divn_eq.
Qed.

(** The path of the other parity is the same path backwards. *)
Lemma decode_reflected e n p : p < k ^ n -> decode (~~ e) n p = decode e n ((k ^ n).-1 - p).
Proof.
elim: n e p => //= n IH e p lt.
have hi := high lt; have lo : p %% k ^ n < k ^ n by rewrite ltn_mod.
have -> : (k ^ n.+1).-1 - p = (k.-1 - p %/ k ^ n) * k ^ n + ((k ^ n).-1 - p %% k ^ n).
  rewrite {1}(divn_eq p (k ^ n)) expnS; move: (p %/ k ^ n) (p %% k ^ n) hi lo => a r.
  move: (k ^ n) (kn0 n) => q q0 ak rq.
  have kE : k = k.-1 - a + a.+1 by lia.
  rewrite {1}kE mulnDl mulSn; move: (k.-1 - a) (a * q) => b aq {kE}; move: (b * q) => bq; lia.
have lo' : (k ^ n).-1 - p %% k ^ n < k ^ n by have := kn0 n; lia.
rewrite divnMDl // (divn_small lo') addn0 modnMDl (modn_small lo').
have -> : reflect (~~ e) (p %/ k ^ n) = reflect e (k.-1 - p %/ k ^ n).
  by rewrite /reflect_digit; move: (p %/ k ^ n) hi => a ak; case: (e) => /=; lia.
by congr (_ :: _); rewrite addNb IH.
Qed.

(** Neighbours: sequences that differ by 1 in exactly one place. *)
Definition by_one (a b : nat) : bool := (a == b.+1) || (b == a.+1).
Fixpoint neighbours s s' : bool :=
  match s, s' with
  | c :: t, c' :: t' => (by_one c c' && (t == t')) || ((c == c') && neighbours t t')
  | _, _ => false
  end.

Lemma decode_neighbours e n p : p.+1 < k ^ n -> neighbours (decode e n p) (decode e n p.+1).
Proof.
elim: n e p => [|n IH] e p lt; first by case: p lt.
have hi := high (ltnW lt); have lo : p %% k ^ n < k ^ n by rewrite ltn_mod.
rewrite /=; have [lt1|ge] := ltnP (p %% k ^ n).+1 (k ^ n).
  have pE : p.+1 = p %/ k ^ n * k ^ n + (p %% k ^ n).+1 by rewrite addnS -divn_eq.
  rewrite [in p.+1 %/ _]pE [in p.+1 %% _]pE divnMDl // (divn_small lt1) addn0 modnMDl (modn_small lt1).
  by rewrite eqxx IH // orbT.
have last : (p %% k ^ n).+1 = k ^ n by apply/eqP; rewrite eqn_leq ge andbT.
have pE : p.+1 = (p %/ k ^ n).+1 * k ^ n by rewrite {1}(divn_eq p (k ^ n)) -addnS last mulSn addnC.
have hi1 : (p %/ k ^ n).+1 < k by move: lt; rewrite pE expnS ltn_mul2r kn0.
rewrite pE mulnK // modnMl.
have -> : p %% k ^ n = (k ^ n).-1 by rewrite -[in RHS]last.
move: (p %/ k ^ n) hi1 => a a1; set c := reflect e a; set c' := reflect e a.+1.
have step : by_one c c' by rewrite /c /c' /by_one /reflect_digit; case: (e); lia.
have flip : e (+) odd c' = ~~ (e (+) odd c).
  by move: step; rewrite /by_one => /orP [] /eqP ->; rewrite /=; case: (e); case: (odd _).
by rewrite step flip decode_reflected // subn0 eqxx.
Qed.

(** The positions as a sum over the places. *)
Lemma encode_sum e s : encode e s =
  \sum_(i < size s) reflect (e (+) odd (\sum_(l < i) nth 0 s l)) (nth 0 s i) * k ^ (size s - i.+1).
Proof.
elim: s e => [|c s IH] e /=; first by rewrite big_ord0.
rewrite big_ord_recl /= big_ord0 addbF subSS subn0; congr (_ + _).
rewrite IH; apply: eq_bigr => i _; rewrite /= /bump /= add1n subSS.
by rewrite big_ord_recl /= oddD addbA.
Qed.

Lemma neighboursP s s' : size s = size s' -> neighbours s s' ->
  exists2 i, i < size s & by_one (nth 0 s i) (nth 0 s' i) /\ forall j, j != i -> nth 0 s j = nth 0 s' j.
Proof.
elim: s s' => [|c s IH] [|c' s'] //= [] sz /orP [/andP [one /eqP <-]|/andP [/eqP <- nb]].
  by exists 0 => //; split=> // -[].
have [i lt [one same]] := IH _ sz nb; exists i.+1 => //; split=> // -[|j] //= ji; exact: same.
Qed.
End Sequences.

Section Cells.
Variables (I : finType) (k : nat).
Hypothesis k0 : 0 < k.
Local Notation cell := {ffun I -> 'I_k}.
Implicit Types (c : cell) (i : I) (p : nat).

(** The digit of the path at a coordinate: c or k-1-c by the parity of the preceding raw digits. *)
Definition path_digit c i : nat :=
  reflect_digit k (odd (\sum_(l | enum_rank l < enum_rank i) c l)) (c i).
(** The position of a cell on the path, the first coordinate's digit the most significant. *)
Definition path_position c : nat := \sum_i path_digit c i * k ^ (#|I| - (enum_rank i).+1).
(** The cell at a position. *)
Definition path_cell p : cell := [ffun i => insubd (Ordinal k0) (nth 0 (decode k false #|I| p) (enum_rank i))].
(** Cells that differ by 1 in exactly one coordinate. *)
Definition adjacent c c' : Prop :=
  exists i, (c i = (c' i).+1 :> nat \/ c' i = (c i).+1 :> nat) /\ forall j, j != i -> c j = c' j.

Let raw c : seq nat := [seq val (c i) | i <- enum I].
Let size_raw c : size (raw c) = #|I|. Proof. by rewrite size_map cardE. Qed.
Let nth_raw c i : nth 0 (raw c) (enum_rank i) = c i.
Proof.
by rewrite (nth_map i) -?cardE ?ltn_ord // nth_enum_rank.
Qed.
Let nth_raw_val c (i : 'I_#|I|) : nth 0 (raw c) i = c (enum_val i).
Proof. by rewrite -nth_raw enum_valK. Qed.
Let raw_lt c : all (fun x => x < k) (raw c).
Proof. by apply/allP => x /mapP [i _ ->]; exact: ltn_ord. Qed.

Let positionE c : path_position c = encode k false (raw c).
Proof.
rewrite encode_sum size_raw /path_position (reindex (@enum_val I I)) /=; last exact/onW_bij/enum_val_bij.
apply: eq_bigr => i _; rewrite /path_digit !enum_valK nth_raw_val; congr (reflect_digit _ (odd _) _ * _).
rewrite (reindex (@enum_val I I)) /=; last exact/onW_bij/enum_val_bij.
under eq_bigl do rewrite enum_valK.
have le := ltnW (ltn_ord i).
rewrite (big_ord_widen _ (fun l => nth 0 (raw c) l) le).
by apply: eq_bigr => l _; rewrite nth_raw_val.
Qed.

Let cell_nth p i : p < k ^ #|I| -> path_cell p i = nth 0 (decode k false #|I| p) (enum_rank i) :> nat.
Proof.
move=> lt; rewrite ffunE val_insubd; case: ifP => // /negbT; rewrite -leqNgt => ge.
have := all_nthP 0 (decode_lt k0 false lt) (enum_rank i); rewrite size_decode ltn_ord => /(_ isT).
by rewrite ltnNge ge.
Qed.

Let raw_cell p : p < k ^ #|I| -> raw (path_cell p) = decode k false #|I| p.
Proof.
move=> lt; apply: (@eq_from_nth _ 0); first by rewrite size_raw size_decode.
move=> i; rewrite size_raw => ilt; pose j : 'I_#|I| := Ordinal ilt.
by rewrite -[i]/(val j) -(enum_valK j) nth_raw cell_nth.
Qed.

(** The path is Hamiltonian: positions and cells are inverse to each other, and each step of the path changes one
    coordinate by 1. *)
Theorem reflected_path :
  [/\ forall c, path_position c < k ^ #|I|,
      forall c, path_cell (path_position c) = c,
      forall p, p < k ^ #|I| -> path_position (path_cell p) = p &
      forall p, p.+1 < k ^ #|I| -> adjacent (path_cell p) (path_cell p.+1)].
Proof.
have pos_lt c : path_position c < k ^ #|I| by rewrite positionE -(size_raw c) encode_lt.
split=> // [c|p lt|p lt].
- apply/ffunP => i; apply: val_inj => /=; rewrite cell_nth //.
  by rewrite positionE -{1}(size_raw c) encodeK // nth_raw.
- by rewrite positionE raw_cell // decodeK.
have nb := decode_neighbours k0 false lt.
have [|i ilt [one same]] := neighboursP _ nb; first by rewrite !size_decode.
rewrite size_decode in ilt; pose j : 'I_#|I| := Ordinal ilt.
exists (enum_val j); split.
  rewrite !cell_nth ?(ltnW lt) // enum_valK /=; case/orP: one => /eqP; [by left|by right].
move=> l lj; apply: val_inj; rewrite /= !cell_nth ?(ltnW lt) //; apply: same.
by apply: contraNneq lj => e; apply/eqP; rewrite -(enum_rankK l); congr enum_val; exact: val_inj.
Qed.

Corollary path_position_inj : injective path_position.
Proof. by have [_ cK _ _] := reflected_path; exact: can_inj cK. Qed.
End Cells.

(** What the feed-forward units compute: s = c + e (k-1), dg = s - 2 relu(s - (k-1)). It is the reflected digit for raw digits
    c < k and e = 0 or 1, and stays in [0, k-1] for every real s in [0, 2(k-1)]. *)
Section Units.
Import GRing.Theory Num.Theory Order.TTheory.
Local Open Scope ring_scope.
Variables (R : realFieldType) (k : nat).
Hypothesis k0 : (0 < k)%N.

Definition reflection_unit (s : R) : R := s - 2%:R * Num.max 0 (s - k.-1%:R).

Theorem reflection_unit_exact (c : nat) (e : bool) : (c < k)%N ->
  reflection_unit (c%:R + if e then k.-1%:R else 0) = (reflect_digit k e c)%:R.
Proof.
move=> ck; have le : (c <= k.-1)%N by lia.
rewrite /reflection_unit /reflect_digit; case: e.
  have -> : c%:R + k.-1%:R - k.-1%:R = c%:R :> R by ring.
  by rewrite max_r ?ler0n // natrB //; ring.
by rewrite addr0 max_l ?subr_le0 ?ler_nat // mulr0 subr0.
Qed.

Theorem reflection_unit_range (s : R) : 0 <= s -> s <= 2%:R * k.-1%:R -> 0 <= reflection_unit s <= k.-1%:R.
Proof.
rewrite /reflection_unit => s0 sk; case: (lerP (s - k.-1%:R) 0) => [le|gt].
  by rewrite mulr0 subr0 s0 /= -subr_le0.
have -> : s - 2%:R * (s - k.-1%:R) = 2%:R * k.-1%:R - s.
  by ring.
rewrite subr_ge0 sk /= ler_subl_addr mulr_natl mulr2n ler_add2l; move: gt; rewrite subr_gt0; exact: ltW.
Qed.
End Units.
