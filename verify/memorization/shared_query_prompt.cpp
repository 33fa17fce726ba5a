#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/shared_query_prompt.hpp>

namespace promptbound {

Interval dot(const Vector<Rational>& s, const Vector<Interval>& v) {
  Interval result;
  for (Index c = 0; c < s.size(); ++c) result += Interval(s(c)) * v(c);
  return result;
}

namespace {

/// The q in (0, 1/m] at which the weights (1 - (m-1) q, q, ..., q) have the entropy given, 0 < entropy < ln
/// m.
Interval small_weight(const Interval& entropy, long m) {
  const Interval others(m - 1);
  const auto excess = [&](const Interval& q) {
    const Interval first = Interval(1) - others * q;
    return -(first * log(first) + others * q * log(q)) - entropy;
  };
  return enclose_root(excess, Interval(0), Interval(1) / Interval(m));
}

/// The S >= max(0, -be) with ln S - al - be/S = ln m.
Interval free_sum(const Interval& al, const Interval& be, const Interval& least, long m) {
  const Interval level = log(Interval(m)) + al;
  const auto excess = [&](const Interval& S) { return log(S) - be / S - level; };
  Interval low = least.lower_point();
  Interval high = least.upper_point();
  if (!certainly_positive(high)) {
    low = high = Interval(1);
    while (!certainly_less(excess(low), Interval(0))) low /= Interval(2);
  }
  while (!certainly_positive(excess(high))) high *= Interval(2);
  return enclose_root(excess, low, high);
}

Vector<Interval> enclosures(const ExactVector& v) {
  Vector<Interval> result(static_cast<Index>(v.size()));
  for (Index c = 0; c < result.size(); ++c) result(c) = v[static_cast<std::size_t>(c)].enclosure();
  return result;
}

void check_length(const PromptLengths& lengths, long m) {
  using Set = PromptLengths::Set;
  const bool fits =
      (lengths.set == Set::single && lengths.least == m) || (lengths.set == Set::from && lengths.least <= m);
  if (!fits || m < 1) throw InputError("no prompt of " + std::to_string(m) + " tokens is known to fit");
  if (m > longest_written_prompt) {
    throw InputError("a prompt of " + std::to_string(m) + " tokens is not written out; at most " +
                     std::to_string(longest_written_prompt));
  }
}

}  // namespace

Interval enclose_root(const std::function<Interval(const Interval&)>& f, const Interval& low,
                      const Interval& high) {
  // Two bisections, for the last point certainly below the root and for the first certainly above it: near
  // the root the sign of f is not decided, and a single bisection would stop there with a wide bracket.
  const auto bisect = [&](const auto& goes_up) {
    Interval left = low.lower_point(), right = high.upper_point();
    for (long step = 0; step < 2 * working_precision(); ++step) {
      const Interval middle = hull(left, right).midpoint();
      if (!certainly_less(left, middle) || !certainly_less(middle, right)) break;
      (goes_up(f(middle)) ? left : right) = middle;
    }
    return std::pair(left, right);
  };
  const Interval below = bisect([](const Interval& y) { return certainly_less(y, Interval(0)); }).first;
  const Interval above = bisect([](const Interval& y) { return !certainly_positive(y); }).second;
  return hull(below, above);
}

Matrix<Interval> realise_prompt(const Interval& S, const Vector<Interval>& mean,
                                const Vector<Rational>& direction, long m, bool uniform) {
  const Interval score = dot(direction, mean);
  const Interval log_rho = log(S) - score;
  Interval first = Interval(1) / Interval(m), other = first;
  if (!uniform) {
    other = small_weight(log_rho, m);
    first = Interval(1) - Interval(m - 1) * other;
  }
  const Rational square = direction.dot(direction);
  const auto token = [&](const Interval& weight) {
    Vector<Interval> z = mean;
    if (square == 0) return z;
    const Interval c = log(weight) + log_rho;
    for (Index k = 0; k < z.size(); ++k) z(k) += c * Interval(Rational(direction(k) / square));
    return z;
  };
  Matrix<Interval> prompt(mean.size(), m);
  prompt.col(0) = token(first);
  if (m > 1) prompt.rightCols(m - 1).colwise() = token(other);
  return prompt;
}

Matrix<Interval> shared_query_prompt(const SharedQueryProblem& problem, const PromptLengths& lengths,
                                     long m) {
  check_length(lengths, m);
  const SharedQueryProblem::Example& example = problem.examples.front();
  const Vector<Rational>& direction = problem.direction;
  const Vector<Interval> t = enclosures(example.t), b = enclosures(example.b);
  const auto y = solve(Matrix<Rational>(problem.V.transpose()), direction);

  Interval S(m);
  bool uniform = true;
  switch (lengths.freedom) {
    case Freedom::none:
      S = lengths.S->enclosure();
      uniform = m == 1 || direction.isZero(0) || lengths.rho->equals(m) == true;
      break;
    case Freedom::score:
      S = lengths.S->enclosure();
      break;
    case Freedom::sum_and_score:
      break;
    case Freedom::sum:
      if (direction.isZero(0)) break;
      if (lengths.rho && lengths.rho->equals(m) == true) {
        S = lengths.rho->S.enclosure();  // the least ratio is m itself, taken at S = -be
      } else {
        S = free_sum(dot(*y, t), dot(*y, b), lengths.rho ? lengths.rho->S.enclosure() : Interval(0), m);
      }
      break;
  }

  Vector<Interval> value(t.size());
  for (Index c = 0; c < t.size(); ++c) value(c) = t(c) + b(c) / S;
  const Matrix<Rational> inverse = generalized_inverse(problem.V);
  Vector<Interval> mean(t.size());
  for (Index k = 0; k < mean.size(); ++k) mean(k) = dot(inverse.row(k), value);
  if (lengths.freedom == Freedom::score || lengths.freedom == Freedom::sum_and_score) {
    // Along ker V the mean token moves freely: give it the score at which all weights are equal.
    const Matrix<Rational> null_space = kernel(problem.V);
    for (Index k = 0; k < null_space.cols(); ++k) {
      const Rational slope = null_space.col(k).dot(direction);
      if (slope == 0) continue;
      const Interval step = (log(S / Interval(m)) - dot(direction, mean)) / Interval(slope);
      for (Index c = 0; c < mean.size(); ++c) mean(c) += step * Interval(null_space(c, k));
      break;
    }
  }
  return realise_prompt(S, mean, direction, m, uniform);
}

Matrix<Interval> compress_prompt(const Vector<Rational>& direction, const Matrix<Rational>& prompt) {
  if (prompt.cols() < 1 || prompt.rows() != direction.size()) {
    throw InputError("a prompt of at least one token of the query's size is needed");
  }
  if (direction.isZero(0)) throw InputError("A x0 = 0: a prompt acts by its length and is not compressed");
  if (prompt.cols() == 1) return from_rational<Interval>(prompt);
  const Index d = prompt.rows();
  const AttentionSums sums = attention_sums(Matrix<Rational>::Identity(d, d), direction, prompt);
  const ExponentialQuotient S = sums.S;
  ExponentialQuotient score;
  Vector<Interval> mean(d);
  for (Index k = 0; k < d; ++k) {
    const ExponentialQuotient coordinate =
        ExponentialQuotient(sums.weighted_values[static_cast<std::size_t>(k)]) / S;
    mean(k) = coordinate.enclosure();
    if (direction(k) != 0) score += coordinate * ExponentialQuotient(direction(k));
  }
  const EntropyRatio rho{S, score.simplified()};
  const long m = rho.ceiling().convert_to<long>();
  return realise_prompt(S.enclosure(), mean, direction, m, rho.equals(m) == true);
}

Matrix<Rational> midpoints(const Matrix<Interval>& enclosed) {
  return enclosed.unaryExpr([](const Interval& x) { return x.midpoint().lower(); });
}

Matrix<Rational> rounded(const Matrix<Interval>& tokens, unsigned long decimals) {
  const Integer scale = power(Integer(10), decimals);
  return tokens.unaryExpr([&](const Interval& x) {
    return Rational(floor(Rational(x.midpoint().lower() * scale + Rational(1, 2))), scale);
  });
}

Interval fit_error(const SharedQueryProblem& problem, const Matrix<Interval>& prompt) {
  // Theory 2.1: att(x0; [P, X]) = (S_P att(x0; P) + S att(x0; X)) / (S_P + S).
  const Matrix<Interval> values = multiply(from_rational<Interval>(problem.V), prompt);
  Interval S;
  Vector<Interval> weighted = Vector<Interval>::Zero(values.rows());
  for (Index j = 0; j < prompt.cols(); ++j) {
    const Interval weight = exp(dot(problem.direction, prompt.col(j)));
    S += weight;
    for (Index c = 0; c < values.rows(); ++c) weighted(c) += weight * values(c, j);
  }
  Interval error;
  for (const SharedQueryProblem::Example& example : problem.examples) {
    const Interval sum = S + example.sums.S.enclosure();
    for (Index c = 0; c < values.rows(); ++c) {
      const auto entry = static_cast<std::size_t>(c);
      const Interval output = (weighted(c) + example.sums.weighted_values[entry].enclosure()) / sum;
      error = max(error, abs(output - example.t[entry].enclosure()));
    }
  }
  return error;
}

}  // namespace promptbound
