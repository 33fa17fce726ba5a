#include <algorithm>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/verify/prefix/prefix_fit.hpp>

namespace promptbound {
namespace {

using Sums = std::vector<ExponentialSum>;

int sign_of(const ExponentialSum& x) { return ExponentialQuotient(x).sign(); }

/// The decision's parts: none is left undecided by an enclosure alone.
class PrefixFit {
 public:
  explicit PrefixFit(const PrefixProblem& problem) : problem_(problem), G_(norm_form(problem.W_O)) {
    for (const FloorExample& example : problem.examples) {
      Sums b;
      for (Index c = 0; c < example.target.size(); ++c) {
        b.push_back(example.sums.S * ExponentialSum(example.target(c)) -
                    example.sums.weighted_values[static_cast<std::size_t>(c)]);
      }
      b_.push_back(std::move(b));
    }
    if (!problem.caps.key.infinite) {
      const Rational& cap = problem.caps.key.value;
      reach_squared_ = cap * cap * problem.query.squaredNorm();
    } else if (problem.query.isZero(0)) {
      reach_squared_ = 0;
    }
    // e^2000 has 869 digits.
    constexpr long most_reach = 2000;
    if (reach_squared_ && *reach_squared_ > Rational(most_reach) * most_reach)
      throw Undecided("lengths are not computed where K_0 ||q0|| > 2000");
    if (reach_squared_ == Rational(0)) reach_ = 0;
    if (reach_squared_ && *reach_squared_ > 0) reach_ = exact_root(*reach_squared_, 2);
  }

  [[nodiscard]] bool empty_fits() const {
    return std::all_of(b_.begin(), b_.end(), [](const Sums& b) {
      return std::all_of(b.begin(), b.end(), [](const ExponentialSum& x) { return x.is_zero(); });
    });
  }

  [[nodiscard]] PrefixLengths lengths() const {
    if (!in_image(problem_.examples.front().target)) return none("t_1 is not in the image of W_O");
    bool is_determined = false;
    const std::optional<ExponentialSum> S = common_sum(is_determined);
    if (!is_determined) return lengths_of_free_sum();
    if (!S) return none("no S > 0 has S (t_i - t_1) = b_1 - b_i for every i");
    return lengths_of(*S);
  }

 private:
  static PrefixLengths none(std::string reason) {
    PrefixLengths result;
    result.set = PrefixLengths::Set::none;
    result.reason = std::move(reason);
    return result;
  }

  static PrefixLengths range(Integer least, std::optional<Integer> most, std::string reason) {
    if (least < 1) least = 1;
    if (most && *most < least)
      return none("no m has m e^(-K_0 ||q0||) <= S <= m e^(K_0 ||q0||) for an S that fits");
    PrefixLengths result;
    result.set = PrefixLengths::Set::range;
    result.least = std::move(least);
    result.most = std::move(most);
    result.reason = std::move(reason);
    return result;
  }

  [[nodiscard]] bool in_image(const Vector<Rational>& y) const {
    return (kernel(Matrix<Rational>(problem_.W_O.transpose())).transpose() * y).isZero(0);
  }

  /// x^T G y.
  [[nodiscard]] ExponentialSum product(const Sums& x, const Sums& y) const {
    ExponentialSum result;
    for (std::size_t i = 0; i < x.size(); ++i) {
      ExponentialSum row;
      for (std::size_t j = 0; j < y.size(); ++j) {
        const Rational& entry = G_(static_cast<Index>(i), static_cast<Index>(j));
        if (entry != 0) row += y[j] * ExponentialSum(entry);
      }
      result += x[i] * row;
    }
    return result;
  }

  [[nodiscard]] Sums first_target() const {
    const Vector<Rational>& t = problem_.examples.front().target;
    return {t.begin(), t.end()};
  }

  /// The one S > 0 that all examples ask for, where they differ; nothing where there is none.
  std::optional<ExponentialSum> common_sum(bool& is_determined) const {
    std::optional<ExponentialSum> S;
    bool is_contradiction = false;
    for (std::size_t i = 1; i < b_.size(); ++i) {
      for (std::size_t c = 0; c < b_[i].size(); ++c) {
        const auto entry = static_cast<Index>(c);
        const Rational tau = problem_.examples[i].target(entry) - problem_.examples.front().target(entry);
        const ExponentialSum w = b_.front()[c] - b_[i][c];
        if (tau == 0 && w.is_zero()) continue;
        is_determined = true;
        if (tau == 0) {
          is_contradiction = true;
          continue;
        }
        const ExponentialSum candidate = w * ExponentialSum(Rational(1 / tau));
        is_contradiction = is_contradiction || (S && !(*S == candidate));
        S = candidate;
      }
    }
    if (is_contradiction || (S && sign_of(*S) <= 0)) return std::nullopt;
    return S;
  }

  [[nodiscard]] Interval reach() const {
    return reach_ ? Interval(*reach_) : sqrt(Interval(*reach_squared_));
  }

  /// coefficient e^(sign K_0 ||q0||), where that is a sum of exponentials of rationals.
  [[nodiscard]] std::optional<ExponentialSum> at_reach(int sign, const Rational& coefficient) const {
    if (!reach_) return std::nullopt;
    return ExponentialSum::exponential(Rational(sign * *reach_), coefficient);
  }

