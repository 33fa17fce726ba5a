#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/clusters/cluster_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <algorithm>
#include <limits>

#include <hwy/aligned_allocator.h>
#include <hwy/highway.h>

#include <promptbound/attention/clusters/cluster_kernel.hpp>
#include <promptbound/attention/transpose-inl.hpp>
#include <promptbound/numeric/exp_interval.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

/// Of several points at once: the multiply-adds of one wait for each other.
template <int points, class T>
HWY_INLINE void nearest_of(const CentreColumns<T>& centres, const T* from, T* HWY_RESTRICT distances,
                           std::int32_t* out) {
  constexpr Index lanes = lanes_of<T>();
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const Index padded = padded_for_clusters(centres.count);
  V least[points];
#pragma GCC unroll 4
  for (int i = 0; i < points; ++i) least[i] = hn::Set(d, std::numeric_limits<T>::max());
  for (Index g = 0; g < padded; g += lanes) {
    // |p - c|^2 is least where |c|^2/2 - <p, c> is.
    V distance[points];
#pragma GCC unroll 4
    for (int i = 0; i < points; ++i) distance[i] = hn::LoadU(d, centres.half_square + g);
    for (Index c = 0; c < centres.d; ++c) {
      const V entries = hn::LoadU(d, centres.transposed + c * padded + g);
#pragma GCC unroll 4
      for (int i = 0; i < points; ++i)
        distance[i] = hn::NegMulAdd(hn::Set(d, from[i * centres.d + c]), entries, distance[i]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < points; ++i) {
      hn::Store(distance[i], d, distances + i * padded + g);
      least[i] = hn::Min(least[i], distance[i]);
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < points; ++i) {
    const V least_of_all = hn::MinOfLanes(d, least[i]);
    out[i] = 0;  // where distances are not finite
    for (Index g = 0; g < padded; g += lanes) {
      const auto at = hn::FindFirstTrue(d, hn::Eq(hn::Load(d, distances + i * padded + g), least_of_all));
      if (at >= 0) {
        out[i] = static_cast<std::int32_t>(std::min(g + at, centres.count - 1));
        break;
      }
    }
  }
}

template <class T>
void nearest(const CentreColumns<T>& centres, const T* points, Index count, std::int32_t* out) {
  constexpr int at_once = 4;
  const auto distances =
      hwy::AllocateAligned<T>(static_cast<std::size_t>(at_once * padded_for_clusters(centres.count)));
  Index j = 0;
  for (; j + at_once <= count; j += at_once)
    nearest_of<at_once>(centres, points + j * centres.d, distances.get(), out + j);
  for (; j < count; ++j) nearest_of<1>(centres, points + j * centres.d, distances.get(), out + j);
}

constexpr double least_exponent = -600;

/// e^x within 2^-50 for x in [-600, 0]: numeric/fast_interval.cpp's exponential and its proof. Adding 1.5
/// 2^52 rounds to an integer n, here at least -866, whose last bits are then the sum's; 2^n is made of its
/// bits.
template <class D, class V>
HWY_INLINE V exp_of_negative(D d, V x) {
  using namespace exp_interval;
  const hn::RebindToSigned<D> di;
  const V to_integer = hn::Set(d, 0x1.8p52);
  const V shifted = hn::MulAdd(x, hn::Set(d, 0x1.71547652b82fep0), to_integer);
  const V n = hn::Sub(shifted, to_integer);
  const V r = hn::NegMulAdd(n, hn::Set(d, log2_low), hn::NegMulAdd(n, hn::Set(d, log2_high), x));
  V sum = hn::Set(d, coefficients[13]);
#pragma GCC unroll 13
  for (int i = 12; i >= 0; --i) sum = hn::MulAdd(sum, r, hn::Set(d, coefficients[i]));
  const auto exponent = hn::Add(hn::BitCast(di, shifted), hn::Set(di, std::int64_t{1023}));
  return hn::Mul(sum, hn::BitCast(d, hn::ShiftLeft<52>(exponent)));
}

template <class T>
void weigh(const T* query, Index rows, Index width, double scale, const double* HWY_RESTRICT offsets,
           Index clusters, double* HWY_RESTRICT weights) {
  constexpr Index lanes = lanes_of<double>();
  const hn::ScalableTag<double> d;
  const Index stride = padded_for_clusters(rows);
  const auto memory = hwy::AllocateAligned<double>(static_cast<std::size_t>(width * lanes));
  double* columns = memory.get();
  const auto least = hn::Set(d, least_exponent);
  for (Index i = 0; i < stride; i += lanes) {
    for (Index lane = 0; lane < lanes; ++lane) {
      const T* row = query + std::min(i + lane, rows - 1) * width;
      for (Index c = 0; c < width; ++c) columns[c * lanes + lane] = static_cast<double>(row[c]) * scale;
    }
    auto largest = hn::Set(d, -std::numeric_limits<double>::infinity());
    for (Index g = 0; g < clusters; ++g) {
      auto x = hn::Zero(d);
      for (Index c = 0; c < width; ++c)
        x = hn::MulAdd(hn::Load(d, columns + c * lanes), hn::Set(d, offsets[c * clusters + g]), x);
      hn::StoreU(x, d, weights + g * stride + i);
      largest = hn::Max(largest, x);
    }
    for (Index g = 0; g < clusters; ++g) {
      double* at = weights + g * stride + i;
      const auto x = hn::Sub(hn::LoadU(d, at), largest);
      hn::StoreU(hn::IfThenElseZero(hn::Gt(x, least), exp_of_negative(d, hn::Max(x, least))), d, at);
    }
  }
}

/// A vector of T in binary64.
template <class D, class T>
HWY_INLINE hn::Vec<D> in_double(D d, const T* from) {
  if constexpr (sizeof(T) == sizeof(double)) {
    return hn::LoadU(d, from);
  } else {
    return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), from));
  }
}

