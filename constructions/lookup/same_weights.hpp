/// Whether a model of a file is the one that a construction builds.
#pragma once

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// Tells whether two matrices have the same shape and the same exact entries.
[[nodiscard]] bool is_same(const Matrix<Rational>& a, const Matrix<Rational>& b);
/// Tells whether two models have the same width, mask, layers, heads and weights, every number compared.
[[nodiscard]] bool is_same(const Transformer<Rational>& a, const Transformer<Rational>& b);

}  // namespace promptbound
