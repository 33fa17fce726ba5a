#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>

namespace promptbound {

Interval prompt_error(const Transformer<Rational>& model, const MemorizationData& data,
                      const Matrix<Rational>& prompt) {
  const Transformer<Interval> enclosed = from_rational<Interval>(model);
  Interval error(0);
  for (const MemorizationExample& example : data) {
    const Matrix<Interval> output =
        evaluate(enclosed, from_rational<Interval>(prompt), from_rational<Interval>(example.tokens));
    for (Index c = 0; c < output.rows(); ++c) {
      error = max(error, abs(output(c, example.query) - Interval(example.target(c))));
    }
  }
  return error;
}

}  // namespace promptbound
