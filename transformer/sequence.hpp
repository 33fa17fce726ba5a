/// Sequences of tokens, and a prompt put before an input (theory item 2.1).
#pragma once

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// d x T: the tokens are the columns.
template <class Scalar>
using Sequence = Matrix<Scalar>;

/// Returns [P, X]. A prompt without columns is the empty prompt; throws InputError if the widths differ.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> concatenate(const Sequence<Scalar>& prompt, const Sequence<Scalar>& input);

}  // namespace promptbound