template <class T>
void add(const ClusterShare<T>& share, Index rows, Index d_v, double* HWY_RESTRICT totals,
         double* HWY_RESTRICT sums, double* HWY_RESTRICT error_sums) {
  constexpr Index lanes = lanes_of<double>();
  const hn::ScalableTag<double> d;
  const auto memory = hwy::AllocateAligned<double>(static_cast<std::size_t>((d_v + 1) * lanes));
  double *product = memory.get(), *of_cells = product + lanes;
  for (Index i = 0; i < rows; i += lanes) {
    const auto weight = hn::LoadU(d, share.weights + i);
    // A cluster that is left out may have normalisers that are not finite.
    const auto a = hn::IfThenElse(hn::Eq(weight, hn::Zero(d)), weight,
                                  hn::Mul(weight, in_double(d, share.normalisers + i)));
    hn::StoreU(hn::Add(hn::LoadU(d, totals + i), a), d, totals + i);
    hn::Store(a, d, product);
    for (Index lane = 0; lane < lanes; ++lane) std::fill_n(of_cells + lane * d_v, d_v, product[lane]);
    for (Index cell = 0; cell < lanes * d_v; cell += lanes) {
      const Index at = i * d_v + cell;
      const auto factor = hn::Load(d, of_cells + cell);
      const auto mean = in_double(d, share.means + at), error = in_double(d, share.errors + at);
      hn::StoreU(hn::MulAdd(factor, mean, hn::LoadU(d, sums + at)), d, sums + at);
      hn::StoreU(hn::MulAdd(factor, error, hn::LoadU(d, error_sums + at)), d, error_sums + at);
    }
  }
}

void nearest_single(const CentreColumns<float>& centres, const float* points, Index count,
                    std::int32_t* out) {
  nearest(centres, points, count, out);
}
void nearest_double(const CentreColumns<double>& centres, const double* points, Index count,
                    std::int32_t* out) {
  nearest(centres, points, count, out);
}
void weigh_single(const float* query, Index rows, Index width, double scale, const double* offsets,
                  Index clusters, double* weights) {
  weigh(query, rows, width, scale, offsets, clusters, weights);
}
void weigh_double(const double* query, Index rows, Index width, double scale, const double* offsets,
                  Index clusters, double* weights) {
  weigh(query, rows, width, scale, offsets, clusters, weights);
}
void add_single(const ClusterShare<float>& share, Index rows, Index d_v, double* totals, double* sums,
                double* error_sums) {
  add(share, rows, d_v, totals, sums, error_sums);
}
void add_double(const ClusterShare<double>& share, Index rows, Index d_v, double* totals, double* sums,
                double* error_sums) {
  add(share, rows, d_v, totals, sums, error_sums);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(nearest_single);
HWY_EXPORT(nearest_double);
HWY_EXPORT(weigh_single);
HWY_EXPORT(weigh_double);
HWY_EXPORT(add_single);
HWY_EXPORT(add_double);

template <>
void find_nearest(const CentreColumns<float>& centres, const float* points, Index count,
                  std::int32_t* nearest) {
  HWY_DYNAMIC_DISPATCH(nearest_single)(centres, points, count, nearest);
}
template <>
void find_nearest(const CentreColumns<double>& centres, const double* points, Index count,
                  std::int32_t* nearest) {
  HWY_DYNAMIC_DISPATCH(nearest_double)(centres, points, count, nearest);
}
template <>
void weigh_centres(const float* query, Index rows, Index d, double scale, const double* offsets,
                   Index clusters, double* weights) {
  HWY_DYNAMIC_DISPATCH(weigh_single)(query, rows, d, scale, offsets, clusters, weights);
}
template <>
void weigh_centres(const double* query, Index rows, Index d, double scale, const double* offsets,
                   Index clusters, double* weights) {
  HWY_DYNAMIC_DISPATCH(weigh_double)(query, rows, d, scale, offsets, clusters, weights);
}
template <>
void add_share(const ClusterShare<float>& share, Index rows, Index d_v, double* totals, double* sums,
               double* error_sums) {
  HWY_DYNAMIC_DISPATCH(add_single)(share, rows, d_v, totals, sums, error_sums);
}
template <>
void add_share(const ClusterShare<double>& share, Index rows, Index d_v, double* totals, double* sums,
               double* error_sums) {
  HWY_DYNAMIC_DISPATCH(add_double)(share, rows, d_v, totals, sums, error_sums);
}

}  // namespace promptbound
#endif
