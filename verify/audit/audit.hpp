/// Audits a real model and a soft prompt: which theorem applies to these weights, with which numbers (theory
/// sections 2 to 4).
#pragma once

#include <optional>

#include <promptbound/models/adapters/adapter.hpp>
#include <promptbound/records/record.hpp>
#include <promptbound/verify/audit/model_sweep.hpp>

namespace promptbound {

/// Norms of layers that were computed before this audit.
struct KnownLayers {
  KnownNorms norms;
  std::string source;         ///< the file whose word is taken for some of them
  std::size_t of_source = 0;  ///< how many; the others were computed for this audit
};

struct AuditQuestion {
  std::string model, prompt;  ///< folders; no prompt: empty
  Integer context = 0;        ///< T; 0: all positions of the model
  Rational eta;               ///< relative accuracy of the polynomial for exp (4.2)
  Rational Delta, eps;        ///< labels are further apart than Delta, and must be met within eps (2.5)
  std::vector<std::string> assumed_inert;  ///< members of the configurations that are taken to change nothing
  int threads = 1;                         ///< as many layers are held and worked on at a time, >= 1
  bool config_only = false;  ///< no weights of the model are read: what its configuration and adapter say
  /// Token ids behind the prompt, for which local constants are wanted (3.4), on the ball of this radius >=
  /// 0.
  std::vector<std::vector<std::size_t>> texts = {};
  double radius = 0;
  KnownLayers known = {};  ///< norms that are not to be computed
  OnLayer on_layer = {};   ///< is told of each layer whose norms were computed
};

/// Polynomial attention for one head at one bound on its scores (4.2).
struct PolynomialRow {
  FastInterval S;
  Record record;  ///< polynomial-degree
};

struct AuditHead {
  HeadMatrixNorms norms;
  std::optional<PromptHead> prompt;  ///< absent where the prompt does not determine it, or without a prompt
  /// Largest entry of queries, keys and values: of the prompt's tokens, and of any token (upper bound).
  std::optional<FastInterval> B_prompt;
  FastInterval B_any;
  std::optional<Interval> ratio_prompt;  ///< B_prompt/sqrt(ln T)
  Interval ratio_any;
  std::optional<PolynomialRow> polynomial_prompt;
  PolynomialRow polynomial_any;
};

/// A theorem and this architecture: what it gives was computed, or a condition of it proved; or it does not
/// apply, or its condition is unknown. `why` says so in every case.
struct TheoremRow : Answer {
  std::string_view theory;  ///< item
  std::string_view what;
  std::string instead;  ///< the bound that holds: its meaning
  Quantity value = Quantity(std::string("-"));

  [[nodiscard]] bool applies() const { return verdict == Verdict::computed || verdict == Verdict::proved; }
};

/// One head of a prefix: what its keys and values measure.
struct PrefixHead {
  TokenSize key, value;
};

/// An adapter: what it stores, and the parts of those that are no prompts.
struct AuditAdapter {
  std::string kind;            ///< PROMPT_TUNING (every finished prompt), or the peft_type
  std::string base_model;      ///< what it was made for, by its own word; empty where it is silent
  std::size_t length = 0;      ///< tokens, of prompts and prefixes
  std::size_t numbers = 0;     ///< that were trained
  std::size_t bits = 0;        ///< of all of them, as stored
  std::size_t entry_bits = 0;  ///< of one; 0 where they differ
  std::vector<std::vector<PrefixHead>> prefix;  ///< by layer and head of keys
  std::vector<LowRankAdapter::Update> updates;  ///< of LORA
  std::size_t tasks = 0;                        ///< of MULTITASK_PROMPT_TUNING
};

/// Computed, on the user's assumptions; unknown where the limit of the precision leaves the enclosures of the
/// prompt's sizes wide, which hold all the same. The proofs are those of the rows that apply, by what they
/// say.
struct Audit : Answer {
  ModelConfig config;
  Integer parameters;  ///< entries of the model's tensors, from its embeddings to its last norm
  std::optional<AuditAdapter> adapter;
  std::size_t prompt_length = 0;  ///< of a prompt; 0 with an adapter of another kind
  Integer T;
  ModelNorms norms;                           ///< without layers where only the configuration was read
  std::vector<std::vector<AuditHead>> heads;  ///< by layer
  std::vector<TheoremRow> theorems;
  std::vector<Record> records;  ///< of the bounds that the rows quote
};

/// Throws InputError when a folder cannot be read, the adapter was made for another model, or T does not fit
/// the model's positions or its sliding window.
/// @code
/// AuditQuestion question;
/// question.model = "gpt2", question.prompt = "my-prompt";
/// question.eta = Rational(1, 100), question.Delta = 1, question.eps = Rational(1, 10);
/// const Audit audit = audit_model(question);
/// for (const TheoremRow& row : audit.theorems) std::puts(row.why.c_str());
/// @endcode
[[nodiscard]] Audit audit_model(const AuditQuestion& question);

/// Returns the enclosure as a quantity.
[[nodiscard]] Quantity quantity(const FastInterval& x);
/// Returns the Lipschitz constant of the model, whatever its size: beyond 10^21 a power of ten.
[[nodiscard]] Quantity lipschitz_quantity(const ModelNorms& norms);

}  // namespace promptbound
