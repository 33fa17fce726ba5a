// Certificates of prefixes (theory 2.2p), for report.hpp. Shares rationals and intervals with the producer;
// sums of exponentials and the lengths are computed again from the data.
#include <map>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/check/memorize_problem.hpp>

namespace promptbound::checker {
namespace {

/// exponent -> coefficient: sum r e^s with rational s and r != 0. It is 0 only where it has no term, since
/// exponentials of different rationals are linearly independent over the rationals.
struct Sum {
  std::map<Rational, Rational> terms;

  Sum() = default;
  explicit Sum(const Rational& coefficient, const Rational& exponent = 0) { add(exponent, coefficient); }

  void add(const Rational& exponent, const Rational& coefficient) {
    Rational& place = terms[exponent];
    place += coefficient;
    if (place == 0) terms.erase(exponent);
  }
  friend Sum operator+(Sum a, const Sum& b) {
    for (const auto& [exponent, coefficient] : b.terms) a.add(exponent, coefficient);
    return a;
  }
  friend Sum operator*(const Sum& a, const Sum& b) {
    Sum result;
    for (const auto& [s, r] : a.terms) {
      for (const auto& [exponent, coefficient] : b.terms) result.add(s + exponent, r * coefficient);
    }
    return result;
  }
  friend Sum operator*(const Rational& x, const Sum& a) { return Sum(x) * a; }
  [[nodiscard]] Interval enclosure() const {
    Interval result(0);
    for (const auto& [s, r] : terms) result += Interval(r) * exp(Interval(s));
    return result;
  }
};

int sign(const Interval& x) {
  if (certainly_positive(x)) return 1;
  require(certainly_less(x, Interval(0)), "lengths: they are not decided at the certificate's bits");
  return -1;
}

int sign(const Sum& x) { return x.terms.empty() ? 0 : sign(x.enclosure()); }

Number cap_from(const Json& value, const std::string& where) {
  if (value == "inf") return Number::infinity();
  const Rational cap = rational_from(value, where);
  if (cap < 0) reject(where + ": a number >= 0 or inf is needed");
  return cap;
}

/// e^{sign K_0 ||q0||} for a finite K_0 ||q0||: exact where that is rational.
struct Reach {
  Rational squared;
  std::optional<Rational> root;

  /// The sign of a e^{2 r} + b e^r + c, r = sign K_0 ||q0||, not all of a, b, c being 0. Where the reach is
  /// irrational the sum is not 0: 2 r, r and 0 differ by irrational numbers.
  [[nodiscard]] int sign_of(int direction, const Sum& a, const Sum& b, const Sum& c) const {
    if (root) {
      const Rational r = direction * *root;
      return sign(a * Sum(1, 2 * r) + b * Sum(1, r) + c);
    }
    const Interval power = exp(Interval(direction) * sqrt(Interval(squared)));
    return sign((a.enclosure() * power + b.enclosure()) * power + c.enclosure());
  }
};

/// The numbers of pairs that fit, as tests at one number m >= 1.
class Lengths {
 public:
  Lengths(const Problem& problem, const Json& certificate)
      : key_(cap_from(member(certificate, "key_cap", "certificate"), "key_cap")),
        value_(cap_from(member(certificate, "value_cap", "certificate"), "value_cap")) {
    const Json& heads = certificate["model"]["layers"][0]["heads"];
    require(heads.size() == 1, "model: one head is needed");
    const Json& head = heads[0];
    const Matrix<Rational> query = product(matrix_from(head["W_Q"], "W_Q"), problem.query);
    const Index d = problem.V.rows();
    const Matrix<Rational> W_O =
        head.contains("W_O") ? matrix_from(head["W_O"], "W_O") : Matrix<Rational>::Identity(d, d);
    if (!key_.infinite || query.isZero(0)) {
      reach_ = Reach{0, Rational(0)};
      if (!key_.infinite) reach_->squared = key_.value * key_.value * query.squaredNorm();
      require(reach_->squared <= 4000000, "key_cap: K_0 ||q0|| > 2000");
      if (reach_->squared > 0) reach_->root = exact_root(reach_->squared, 2);
    }
    for (const Example& example : problem.examples) {
      std::vector<Sum> b(static_cast<std::size_t>(d));
      for (const Vector<Rational>& key : example.keys) {
        const Vector<Rational> residual = example.t - product(problem.V, key).col(0);
        for (Index c = 0; c < d; ++c)
          b[static_cast<std::size_t>(c)].add(key.dot(problem.direction), residual(c));
      }
      b_.push_back(std::move(b));
    }
    decide(problem, W_O, certificate);
  }

