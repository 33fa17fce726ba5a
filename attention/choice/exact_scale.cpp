#include <cmath>

#include <promptbound/attention/choice/exact_scale.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

template <class T>
std::variant<AttentionAnswer, Refusal> attend_at_scale(AttentionArrays<T> arrays, const Rational& scale,
                                                       AttentionRequest request,
                                                       const std::optional<Rational>& accuracy) {
  if (scale <= 0)
    throw InputError("--scale '" + scale.str().substr(0, 60) + "' is not accepted: a positive number is");
  arrays.scale = scale.convert_to<double>();
  // The rounding of the scale changes scores by at most this part of scale |q| |k|.
  double relative_error = 0;
  if (arrays.scale > 0 && std::isfinite(arrays.scale)) {
    const Rational difference = Rational(arrays.scale) - scale;
    relative_error = Interval(Rational(abs(difference) / scale)).upper_double();
  }
  // Scores change by at most E when the scale is rounded, outputs by at most E/2 of the values' range.
  FastInterval E(0), value_size(0);
  for (const ArraySizes& sizes : check_arrays(arrays)) {
    E = max(E, FastInterval(relative_error) * FastInterval(arrays.scale) * FastInterval(1 + 0x1p-50) *
                   FastInterval(sizes.largest_query) * FastInterval(sizes.key_norm));
    value_size = max(value_size, FastInterval(sizes.value_size));
  }
  if (accuracy) {
    if (*accuracy <= 0)
      throw InputError("--accuracy '" + accuracy->str().substr(0, 60) +
                       "' is not accepted: a positive number is");
    request.accuracy = (FastInterval(Interval(*accuracy)) - E).lower();
  }
  auto outcome = attend(arrays, request);
  if (auto* refusal = std::get_if<Refusal>(&outcome)) {
    if (refusal->reachable) *refusal->reachable = (FastInterval(*refusal->reachable) + E).upper();
    return outcome;
  }
  auto& answer = std::get<AttentionAnswer>(outcome);
  answer.certify((FastInterval(answer.error_bound) + E * value_size).upper());
  return outcome;
}

#define PROMPTBOUND_INSTANTIATE(T)                                 \
  template std::variant<AttentionAnswer, Refusal> attend_at_scale( \
      AttentionArrays<T>, const Rational&, AttentionRequest, const std::optional<Rational>&);
PROMPTBOUND_INSTANTIATE(float)
PROMPTBOUND_INSTANTIATE(double)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound
