/// Target functions that users wrote, as certificates hold them: the checker's own reader and evaluation.
#pragma once

#include <string>
#include <vector>

#include <promptbound/numeric/linear_form.hpp>

namespace promptbound::checker {

/// The canonical text only: whole numbers, (p/q), pi, x[c,i], (a + b) with + - * /, (a ^ n), (-a), functions,
/// and statements `tN = a;` before the outputs.
class Expression {
 public:
  Expression() = default;
  /// Throws InputError where the text is anything else, or does not fit d coordinates and L tokens.
  Expression(const std::string& text, Index d, Index L);

  /// Returns Output (c, i) is number i d + c: enclosures for the entries X, numbered alike. Whole lines where
  /// a step is not certainly defined.
  [[nodiscard]] std::vector<Interval> at(const std::vector<Rational>& X) const;
  [[nodiscard]] std::vector<LinearForm<FastInterval>> over(
      const std::vector<LinearForm<FastInterval>>& X) const;

 private:
  friend class ExpressionReader;
  struct Step {
    char code = 'n';  ///< n number, p pi, x entry, m negation, + - * / ^, and the first two letters' code of
                      ///< functions
    std::size_t a = 0, b = 0;
    Rational number = 0;
  };
  std::vector<Step> steps_;
  std::vector<std::size_t> outputs_;
};

}  // namespace promptbound::checker
