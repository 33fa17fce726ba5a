#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/cholesky/cholesky_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <promptbound/attention/exp2-inl.hpp>

#include <algorithm>
#include <cmath>

#include <promptbound/attention/cholesky/cholesky_kernel.hpp>

// Lanes are points. The features of two vectors of points are made and used while they are in the cache.

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;

#if HWY_TARGET <= HWY_AVX3
constexpr int tile_rows = 8;  // 16 sums of 32 registers
#else
constexpr int tile_rows = 5;  // 10 sums of 16 registers
#endif

constexpr Index lanes() { return static_cast<Index>(hn::MaxLanes(D())); }
constexpr Index group() { return 2 * lanes(); }

/// out[a] = sum_{c < terms} left[a][c] right[c] for rows first .. first+rows-1, of a group of points.
template <int rows, class Use>
HWY_INLINE void tile(const double* HWY_RESTRICT left, Index stride, const double* HWY_RESTRICT right,
                     Index terms, Use use) {
  const D d;
  V s[rows][2];
#pragma GCC unroll 8
  for (int a = 0; a < rows; ++a) s[a][0] = s[a][1] = hn::Zero(d);
  for (Index c = 0; c < terms; ++c) {
    const V x0 = hn::LoadU(d, right + c * group()), x1 = hn::LoadU(d, right + c * group() + lanes());
#pragma GCC unroll 8
    for (int a = 0; a < rows; ++a) {
      const V factor = hn::Set(d, left[a * stride + c]);
      s[a][0] = hn::MulAdd(factor, x0, s[a][0]);
      s[a][1] = hn::MulAdd(factor, x1, s[a][1]);
    }
  }
#pragma GCC unroll 8
  for (int a = 0; a < rows; ++a) use(a, s[a][0], s[a][1]);
}

/// kernel[a] = 2^<pivot a, x> for a group of points, given by columns.
HWY_INLINE void exponentials(const PivotFeatures& features, const double* HWY_RESTRICT points,
                             double* HWY_RESTRICT kernel) {
  const D d;
  const auto store = [&](Index row, V s0, V s1) HWY_ATTR {
    hn::Store(power_of_two(d, s0), d, kernel + row * group());
    hn::Store(power_of_two(d, s1), d, kernel + row * group() + lanes());
  };
  Index a = 0;
  for (; a + 4 <= features.rank; a += 4) {
    tile<4>(features.pivots + a * features.d, features.d, points, features.d,
            [&](int row, V s0, V s1) HWY_ATTR { store(a + row, s0, s1); });
  }
  for (; a < features.rank; ++a) {
    tile<1>(features.pivots + a * features.d, features.d, points, features.d,
            [&](int, V s0, V s1) HWY_ATTR { store(a, s0, s1); });
  }
}

/// phi of a group of points and the residuals.
HWY_INLINE void features_of(const PivotFeatures& features, const double* points, double* kernel, double* phi,
                            double* residuals) {
  const D d;
  exponentials(features, points, kernel);
  V square[2] = {hn::Zero(d), hn::Zero(d)};
  const auto use = [&](Index row, V s0, V s1) HWY_ATTR {
    hn::Store(s0, d, phi + row * group());
    hn::Store(s1, d, phi + row * group() + lanes());
    square[0] = hn::MulAdd(s0, s0, square[0]);
    square[1] = hn::MulAdd(s1, s1, square[1]);
  };
  Index a = 0;
  for (; a + tile_rows <= features.rank; a += tile_rows) {
    tile<tile_rows>(features.inverse + a * features.rank, features.rank, kernel, a + tile_rows,
                    [&](int row, V s0, V s1) HWY_ATTR { use(a + row, s0, s1); });
  }
  for (; a < features.rank; ++a) {
    tile<1>(features.inverse + a * features.rank, features.rank, kernel, a + 1,
            [&](int, V s0, V s1) HWY_ATTR { use(a, s0, s1); });
  }
  const V log2_e = hn::Set(d, log2_of_e);
  for (int i = 0; i < 2; ++i) {
    V norm = hn::Zero(d);
    for (Index c = 0; c < features.d; ++c) {
      const V x = hn::Load(d, points + c * group() + i * lanes());
      norm = hn::MulAdd(x, x, norm);
    }
    hn::Store(hn::Sub(power_of_two(d, hn::Mul(norm, log2_e)), square[i]), d, residuals + i * lanes());
  }
}

