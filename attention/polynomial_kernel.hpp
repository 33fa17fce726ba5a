/// The vector kernels of polynomial attention; polynomial.hpp is the interface for everybody else.
#pragma once

#include <promptbound/attention/moment_layout.hpp>

namespace promptbound {

/// Keys whose products are summed in T before the sums go to binary64: with the lanes of a vector side by
/// side, the chains of additions have at most keys_per_group / 2 terms (2 lanes), and those of the lanes.
inline constexpr Index keys_per_group = 2048;

/// Additions in one chain of the moment kernel for T on the instruction set in use.
template <class T>
[[nodiscard]] Index moment_chain();

/// moments += sum over the keys of monomial(key - centre) * (value, 1). Those of the even moment only where its degree
/// is beyond layout.degree: else they are sums of 1 of other moments.
template <class T>
void add_moments(const MomentLayout& layout, const T* keys, const T* values, Index count, const T* centre,
                 double* moments);

/// For each query (rows of d, scaled already): d_v + 2 numbers to `sums`, which are sum_a weight * q^a for
/// the columns of the weights, and the even moment. Weights as the moments lie.
template <class T>
void read_moments(const MomentLayout& layout, const T* weights, const T* queries, Index count, T* sums);

}  // namespace promptbound
