/// The mean error d_alpha of a model with a prompt over all inputs of the unit cube, from both sides.
#pragma once

#include <promptbound/verify/supremum/supremum.hpp>

namespace promptbound {

struct IntegralOptions {
  Rational eps;                      ///< decide d_alpha <= eps, eps >= 0
  Rational ratio = Rational(1, 20);  ///< go on until upper <= (1 + ratio) lower as well, or d_alpha > eps
  int threads = 1;
  std::size_t most_boxes = 2000000;  ///< cells at the same time (about 500 bytes each) before the search ends
  std::function<void(const SupremumProgress&)> progress;
};

/// Proved, refuted or unknown; it says what it spent in boxes.
struct IntegralAnswer : Answer {
  /// An enclosure; its upper end is infinite where no finite bound was found.
  Interval d_alpha = Interval::whole_line();
};

/// Returns d_alpha = (integral over [0,1]^{d x L} of ||T([P,X]) - f(X)||_alpha^alpha dX)^{1/alpha}, alpha
/// finite.
///
/// The cube is cut into boxes. On a box each output's error is e = l + r with a linear l = c + sum_i a_i
/// delta_i and |r| <= h; by Jensen and by convexity (Hermite-Hadamard), with s = sum_i |a_i|,
///   max(|c| - h, 0)^alpha <= mean of |e|^alpha <= ((|c - s| + h)^alpha + (|c + s| + h)^alpha) / 2.
/// The box with the widest contribution is halved first, across its widest coordinate. Errors are measured in
/// units of a bound on all of them, so that powers stay in range at any alpha. Throws InputError for alpha =
/// inf and for a negative eps or ratio.
/// @code
/// #include <promptbound/models/instance_safetensors.hpp>
/// #include <promptbound/verify/supremum/supremum_certificate.hpp>
/// const Instance instance = read_instance("model.json");
/// const Target target{instance.data_width, instance.input_offsets.cols(), Identity{}};
/// IntegralOptions options;
/// options.eps = Rational(1, 20);
/// const auto problem = approximation_problem(instance, target, Number(Rational(2)));
/// const auto answer = enclose_integral(problem, options);
/// @endcode
[[nodiscard]] IntegralAnswer enclose_integral(const ApproximationProblem& problem,
                                              const IntegralOptions& options);

}  // namespace promptbound