/// Rows as columns of a group; points that do not exist are 0.
HWY_INLINE void transpose(const double* rows, Index count, Index columns, double* out) {
  for (Index c = 0; c < columns; ++c) {
    for (Index i = 0; i < count; ++i) out[c * group() + i] = rows[i * columns + c];
    for (Index i = count; i < group(); ++i) out[c * group() + i] = 0;
  }
}

Index padded(Index columns) { return (columns + lanes() - 1) / lanes() * lanes(); }

/// out[a] (+)= sum_c factors[a row_step + c term_step] terms[c] for rows of `width` entries, 4 rows at once.
template <int rows>
HWY_INLINE void outer_rows(const double* HWY_RESTRICT factors, Index row_step, Index term_step,
                           const double* HWY_RESTRICT terms, Index count, Index width,
                           double* HWY_RESTRICT out) {
  const D d;
  for (Index column = 0; column < width; column += lanes()) {
    V s[rows];
#pragma GCC unroll 4
    for (int a = 0; a < rows; ++a) s[a] = hn::Load(d, out + a * width + column);
    for (Index c = 0; c < count; ++c) {
      const V term = hn::Load(d, terms + c * width + column);
#pragma GCC unroll 4
      for (int a = 0; a < rows; ++a)
        s[a] = hn::MulAdd(hn::Set(d, factors[a * row_step + c * term_step]), term, s[a]);
    }
#pragma GCC unroll 4
    for (int a = 0; a < rows; ++a) hn::Store(s[a], d, out + a * width + column);
  }
}
void outer(const double* factors, Index rows, Index row_step, Index term_step, const double* terms,
           Index count, Index width, double* out) {
  Index a = 0;
  for (; a + 4 <= rows; a += 4)
    outer_rows<4>(factors + a * row_step, row_step, term_step, terms, count, width, out + a * width);
  for (; a < rows; ++a)
    outer_rows<1>(factors + a * row_step, row_step, term_step, terms, count, width, out + a * width);
}

/// Space for one group and, padded to whole vectors, for `rows` rows of values or sums.
struct Workspace {
  Index width;
  hwy::AlignedFreeUniquePtr<double[]> points, kernel, phi, residuals, padded_rows, group_rows;

  Workspace(const PivotFeatures& features, Index columns, Index rows)
      : width(padded(columns)),
        points(allocate(features.d * group())),
        kernel(allocate(features.rank * group())),
        phi(allocate(features.rank * group())),
        residuals(allocate(group())),
        padded_rows(allocate(rows * width)),
        group_rows(allocate(group() * width)) {
    std::fill(padded_rows.get(), padded_rows.get() + rows * width, 0.0);
    std::fill(group_rows.get(), group_rows.get() + group() * width, 0.0);
  }
  static hwy::AlignedFreeUniquePtr<double[]> allocate(Index count) {
    return hwy::AllocateAligned<double>(static_cast<std::size_t>(std::max<Index>(count, 1)));
  }
};

void kernel_of(const PivotFeatures& features, const double* points, Index count, double* kernel) {
  const Workspace space(features, 1, 0);
  for (Index i = 0; i < count; i += group()) {
    const Index present = std::min(group(), count - i);
    transpose(points + i * features.d, present, features.d, space.points.get());
    exponentials(features, space.points.get(), space.kernel.get());
    for (Index a = 0; a < features.rank; ++a)
      std::copy_n(space.kernel.get() + a * group(), present, kernel + a * count + i);
  }
}

void add(const PivotFeatures& features, const double* points, const double* values, Index columns,
         Index count, double* sums, double* residuals) {
  const Workspace space(features, columns, features.rank);
  for (Index i = 0; i < count; i += group()) {
    const Index present = std::min(group(), count - i);
    transpose(points + i * features.d, present, features.d, space.points.get());
    features_of(features, space.points.get(), space.kernel.get(), space.phi.get(), space.residuals.get());
    std::copy_n(space.residuals.get(), present, residuals + i);
    for (Index p = 0; p < present; ++p)
      std::copy_n(values + (i + p) * columns, columns, space.group_rows.get() + p * space.width);
    outer(space.phi.get(), features.rank, group(), 1, space.group_rows.get(), present, space.width,
          space.padded_rows.get());
  }
  for (Index a = 0; a < features.rank; ++a) {
    for (Index c = 0; c < columns; ++c)
      sums[a * columns + c] += space.padded_rows[static_cast<std::size_t>(a * space.width + c)];
  }
}

