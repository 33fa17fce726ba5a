#include <promptbound/verify/memorization/memorization_floor.hpp>

namespace promptbound {

/// What all rows say at one level: a certificate that no s is left, or the s that are.
struct MemorizationFloor::Outcome {
  std::optional<FloorCertificate> certificate;
  FeasibleSums sums;
  bool doubtful = false;  ///< a row without slope may be violated
};

namespace {

/// A row whose line has slope gamma and value alpha at 0.
struct Line {
  FloorRow row;
  Interval alpha;
  Rational gamma;
  Interval root;  ///< -alpha / gamma
};

/// All of S_i and b_i, enclosed once.
struct Enclosures {
  std::vector<Interval> S;
  std::vector<Vector<Interval>> b;

  explicit Enclosures(const std::vector<FloorExample>& examples) {
    for (const FloorExample& example : examples) {
      S.push_back(example.sums.S.enclosure());
      Vector<Interval> difference(example.target.size());
      for (Index c = 0; c < difference.size(); ++c) {
        difference(c) = S.back() * Interval(example.target(c)) -
                        example.sums.weighted_values[static_cast<std::size_t>(c)].enclosure();
      }
      b.push_back(std::move(difference));
    }
  }
};

}  // namespace

MemorizationFloor::Outcome MemorizationFloor::scan(const Rational& level) const {
  const Enclosures known(examples_);
  const Interval e(level), zero(0);
  Outcome outcome;
  std::optional<Line> low, high;  // of the largest lower and the smallest upper end
  for (std::size_t i = 0; i < examples_.size() && !outcome.certificate; ++i) {
    for (std::size_t j = i + 1; j < examples_.size(); ++j) {
      const Interval sum = e * (known.S[i] + known.S[j]);
      for (Index c = 0; c < examples_[i].target.size(); ++c) {
        const Rational tau = examples_[i].target(c) - examples_[j].target(c);
        const Interval difference = known.b[i](c) - known.b[j](c);
        for (const int sign : {1, -1}) {
          Line line{
              {i, j, c, sign}, (sign > 0 ? difference : -difference) - sum, sign * tau - 2 * level, zero};
          if (line.gamma >= 0 && certainly_positive(line.alpha)) {
            outcome.certificate = FloorCertificate{level, line.row, line.row, 1};
            return outcome;
          }
          if (line.gamma == 0) {
            outcome.doubtful = outcome.doubtful || (!certainly_less_equal(line.alpha, zero) &&
                                                    !value_at_zero(line.row, level).is_zero());
            continue;
          }
          line.root = -line.alpha / Interval(line.gamma);
          Interval& extreme = line.gamma < 0 ? outcome.sums.low : outcome.sums.high;
          if (line.gamma < 0) {
            extreme = max(extreme, line.root);
          } else {
            extreme = high ? min(extreme, line.root) : line.root;
          }
          std::optional<Line>& end = line.gamma < 0 ? low : high;
          const bool tighter = !end || (line.gamma < 0 ? certainly_less(end->root, line.root)
                                                       : certainly_less(line.root, end->root));
          if (tighter) end = std::move(line);
        }
      }
    }
  }
  if (low && high && certainly_less(high->root, low->root)) {
    const Rational weight = high->gamma / (high->gamma - low->gamma);
    outcome.certificate = FloorCertificate{level, low->row, high->row, weight};
    return outcome;
  }
  if (low && certainly_positive(low->root)) outcome.sums.low_row = low->row;
  if (high) outcome.sums.high_row = high->row;
  return outcome;
}

/// alpha of a row, exactly.
ExponentialSum MemorizationFloor::value_at_zero(const FloorRow& row, const Rational& level) const {
  const auto b = [&](std::size_t i) {
    const FloorExample& example = examples_[i];
    return example.sums.S * ExponentialSum(example.target(row.coordinate)) -
           example.sums.weighted_values[static_cast<std::size_t>(row.coordinate)];
  };
  return (b(row.i) - b(row.j)) * ExponentialSum(row.sign) -
         (examples_[row.i].sums.S + examples_[row.j].sums.S) * ExponentialSum(level);
}

Rational MemorizationFloor::slope(const FloorRow& row, const Rational& level) const {
  const Rational tau = examples_[row.i].target(row.coordinate) - examples_[row.j].target(row.coordinate);
  return row.sign * tau - 2 * level;
}

/// Is no row positive at the s where this one, of slope > 0, is 0?
bool MemorizationFloor::is_feasible_at_root(const FloorRow& end, const Rational& level) const {
  const ExponentialSum end_value = value_at_zero(end, level);
  const Rational end_slope = slope(end, level);
  // gamma alpha' - gamma' alpha of the row (alpha', gamma') has the sign of its value at the root.
  const auto is_at_most_zero = [](const ExponentialSum& x) {
    return x.is_zero() || certainly_less_equal(x.enclosure(), Interval(0));
  };
  if (!is_at_most_zero(end_value)) return false;  // the root is -alpha / gamma >= 0
  for (std::size_t i = 0; i < examples_.size(); ++i) {
    for (std::size_t j = i + 1; j < examples_.size(); ++j) {
      for (Index c = 0; c < examples_[i].target.size(); ++c) {
        for (const int sign : {1, -1}) {
          const FloorRow row{i, j, c, sign};
          if (!is_at_most_zero(value_at_zero(row, level) * ExponentialSum(end_slope) -
                               end_value * ExponentialSum(slope(row, level))))
            return false;
        }
      }
    }
  }
  return true;
}

bool MemorizationFloor::reaches(const Rational& level) const {
  const Outcome outcome = scan(level);
  if (outcome.certificate || outcome.doubtful) return false;
  if (!outcome.sums.high_row || certainly_less_equal(outcome.sums.low, outcome.sums.high)) return true;
  return is_feasible_at_root(*outcome.sums.high_row, level);
}

std::optional<FloorCertificate> MemorizationFloor::refute(const Rational& level) const {
  return scan(level).certificate;
}

std::optional<FeasibleSums> MemorizationFloor::feasible(const Rational& level) const {
  Outcome outcome = scan(level);
  if (outcome.certificate) return std::nullopt;
  return std::move(outcome.sums);
}

Rational MemorizationFloor::limit() const {
  Rational result = 0;
  for (const FloorExample& a : examples_) {
    for (const FloorExample& b : examples_) {
      result = std::max<Rational>(result, (a.target - b.target).cwiseAbs().maxCoeff() / 2);
    }
  }
  return result;
}

MemorizationFloor::Bounds MemorizationFloor::bounds(long bits, const Rational& least) const {
  Bounds result{0, limit(), std::nullopt};
  const auto try_level = [&](const Rational& level) {
    if (auto certificate = refute(level)) {
      result.lower = level;
      result.certificate = std::move(certificate);
      return true;
    }
    if (!reaches(level)) return false;  // an upper bound where some s is certainly feasible
    result.upper = level;
    return true;
  };
  // Downwards in steps that square, until a level is refuted; then bisection.
  for (Rational step(1, 2); result.lower == 0 && result.upper > least; step *= step) {
    const Rational level = std::max<Rational>(least, result.upper * step);
    if (!try_level(level)) break;
  }
  const Rational width(Integer(1), Integer(1) << static_cast<unsigned>(bits));
  while (result.upper - result.lower > width * result.upper && result.upper > least) {
    // Where the ends are far apart, the geometric middle; their quotient is what has to shrink.
    Rational middle = (result.lower + result.upper) / 2;
    if (result.lower > 0 && result.upper > 16 * result.lower) {
      const auto exponent = static_cast<unsigned>(
          (mpz_sizeinbase(Integer(numerator(result.upper) * denominator(result.lower)).backend().data(), 2) -
           mpz_sizeinbase(Integer(denominator(result.upper) * numerator(result.lower)).backend().data(), 2)) /
          2);
      middle = result.lower * Rational(Integer(1) << exponent);
    }
    if (!try_level(middle)) break;
  }
  return result;
}

}  // namespace promptbound
