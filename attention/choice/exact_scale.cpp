// attend() for an exact scale, declared in automatic.hpp.
#include <cmath>

#include <promptbound/attention/choice/automatic.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/fast_interval.hpp>
#include <promptbound/numeric/interval.hpp>

namespace promptbound {
namespace {

/// |value - exact| / exact, at most.
double relative_error(double value, const Rational& exact) {
  if (!(value > 0) || !std::isfinite(value)) return 0;  // which check_arrays refuses
  return Interval(Rational(abs(Rational(Rational(value) - exact)) / exact)).upper_double();
}

}  // namespace

template <class T>
std::variant<AttentionAnswer, Refusal> attend(AttentionArrays<T> arrays, const Rational& scale,
                                              const std::optional<Rational>& accuracy,
                                              AttentionRequest request) {
  if (scale <= 0) throw InputError("scale: " + scale.str() + " (accepted: a positive number)");
  if (accuracy && *accuracy <= 0)
    throw InputError("accuracy: " + accuracy->str() + " (accepted: a positive number)");
  arrays.scale = scale.convert_to<double>();
  const FastInterval rounding(relative_error(arrays.scale, scale));
  // A score changes by at most E, an output by at most E/2 of the values' range, which is 2 value_size.
  FastInterval E(0), value_size(0);
  for (const ArraySizes& sizes : check_arrays(arrays)) {
    // 1 + 2^-50: relative to the exact scale, not to the rounded one.
    E = max(E, rounding * FastInterval(arrays.scale) * FastInterval(1 + 0x1p-50) *
                   FastInterval(sizes.largest_query) * FastInterval(sizes.key_norm));
    value_size = max(value_size, FastInterval(sizes.value_size));
  }
  request.accuracy.reset();
  if (accuracy) request.accuracy = (FastInterval(Interval(*accuracy)) - E).lower();
  auto outcome = attend(arrays, request);
  if (auto* answer = std::get_if<AttentionAnswer>(&outcome)) {
    answer->scale_error = (E * value_size).upper();
  } else if (auto& reachable = std::get<Refusal>(outcome).reachable) {
    *reachable = (FastInterval(*reachable) + E).upper();
  }
  return outcome;
}

template std::variant<AttentionAnswer, Refusal> attend(AttentionArrays<float>, const Rational&,
                                                       const std::optional<Rational>&, AttentionRequest);
template std::variant<AttentionAnswer, Refusal> attend(AttentionArrays<double>, const Rational&,
                                                       const std::optional<Rational>&, AttentionRequest);

}  // namespace promptbound