void read(const PivotFeatures& features, const double* points, const double* sums, Index columns, Index count,
          double* totals, double* residuals) {
  const Workspace space(features, columns, features.rank);
  for (Index a = 0; a < features.rank; ++a)
    std::copy_n(sums + a * columns, columns, space.padded_rows.get() + a * space.width);
  for (Index i = 0; i < count; i += group()) {
    const Index present = std::min(group(), count - i);
    transpose(points + i * features.d, present, features.d, space.points.get());
    features_of(features, space.points.get(), space.kernel.get(), space.phi.get(), space.residuals.get());
    std::copy_n(space.residuals.get(), present, residuals + i);
    std::fill(space.group_rows.get(), space.group_rows.get() + group() * space.width, 0.0);
    outer(space.phi.get(), present, 1, group(), space.padded_rows.get(), features.rank, space.width,
          space.group_rows.get());
    for (Index p = 0; p < present; ++p)
      std::copy_n(space.group_rows.get() + p * space.width, columns, totals + (i + p) * columns);
  }
}

/// e^|x|^2.
void start(const CholeskySample& sample, double* diagonal) {
  const D d;
  const Index width = CholeskySample::group;
  for (Index i = 0; i < sample.count; i += lanes()) {
    const double* points = sample.points.data() + i / width * width * sample.d + i % width;
    V square = hn::Zero(d);
    for (Index c = 0; c < sample.d; ++c) {
      const V x = hn::LoadU(d, points + c * width);
      square = hn::MulAdd(x, x, square);
    }
    hn::StoreU(power_of_two(d, hn::Mul(square, hn::Set(d, log2_of_e))), d, diagonal + i);
  }
}

