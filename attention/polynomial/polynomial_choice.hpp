/// Which polynomial to use. Nothing here is certified or needs to be: KeyMoments::attend certifies what it
/// computed.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include <promptbound/attention/polynomial/sampled_scores.hpp>
#include <promptbound/attention/polynomial/score_polynomial.hpp>

namespace promptbound {

/// A polynomial that is not made yet.
struct PolynomialPlan {
  double S = 0;
  Index degree = 0, moment = 0;  ///< moment 0: a Chebyshev truncation on all of [-S, S]
  double inner = 0;              ///< with a moment: the inner range of moment_polynomial
  double work = 0;               ///< polynomial_work
};

/// Returns the work for one key or query, in monomials that are made and multiplied with d_v + 1 moments:
/// those of the even moment (0: none) are multiplied with one.
[[nodiscard]] double polynomial_work(Index d, Index d_v, Index degree, Index moment);

/// What the cost model (cost_model.hpp) counts.
struct PolynomialWork {
  double tokens = 0;     ///< queries and keys, once for each polynomial they go through
  double monomials = 0;  ///< theirs (polynomial_work), and in that unit what clusters cost beside

  /// Adds `count` tokens through a polynomial of this work.
  void add(double count, double work) {
    tokens += count;
    monomials += count * work;
  }
};

/// What a polynomial has to reach.
struct PolynomialTask {
  Index d = 0, d_v = 0, keys = 0;
  double S = 0;         ///< no score is larger
  double spread = 1;    ///< mean squared norm of centred keys, relative to the largest, as far as is expected
  double accuracy = 0;  ///< relative to the largest |value|
  double range = 0;     ///< of the values, at most, relative to the largest one's size
  double distance = 0;  ///< of an output from a value, as far as is expected; relative as `range`
  bool may_moment = false;  ///< use the even-moment certificate
  double most_work = 1 << 20;
};

/// Returns the polynomial of least work that is expected to do, in T; nothing when that is above the task's
/// most. `expected` because the even moment and the normaliser are estimated: the certificate decides.
template <class T>
[[nodiscard]] std::optional<PolynomialPlan> least_polynomial(const PolynomialTask& task,
                                                             SampledScores& scores);

/// Returns the polynomial of a plan, kept for the next time: making one in multiple precision takes longer
/// than short sequences do.
[[nodiscard]] ScorePolynomial polynomial_of(const PolynomialPlan& plan);

}  // namespace promptbound
