/// The entrywise alpha-norm of theory section 0, and its factor n^(1/alpha) over the max norm.
#pragma once

#include <optional>
#include <string>

#include <promptbound/numeric/eigen.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {

/// Reads the exponent of a norm; `what` names it. Throws InputError for what is no number >= 1 and not inf.
[[nodiscard]] Number parse_norm_exponent(const std::string& text, const std::string& what);

/// Returns n^(1/alpha) for n >= 1, alpha >= 1 or infinite: the alpha-norm of the all-ones vector of R^n; 1
/// for alpha = inf.
[[nodiscard]] Interval norm_factor(const Integer& n, const Number& alpha);

/// Does the same where it is rational, nothing where it is irrational.
[[nodiscard]] std::optional<Rational> exact_norm_factor(const Integer& n, const Number& alpha);

/// Returns x^q for the part of x that is not negative, q > 0; 0^q = 0 (where the power of an interval by way
/// of logarithms is undefined).
[[nodiscard]] Interval nonnegative_power(const Interval& x, const Rational& q);

/// Returns the alpha-norm of a vector from enclosures of its entries, alpha >= 1 or infinite.
[[nodiscard]] Interval alpha_norm(const Matrix<Interval>& entries, const Number& alpha);

}  // namespace promptbound
