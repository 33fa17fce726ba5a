/// The vector kernels of exact attention; exact.hpp is the interface for everybody else.
#pragma once

#include <promptbound/attention/arrays.hpp>

namespace promptbound {

/// Returns the number of keys whose weights are summed up before the sums go to the totals: the length of the
/// inner chains of additions, which the error bounds count.
[[nodiscard]] constexpr Index keys_per_block(Index d, Index d_v) { return std::max(d, d_v) >= 64 ? 96 : 128; }

/// Tells whether keys and values of a head come from beyond the second-level cache's neighbourhood each time.
template <class T>
[[nodiscard]] bool keys_are_far(const AttentionArrays<T>& arrays) {
  constexpr Index near = 6 << 20;
  return arrays.keys() * (arrays.d + arrays.d_v) * static_cast<Index>(sizeof(T)) > near;
}

/// Computes the outputs of the queries first .. last-1 of one head, to out (rows of d_v, the first query's
/// row first).
///
/// `key_norm` is about the largest Euclidean norm of a key. Where |scale log2(e)| |q| key_norm is small
/// enough that no weight can underflow, it replaces the running maximum of the scores; elsewhere the running
/// maximum is kept.
template <class T>
void exact_rows(const AttentionArrays<T>& arrays, Index head, Index first, Index last, T key_norm, T* out);

/// Largest bound on the scores (in powers of two) that serves as their offset: weights stay above 2^-80
/// (2^-800).
template <class T>
inline constexpr T largest_offset = sizeof(T) == 4 ? T(40) : T(400);

/// Returns what an error bound multiplies the unit roundoff by: multiply-adds round once with FMA
/// instructions and twice without.
[[nodiscard]] double rounding_factor();

/// Returns the instruction set in use, as Highway names it.
[[nodiscard]] const char* instruction_set();

}  // namespace promptbound
