#include <promptbound/constructions/lookup/register_block.hpp>

namespace promptbound {

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
  units_.push_back({argument, target});
}

void RegisterBlock::add_ramp(const EntryForm& argument, const Rational& start, const Rational& end,
                             const EntryForm& target) {
  const Rational slope = 1 / Rational(end - start);
  add_relu(argument - start * one_, slope * target);
  add_relu(argument - end * one_, Rational(-slope) * target);
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

FeedForward<Rational> RegisterBlock::feed_forward() const {
  FeedForward<Rational> result{Matrix<Rational>::Zero(units(), width_), Vector<Rational>::Zero(units()),
                               Matrix<Rational>::Zero(width_, units()), Vector<Rational>::Zero(width_)};
  for (Index i = 0; i < units(); ++i) {
    const Unit& unit = units_[static_cast<std::size_t>(i)];
    for (const auto& [row, coefficient] : unit.argument.coefficients()) result.W_1(i, row) = coefficient;
    for (const auto& [row, coefficient] : unit.target.coefficients()) result.W_2(row, i) = coefficient;
  }
  return result;
}

}  // namespace promptbound
