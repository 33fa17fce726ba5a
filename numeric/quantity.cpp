#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/quantity.hpp>

namespace promptbound {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string end(const Quantity::Value& value, long digits, Direction direction) {
  const bool down = direction == Direction::down;
  return std::visit(
      Overloaded{[](const Integer& x) { return x.str(); },
                 [&](const Rational& x) { return decimal(x, digits, direction); },
                 [&](const Interval& x) {
                   const bool is_number = mpfr_number_p(down ? &x.get()->left : &x.get()->right) != 0;
                   if (!is_number) return std::string();
                   return down ? lower_decimal(x, digits) : upper_decimal(x, digits);
                 },
                 [&](const Magnitude& x) { return power_of_ten_decimal(x.log10, digits, direction); },
                 [](const PowerTower&) { return std::string(); }, [](const std::string&) { return std::string(); }},
      value);
}

}  // namespace

std::string Quantity::exact() const {
  return std::visit(
      Overloaded{[](const Integer& x) { return x.str(); }, [](const Rational& x) { return x.str(); },
                 [](const auto&) { return std::string(); }},
      value_);
}

std::string Quantity::lower(long digits) const { return end(value_, digits, Direction::down); }
std::string Quantity::upper(long digits) const { return end(value_, digits, Direction::up); }

namespace {

Interval power_of_ten(const Interval& exponent) { return exp(exponent * interval_log10()); }

}  // namespace

Interval Quantity::enclosure() const {
  return std::visit(
      Overloaded{
          [](const Integer& x) { return Interval(x); }, [](const Rational& x) { return Interval(x); },
          [](const Interval& x) { return x; }, [](const Magnitude& x) { return power_of_ten(x.log10); },
          [](const PowerTower& x) { return power_of_ten(power_of_ten(x.log10_log10)); },
          [](const std::string&) -> Interval { throw std::logic_error("a text quantity has no enclosure"); }},
      value_);
}

Interval Quantity::log10() const {
  return std::visit(
      Overloaded{
          [](const Integer& x) { return promptbound::log10(Interval(x)); },
          [](const Rational& x) { return log_rational(x) / interval_log10(); },
          [](const Interval& x) { return promptbound::log10(x); }, [](const Magnitude& x) { return x.log10; },
          [](const PowerTower& x) { return power_of_ten(x.log10_log10); },
          [](const std::string&) -> Interval { throw std::logic_error("a text quantity has no logarithm"); }},
      value_);
}

bool certainly_less_equal(const Quantity& x, const Quantity& y) {
  const auto is_text = [](const Quantity& z) { return std::holds_alternative<std::string>(z.value()); };
  if (is_text(x) || is_text(y)) return false;
  const auto* x_integer = std::get_if<Integer>(&x.value());
  const auto* y_integer = std::get_if<Integer>(&y.value());
  if (x_integer != nullptr && y_integer != nullptr) return *x_integer <= *y_integer;
  return certainly_less_equal(x.log10(), y.log10());
}

}  // namespace promptbound
