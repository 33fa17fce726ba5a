/// Error bounds in terms of the values' ranges, and those of exact attention from the sizes of its arrays
/// alone.
#pragma once

#include <vector>

#include <promptbound/attention/check_arrays.hpp>

namespace promptbound {

/// |output - exact| <= range_c per_range[i] + value_size per_size + absolute for query i and column c, where
/// range_c is the spread of column c of the values.
struct PriorError {
  std::vector<double> per_range;
  double per_size = 0, absolute = 0;

  /// Returns the largest bound of any output, rounded up.
  [[nodiscard]] double largest(const ArraySizes& sizes) const;
};

/// Returns the error of exact_rows (see the .cpp for the analysis); T is the type that it computes in.
template <class T>
[[nodiscard]] PriorError prior_error(const AttentionArrays<T>& arrays, const ArraySizes& sizes);

/// Returns largest[c] - least[c], rounded up.
[[nodiscard]] std::vector<double> ranges_of(const std::vector<double>& least,
                                            const std::vector<double>& largest);

/// Writes the bound as entries, rows of d_v, rounded up to binary32.
void write_error(const PriorError& error, const ArraySizes& sizes, float* out);
/// Does the same with these in place of the ranges.
void write_error(const PriorError& error, const std::vector<double>& ranges, double value_size, float* out);

}  // namespace promptbound
