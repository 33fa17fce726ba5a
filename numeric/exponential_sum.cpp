#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/exponential_sum.hpp>

namespace promptbound {

ExponentialSum::ExponentialSum(const Rational& constant) { add_term(0, constant); }

ExponentialSum ExponentialSum::exponential(const Rational& exponent, const Rational& coefficient) {
  ExponentialSum result;
  result.add_term(exponent, coefficient);
  return result;
}

void ExponentialSum::add_term(const Rational& exponent, const Rational& coefficient) {
  if (coefficient == 0) return;
  const auto [place, is_new] = terms_.try_emplace(exponent, coefficient);
  if (is_new) return;
  place->second += coefficient;
  if (place->second == 0) terms_.erase(place);
}

ExponentialSum& ExponentialSum::operator+=(const ExponentialSum& other) {
  if (this == &other) return *this = *this + ExponentialSum(other);
  for (const auto& [exponent, coefficient] : other.terms_) add_term(exponent, coefficient);
  return *this;
}

ExponentialSum& ExponentialSum::operator-=(const ExponentialSum& other) { return *this += -other; }

ExponentialSum& ExponentialSum::operator*=(const ExponentialSum& other) {
  ExponentialSum result;
  for (const auto& [s, r] : terms_) {
    for (const auto& [t, q] : other.terms_) result.add_term(s + t, r * q);
  }
  return *this = std::move(result);
}

ExponentialSum ExponentialSum::operator-() const {
  ExponentialSum result(*this);
  for (auto& [exponent, coefficient] : result.terms_) coefficient = -coefficient;
  return result;
}

Interval ExponentialSum::enclosure() const {
  Interval result;
  for (const auto& [exponent, coefficient] : terms_) {
    result += Interval(coefficient) * exp(Interval(exponent));
  }
  return result;
}

std::optional<ExponentialSum> exact_quotient(const ExponentialSum& a, const ExponentialSum& b) {
  if (a == b) return ExponentialSum(1);
  if (a.is_zero()) return ExponentialSum();
  // Long division from the largest exponent down. An exact quotient ends at min(a) - min(b); a quotient of
  // more terms than a is given up, so that an attempt costs no more than multiplying a by b.
  const std::size_t most_terms = a.terms().size();
  const auto& [top, top_coefficient] = *b.terms().rbegin();
  const Rational least = a.terms().begin()->first - b.terms().begin()->first;
  ExponentialSum rest = a;
  ExponentialSum quotient;
  while (!rest.is_zero()) {
    const auto& [exponent, coefficient] = *rest.terms().rbegin();
    const Rational next = exponent - top;
    if (next < least || quotient.terms().size() == most_terms) return std::nullopt;
    const ExponentialSum term = ExponentialSum::exponential(next, coefficient / top_coefficient);
    quotient += term;
    rest -= term * b;
  }
  return quotient;
}

ExponentialQuotient ExponentialQuotient::simplified() const {
  if (auto quotient = exact_quotient(numerator_, denominator_)) return *quotient;
  return *this;
}

ExponentialQuotient& ExponentialQuotient::operator+=(const ExponentialQuotient& other) {
  if (denominator_ == other.denominator_) {
    return *this = ExponentialQuotient(numerator_ + other.numerator_, denominator_);
  }
  return *this = ExponentialQuotient(numerator_ * other.denominator_ + other.numerator_ * denominator_,
                                     denominator_ * other.denominator_);
}

ExponentialQuotient& ExponentialQuotient::operator-=(const ExponentialQuotient& other) {
  return *this += -other;
}

ExponentialQuotient& ExponentialQuotient::operator*=(const ExponentialQuotient& other) {
  // (a/b)(c/d): where b = c or d = a, that factor goes before anything is multiplied out.
  if (denominator_ == other.numerator_) return *this = ExponentialQuotient(numerator_, other.denominator_);
  if (numerator_ == other.denominator_) return *this = ExponentialQuotient(other.numerator_, denominator_);
  numerator_ *= other.numerator_;
  denominator_ *= other.denominator_;
  return *this;
}

ExponentialQuotient& ExponentialQuotient::operator/=(const ExponentialQuotient& other) {
  if (other.is_zero()) throw std::domain_error("division by zero among exponential sums");
  if (denominator_ == other.denominator_) {
    return *this = ExponentialQuotient(numerator_, other.numerator_);
  }
  return *this *= ExponentialQuotient(other.denominator_, other.numerator_);
}

ExponentialQuotient ExponentialQuotient::operator-() const {
  ExponentialQuotient result(*this);
  result.numerator_ = -result.numerator_;
  return result;
}

int ExponentialQuotient::sign() const {
  if (is_zero()) return 0;
  return at_rising_precision("the sign of a quotient of sums of exponentials", 64,
                             [&]() -> std::optional<int> {
                               const Interval value = enclosure();
                               if (certainly_positive(value)) return 1;
                               if (certainly_positive(-value)) return -1;
                               return std::nullopt;
                             });
}

std::optional<ExponentialQuotient::Monomial> ExponentialQuotient::monomial() const {
  if (is_zero()) return Monomial{0, 0};
  // a = c e^q b compares the largest exponents first, then everything.
  const auto& [top, top_coefficient] = *numerator_.terms().rbegin();
  const auto& [base, base_coefficient] = *denominator_.terms().rbegin();
  Monomial result{top_coefficient / base_coefficient, top - base};
  if (numerator_ != ExponentialSum::exponential(result.exponent, result.coefficient) * denominator_) {
    return std::nullopt;
  }
  return result;
}

std::optional<Rational> ExponentialQuotient::rational() const {
  const auto factors = monomial();
  if (!factors || (factors->exponent != 0 && factors->coefficient != 0)) return std::nullopt;
  return factors->coefficient;
}

Interval ExponentialQuotient::enclosure() const { return numerator_.enclosure() / denominator_.enclosure(); }

bool operator==(const ExponentialQuotient& a, const ExponentialQuotient& b) { return (a - b).is_zero(); }

}  // namespace promptbound
