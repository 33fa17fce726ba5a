#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/sequence.hpp>

namespace promptbound {

template <class Scalar>
Sequence<Scalar> concatenate(const Sequence<Scalar>& prompt, const Sequence<Scalar>& input) {
  if (prompt.cols() == 0) return input;
  if (prompt.rows() != input.rows()) {
    throw InputError("prompt: tokens of width " + std::to_string(prompt.rows()) +
                     " before input tokens of width " + std::to_string(input.rows()) +
                     " (accepted: equal widths)");
  }
  Sequence<Scalar> result(input.rows(), prompt.cols() + input.cols());
  result << prompt, input;
  return result;
}

#define PROMPTBOUND_INSTANTIATE(Scalar) \
  template Sequence<Scalar> concatenate(const Sequence<Scalar>&, const Sequence<Scalar>&);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound
