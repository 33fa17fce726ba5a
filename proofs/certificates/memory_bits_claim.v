(** Certificates for theory item 2.7 (memory-bits, accessible-length): N log2 K <= m w b.

    - least prompt length for N inputs and K labels: m = ceil(N log2 K / (w b));
    - most inputs that m tokens can label: N = floor(m w b / log2 K);
    - longest accessible output over v tokens: l = floor(m w b / log2 v), the same formula. *)
From Coq Require Import Reals Lra Lia ZArith.
From PromptBound.certificates Require Import power_bracket log_compare.
Local Open Scope R_scope.

Definition memory_bits_length_claim (N K w b m : Z) : Prop :=
  is_ceil m (IZR N * ln (IZR K) / (IZR (w * b) * ln 2)).
Definition memory_bits_count_claim (m w b K N : Z) : Prop :=
  is_floor N (IZR (m * w * b) * ln 2 / ln (IZR K)).

Definition memory_bits_length_check (N K w b m : Z) : bool := ceil_log_check N K (w * b) 2 m.
Definition memory_bits_count_check (m w b K N : Z) : bool := floor_log_check (m * w * b) 2 1 K N.

Theorem memory_bits_length_sound N K w b m :
  memory_bits_length_check N K w b m = true -> memory_bits_length_claim N K w b m.
Proof. exact (ceil_log_sound N K (w * b) 2 m). Qed.

Theorem memory_bits_count_sound m w b K N :
  memory_bits_count_check m w b K N = true -> memory_bits_count_claim m w b K N.
Proof.
unfold memory_bits_count_claim. rewrite <- (Rmult_1_l (ln (IZR K))).
exact (floor_log_sound (m * w * b) 2 1 K N).
Qed.
