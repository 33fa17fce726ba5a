/// The factor n^(1/alpha) between the max norm and the alpha-norm of R^n, and the grid that follows from it.
#pragma once

#include <optional>

#include <promptbound/numeric/eigen.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {

/// n^(1/alpha) for n >= 1, alpha >= 1 or infinite: the alpha-norm of the all-ones vector of R^n; 1 for alpha
/// = inf.
[[nodiscard]] Interval norm_factor(const Integer& n, const Number& alpha);

/// The same where it is rational, nothing where it is irrational.
[[nodiscard]] std::optional<Rational> exact_norm_factor(const Integer& n, const Number& alpha);

/// x^q for x >= 0, q > 0; 0^q = 0 (where the power of an interval by way of logarithms is undefined).
[[nodiscard]] Interval nonnegative_power(const Interval& x, const Rational& q);

/// The alpha-norm of a vector from enclosures of its entries, alpha >= 1 or infinite.
[[nodiscard]] Interval alpha_norm(const Matrix<Interval>& entries, const Number& alpha);

/// The least k with C n^(1/alpha) / (2 k) < eps, that is floor(C n^(1/alpha) / (2 eps)) + 1, decided exactly:
/// the cells per coordinate of theory items 1.4 and 5.2. C >= 0, eps > 0.
[[nodiscard]] Integer least_grid(const Rational& C, const Integer& n, const Number& alpha,
                                 const Rational& eps);

}  // namespace promptbound
