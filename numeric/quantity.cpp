#include <promptbound/numeric/decimal.hpp>
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
      Overloaded{
          [](const Integer& x) { return x.str(); },
          [&](const Rational& x) { return decimal(x, digits, direction); },
          [&](const Interval& x) { return down ? lower_decimal(x, digits) : upper_decimal(x, digits); },
          [&](const Magnitude& x) { return power_of_ten_decimal(x.log10, digits, direction); },
          [](const std::string&) { return std::string(); }},
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

Interval Quantity::enclosure() const {
  return std::visit(
      Overloaded{
          [](const Integer& x) { return Interval(x); }, [](const Rational& x) { return Interval(x); },
          [](const Interval& x) { return x; },
          [](const Magnitude& x) { return exp(x.log10 * log(Interval(10))); },
          [](const std::string&) -> Interval { throw std::logic_error("a text quantity has no enclosure"); }},
      value_);
}

}  // namespace promptbound
