/// The one record that every bound and check yields, and that every renderer, certificate and test reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <promptbound/records/answer.hpp>
#include <promptbound/records/argument.hpp>

namespace promptbound {

/// What a number claims (theory section 0).
enum class Kind {
  necessary,   ///< a lower bound on the resource
  sufficient,  ///< an upper bound, with a construction
  exact,       ///< both
  impossible,  ///< no amount suffices
  threshold,   ///< a regime boundary of an asymptotic theorem
  published    ///< a paper's formula transcribed, not proved here
};

[[nodiscard]] std::string_view name(Kind kind);

struct Input {
  std::string name;
  Argument value;
  bool is_default = false;  ///< not given, but taken by default
};

/// The outcome of one evaluation. Either it has outputs, and its verdict is `computed`, or it has none and
/// says why: an assumption is violated (`not_applicable`), or no working precision decided (`unknown`).
struct Record : Answer {
  std::string_view id;
  Kind kind = Kind::published;
  std::string_view theory;  ///< item of the theory page
  std::string_view source;  ///< paper, or "own"
  std::string_view only;    ///< the one output asked for; empty: all
  std::vector<Input> inputs;
  std::vector<Output> outputs;

  [[nodiscard]] bool is_applicable() const { return verdict == Verdict::computed; }
  [[nodiscard]] bool is_undecided() const { return verdict == Verdict::unknown; }
  /// Returns the input of that name; throws std::out_of_range when there is none.
  [[nodiscard]] const Argument& input(std::string_view name) const;
  /// Returns the output of that name; throws std::out_of_range when there is none.
  [[nodiscard]] const Quantity& output(std::string_view name) const;

  /// Returns proofs_of the outputs that the record has; none when it is not applicable.
  [[nodiscard]] std::vector<ProofStatus> proofs() const;
  /// Returns what proves the output of that name.
  [[nodiscard]] const ProofStatus& proof_of(std::string_view name) const { return proof.of(name); }

  /// Tells whether this output is asked for: costly outputs are computed only then.
  [[nodiscard]] bool wants(std::string_view name) const { return only.empty() || only == name; }
  /// Adds an output: the record's verdict is then `computed`.
  void add(std::string name, Quantity value);
  /// Records the violated assumption, withdraws every number, and says why.
  void not_applicable(std::string violated, std::string why);
  /// Records the same where the assumption that fails is that some precision decides.
  void undecided(std::string why);
  /// Requires an assumption: `holds` when the condition is true, otherwise not_applicable. Returns the
  /// condition.
  bool require(bool condition, std::string_view assumption, std::string_view otherwise);
};

}  // namespace promptbound
