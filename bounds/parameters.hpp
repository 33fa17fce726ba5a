/// The parameters that bounds share: name, meaning, unit and range, stated once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <promptbound/records/argument.hpp>

namespace promptbound {

/// What a user may give for a parameter.
struct Parameter {
  enum class Domain {
    count,        ///< a whole number from `least` to `most`
    positive,     ///< a rational number > 0
    nonnegative,  ///< a rational number >= 0
    exponent,     ///< a rational number >= 1, or inf
    choice        ///< one of `choices`
  };

  std::string_view name;  ///< on the command line (after --) and in records
  std::string_view meaning;
  std::string_view unit;
  Domain domain = Domain::positive;
  long least = 1;
  long most = 1000000000000000000;
  std::vector<std::string_view> choices = {};

  /// Returns what is accepted, in words.
  [[nodiscard]] std::string accepted() const;
};

/// Reads and checks one value. Throws InputError with the parameter, the text and what is accepted.
[[nodiscard]] Argument parse_argument(const Parameter& parameter, std::string_view text);

/// Returns the number as an argument of a parameter that is no choice. Throws InputError as parse_argument
/// does.
[[nodiscard]] Argument checked_argument(const Parameter& parameter, const Number& number);

namespace parameters {
extern const Parameter d, L, m, w, T, eps, C, alpha, b, P, R, Lambda, Lambda_W, Delta, K, N, v, S, eta, g, s,
    r_min, r_max, B, d_v, length, ball_radius, told_apart, norm, exp_cost;
}  // namespace parameters

}  // namespace promptbound