  [[nodiscard]] bool empty_fits() const {
    for (const std::vector<Sum>& b : b_) {
      for (const Sum& entry : b) {
        if (!entry.terms.empty()) return false;
      }
    }
    return true;
  }

  /// No S > 0 fits, whatever the number of pairs.
  [[nodiscard]] bool is_excluded() const { return excluded_; }
  /// Every m >= 1 fits.
  [[nodiscard]] bool is_free() const { return !excluded_ && (!reach_ || every_sum_); }
  /// Sums of any size fit.
  [[nodiscard]] bool is_unbounded() const { return is_free() || (!excluded_ && !S_ && !has_least_root_); }

  /// m e^{K_0 ||q0||} is below every S that fits; m e^{-K_0 ||q0||} above every one.
  [[nodiscard]] bool is_too_short(const Integer& m) const {
    if (m < 1) return true;
    if (is_free()) return false;
    if (S_) return reach_->sign_of(1, {}, Sum(Rational(-m)), *S_) > 0;
    return value_at(-1, m) > 0 && slope_at(-1, m) > 0;
  }
  [[nodiscard]] bool is_too_long(const Integer& m) const {
    if (is_free()) return false;
    if (S_) return reach_->sign_of(-1, {}, Sum(Rational(-m)), *S_) < 0;
    return has_least_root_ && value_at(1, m) > 0 && slope_at(1, m) < 0;
  }
  [[nodiscard]] bool fits(const Integer& m) const {
    if (excluded_) return false;
    return is_free() || (!is_too_short(m) && !is_too_long(m));
  }

  /// A number of pairs that may be the last that is too short.
  [[nodiscard]] Integer last_short() const {
    const Interval power = exp(-sqrt(Interval(reach_->squared)));
    if (S_) return floor((S_->enclosure() * power).lower());
    const Interval discriminant = max(Interval(0), discriminant_.enclosure());
    const Interval root = (sqrt(discriminant) - e_.enclosure()) / c_.enclosure();
    return floor((power / root).lower());
  }

 private:
  void decide(const Problem& problem, const Matrix<Rational>& W_O, const Json& certificate) {
    const Vector<Rational>& t = problem.examples.front().t;
    Matrix<Rational> both(W_O.rows(), W_O.cols() + 1);
    both << W_O, t;
    excluded_ = Elimination(both).rank != Elimination(W_O).rank;
    bool is_determined = false;
    for (std::size_t i = 1; i < b_.size(); ++i) {
      for (Index c = 0; c < t.size(); ++c) {
        const auto k = static_cast<std::size_t>(c);
        const Rational tau = problem.examples[i].t(c) - t(c);
        const Sum w = b_.front()[k] + Rational(-1) * b_[i][k];
        if (tau == 0 && w.terms.empty()) continue;
        is_determined = true;
        if (tau == 0) {
          excluded_ = true;
          continue;
        }
        const Sum candidate = Rational(1 / tau) * w;
        if (S_ && S_->terms != candidate.terms) excluded_ = true;
        S_ = candidate;
      }
    }
    if (is_determined && S_ && sign(*S_) <= 0) excluded_ = true;
    if (excluded_) return;
    if (value_.infinite) {
      every_sum_ = !S_;
      return;
    }
    const Matrix<Rational> M = product(W_O, W_O.transpose());
    const Matrix<Rational> R = matrix_from(member(certificate, "norm_form", "certificate"), "norm_form");
    require(R.rows() == M.rows() && R.cols() == M.cols() && product(product(M, R), M) == M,
            "norm_form: not a generalized inverse of W_O W_O^T");
    std::vector<Sum> target;
    for (const Rational& entry : t) target.emplace_back(entry);
    const Rational cap_squared = value_.value * value_.value;
    if (S_) {
      for (std::size_t k = 0; k < target.size(); ++k) target[k] = *S_ * target[k] + b_.front()[k];
      excluded_ = sign(form(R, target, target) + Rational(-cap_squared) * (*S_ * *S_)) > 0;
      return;
    }
    c_ = form(R, b_.front(), b_.front());
    e_ = form(R, target, b_.front());
    level_ = t.dot(R * t) - cap_squared;
    discriminant_ = e_ * e_ + Rational(-level_) * c_;
    if (c_.terms.empty()) {
      every_sum_ = level_ <= 0;
      excluded_ = !every_sum_;
      return;
    }
    excluded_ = sign(discriminant_) < 0 || (level_ >= 0 && sign(e_) >= 0);
    has_least_root_ = level_ > 0;
  }

