#include <promptbound/constructions/separated_prompts.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {

SeparatedPrompts::SeparatedPrompts(const AttentionHead<Rational>& head, const Vector<Rational>& query,
                                   const Matrix<Rational>& tokens, const Rational& radius, long m, long q)
    : tokens_(tokens), m_(m), q_(q) {
  const Matrix<Rational> A = head.score_matrix(), V = head.value_map();
  if (A.cols() != query.size() || tokens.rows() != query.size() || tokens.cols() < 1) {
    throw InputError("separated prompts: query and tokens must have the head's width, and a token is needed");
  }
  if (radius <= 0 || m < 1 || q < 2)
    throw InputError("separated prompts: radius > 0, m >= 1 and q >= 2 are needed");
  score_direction_ = multiply(A, Matrix<Rational>(query)).col(0);
  const Matrix<Rational> free = kernel(Matrix<Rational>(score_direction_.transpose()));
  const Matrix<Rational> values = multiply(V, free);
  // The reduced rows of values^T span the same space as its rows: as columns they have the wanted unit
  // entries.
  const EchelonForm form = echelon_form(Matrix<Rational>(values.transpose()));
  if (form.rank() == 0) throw InputError("separated prompts: V maps every token orthogonal to A x0 to 0");
  const Matrix<Rational> wanted = form.rows.transpose().unaryExpr(
      [&](const Integer& entry) { return Rational(entry, form.denominator); });
  directions_ = multiply(free, *solve(values, wanted));
  const Rational reach = directions_.cwiseAbs().rowwise().sum().maxCoeff() * Rational(q - 1, 2);
  step_ = radius / reach;
}

Integer SeparatedPrompts::count() const {
  return power(Integer(q_), static_cast<unsigned long>(directions()));
}

Matrix<Rational> SeparatedPrompts::prompt(Integer k) const {
  if (k < 0 || k >= count()) throw InputError("separated prompts: numbers go from 0 to count - 1");
  Vector<Rational> token = Vector<Rational>::Zero(directions_.rows());
  for (Index direction = 0; direction < directions(); ++direction) {
    const Rational level = Rational(Integer(k % q_)) - Rational(q_ - 1, 2);
    token += level * step_ * directions_.col(direction);
    k /= q_;
  }
  return token.replicate(1, m_);
}

Interval SeparatedPrompts::separation() const {
  Interval S;
  for (Index j = 0; j < tokens_.cols(); ++j)
    S += exp(Interval(Rational(tokens_.col(j).dot(score_direction_))));
  return Interval(Rational(step_ * m_)) / (Interval(Integer(m_)) + S);
}

Interval least_output_distance(const Transformer<Rational>& model, const Matrix<Rational>& tokens,
                               const std::vector<Matrix<Rational>>& prompts) {
  if (model.layers.size() != 1 || model.layers.front().heads.size() != 1)
    throw InputError("separated prompts: the model must have one layer with one attention head");
  if (prompts.size() < 2) throw InputError("separated prompts: two prompts or more are needed");
  const Transformer<Interval> enclosed = from_rational<Interval>(model);
  const Matrix<Interval> input = from_rational<Interval>(tokens);
  const Vector<Interval> query = input.col(input.cols() - 1);
  std::vector<Vector<Interval>> outputs;
  outputs.reserve(prompts.size());
  for (const Matrix<Rational>& prompt : prompts)
    outputs.push_back(attend_from(enclosed.layers.front().heads.front(), query,
                                  concatenate(from_rational<Interval>(prompt), input)));
  std::optional<Interval> least;
  for (std::size_t k = 1; k < outputs.size(); ++k) {
    for (std::size_t l = 0; l < k; ++l) {
      Interval distance(0);
      for (Index c = 0; c < query.size(); ++c) distance = max(distance, abs(outputs[k](c) - outputs[l](c)));
      least = least ? min(*least, distance) : distance;
    }
  }
  return *least;
}

}  // namespace promptbound
