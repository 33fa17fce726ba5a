#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/numeric/matrices/product_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <algorithm>

#include <promptbound/numeric/matrices/product_kernel.hpp>

// Panels of A and B are copied so that the inner loop reads both in order: `tall` rows of A and `wide`
// columns of B meet in a tile of C that stays in registers. The copied part of B fits the second cache, that
// of A the third.

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

constexpr int vectors = 3;
#if HWY_TARGET <= HWY_AVX3
constexpr int wide = 8;  // 24 sums of 32 registers
#else
constexpr int wide = 4;  // 12 sums of 16 registers
#endif
constexpr Index depth_block = 256, row_block = 96, column_block = 2048;

constexpr Index tall() { return vectors * static_cast<Index>(hn::MaxLanes(D())); }

/// `count` lines of `depth` entries each, in groups of `group` that are contiguous for every k; the last
/// group is filled up with zeros.
void copy_panels(const double* data, Index line_step, Index depth_step, Index count, Index depth, Index group,
                 double* HWY_RESTRICT out) {
  for (Index first = 0; first < count; first += group) {
    const Index lines = std::min(group, count - first);
    for (Index k = 0; k < depth; ++k, out += group) {
      const double* from = data + first * line_step + k * depth_step;
      for (Index line = 0; line < lines; ++line) out[line] = from[line * line_step];
      for (Index line = lines; line < group; ++line) out[line] = 0;
    }
  }
}

/// Adds the product of two panels to the part of a tile of C that exists.
HWY_NOINLINE void add_tile(const double* HWY_RESTRICT a, const double* HWY_RESTRICT b, Index depth,
                           Index rows, Index columns, double* C, Index column_step) {
  const D d;
  const Index lanes = static_cast<Index>(hn::MaxLanes(d));
  V sum[wide][vectors];
#pragma GCC unroll 8
  for (int j = 0; j < wide; ++j) {
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) sum[j][v] = hn::Zero(d);
  }
  for (Index k = 0; k < depth; ++k, a += tall(), b += wide) {
    V left[vectors];
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) left[v] = hn::Load(d, a + v * lanes);
#pragma GCC unroll 8
    for (int j = 0; j < wide; ++j) {
      const V right = hn::Set(d, b[j]);
#pragma GCC unroll 3
      for (int v = 0; v < vectors; ++v) sum[j][v] = hn::MulAdd(left[v], right, sum[j][v]);
    }
  }
  HWY_ALIGN double tile[std::size_t{wide} * vectors * hn::MaxLanes(D())];
#pragma GCC unroll 8
  for (int j = 0; j < wide; ++j) {
#pragma GCC unroll 3
    for (int v = 0; v < vectors; ++v) hn::Store(sum[j][v], d, tile + j * tall() + v * lanes);
  }
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) C[j * column_step + i] += tile[j * tall() + i];
  }
}

void add_product_on(Strided A, Strided B, Index m, Index n, Index depth, bool lower_only, double* C,
                    Index column_step) {
  const Index rounded_rows = row_block + tall(), rounded_columns = column_block + wide;
  const auto left = hwy::AllocateAligned<double>(static_cast<std::size_t>(rounded_rows * depth_block));
  const auto right = hwy::AllocateAligned<double>(
      static_cast<std::size_t>(std::min(rounded_columns, n + wide) * depth_block));
  for (Index n0 = 0; n0 < n; n0 += column_block) {
    const Index columns = std::min(column_block, n - n0);
    for (Index k0 = 0; k0 < depth; k0 += depth_block) {
      const Index terms = std::min(depth_block, depth - k0);
      copy_panels(B.data + k0 * B.row_step + n0 * B.column_step, B.column_step, B.row_step, columns, terms,
                  wide, right.get());
      for (Index m0 = lower_only ? n0 / row_block * row_block : 0; m0 < m; m0 += row_block) {
        const Index rows = std::min(row_block, m - m0);
        copy_panels(A.data + m0 * A.row_step + k0 * A.column_step, A.row_step, A.column_step, rows, terms,
                    tall(), left.get());
        for (Index j = 0; j < columns; j += wide) {
          for (Index i = 0; i < rows; i += tall()) {
            if (lower_only && m0 + i + tall() <= n0 + j) continue;
            add_tile(left.get() + i * terms, right.get() + j * terms, terms, std::min(tall(), rows - i),
                     std::min<Index>(wide, columns - j), C + (n0 + j) * column_step + m0 + i, column_step);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(add_product_on);

void add_product(Strided A, Strided B, Index m, Index n, Index depth, bool lower_only, double* C,
                 Index column_step) {
  HWY_DYNAMIC_DISPATCH(add_product_on)(A, B, m, n, depth, lower_only, C, column_step);
}

}  // namespace promptbound
#endif
