/// The target functions of supremum certificates, at points and over boxes, as the checker evaluates them.
/// Shares intervals and linear forms with the producers; the functions are written again.
#pragma once

#include <vector>

#include <promptbound/numeric/linear_form.hpp>
#include <promptbound/verify/check/expression.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound::checker {

using Form = LinearForm<FastInterval>;
using FormToken = std::vector<Form>;

/// A box of inputs with exact ends; coordinate (c, i) of an input has number i d + c.
struct Box {
  std::vector<double> centre, radius;
};

/// Returns the box's points as forms: one variable a coordinate; constants where the radius is 0.
[[nodiscard]] std::vector<FormToken> forms_of(const Box& box, Index d);

class Target {
 public:
  /// Throws InputError for a target that is not known or malformed.
  Target(const Json& json, Index d, Index L);

  /// Returns f(X) at one point (d x L), at the working precision.
  [[nodiscard]] Matrix<Interval> at(const Matrix<Rational>& X) const;
  /// Encloses f over the box, token by token.
  [[nodiscard]] std::vector<FormToken> over(const Box& box) const;

 private:
  enum class Name { identity, reversal, mean, maximum, sine, table, expression };

  [[nodiscard]] Vector<Rational> interpolated(const Vector<Rational>& x) const;
  [[nodiscard]] std::vector<FormToken> table_over(const Box& box) const;
  [[nodiscard]] std::vector<FormToken> expression_over(const std::vector<FormToken>& X) const;
  [[nodiscard]] std::size_t place(const std::vector<long>& node) const;

  Index d_, L_;
  Name name_ = Name::identity;
  Rational frequency_;
  long cells_ = 0;
  std::vector<Rational> values_;
  std::vector<FastInterval> enclosed_;
  Expression expression_;
};

}  // namespace promptbound::checker
