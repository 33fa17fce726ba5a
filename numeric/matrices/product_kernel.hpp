/// The product of binary64 matrices, one thread, at the speed of the processor's widest instructions.
#pragma once

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// An operand: entry (i, k) stands at data[i * row_step + k * column_step].
struct Strided {
  const double* data;
  Index row_step, column_step;
};

/// Adds A B to C, m x n with columns of column_step entries; A is m x depth, B depth x n.
///
/// Every entry of A B is a sum of `depth` products in some order, each product and sum rounded once or fused:
/// the error bound of ball_matrix.hpp holds. With lower_only the entries above the diagonal of C get any part
/// of the sum.
void add_product(Strided A, Strided B, Index m, Index n, Index depth, bool lower_only, double* C,
                 Index column_step);

}  // namespace promptbound
