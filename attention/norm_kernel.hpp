/// Passes over arrays that take the sizes which error bounds are made of, and write the bounds, as vector
/// kernels.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Computes squared Euclidean norms of `count` rows of d numbers, less `centre` where there is one; at least
/// the exact ones, to `squares` where they are wanted. Returns the largest, or NaN where a number is not
/// finite or a square overflows in binary64.
template <class T>
double square_norms(const T* rows, Index count, Index d, const T* centre, double* squares);

/// Widens the ranges least[c] .. largest[c] to column c of `count` rows of d numbers. False, and the ranges
/// mean nothing, where a number is not finite.
template <class T>
bool widen_ranges(const T* rows, Index count, Index d, T* least, T* largest);

/// Returns the largest of `count` rows of d certified errors; infinite where one of them is, or is NaN.
double largest_error(const float* errors, Index count, Index d);

/// Adds column c of `count` rows of d numbers to sums[c], rounded.
template <class T>
void add_column_sums(const T* rows, Index count, Index d, double* sums);

/// Errors that are affine functions of a query's norm, both coefficients at least 0 and the constants 0 or
/// normal: one kind up to a norm of about `bounded_up_to`, and one for all.
struct NormErrors {
  double bounded_slope = 0, bounded_constant = 0, bounded_up_to = 0;
  double slope = 0, constant = 0;
};
/// Puts into errors[i] at least half the larger error of query i, from its squared norm, or 1 if that is
/// less. Returns whether the first kind counted for any.
bool errors_of_norms(const std::vector<double>& squares, const NormErrors& parts, double* errors);

/// Computes out[i d + c] = factor[c] row[i] + constant, rounded up to binary32; all at least 0.
void write_rows(const std::vector<double>& factors, const std::vector<double>& rows, double constant,
                float* out);

}  // namespace promptbound
