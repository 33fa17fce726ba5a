#include <algorithm>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/memorization/shared_query.hpp>

namespace promptbound {
namespace {

using Example = SharedQueryProblem::Example;

void check_shapes(const SharedQueryData& data) {
  const Index d = data.query.size();
  if (data.examples.empty()) throw InputError("shared-query data: at least one example is needed");
  if (data.A.rows() != d || data.A.cols() != d || data.V.rows() != d || data.V.cols() != d) {
    throw InputError("shared-query data: the query has " + std::to_string(d) +
                     " coordinates, so A and V must be square matrices of that size");
  }
  for (std::size_t i = 0; i < data.examples.size(); ++i) {
    const SharedQueryExample& example = data.examples[i];
    const std::string where = "example " + std::to_string(i) + ": ";
    if (example.tokens.rows() != d) throw InputError(where + "tokens must have the query's size");
    if (static_cast<Index>(example.target.size()) != d) {
      throw InputError(where + "the target must have the query's size");
    }
    bool found = false;
    for (Index j = 0; j < example.tokens.cols(); ++j) found = found || example.tokens.col(j) == data.query;
    if (!found) throw InputError(where + "the shared query is not among its tokens");
  }
}

/// s[0] v[0] + s[1] v[1] + ... for a rational vector s.
ExponentialQuotient dot(const Vector<Rational>& s, const ExactVector& v) {
  ExponentialQuotient result;
  for (Index c = 0; c < s.size(); ++c) {
    if (s(c) != 0) result += v[static_cast<std::size_t>(c)] * ExponentialQuotient(s(c));
  }
  return result;
}

bool all_zero(const ExactVector& v) {
  return std::all_of(v.begin(), v.end(), [](const ExponentialQuotient& x) { return x.is_zero(); });
}

/// Is v in the image of V? Exactly the vectors that the left kernel of V annihilates are.
bool in_image(const Matrix<Rational>& V, const ExactVector& v) {
  const Matrix<Rational> left_kernel = kernel(Matrix<Rational>(V.transpose()));
  for (Index k = 0; k < left_kernel.cols(); ++k) {
    if (!dot(left_kernel.col(k), v).is_zero()) return false;
  }
  return true;
}

/// S_P t + b, the common value S_P V vbar where S_P fits.
ExactVector scaled_mean(const Example& example, const ExponentialQuotient& S) {
  ExactVector result;
  for (std::size_t c = 0; c < example.t.size(); ++c) {
    // (S_P + S) t - S a: a target made by a prompt has the denominator S_P + S, which cancels in this form.
    const ExponentialQuotient product = (S + ExponentialQuotient(example.sums.S)) * example.t[c];
    result.push_back((product - ExponentialQuotient(example.sums.weighted_values[c])).simplified());
  }
  return result;
}

bool excludes_zero(const Interval& x) { return x.is_finite() && !x.contains(Rational(0)); }

/// Does S_P tau_i = w_i fail for some i by a margin that a fixed precision sees? Spares exact products.
bool certainly_inconsistent(const SharedQueryProblem& problem, const ExponentialQuotient& S) {
  const WorkingPrecision scope(256);
  const Interval sum = S.enclosure();
  for (const Example& example : problem.examples) {
    for (std::size_t c = 0; c < example.tau.size(); ++c) {
      if (excludes_zero(sum * example.tau[c].enclosure() - example.w[c].enclosure())) return true;
    }
  }
  return false;
}

PromptLengths no_length(std::string reason) {
  PromptLengths result;
  result.set = PromptLengths::Set::none;
  result.reason = std::move(reason);
  return result;
}

PromptLengths every_length(Freedom freedom, std::string reason) {
  PromptLengths result;
  result.set = PromptLengths::Set::from;
  result.least = 1;
  result.freedom = freedom;
  result.reason = std::move(reason);
  return result;
}

/// The lengths where S_P and vbar are determined and A x0 != 0.
PromptLengths lengths_of_ratio(const EntropyRatio& rho) {
  PromptLengths result;
  result.S = rho.S;
  result.rho = rho;
  if (rho.equals(1) == true) {
    result.set = PromptLengths::Set::single;
    result.least = 1;
    result.reason = "rho = 1: exactly one token";
    return result;
  }
  try {
    const bool is_less = at_rising_precision("whether rho < 1", 128, [&]() -> std::optional<bool> {
      const Interval value = rho.enclosure();
      if (certainly_less(value, Interval(1))) return true;
      if (certainly_less(Interval(1), value)) return false;
      return std::nullopt;
    });
    if (is_less) {
      result.set = PromptLengths::Set::none;
      result.reason = "rho < 1: the determined S_P is too small for its mean token";
      return result;
    }
    result.least = rho.ceiling();
    result.set = PromptLengths::Set::from;
    result.reason = "rho > 1: exactly the lengths m >= ceil(rho)";
  } catch (const Undecided& undecided) {
    result.set = PromptLengths::Set::undecided;
    result.reason = undecided.what();
  }
  return result;
}

/// Case I: some (tau_i, w_i) != (0, 0), so that at most one S_P fits.
PromptLengths decide_case_one(const SharedQueryProblem& problem) {
  const ExponentialQuotient* divisor = nullptr;
  const ExponentialQuotient* dividend = nullptr;
  for (const Example& example : problem.examples) {
    for (std::size_t c = 0; c < example.tau.size() && divisor == nullptr; ++c) {
      if (example.tau[c].is_zero()) continue;
      divisor = &example.tau[c];
      dividend = &example.w[c];
    }
  }
  const char* const contradiction = "no S_P > 0 has S_P (t_i - t_1) = b_1 - b_i for every i";
  if (divisor == nullptr) return no_length(contradiction);
  const ExponentialQuotient S = (*dividend / *divisor).simplified();
  if (S.sign() <= 0 || certainly_inconsistent(problem, S)) return no_length(contradiction);
  const ExactVector mean = scaled_mean(problem.examples.front(), S);
  for (const Example& example : problem.examples) {
    if (scaled_mean(example, S) != mean) return no_length(contradiction);
  }
  if (!in_image(problem.V, mean)) return no_length("t_1 + b_1/S_P is not in the image of V");

  if (problem.direction.isZero(0)) {
    const std::optional<Rational> length = S.rational();
    if (!length || !is_integer(*length)) return no_length("A x0 = 0 and S_P is no integer");
    PromptLengths result;
    result.set = PromptLengths::Set::single;
    result.least = numerator(*length);
    result.S = S;
    result.reason = "A x0 = 0: the only length is m = S_P";
    return result;
  }
  const auto y = solve(Matrix<Rational>(problem.V.transpose()), problem.direction);
  if (!y) {
    PromptLengths result =
        every_length(Freedom::score, "A x0 is not orthogonal to ker V: every length m >= 1");
    result.S = S;
    return result;
  }
  // A x0 = V^T y, so s(vbar) = y^T V vbar.
  return lengths_of_ratio({S, (dot(*y, mean) / S).simplified()});
}

/// Case II: all examples ask for the same; S_P is free.
PromptLengths decide_case_two(const SharedQueryProblem& problem) {
  const Example& example = problem.examples.front();
  if (!in_image(problem.V, example.t)) return no_length("t_1 is not in the image of V");
  if (problem.direction.isZero(0)) {
    return every_length(Freedom::sum, "A x0 = 0 and S_P is free: every length m >= 1");
  }
  const auto y = solve(Matrix<Rational>(problem.V.transpose()), problem.direction);
  if (!y) {
    return every_length(Freedom::sum_and_score, "A x0 is not orthogonal to ker V: every length m >= 1");
  }
  const ExponentialQuotient al = dot(*y, example.t), be = dot(*y, example.b);
  if (be.sign() >= 0) return every_length(Freedom::sum, "S_P is free and be >= 0: every length m >= 1");
  // ln rho = ln S - al - be/S is least at S = -be.
  PromptLengths result = every_length(Freedom::sum, "S_P is free: exactly the m >= max(1, |be| e^(1 - al))");
  result.rho = EntropyRatio{-be, al - ExponentialQuotient(1)};
  try {
    result.least = std::max<Integer>(1, result.rho->ceiling());
  } catch (const Undecided& undecided) {
    result.set = PromptLengths::Set::undecided;
    result.reason = undecided.what();
  }
  return result;
}

}  // namespace

AttentionSums attention_sums(const Matrix<Rational>& V, const Vector<Rational>& direction,
                             const Matrix<Rational>& tokens) {
  AttentionSums result;
  result.weighted_values.resize(static_cast<std::size_t>(V.rows()));
  const Matrix<Rational> values = multiply(V, tokens);
  for (Index j = 0; j < tokens.cols(); ++j) {
    const Rational score = tokens.col(j).dot(direction);
    result.S += ExponentialSum::exponential(score);
    for (Index c = 0; c < values.rows(); ++c) {
      result.weighted_values[static_cast<std::size_t>(c)] += ExponentialSum::exponential(score, values(c, j));
    }
  }
  return result;
}

ExactVector exact_attention(const Matrix<Rational>& V, const Vector<Rational>& direction,
                            const Matrix<Rational>& prompt, const Matrix<Rational>& tokens) {
  Matrix<Rational> keys(tokens.rows(), prompt.cols() + tokens.cols());
  keys << prompt, tokens;
  const AttentionSums sums = attention_sums(V, direction, keys);
  ExactVector result;
  for (const ExponentialSum& value : sums.weighted_values) {
    result.push_back(ExponentialQuotient(value) / ExponentialQuotient(sums.S));
  }
  return result;
}

SharedQueryProblem shared_query_problem(const SharedQueryData& data) {
  check_shapes(data);
  SharedQueryProblem problem;
  problem.V = data.V;
  problem.query = data.query;
  problem.direction = multiply(data.A, Matrix<Rational>(data.query)).col(0);
  for (const SharedQueryExample& given : data.examples) {
    Example example;
    example.sums = attention_sums(data.V, problem.direction, given.tokens);
    example.t = given.target;
    const Example& first = problem.examples.empty() ? example : problem.examples.front();
    for (std::size_t c = 0; c < example.t.size(); ++c) {
      example.b.push_back(ExponentialQuotient(example.sums.S) * example.t[c] -
                          ExponentialQuotient(example.sums.weighted_values[c]));
      example.tau.push_back(example.t[c] - first.t[c]);
      example.w.push_back(first.b[c] - example.b[c]);
    }
    problem.examples.push_back(std::move(example));
  }
  return problem;
}

Interval EntropyRatio::enclosure() const { return S.enclosure() * exp(-s.enclosure()); }

std::optional<bool> EntropyRatio::equals(const Integer& n) const {
  const auto score = s.rational();
  if (!score) return std::nullopt;
  // S e^(-s) = n only if S = n e^s.
  const auto factors = S.monomial();
  return factors && factors->exponent == *score && factors->coefficient == Rational(n);
}

Integer EntropyRatio::ceiling() const {
  return decide_ceil([this] { return enclosure(); }, [this](const Integer& n) { return equals(n) == true; });
}

PromptLengths decide_prompt_lengths(const SharedQueryProblem& problem) {
  const bool varies = std::any_of(problem.examples.begin(), problem.examples.end(),
                                  [](const Example& e) { return !all_zero(e.tau) || !all_zero(e.w); });
  PromptLengths result = varies ? decide_case_one(problem) : decide_case_two(problem);
  result.empty_fits = std::all_of(problem.examples.begin(), problem.examples.end(),
                                  [](const Example& e) { return all_zero(e.b); });
  return result;
}

}  // namespace promptbound
