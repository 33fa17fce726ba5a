#include <promptbound/constructions/lookup/register_block.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

Rational lower_end(const Rational& x) { return x; }
Rational upper_end(const Rational& x) { return x; }
Rational lower_end(const Interval& x) { return x.lower(); }
Rational upper_end(const Interval& x) { return x.upper(); }

template <class Scalar>
Scalar value_of(const EntryForm& form, const Vector<Scalar>& token) {
  Scalar sum(0);
  for (const auto& [row, coefficient] : form.coefficients())
    sum += from_rational<Scalar>(coefficient) * token(row);
  return sum;
}

Rational cut_to_unit(const Rational& x) { return std::clamp(x, Rational(0), Rational(1)); }
Interval cut_to_unit(const Interval& x) { return min(max(x, Interval(0)), Interval(1)); }

/// The value of an operation's argument, and exact bounds on it.
template <class Scalar>
struct OperationArgument {
  explicit OperationArgument(const Scalar& x) : value(x), low(lower_end(x)), high(upper_end(x)) {}
  Scalar value;
  Rational low, high;
};

/// The sum of the ramps: only those that the argument may be on are computed with.
template <class Scalar>
Scalar height(const std::vector<Ramp>& ramps, const OperationArgument<Scalar>& argument) {
  const auto passed = std::partition_point(ramps.begin(), ramps.end(),
                                           [&](const Ramp& ramp) { return ramp.end <= argument.low; });
  const auto ahead =
      std::partition_point(passed, ramps.end(), [&](const Ramp& ramp) { return ramp.start < argument.high; });
  Scalar sum(static_cast<long>(passed - ramps.begin()));
  for (auto ramp = passed; ramp != ahead; ++ramp) {
    sum += cut_to_unit(Scalar((argument.value - from_rational<Scalar>(ramp->start)) /
                              from_rational<Scalar>(Rational(ramp->end - ramp->start))));
  }
  return sum;
}

}  // namespace

EntryForm EntryForm::entry(Index row, const Rational& factor) {
  EntryForm result;
  result.coefficients_[row] = factor;
  return result;
}

EntryForm EntryForm::sum(Index first_row, Index count) {
  EntryForm result;
  for (Index row = first_row; row < first_row + count; ++row) result.coefficients_[row] = 1;
  return result;
}

EntryForm& EntryForm::operator+=(const EntryForm& other) {
  for (const auto& [row, coefficient] : other.coefficients_) coefficients_[row] += coefficient;
  return *this;
}

EntryForm operator*(const Rational& factor, EntryForm form) {
  for (auto& [row, coefficient] : form.coefficients_) coefficient *= factor;
  return form;
}

void RegisterBlock::add_relu(const EntryForm& argument, const EntryForm& target) {
  operations_.push_back({argument, {}, target});
}

void RegisterBlock::add_ramp(const EntryForm& argument, const Rational& start, const Rational& end,
                             const EntryForm& target) {
  add_staircase(argument, {{start, end}}, target);
}

void RegisterBlock::add_staircase(const EntryForm& argument, std::vector<Ramp> ramps,
                                  const EntryForm& target) {
  if (!ramps.empty()) operations_.push_back({argument, std::move(ramps), target});
}

void RegisterBlock::add_step(const EntryForm& argument, const Rational& bound, const EntryForm& target) {
  add_ramp(argument, bound - 1, bound, target);
}

void RegisterBlock::add_selected(const EntryForm& number, const Rational& most,
                                 const std::vector<EntryForm>& bits, const EntryForm& target) {
  EntryForm argument = number;
  for (const EntryForm& bit : bits) argument += most * (bit - one_);
  add_relu(argument, target);
}

void RegisterBlock::clear(Index row) { add_relu(EntryForm::entry(row), EntryForm::entry(row, -1)); }

void RegisterBlock::clear_signed(Index row) {
  clear(row);
  add_relu(EntryForm::entry(row, -1), EntryForm::entry(row));
}

Index RegisterBlock::units() const {
  Index sum = 0;
  for (const Operation& operation : operations_)
    sum += std::max<Index>(1, 2 * static_cast<Index>(operation.ramps.size()));
  return sum;
}

FeedForward<Rational> RegisterBlock::feed_forward() const {
  const Index hidden = std::max<Index>(1, units());
  FeedForward<Rational> result{Matrix<Rational>::Zero(hidden, width_), Vector<Rational>::Zero(hidden),
                               Matrix<Rational>::Zero(width_, hidden), Vector<Rational>::Zero(width_)};
  Index unit = 0;
  const auto add = [&](const EntryForm& argument, const EntryForm& target) {
    for (const auto& [row, coefficient] : argument.coefficients()) result.W_1(unit, row) = coefficient;
    for (const auto& [row, coefficient] : target.coefficients()) result.W_2(row, unit) = coefficient;
    ++unit;
  };
  for (const Operation& operation : operations_) {
    if (operation.ramps.empty()) add(operation.argument, operation.target);
    for (const Ramp& ramp : operation.ramps) {
      const Rational slope = 1 / Rational(ramp.end - ramp.start);
      add(operation.argument - ramp.start * one_, slope * operation.target);
      add(operation.argument - ramp.end * one_, Rational(-slope) * operation.target);
    }
  }
  return result;
}

template <class Scalar>
Vector<Scalar> RegisterBlock::after(Vector<Scalar> token) const {
  const Scalar constant = value_of(one_, token);
  const bool is_one = lower_end(constant) == 1 && upper_end(constant) == 1;
  if (!is_one && (lower_end(constant) != 0 || upper_end(constant) != 0))
    throw std::logic_error("a token's constant is neither 0 nor 1");
  const Vector<Scalar> before = token;
  const EntryForm* last = nullptr;  // neighbouring operations often have one argument
  std::optional<OperationArgument<Scalar>> argument;
  for (const Operation& operation : operations_) {
    const bool is_relu = operation.ramps.empty();
    if (!is_relu && !is_one) continue;  // two equal units of opposite sign
    if (last == nullptr || !(*last == operation.argument))
      argument.emplace(value_of(operation.argument, before));
    last = &operation.argument;
    if (argument->high <= (is_relu ? Rational(0) : operation.ramps.front().start)) continue;
    const Scalar value = is_relu ? relu(argument->value) : height(operation.ramps, *argument);
    for (const auto& [row, coefficient] : operation.target.coefficients())
      token(row) += from_rational<Scalar>(coefficient) * value;
  }
  return token;
}

template Vector<Rational> RegisterBlock::after(Vector<Rational>) const;
template Vector<Interval> RegisterBlock::after(Vector<Interval>) const;

}  // namespace promptbound
