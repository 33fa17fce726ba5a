/// The one record that every bound and check yields, and that every renderer, certificate and test reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <promptbound/numeric/quantity.hpp>
#include <promptbound/records/proof_status.hpp>

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

/// How an assumption of a theorem stands for the inputs at hand.
enum class Status {
  holds,    ///< checked, true
  assumed,  ///< a property of the model or data that the user vouches for
  violated  ///< checked, false: the bound is then not applicable
};

[[nodiscard]] std::string_view name(Status status);

struct Assumption {
  std::string text;
  Status status;
};

struct Input {
  std::string name;
  std::string value;        ///< exact text
  bool is_default = false;  ///< not given, but taken by default
};

struct Output {
  std::string name;
  Quantity value;
};

/// The outcome of one evaluation. Either applicable with outputs, or not applicable with the reason and no
/// number.
struct Record {
  std::string_view id;
  Kind kind = Kind::published;
  std::string_view theory;         ///< item of the theory page
  std::string_view source;         ///< paper, or "own"
  std::vector<ProofStatus> proof;  ///< of the form evaluated, by outputs; where nothing is named: unproved
  bool applicable = true;
  bool undecided = false;  ///< not applicable because no working precision decided
  std::string reason;      ///< why not applicable
  std::string_view only;   ///< the one output asked for; empty: all
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::vector<Assumption> assumptions;

  /// Returns the output of that name; throws std::out_of_range when there is none.
  [[nodiscard]] const Quantity& output(std::string_view name) const;

  /// Returns proofs_of the outputs that the record has; none when it is not applicable.
  [[nodiscard]] std::vector<ProofStatus> proofs() const;
  /// Returns what proves the output of that name.
  [[nodiscard]] ProofStatus proof_of(std::string_view name) const;

  /// Tells whether this output is asked for: costly outputs are computed only then.
  [[nodiscard]] bool wants(std::string_view name) const { return only.empty() || only == name; }
  void add(std::string name, Quantity value);
  void assume(std::string text);
  void holds(std::string text);
  /// Records the violated assumption, withdraws every number, and says why.
  void not_applicable(std::string violated, std::string why);
  /// Requires an assumption: `holds` when the condition is true, otherwise not_applicable. Returns the
  /// condition.
  bool require(bool condition, const std::string& assumption, const std::string& otherwise);
};

}  // namespace promptbound