/// `factors`: the pivot's entries in the rows so far; `scaled`: the pivot times log2(e).
CholeskyStep step_of(CholeskySample& sample, const double* factors, const double* scaled, double inverse_root,
                     double target) {
  const D d;
  const Index width = CholeskySample::group, rank = sample.rank;
  double of_keys = 0, key_sum = 0;
  constexpr int vectors = 4;  // at once: chains of additions
  V largest = hn::Zero(d), row_sum = hn::Zero(d), residual_sum = hn::Zero(d);
  CholeskyStep result{0, 0};
  for (Index i = 0; i < sample.count; i += vectors * lanes()) {
    if (i == sample.keys) {
      key_sum = hn::GetLane(hn::SumOfLanes(d, row_sum));
      of_keys = hn::GetLane(hn::SumOfLanes(d, residual_sum)) * static_cast<double>(sample.keys);
    }
    const Index first = i / width * width, lane = i % width;
    const double* points = sample.points.data() + first * sample.d + lane;
    V s[vectors];
#pragma GCC unroll 4
    for (int h = 0; h < vectors; ++h) s[h] = hn::Zero(d);
    for (Index c = 0; c < sample.d; ++c) {
      const V x = hn::Set(d, scaled[c]);
#pragma GCC unroll 4
      for (int h = 0; h < vectors; ++h)
        s[h] = hn::MulAdd(x, hn::LoadU(d, points + c * width + h * lanes()), s[h]);
    }
#pragma GCC unroll 4
    for (int h = 0; h < vectors; ++h) s[h] = power_of_two(d, s[h]);
    for (Index row = 0; row < rank; row += width) {
      const double* rows = sample.slabs[static_cast<std::size_t>(row / width)].data() + first * width + lane;
      const Index present = std::min(width, rank - row);
      for (Index r = 0; r < present; ++r) {
        const V factor = hn::Set(d, factors[row + r]);
#pragma GCC unroll 4
        for (int h = 0; h < vectors; ++h)
          s[h] = hn::NegMulAdd(factor, hn::LoadU(d, rows + r * width + h * lanes()), s[h]);
      }
    }
#pragma GCC unroll 4
    for (int h = 0; h < vectors; ++h) {
      const Index at = i + h * lanes();
      const V entry = hn::Mul(s[h], hn::Set(d, inverse_root));
      hn::StoreU(entry, d,
                 sample.slabs.back().data() + first * width + rank % width * width + lane + h * lanes());
      const V residual =
          hn::Max(hn::Zero(d), hn::NegMulAdd(entry, entry, hn::LoadU(d, sample.diagonal.data() + at)));
      hn::StoreU(residual, d, sample.diagonal.data() + at);
      largest = hn::Max(largest, residual);
      if (at < sample.keys) {
        row_sum = hn::Add(row_sum, entry);
        residual_sum = hn::Add(residual_sum, residual);
      } else {
        double* totals = sample.totals.data() + (at - sample.keys);
        const V total = hn::MulAdd(entry, hn::Set(d, key_sum), hn::LoadU(d, totals));
        hn::StoreU(total, d, totals);
        const V bound = hn::Mul(hn::Set(d, target), hn::Max(hn::Zero(d), total));
        result.above += static_cast<Index>(
            hn::CountTrue(d, hn::Gt(hn::Mul(residual, hn::Set(d, of_keys)), hn::Mul(bound, bound))));
      }
    }
  }
  result.largest = hn::GetLane(hn::MaxOfLanes(d, largest));
  return result;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(kernel_of);
HWY_EXPORT(add);
HWY_EXPORT(read);
HWY_EXPORT(start);
HWY_EXPORT(step_of);

void pivot_kernel(const PivotFeatures& features, const double* points, Index count, double* kernel) {
  HWY_DYNAMIC_DISPATCH(kernel_of)(features, points, count, kernel);
}
void add_features(const PivotFeatures& features, const double* points, const double* values, Index columns,
                  Index count, double* sums, double* residuals) {
  HWY_DYNAMIC_DISPATCH(add)(features, points, values, columns, count, sums, residuals);
}
void read_features(const PivotFeatures& features, const double* points, const double* sums, Index columns,
                   Index count, double* totals, double* residuals) {
  HWY_DYNAMIC_DISPATCH(read)(features, points, sums, columns, count, totals, residuals);
}

CholeskySample::CholeskySample(const std::vector<double>& key_rows, const std::vector<double>& query_rows,
                               Index dimension)
    : d(dimension) {
  const auto filled = [](Index present) { return (present + group - 1) / group * group; };
  const Index present_keys = static_cast<Index>(key_rows.size()) / d,
              present_queries = static_cast<Index>(query_rows.size()) / d;
  keys = filled(present_keys);
  count = keys + filled(present_queries);
  points.resize(static_cast<std::size_t>(count * d));
  for (Index i = 0; i < count; ++i) {
    const double* row = i < keys ? key_rows.data() + i % present_keys * d
                                 : query_rows.data() + (i - keys) % present_queries * d;
    double* to = points.data() + i / group * group * d + i % group;
    for (Index c = 0; c < d; ++c) to[c * group] = row[c];
  }
  diagonal.resize(static_cast<std::size_t>(count));
  totals.resize(static_cast<std::size_t>(queries()));
  HWY_DYNAMIC_DISPATCH(start)(*this, diagonal.data());
}

std::vector<double> CholeskySample::point(Index i) const {
  std::vector<double> row;
  for (Index c = 0; c < d; ++c)
    row.push_back(points[static_cast<std::size_t>(i / group * group * d + c * group + i % group)]);
  return row;
}

CholeskyStep cholesky_step(CholeskySample& sample, Index pivot, double target) {
  constexpr Index group = CholeskySample::group;
  const Index rank = sample.rank;
  if (rank % group == 0) sample.slabs.emplace_back(static_cast<std::size_t>(sample.count * group));
  std::vector<double> factors, scaled = sample.point(pivot);
  for (Index row = 0; row < rank; ++row) {
    factors.push_back(sample.slabs[static_cast<std::size_t>(row / group)][static_cast<std::size_t>(
        (pivot / group * group + row % group) * group + pivot % group)]);
  }
  for (double& entry : scaled) entry *= log2_of_e;
  double& residual = sample.diagonal[static_cast<std::size_t>(pivot)];
  const double inverse_root = 1 / std::sqrt(residual);
  residual = 0;
  const CholeskyStep step =
      HWY_DYNAMIC_DISPATCH(step_of)(sample, factors.data(), scaled.data(), inverse_root, target);
  ++sample.rank;
  return step;
}

}  // namespace promptbound
#endif
