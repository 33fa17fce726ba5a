#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "promptbound/attention/norm_kernel.cpp"

#include <promptbound/numeric/matrices/instruction_sets.hpp>

#include <hwy/foreach_target.h>

#include <algorithm>
#include <limits>

#include <hwy/highway.h>

#include <promptbound/attention/norm_kernel.hpp>
#include <promptbound/attention/transpose-inl.hpp>

HWY_BEFORE_NAMESPACE();
namespace promptbound {
namespace HWY_NAMESPACE {
namespace {

using Double = hn::ScalableTag<double>;
using Doubles = hn::Vec<Double>;
constexpr Index doubles = lanes_of<double>();

/// Vectors that passes over whole arrays take at a time: enough for independent chains, and rows of up to
/// this many vectors begin where they do.
constexpr int vectors_at_once = 8;

HWY_INLINE Doubles load(const double* from) { return hn::LoadU(Double(), from); }
HWY_INLINE Doubles load(const float* from) {
  return hn::PromoteTo(Double(), hn::LoadU(hn::Rebind<float, Double>(), from));
}
/// The first `count` numbers, fewer than a vector, and zeros; nothing is read from `end` on.
template <class T>
HWY_INLINE Doubles load_some(const T* from, Index count, const T* end) {
  if (end - from >= doubles)
    return hn::IfThenElseZero(hn::FirstN(Double(), static_cast<std::size_t>(count)), load(from));
  HWY_ALIGN T numbers[doubles] = {};
  std::copy(from, from + count, numbers);
  return load(numbers);
}
template <class V, class T>
HWY_INLINE void store_some(V v, T* to, Index count) {
  HWY_ALIGN T numbers[doubles];
  hn::Store(v, hn::Rebind<T, Double>(), numbers);
  std::copy(numbers, numbers + count, to);
}

/// v[0] = the sums of as many neighbouring lanes as there are vectors, all of the first vector first.
template <int vectors, class V>
HWY_INLINE void add_neighbours([[maybe_unused]] V* v) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (vectors > 1) {
    const Double d;
#pragma GCC unroll 4
    for (Index i = 0; i < vectors / 2; ++i)
      v[i] = hn::Add(hn::ConcatEven(d, v[2 * i + 1], v[2 * i]), hn::ConcatOdd(d, v[2 * i + 1], v[2 * i]));
    add_neighbours<vectors / 2>(v);
  }
#endif
}

/// The sum of squares, in binary64, is that of d differences with a relative rounding each; it takes at most
/// d+1 roundings of each term, counting multiply-add as two, and loses the squares that underflow. So with
/// the last two the norm is off by at most d+5 roundings, for which 2d+16 are added.
template <class T>
class SquareNorms {
 public:
  SquareNorms(Index d, const T* centre, double* squares)
      : d_(d),
        squares_(squares),
        centre_(static_cast<std::size_t>(d + doubles)),
        factor_(hn::Set(Double(), 1 + static_cast<double>(d + 8) * 0x1p-52)),
        lost_(hn::Set(Double(), static_cast<double>(d) * 0x1p-1022)) {
    if (centre == nullptr) return;
    // Repeated, for vectors that hold several rows.
    for (std::size_t i = 0; i < centre_.size(); ++i)
      centre_[i] = static_cast<double>(centre[i % static_cast<std::size_t>(d)]);
  }

