/// What the kernels accept, and the sizes that their error bounds are made of.
#pragma once

#include <vector>

#include <promptbound/attention/arrays.hpp>

namespace promptbound {

/// Sizes of one head's arrays; bounds are rounded up.
struct ArraySizes {
  std::vector<double> query_square;    ///< squared Euclidean norm of each query, at most
  double largest_query = 0;            ///< norm of every query
  double key_norm = 0;                 ///< of every key
  std::vector<double> least, largest;  ///< of each column of the values, exact
  double value_size = 0;               ///< largest |entry| of the values
};

/// Throws InputError (what, where, what is accepted) for shapes that do not fit, no query, no key, a scale
/// that is not positive and finite, an entry that is NaN or infinite, and sizes for which scores or sums
/// could overflow in T.
template <class T>
[[nodiscard]] std::vector<ArraySizes> check_arrays(const AttentionArrays<T>& arrays);

/// Relative rounding unit of T: 2^-24 or 2^-53.
template <class T>
inline constexpr double unit_roundoff = sizeof(T) == 4 ? 0x1p-24 : 0x1p-53;

}  // namespace promptbound
