/// Exact attention with a running error analysis: the sizes of all intermediate results are summed beside
/// them.
#pragma once

#include <promptbound/attention/check_arrays.hpp>

namespace promptbound {

/// Computes the outputs of the queries first .. last-1 of one head and bounds on their errors, rows of d_v
/// (see the .cpp for the analysis).
template <class T>
void running_rows(const AttentionArrays<T>& arrays, Index head, Index first, Index last,
                  const ArraySizes& sizes, T* out, float* error);

}  // namespace promptbound
