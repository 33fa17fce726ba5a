/// Exact arithmetic with finite sums of rational multiples of e^s, s rational, and with their quotients.
///
/// By the Lindemann-Weierstrass theorem the numbers e^s for different rational s are linearly independent
/// over the rationals, so such a sum is zero iff it is empty once equal exponents are collected: equality,
/// which no enclosure decides, is decided here by algebra (theory 2.2, "Deciding").
#pragma once

#include <map>
#include <optional>

#include <promptbound/numeric/interval.hpp>
#include <promptbound/numeric/types.hpp>

namespace promptbound {

/// sum_s r_s e^s with rational s and r_s != 0.
class ExponentialSum {
 public:
  ExponentialSum() = default;
  ExponentialSum(const Rational& constant);  // NOLINT(google-explicit-constructor): the rationals embed
  ExponentialSum(int constant) : ExponentialSum(Rational(constant)) {}  // NOLINT(google-explicit-constructor)
  /// Returns coefficient * e^exponent
  static ExponentialSum exponential(const Rational& exponent, const Rational& coefficient = 1);

  ExponentialSum& operator+=(const ExponentialSum& other);
  ExponentialSum& operator-=(const ExponentialSum& other);
  ExponentialSum& operator*=(const ExponentialSum& other);
  [[nodiscard]] ExponentialSum operator-() const;

  [[nodiscard]] bool is_zero() const { return terms_.empty(); }
  /// Returns exponent -> coefficient, no coefficient zero.
  [[nodiscard]] const std::map<Rational, Rational>& terms() const { return terms_; }
  [[nodiscard]] Interval enclosure() const;

  friend bool operator==(const ExponentialSum&, const ExponentialSum&) = default;

 private:
  void add_term(const Rational& exponent, const Rational& coefficient);

  std::map<Rational, Rational> terms_;
};

[[nodiscard]] inline ExponentialSum operator+(ExponentialSum a, const ExponentialSum& b) { return a += b; }
[[nodiscard]] inline ExponentialSum operator-(ExponentialSum a, const ExponentialSum& b) { return a -= b; }
[[nodiscard]] inline ExponentialSum operator*(ExponentialSum a, const ExponentialSum& b) { return a *= b; }

/// Returns the sum q with a = q b when there is one of at most as many terms as a; nothing otherwise, which
/// does not prove that there is none. b != 0.
[[nodiscard]] std::optional<ExponentialSum> exact_quotient(const ExponentialSum& a, const ExponentialSum& b);

/// numerator / denominator, a number of the field Q(e^s : s rational). It is kept as it arises: only factors
/// that are equal sums cancel, and simplified() does more; equality does not depend on either.
class ExponentialQuotient {
 public:
  ExponentialQuotient() : denominator_(1) {}
  ExponentialQuotient(const ExponentialSum& sum)  // NOLINT(google-explicit-constructor): the sums embed
      : numerator_(sum), denominator_(1) {}
  ExponentialQuotient(const Rational& constant)  // NOLINT(google-explicit-constructor): the rationals embed
      : ExponentialQuotient(ExponentialSum(constant)) {}
  ExponentialQuotient(int constant)  // NOLINT(google-explicit-constructor)
      : ExponentialQuotient(ExponentialSum(constant)) {}

  ExponentialQuotient& operator+=(const ExponentialQuotient& other);
  ExponentialQuotient& operator-=(const ExponentialQuotient& other);
  ExponentialQuotient& operator*=(const ExponentialQuotient& other);
  /// other != 0.
  ExponentialQuotient& operator/=(const ExponentialQuotient& other);
  [[nodiscard]] ExponentialQuotient operator-() const;

  [[nodiscard]] bool is_zero() const { return numerator_.is_zero(); }
  /// Returns the same number, as a sum where exact_quotient finds one.
  [[nodiscard]] ExponentialQuotient simplified() const;
  /// Returns the exact sign, -1, 0 or 1; throws Undecided beyond the precision limit.
  [[nodiscard]] int sign() const;
  /// The factors of coefficient * e^exponent when the number has this form (0 included, as 0 * e^0).
  struct Monomial {
    Rational coefficient, exponent;
  };
  [[nodiscard]] std::optional<Monomial> monomial() const;
  /// Returns the number where it is rational.
  [[nodiscard]] std::optional<Rational> rational() const;
  [[nodiscard]] Interval enclosure() const;

  friend bool operator==(const ExponentialQuotient& a, const ExponentialQuotient& b);

 private:
  ExponentialQuotient(ExponentialSum numerator, ExponentialSum denominator)
      : numerator_(std::move(numerator)), denominator_(std::move(denominator)) {}

  ExponentialSum numerator_, denominator_;
};

[[nodiscard]] inline ExponentialQuotient operator+(ExponentialQuotient a, const ExponentialQuotient& b) {
  return a += b;
}
[[nodiscard]] inline ExponentialQuotient operator-(ExponentialQuotient a, const ExponentialQuotient& b) {
  return a -= b;
}
[[nodiscard]] inline ExponentialQuotient operator*(ExponentialQuotient a, const ExponentialQuotient& b) {
  return a *= b;
}
[[nodiscard]] inline ExponentialQuotient operator/(ExponentialQuotient a, const ExponentialQuotient& b) {
  return a /= b;
}

}  // namespace promptbound