  double add(const T* rows, Index count) const {
    // Not members: what is written to squares_ could change those.
    Doubles largest = hn::Zero(Double()), special = largest;
    Index done = 0;
    for_power_of_two(d_, [&](auto constant) HWY_ATTR {
      constexpr int vectors = constant;
      if constexpr (vectors <= doubles) {
        const Doubles centre = load(centre_.data());
        for (; done + doubles <= count; done += doubles) {
          Doubles v[vectors];
#pragma GCC unroll 8
          for (int i = 0; i < vectors; ++i) {
            const Doubles x = hn::Sub(load(rows + done * vectors + i * doubles), centre);
            v[i] = hn::Mul(x, x);
          }
          add_neighbours<vectors>(v);
          take(v[0], done, doubles, largest, special);
        }
      }
    });
    for (; done < count; done += doubles) {
      const Index left = std::min(doubles, count - done);
      Doubles v[doubles];
#pragma GCC unroll 8
      for (Index i = 0; i < doubles; ++i)
        v[i] = i < left ? squares_of(rows + (done + i) * d_, rows + count * d_) : hn::Zero(Double());
      add_neighbours<static_cast<int>(doubles)>(v);
      take(v[0], done, left, largest, special);
    }
    return hn::GetLane(hn::SumOfLanes(Double(), special)) == 0
               ? hn::GetLane(hn::MaxOfLanes(Double(), largest))
               : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  /// Sums of one row's squares, some of them in each lane.
  HWY_INLINE Doubles squares_of(const T* row, const T* end) const {
    Doubles sum = hn::Zero(Double());
    Index c = 0;
    for (; c + doubles <= d_; c += doubles) {
      const Doubles x = hn::Sub(load(row + c), load(centre_.data() + c));
      sum = hn::MulAdd(x, x, sum);
    }
    if (c == d_) return sum;
    const Doubles x = hn::Sub(load_some(row + c, d_ - c, end),
                              load_some(centre_.data() + c, d_ - c, centre_.data() + centre_.size()));
    return hn::MulAdd(x, x, sum);
  }
  HWY_INLINE void take(Doubles sums, Index first, Index count, Doubles& largest, Doubles& special) const {
    const Doubles above = hn::MulAdd(sums, factor_, lost_);
    largest = hn::Max(largest, above);
    special = hn::MulAdd(above, hn::Zero(Double()), special);  // NaN from NaN and infinity on
    if (squares_ == nullptr) return;
    if (count == doubles) {
      hn::StoreU(above, Double(), squares_ + first);
    } else {
      store_some(above, squares_ + first, count);
    }
  }

  Index d_;
  double* squares_;
  std::vector<double> centre_;
  Doubles factor_, lost_;
};

template <class T>
bool ranges(const T* HWY_RESTRICT rows, Index count, Index d, T* HWY_RESTRICT least,
            T* HWY_RESTRICT largest) {
  const hn::ScalableTag<T> tag;
  using V = hn::Vec<decltype(tag)>;
  constexpr Index lanes = lanes_of<T>(), at_once = vectors_at_once * lanes;
  const Index all = count * d;
  std::vector<T> special(static_cast<std::size_t>(d));  // 0 times each number: NaN where one is not finite
  T* HWY_RESTRICT products = special.data();
  Index done = 0;
  if (at_once % d == 0 && all >= at_once) {
    V low[vectors_at_once], high[vectors_at_once], product[vectors_at_once];
#pragma GCC unroll 8
    for (int i = 0; i < vectors_at_once; ++i) {
      low[i] = high[i] = hn::LoadU(tag, rows + i * lanes);
      product[i] = hn::Zero(tag);
    }
    for (; done + at_once <= all; done += at_once) {
#pragma GCC unroll 8
      for (int i = 0; i < vectors_at_once; ++i) {
        const V x = hn::LoadU(tag, rows + done + i * lanes);
        low[i] = hn::Min(low[i], x);
        high[i] = hn::Max(high[i], x);
        product[i] = hn::MulAdd(x, hn::Zero(tag), product[i]);
      }
    }
    HWY_ALIGN T lows[at_once], highs[at_once];
#pragma GCC unroll 8
    for (int i = 0; i < vectors_at_once; ++i) {
      hn::Store(low[i], tag, lows + i * lanes);
      hn::Store(high[i], tag, highs + i * lanes);
    }
    for (Index i = 0; i < at_once; ++i) {
      least[i % d] = std::min(least[i % d], lows[i]);
      largest[i % d] = std::max(largest[i % d], highs[i]);
    }
#pragma GCC unroll 8
    for (int i = 1; i < vectors_at_once; ++i) product[0] = hn::Add(product[0], product[i]);
    products[0] = hn::GetLane(hn::SumOfLanes(tag, product[0]));
  }
  for (; done < all; done += d) {
    for (Index c = 0; c < d; ++c) {
      const T x = rows[done + c];
      least[c] = std::min(least[c], x);
      largest[c] = std::max(largest[c], x);
      products[c] += x * 0;
    }
  }
  return std::all_of(special.begin(), special.end(), [](T product) { return product == 0; });
}

template <class T>
void column_sums(const T* HWY_RESTRICT rows, Index count, Index d, double* HWY_RESTRICT sums) {
  constexpr Index at_once = vectors_at_once * doubles;
  const Index all = count * d;
  Index done = 0;
  if (at_once % d == 0) {
    Doubles sum[vectors_at_once];
#pragma GCC unroll 8
    for (int i = 0; i < vectors_at_once; ++i) sum[i] = hn::Zero(Double());
    for (; done + at_once <= all; done += at_once) {
#pragma GCC unroll 8
      for (int i = 0; i < vectors_at_once; ++i) sum[i] = hn::Add(sum[i], load(rows + done + i * doubles));
    }
    HWY_ALIGN double of_lanes[at_once];
#pragma GCC unroll 8
    for (int i = 0; i < vectors_at_once; ++i) hn::Store(sum[i], Double(), of_lanes + i * doubles);
    for (Index i = 0; i < at_once; ++i) sums[i % d] += of_lanes[i];
  }
  for (; done < all; done += d)
    for (Index c = 0; c < d; ++c) sums[c] += static_cast<double>(rows[done + c]);
}

/// The norm is off by one rounding, and so are product and sum, of numbers that are at least 0 (where the
/// product underflows, the sum is normal all the same or both are 0): 16 roundings are added beforehand.
bool norm_errors(const std::vector<double>& squares, const NormErrors& parts, double* errors) {
  const Double d;
  const auto above = [](double x) { return x * (1 + 0x1p-49); };
  const Doubles bounded_slope = hn::Set(d, above(parts.bounded_slope)),
                bounded_constant = hn::Set(d, above(parts.bounded_constant)),
                bounded_up_to = hn::Set(d, parts.bounded_up_to), slope = hn::Set(d, above(parts.slope)),
                constant = hn::Set(d, above(parts.constant)), half = hn::Set(d, 0.5), one = hn::Set(d, 1.0);
  const auto count = static_cast<Index>(squares.size());
  Doubles least_norm = hn::Set(d, std::numeric_limits<double>::infinity());
  const auto error_of = [&](Doubles square) HWY_ATTR {
    const Doubles norm = hn::Sqrt(square);
    least_norm = hn::Min(least_norm, norm);
    const Doubles bounded =
        hn::IfThenElseZero(hn::Le(norm, bounded_up_to), hn::MulAdd(norm, bounded_slope, bounded_constant));
    const Doubles error = hn::Max(bounded, hn::MulAdd(norm, slope, constant));
    return hn::Min(hn::Mul(error, half), one);
  };
  Index i = 0;
  for (; i + doubles <= count; i += doubles) hn::StoreU(error_of(load(squares.data() + i)), d, errors + i);
  for (; i < count; ++i) errors[i] = hn::GetLane(error_of(hn::Set(d, squares[static_cast<std::size_t>(i)])));
  return hn::GetLane(hn::MinOfLanes(d, least_norm)) <= parts.bounded_up_to;
}

/// Numbers that binary32 does not reach become infinite: they are bounds.
HWY_INLINE hn::Vec<hn::Rebind<float, Double>> to_single(Doubles x) {
  const hn::Rebind<float, Double> single;
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128  // where DemoteTo makes them the largest number
  HWY_ALIGN double numbers[doubles];
  HWY_ALIGN float singles[doubles];
  hn::Store(x, Double(), numbers);
  std::transform(numbers, numbers + doubles, singles,
                 [](double number) { return static_cast<float>(number); });
  return hn::Load(single, singles);
#else
  return hn::DemoteTo(single, x);
#endif
}

/// At most four roundings to binary64 and one to binary32, of at most 2^-53 and 2^-24 relative, or 2^-150. A
/// row's last vector may reach into the next row, which is written later; the last rows are written apart.
void error_rows(const std::vector<double>& factors, const std::vector<double>& rows, double constant,
                float* out) {
  const Double d;
  const hn::Rebind<float, Double> single;
  const auto width = static_cast<Index>(factors.size());
  std::vector<double> padded = factors;
  padded.resize(factors.size() + static_cast<std::size_t>(doubles));
  const auto entries = [&](double row, Index c) HWY_ATTR {
    const Doubles bound = hn::MulAdd(load(padded.data() + c), hn::Set(d, row), hn::Set(d, constant));
    return to_single(hn::MulAdd(bound, hn::Set(d, 1 + 0x1p-22), hn::Set(d, 0x1p-148)));
  };
  const float* end = out + static_cast<Index>(rows.size()) * width;
  for (const double row : rows) {
    for (Index c = 0; c < width; c += doubles) {
      if (end - (out + c) >= doubles) {
        hn::StoreU(entries(row, c), single, out + c);
      } else {
        store_some(entries(row, c), out + c, std::min(doubles, width - c));
      }
    }
    out += width;
  }
}

double squares_single(const float* rows, Index count, Index d, const float* centre, double* squares) {
  return SquareNorms<float>(d, centre, squares).add(rows, count);
}
double squares_double(const double* rows, Index count, Index d, const double* centre, double* squares) {
  return SquareNorms<double>(d, centre, squares).add(rows, count);
}
bool ranges_single(const float* rows, Index count, Index d, float* least, float* largest) {
  return ranges(rows, count, d, least, largest);
}
bool ranges_double(const double* rows, Index count, Index d, double* least, double* largest) {
  return ranges(rows, count, d, least, largest);
}
void sums_single(const float* rows, Index count, Index d, double* sums) { column_sums(rows, count, d, sums); }
void sums_double(const double* rows, Index count, Index d, double* sums) {
  column_sums(rows, count, d, sums);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace promptbound
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace promptbound {

HWY_EXPORT(squares_single);
HWY_EXPORT(squares_double);
HWY_EXPORT(ranges_single);
HWY_EXPORT(ranges_double);
HWY_EXPORT(sums_single);
HWY_EXPORT(sums_double);
HWY_EXPORT(norm_errors);
HWY_EXPORT(error_rows);

template <>
double square_norms(const float* rows, Index count, Index d, const float* centre, double* squares) {
  return HWY_DYNAMIC_DISPATCH(squares_single)(rows, count, d, centre, squares);
}
template <>
double square_norms(const double* rows, Index count, Index d, const double* centre, double* squares) {
  return HWY_DYNAMIC_DISPATCH(squares_double)(rows, count, d, centre, squares);
}
template <>
bool widen_ranges(const float* rows, Index count, Index d, float* least, float* largest) {
  return HWY_DYNAMIC_DISPATCH(ranges_single)(rows, count, d, least, largest);
}
template <>
bool widen_ranges(const double* rows, Index count, Index d, double* least, double* largest) {
  return HWY_DYNAMIC_DISPATCH(ranges_double)(rows, count, d, least, largest);
}
double largest_error(const float* errors, Index count, Index d) {
  std::vector<float> least(static_cast<std::size_t>(d), 0.0F), largest = least;
  if (!widen_ranges(errors, count, d, least.data(), largest.data()))
    return std::numeric_limits<double>::infinity();
  return static_cast<double>(*std::max_element(largest.begin(), largest.end()));
}
template <>
void add_column_sums(const float* rows, Index count, Index d, double* sums) {
  HWY_DYNAMIC_DISPATCH(sums_single)(rows, count, d, sums);
}
template <>
void add_column_sums(const double* rows, Index count, Index d, double* sums) {
  HWY_DYNAMIC_DISPATCH(sums_double)(rows, count, d, sums);
}
bool errors_of_norms(const std::vector<double>& squares, const NormErrors& parts, double* errors) {
  return HWY_DYNAMIC_DISPATCH(norm_errors)(squares, parts, errors);
}
void write_rows(const std::vector<double>& factors, const std::vector<double>& rows, double constant,
                float* out) {
  HWY_DYNAMIC_DISPATCH(error_rows)(factors, rows, constant, out);
}

}  // namespace promptbound
#endif