  static Sum form(const Matrix<Rational>& R, const std::vector<Sum>& x, const std::vector<Sum>& y) {
    Sum result;
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t j = 0; j < y.size(); ++j)
        result = result + R(static_cast<Index>(i), static_cast<Index>(j)) * (x[i] * y[j]);
    }
    return result;
  }

  /// The signs of f(x) = c x^2 + 2 e x + level and of its slope, at x = e^{direction K_0 ||q0||}/m.
  [[nodiscard]] int value_at(int direction, const Integer& m) const {
    const Rational n(m);
    return reach_->sign_of(direction, c_, Rational(2 * n) * e_, Sum(Rational(level_ * n * n)));
  }
  [[nodiscard]] int slope_at(int direction, const Integer& m) const {
    return reach_->sign_of(direction, {}, c_, Rational(m) * e_);
  }

  Number key_, value_;
  std::optional<Reach> reach_;  ///< nothing where keys are free
  std::vector<std::vector<Sum>> b_;
  std::optional<Sum> S_;  ///< where it is determined
  bool excluded_ = false, every_sum_ = false, has_least_root_ = false;
  Sum c_, e_, discriminant_;
  Rational level_ = 0;
};

/// Checks the set of lengths, and says it in words.
std::string check_lengths(const Lengths& lengths, const Json& range) {
  if (range.is_null()) {
    if (!lengths.is_excluded()) {
      require(!lengths.is_free(), "lengths: every length fits");
      const Integer last = lengths.last_short();
      require(lengths.is_too_short(last) && lengths.is_too_long(Integer(last + 1)),
              "lengths: a length fits, or none is shown to");
    }
    return "no prefix of any number of pairs fits exactly";
  }
  const Integer least = integer_from(member(range, "least", "lengths"), "least");
  require(least >= 1 && lengths.fits(least), "least: it does not fit");
  require(least == 1 || lengths.is_too_short(Integer(least - 1)), "least: it is not the least that fits");
  const Json& most = member(range, "most", "lengths");
  if (most.is_null()) {
    require(lengths.is_unbounded(), "most: not all longer ones fit");
    return "exactly the prefixes of at least " + least.str() + " pairs can fit";
  }
  const Integer last = integer_from(most, "most");
  require(last >= least && lengths.fits(last) && lengths.is_too_long(Integer(last + 1)),
          "most: it is not the largest that fits");
  return "exactly the prefixes of " + least.str() + " to " + last.str() + " pairs can fit";
}

}  // namespace

void check_prefix(const Json& certificate, const CheckLimits& limits, CheckReport& report) {
  const WorkingPrecision scope(precision_of(certificate, limits.bits));
  Problem problem;
  problem.accuracy = 0;
  const bool causal = read_model(member(certificate, "model", "certificate"), problem);
  require(!problem.block || problem.block->expansion().has_value(),
          "model: the feed-forward block is not shown to be injective");
  read_examples(certificate, causal, problem);
  const Lengths lengths(problem, certificate);
  const Json& empty = member(certificate, "empty_fits", "certificate");
  require(empty.is_boolean() && empty.get<bool>() == lengths.empty_fits(), "empty_fits: it is not so");
  const Json& range = member(certificate, "lengths", "certificate");
  const bool is_possible = !range.is_null() || empty.get<bool>();
  require(member(certificate, "claim", "certificate") == (is_possible ? "possible" : "impossible"),
          "claim: it is not what the lengths say");
  require(problem.complete || !is_possible, "members: a prefix must fit all examples");
  report.object = "a one-layer, one-head model and the examples written in the certificate";
  report.statement = check_lengths(lengths, range) + (empty.get<bool>() ? "; the empty prefix fits" : "");
}

}  // namespace promptbound::checker
