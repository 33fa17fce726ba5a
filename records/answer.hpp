/// What every check, bound and measurement has in common: its verdict, what proves it, what it assumes, and
/// what it cost. Particular answers derive from it and add their own fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <promptbound/numeric/quantity.hpp>
#include <promptbound/records/proof_status.hpp>

namespace promptbound {

enum class Verdict {
  unknown,        ///< not decided
  proved,         ///< what was asked is true
  refuted,        ///< what was asked is false
  computed,       ///< nothing was asked but values, and they are there; the proof says what they establish
  not_applicable  ///< an assumption is violated
};

/// Returns `unknown`, `proved`, `refuted`, `computed` or `not applicable`.
[[nodiscard]] std::string_view name(Verdict verdict);

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

/// A named value.
struct Output {
  std::string name;
  Quantity value;
};

/// What an answer cost, as far as it was counted.
struct Spent {
  std::optional<std::uint64_t> boxes;         ///< parts of the cube that were bounded
  std::optional<std::uint64_t> most_waiting;  ///< the largest number of boxes that waited
  std::optional<double> seconds;
};

struct Answer {
  Verdict verdict = Verdict::unknown;
  std::string why;  ///< this verdict; empty where values were computed
  Proofs proof;     ///< by outputs or parts of the answer; where nothing is named: unproved
  std::vector<Assumption> assumptions;
  Spent spent;

  /// Adds what the user vouches for, and what was checked.
  void assume(std::string text);
  void holds(std::string text);
};

}  // namespace promptbound
