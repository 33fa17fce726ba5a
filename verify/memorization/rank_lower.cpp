#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/verify/memorization/rank_lower.hpp>

namespace promptbound {

Index rank_lower(const Matrix<Rational>& V, const Matrix<Rational>& tokens, const Matrix<Rational>& targets) {
  const Matrix<Rational> values = multiply(V, tokens);
  Matrix<Rational> both(values.rows(), values.cols() + targets.cols());
  both << values, targets;
  return rank(both) - rank(values);
}

}  // namespace promptbound
