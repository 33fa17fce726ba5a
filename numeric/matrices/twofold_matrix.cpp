#include <algorithm>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/matrices/product_kernel.hpp>
#include <promptbound/numeric/matrices/twofold_matrix.hpp>

// An entry x of a line with |x| <= 2^e is cut into x = x_0 + x_1 + ... + rest, x_s a multiple of 2^(e -
// b(s+1)) with |x_s| <= 2^(e - b s). Then a_s b_t is a whole number of at most 2b bits times 2^(e + f -
// b(s+t+2)), and so are its sums: as long as depth * slices * 2^(2b) <= 2^53, what add_product adds up is
// exact in any order, all pairs with s + t = g together. Left out are the pairs with s + t >= slices, each at
// most depth * 2^(e + f - b slices), and what the rests multiply; there are fewer than slices^2 of them (the
// rest counting as a slice).

namespace promptbound {
namespace {

constexpr int slices = 5;
constexpr Index most_depth = Index{1} << 24;
/// Smaller lines are cut as if they were of this size, so that no product of slices underflows.
constexpr double smallest_size = 0x1p-300, largest_size = 0x1p300;

/// The bits b of a slice.
int slice_bits(Index depth) {
  if (depth > most_depth) throw InputError("a matrix of more than 2^24 columns is not multiplied");
  int bits = 0;
  while (std::ldexp(static_cast<double>(depth * slices), 2 * (bits + 1)) <= 0x1p53) ++bits;
  return bits;
}

}  // namespace

Slices::Slices(const TwofoldMatrix& M, bool by_rows)
    : depth_(by_rows ? M.cols() : M.rows()), size_(by_rows ? M.rows() : M.cols()) {
  const int bits = slice_bits(depth_);
  for (Index line = 0; line < size_.size(); ++line) {
    const double largest = depth_ == 0 ? 0.0
                           : by_rows   ? M.hi.row(line).cwiseAbs().maxCoeff()
                                       : M.hi.col(line).cwiseAbs().maxCoeff();
    // Twice the power of two below the largest entry is above it, whatever its lower half.
    size_(line) = std::isfinite(largest) && largest < largest_size
                      ? std::ldexp(1.0, std::ilogb(std::max(largest, smallest_size)) + 1)
                      : std::numeric_limits<double>::infinity();
  }
  Matrix<double> high = M.hi, low = M.lo;
  for (int s = 0; s < slices; ++s) {
    Matrix<double> part(M.rows(), M.cols());
    bool is_zero = true;
    for (Index column = 0; column < M.cols(); ++column) {
      for (Index row = 0; row < M.rows(); ++row) {
        const double size = size_(by_rows ? row : column);
        if (std::isinf(size)) {
          part(row, column) = 0;
          continue;
        }
        // Adding and subtracting rounds to a multiple of the slice's last bit.
        const double magic = size * std::ldexp(1.5, 52 - bits * (s + 1));
        double& x = high(row, column);
        const double cut = (x + magic) - magic;
        part(row, column) = cut;
        if (cut != 0) is_zero = false;
        const Twofold rest = exact_sum(x - cut, low(row, column));
        x = rest.hi;
        low(row, column) = rest.lo;
      }
    }
    // Weights of 8 to 24 bits need fewer slices than there are.
    if (is_zero && high.isZero(0)) break;
    parts_.push_back(std::move(part));
  }
}

Slices Slices::of_rows(const TwofoldMatrix& M) { return {M, true}; }
Slices Slices::of_columns(const TwofoldMatrix& M) { return {M, false}; }

void multiply_rows(const Slices& A, const Slices& B, Index first, Index count, TwofoldMatrix& C) {
  const Index columns = B.lines();
  C.hi.middleRows(first, count).setZero();
  C.lo.middleRows(first, count).setZero();
  Matrix<double> sum(count, columns);
  for (int g = slices - 1; g >= 0; --g) {
    sum.setZero();
    for (int s = 0; s <= g; ++s) {
      const auto left = static_cast<std::size_t>(s), right = static_cast<std::size_t>(g - s);
      if (left >= A.parts_.size() || right >= B.parts_.size()) continue;
      const Matrix<double>&M = A.parts_[left], &N = B.parts_[right];
      add_product({M.data() + first, 1, M.rows()}, {N.data(), 1, N.rows()}, count, columns, A.depth_, false,
                  sum.data(), count);
    }
    for (Index j = 0; j < columns; ++j) {
      for (Index i = 0; i < count; ++i) C.set(first + i, j, C(first + i, j) + Twofold{sum(i, j), 0});
    }
  }
}

Vector<double> product_error(const Slices& A, const Slices& B) {
  const double bits = slice_bits(A.depth_), depth = static_cast<double>(A.depth_);
  // Pairs left out, and the sums of what is computed: at most depth 2^(e + f) each, `slices` of them.
  const double share =
      slices * slices * depth * std::exp2(-bits * slices) + 2 * slices * depth * twofold_unit;
  return (share * A.size_.norm() * (1 + 0x1p-20)) * B.size_;
}

}  // namespace promptbound
