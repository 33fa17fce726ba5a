/// Random exact data for tests; seeded, so that a failure returns.
#pragma once

#include <random>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

class RandomNumbers {
 public:
  explicit RandomNumbers(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] long integer(long low, long high) {
    return std::uniform_int_distribution<long>(low, high)(engine_);
  }
  /// A rational in [low, high] with a denominator that no binary64 number has.
  [[nodiscard]] Rational rational(const Rational& low, const Rational& high) {
    const long steps = 999983;
    return low + (high - low) * Rational(integer(0, steps), steps);
  }
  [[nodiscard]] Matrix<Rational> matrix(Index rows, Index columns, const Rational& low = -1,
                                        const Rational& high = 1) {
    return Matrix<Rational>::NullaryExpr(rows, columns, [&] { return rational(low, high); });
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace promptbound
