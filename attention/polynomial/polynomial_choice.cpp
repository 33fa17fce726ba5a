#include <promptbound/attention/polynomial/polynomial_choice.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <tuple>

#include <promptbound/attention/polynomial/polynomial_error.hpp>
#include <promptbound/attention/polynomial/score_estimates.hpp>

namespace promptbound {

double polynomial_work(Index d, Index d_v, Index degree, Index moment) {
  const double full = monomial_count(d, degree);
  if (moment == 0) return full;
  const double single = monomial_count(d, moment) - monomial_count(d, moment - 1);
  return full + single / static_cast<double>(d_v + 2);
}

namespace {

/// S rounded up to 6 bits: sequences of one kind share polynomials then, and a wider range is right too.
double rounded_up(double S) {
  int exponent = 0;
  const double mantissa = std::frexp(S, &exponent);
  return std::ldexp(std::ceil(mantissa * 64), exponent - 6);
}

/// The search of least_polynomial.
template <class T>
class Search {
 public:
  Search(const PolynomialTask& task, SampledScores& scores, double S)
      : task_(task),
        scores_(scores),
        S_(S),
        growth_(2.1 * (1 + S * std::sqrt(task.spread) + task.spread * std::max(0.0, std::exp(S) - 1 - S))),
        rests_(chebyshev_rests(S)) {}

  /// Does rounding leave room for anything?
  [[nodiscard]] bool is_hopeless() const { return !(room(1, 1, task_.range / 2, 1) > 0); }

  void try_chebyshev() {
    for (std::size_t g = 1; g < rests_.size(); ++g) {
      const auto degree = static_cast<Index>(g);
      const double rank = monomial_count(task_.d, degree);
      if (rank > task_.most_work) return;
      // eta/(1 + sqrt(1 - eta^2)) = tau.
      const double tau = std::min(room(degree, rank, task_.range, 0.6), 0.9);
      if (tau > 0 && rests_[g] <= 2 * tau / (1 + tau * tau) * (1 - 1e-6)) {
        best_ = PolynomialPlan{S_, degree, 0, 0, rank};
        return;
      }
    }
  }

  /// With moments of monomials that are there anyway, and with the next one.
  void try_moments() {
    const Index enough = enough_with_next();
    // The others may do little below that degree.
    for (Index degree = std::max<Index>(1, enough - 3);; ++degree) {
      const Index next = next_moment(degree);
      if (monomial_count(task_.d, degree) > task_.most_work || !(room_with(degree, degree) > 0)) return;
      if (best_ && polynomial_work(task_.d, task_.d_v, degree, next - 2) >= best_->work) return;
      if (next > 2) try_moment_of(degree, next - 2);
      try_moment_of(degree, next);
      if (!best_ && degree >= enough) return;
    }
  }

  [[nodiscard]] const std::optional<PolynomialPlan>& best() const { return best_; }

 private:
  /// Truncation that rounding leaves room for, in terms of this width; the normaliser is at least about the
  /// number of keys, by convexity.
  [[nodiscard]] double room(Index top, double rank, double width, double roundings) const {
    const double gamma = polynomial_rounding<T>(top, expected_chain(static_cast<Index>(rank)), task_.keys, 2);
    const double rounding = gamma * growth_ + 3 * unit_roundoff<T>;
    return (task_.accuracy - rounding) / width - roundings * unit_roundoff<T> * S_;
  }
  [[nodiscard]] double room_with(Index degree, Index h) const {
    return room(h, monomial_count(task_.d, std::max(h, degree)), task_.distance, 1.1);
  }
  [[nodiscard]] MomentTrial error_with(Index degree, Index h) {
    return try_moment(S_, degree, h, scores_.moment_above(h));
  }
  [[nodiscard]] static Index next_moment(Index degree) { return degree - degree % 2 + 2; }

  /// About the least degree at which the next moment does, or the largest one that there is: found by
  /// halving, because errors shrink with the degree.
  [[nodiscard]] Index enough_with_next() {
    Index below = 0, degree = best_ ? best_->degree : static_cast<Index>(rests_.size());
    while (degree - below > 1) {
      const Index middle = (below + degree) / 2, h = next_moment(middle);
      // Where rounding leaves no room, more monomials do not help.
      const double left = room_with(middle, h);
      if (left > 0 && error_with(middle, h).error > left) {
        below = middle;
      } else {
        degree = middle;
      }
    }
    return degree;
  }

  void try_moment_of(Index degree, Index h) {
    const double all = monomial_count(task_.d, std::max(h, degree)),
                 work = polynomial_work(task_.d, task_.d_v, degree, h);
    if (std::max(all, work) > task_.most_work || (best_ && work >= best_->work)) return;
    const MomentTrial trial = error_with(degree, h);
    if (trial.error <= room_with(degree, h)) best_ = PolynomialPlan{S_, degree, h, trial.inner, work};
  }

  const PolynomialTask& task_;
  SampledScores& scores_;
  double S_, growth_;  ///< growth: the sizes of terms over the normaliser, times 2
  std::vector<double> rests_;
  std::optional<PolynomialPlan> best_;
};

}  // namespace

template <class T>
std::optional<PolynomialPlan> least_polynomial(const PolynomialTask& task, SampledScores& scores) {
  const double S = rounded_up(std::max(task.S, 1e-6));
  // Least degrees grow like S, and ranks with them; beyond 50 binary64 certifies nothing.
  if (!(S <= 50)) return std::nullopt;
  if (task.range == 0) return PolynomialPlan{S, 1, 2, 0, polynomial_work(task.d, task.d_v, 1, 2)};
  Search<T> search(task, scores, S);
  if (search.is_hopeless()) return std::nullopt;
  search.try_chebyshev();
  if (task.may_moment) search.try_moments();
  return search.best();
}

ScorePolynomial polynomial_of(const PolynomialPlan& plan) {
  constexpr std::size_t most_kept = 256;
  using Key = std::tuple<double, double, Index, Index>;
  static std::mutex mutex;
  static std::map<Key, ScorePolynomial> kept;
  const Key key(plan.S, plan.inner, plan.degree, plan.moment);
  {
    const std::scoped_lock lock(mutex);
    if (const auto found = kept.find(key); found != kept.end()) return found->second;
  }
  ScorePolynomial made = plan.moment > 0 ? moment_polynomial(plan.S, plan.inner, plan.degree, plan.moment)
                                         : chebyshev_polynomial(plan.S, plan.degree);
  const std::scoped_lock lock(mutex);
  if (kept.size() >= most_kept) kept.clear();
  kept.emplace(key, made);
  return made;
}

template std::optional<PolynomialPlan> least_polynomial<float>(const PolynomialTask&, SampledScores&);
template std::optional<PolynomialPlan> least_polynomial<double>(const PolynomialTask&, SampledScores&);

}  // namespace promptbound
