/// scale log2(e) in two doubles: queries are multiplied by it, so that weights are powers of two of the
/// scores.
#pragma once

#include <cmath>

namespace promptbound {

struct ScoreFactor {
  double high, low;  ///< high + low is within 2^-100 relative of scale log2(e)

  explicit ScoreFactor(double scale) {
    constexpr double log2_e = 0x1.71547652b82fep+0, log2_e_low = 0x1.777d0ffda0d24p-56;
    high = scale * log2_e;
    low = std::fma(scale, log2_e, -high) + scale * log2_e_low;
  }

  /// Returns entry * scale * log2(e), within 1.01 u relative, or half the smallest subnormal number.
  template <class T>
  [[nodiscard]] T times(T entry) const {
    if constexpr (sizeof(T) == 4) {
      return static_cast<T>(static_cast<double>(entry) * high);
    } else {
      return std::fma(entry, high, entry * low);
    }
  }
};

}  // namespace promptbound
