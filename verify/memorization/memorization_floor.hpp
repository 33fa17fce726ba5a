/// Theory 2.3, the memorization floor: every prompt leaves at the attention output a maximum error of at
/// least
///   e* = inf_{s >= 0} max_{i<j} ||s (t_i - t_j) + b_i - b_j||_inf / (2s + S_i + S_j),   b_i = S_i (t_i -
///   a_i),
/// for examples that share a query. A bound e <= e* is certified by two rows: each row (i, j, coordinate,
/// sign) is a line in s, g(s) = alpha + gamma s with alpha = sign (b_i - b_j) - e (S_i + S_j), gamma = sign
/// (t_i - t_j) - 2e, positive where the error of the pair exceeds e; a convex combination of the two with
/// alpha > 0 and gamma >= 0 shows that at every s >= 0 one of them is positive.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/verify/memorization/shared_query.hpp>

namespace promptbound {

/// One example at the attention output: its keys summed up, and the output asked for.
struct FloorExample {
  AttentionSums sums;
  Vector<Rational> target;
};

struct FloorRow {
  std::size_t i = 0, j = 0;
  Index coordinate = 0;
  int sign = 1;
};

/// first_weight * (line of the first row) + (1 - first_weight) * (line of the second) is positive on s >= 0.
struct FloorCertificate {
  Rational level;  ///< e: every prompt has an error above it
  FloorRow first, second;
  Rational first_weight;
};

/// The values of s at which no pair of examples has an error above a level: [low, high], perhaps up to
/// infinity. Ends are enclosed; `low_row` and `high_row` are the rows that set them (absent: 0, infinity, and
/// then `high` means nothing).
struct FeasibleSums {
  Interval low, high;
  std::optional<FloorRow> low_row, high_row;
};

class MemorizationFloor {
 public:
  explicit MemorizationFloor(std::vector<FloorExample> examples) : examples_(std::move(examples)) {}

  /// Returns a certificate that every prompt has an error above the level, at the working precision; nothing
  /// when there is none or the precision does not show it.
  [[nodiscard]] std::optional<FloorCertificate> refute(const Rational& level) const;

  /// Tells whether some s >= 0 is feasible at the level: then no precision gives a certificate. Where the
  /// feasible s are a single one, equality is decided by algebra; so one of refute() and reaches() answers
  /// once the precision is high enough.
  [[nodiscard]] bool reaches(const Rational& level) const;

  /// Returns the feasible s at a level; nothing when refute() would give a certificate.
  [[nodiscard]] std::optional<FeasibleSums> feasible(const Rational& level) const;

  /// e* between two rationals, and the certificate of the lower one (absent where it is 0). The relative
  /// width is about 2^-bits, unless e* <= least: then the lower end may stay 0 and the upper end below 2
  /// least.
  struct Bounds {
    Rational lower, upper;
    std::optional<FloorCertificate> certificate;
  };
  [[nodiscard]] Bounds bounds(long bits, const Rational& least) const;

  /// Returns what the maximum tends to as s -> infinity: half the largest distance of two targets. e* is at
  /// most this, and a level that refute() excludes is e* itself, approached and never attained, iff it equals
  /// this; below it, e* is above the level: the maximum is continuous on [0, infinity] and nowhere as small.
  [[nodiscard]] Rational limit() const;

 private:
  struct Outcome;
  [[nodiscard]] Outcome scan(const Rational& level) const;
  [[nodiscard]] ExponentialSum value_at_zero(const FloorRow& row, const Rational& level) const;
  [[nodiscard]] Rational slope(const FloorRow& row, const Rational& level) const;
  [[nodiscard]] bool is_feasible_at_root(const FloorRow& end, const Rational& level) const;

  std::vector<FloorExample> examples_;
};

}  // namespace promptbound
