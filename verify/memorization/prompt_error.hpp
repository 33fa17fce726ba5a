/// The error that a prompt leaves on memorization data.
#pragma once

#include <promptbound/numeric/interval.hpp>
#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>

namespace promptbound {

/// The maximum error over examples and coordinates at the model's output, enclosed at the working precision;
/// for a model of any layers and heads. The prompt's tokens are columns, and may be none.
[[nodiscard]] Interval prompt_error(const Transformer<Rational>& model, const MemorizationData& data,
                                    const Matrix<Rational>& prompt);

}  // namespace promptbound
