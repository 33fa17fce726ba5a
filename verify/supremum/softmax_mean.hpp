/// The mean of values under softmax weights that are only enclosed.
#pragma once

#include <algorithm>
#include <vector>

#include <promptbound/numeric/scalar.hpp>

namespace promptbound {

[[nodiscard]] inline double lower_end(const FastInterval& x) { return x.lower(); }
[[nodiscard]] inline double upper_end(const FastInterval& x) { return x.upper(); }
[[nodiscard]] inline double lower_end(const Interval& x) { return x.lower_double(); }
[[nodiscard]] inline double upper_end(const Interval& x) { return x.upper_double(); }

/// Encloses sum_j w_j v_j / sum_j w_j for all w_j in the weights, not all 0, and v_j in the values.
///
/// For every real lambda the mean is lambda + sum_j w_j (v_j - lambda) / sum_j w_j. A sum of independent
/// products is enclosed tightly, and where lambda is the extreme mean itself it ends at 0, so that its
/// quotient is tight as well. Newton's iteration on lambda (Dinkelbach) finds the extreme in binary64;
/// whatever it finds, the bound holds.
template <class S>
class SoftmaxMean {
 public:
  explicit SoftmaxMean(const std::vector<S>& weights) : weights_(weights), total_(0) {
    for (const S& weight : weights) {
      total_ += weight;
      lower_.push_back(lower_end(weight));
      upper_.push_back(upper_end(weight));
    }
  }

  [[nodiscard]] S operator()(const std::vector<S>& values) const {
    std::vector<double> low, high;
    for (const S& value : values) {
      low.push_back(lower_end(value));
      high.push_back(upper_end(value));
    }
    const S above = bound(values, extreme(high, 1));
    const S below = bound(values, extreme(low, -1));
    return hull(below.lower_point(), above.upper_point());
  }

 private:
  /// Returns about the largest (sign = 1) or smallest (sign = -1) mean.
  [[nodiscard]] double extreme(const std::vector<double>& values, double sign) const {
    constexpr int iterations = 8;
    double lambda = values[0];
    for (int k = 0; k < iterations; ++k) {
      double sum = 0, total = 0;
      for (std::size_t j = 0; j < values.size(); ++j) {
        const double weight = sign * (values[j] - lambda) > 0 ? upper_[j] : lower_[j];
        sum += weight * values[j];
        total += weight;
      }
      const double next = sum / total;
      if (!(sign * (next - lambda) > 1e-12 * std::abs(lambda)) && k > 0) break;
      lambda = next;
    }
    return lambda;
  }

  [[nodiscard]] S bound(const std::vector<S>& values, double lambda) const {
    const S shift(lambda);
    S sum(0);
    for (std::size_t j = 0; j < values.size(); ++j) sum += weights_[j] * (values[j] - shift);
    return shift + sum / total_;
  }

  const std::vector<S>& weights_;
  S total_;
  std::vector<double> lower_, upper_;
};

}  // namespace promptbound