  /// S is determined: the lengths m with m e^{-K_0 ||q0||} <= S <= m e^{K_0 ||q0||}. Where the reach is
  /// irrational S is no integer times e^{+-reach}: exponentials of different algebraic numbers are linearly
  /// independent over the algebraic numbers.
  [[nodiscard]] PrefixLengths lengths_of(const ExponentialSum& S) const {
    if (!problem_.caps.value.infinite) {
      Sums mean = first_target();
      for (std::size_t c = 0; c < mean.size(); ++c) mean[c] = S * mean[c] + b_.front()[c];
      const Rational& cap = problem_.caps.value.value;
      if (sign_of(product(mean, mean) - S * S * ExponentialSum(Rational(cap * cap))) > 0)
        return none("the least value that fits has a norm above V_0");
    }
    if (!reach_squared_) return range(1, std::nullopt, "S is determined and keys are free: every m >= 1");
    const auto equals = [&](int sign) {
      return [this, &S, sign](const Integer& n) {
        const auto other = at_reach(sign, Rational(n));
        return other && *other == S;
      };
    };
    const Integer least = decide_ceil([&] { return S.enclosure() * exp(-reach()); }, equals(1));
    const Integer most = decide_floor([&] { return S.enclosure() * exp(reach()); }, equals(-1));
    return range(least, most, "exactly the m with m e^(-K_0 ||q0||) <= S <= m e^(K_0 ||q0||)");
  }

  /// S is free: with x = 1/S the norm asks for f(x) = c x^2 + 2 e x + a - V_0^2 <= 0.
  struct Parabola {
    ExponentialSum c, e, discriminant;
    Rational level;  ///< f(0)

    /// The larger (sign 1) or smaller (-1) root, enclosed.
    [[nodiscard]] Interval root(int sign) const {
      const Interval square =
          discriminant.is_zero() ? Interval(0) : max(Interval(0), discriminant.enclosure());
      return (Interval(sign) * sqrt(square) - e.enclosure()) / c.enclosure();
    }
    /// Is x that root?
    [[nodiscard]] bool is_root(int sign, const ExponentialSum& x) const {
      if (!(c * x * x + e * x * ExponentialSum(2) + ExponentialSum(level)).is_zero()) return false;
      return sign * sign_of(c * x + e) >= 0;
    }
  };

  [[nodiscard]] PrefixLengths lengths_of_free_sum() const {
    PrefixLengths all = range(1, std::nullopt, "S is free: every m >= 1");
    if (problem_.caps.value.infinite) return all;
    const char* const too_large = "every value that fits has a norm above V_0";
    const Sums t = first_target();
    const Sums& b = b_.front();
    const Rational& cap = problem_.caps.value.value;
    const Vector<Rational>& target = problem_.examples.front().target;
    Parabola f{product(b, b), product(t, b), {}, Rational(target.dot(G_ * target) - cap * cap)};
    if (f.c.is_zero()) return f.level <= 0 ? all : none(too_large);
    f.discriminant = f.e * f.e - f.c * ExponentialSum(f.level);
    if (sign_of(f.discriminant) < 0) return none(too_large);
    // The larger root is positive, and the smaller one too, where f(0) > 0.
    if (f.level >= 0 && sign_of(f.e) >= 0) return none(too_large);
    if (!reach_squared_) return range(1, std::nullopt, "some S fits and keys are free: every m >= 1");
    const auto equals = [&](int root_sign, int reach_sign) {
      return [this, &f, root_sign, reach_sign](const Integer& n) {
        if (n < 1) return false;
        const auto x = at_reach(reach_sign, Rational(Integer(1), n));
        return x && f.is_root(root_sign, *x);
      };
    };
    const Integer least = decide_ceil([&] { return exp(-reach()) / f.root(1); }, equals(1, -1));
    std::optional<Integer> most;
    if (f.level > 0) most = decide_floor([&] { return exp(reach()) / f.root(-1); }, equals(-1, 1));
    return range(least, most, "S is free as far as V_0 lets it be");
  }

  const PrefixProblem& problem_;
  Matrix<Rational> G_;
  std::vector<Sums> b_;
  std::optional<Rational> reach_squared_;  ///< (K_0 ||q0||)^2; nothing where it is infinite
  std::optional<Rational> reach_;          ///< K_0 ||q0||, where that is rational
};

}  // namespace

// The least u with W_O u = y is W_O^T z for any z with W_O W_O^T z = y, and its norm squared y^T z.
Matrix<Rational> norm_form(const Matrix<Rational>& W_O) {
  return generalized_inverse(multiply(W_O, Matrix<Rational>(W_O.transpose())));
}

PrefixLengths decide_prefix_lengths(const PrefixProblem& problem) {
  PrefixLengths result;
  try {
    const PrefixFit fit(problem);
    result.empty_fits = fit.empty_fits();
    PrefixLengths lengths = fit.lengths();
    lengths.empty_fits = result.empty_fits;
    return lengths;
  } catch (const Undecided& undecided) {
    result.reason = undecided.what();
  }
  return result;
}

}  // namespace promptbound
