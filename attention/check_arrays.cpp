#include <promptbound/attention/check_arrays.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/fast_interval.hpp>

namespace promptbound {
namespace {

/// Throws unless every entry is finite. The exponent field of NaN and infinity is all ones, and only then
/// does adding 1 to it carry into the sign bit: integers that even the oldest vector instructions handle,
/// while no sum of the entries may be vectorised.
template <class T>
void require_finite(const char* name, const T* entries, Index heads, Index rows, Index columns) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits exponent = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
  const Index count = heads * rows * columns;
  Bits special = 0;
  for (Index i = 0; i < count; ++i)
    special |= (std::bit_cast<Bits>(entries[i]) & exponent) + (exponent & -exponent);
  if (special >> (8 * sizeof(T) - 1) == 0) return;
  Index i = 0;
  while (std::isfinite(entries[i])) ++i;
  const std::string head = heads > 1 ? "head " + std::to_string(i / columns / rows) + ", " : "";
  throw InputError(std::string(name) + ": entry " + std::to_string(entries[i]) + " at " + head + "row " +
                   std::to_string(i / columns % rows) + ", column " + std::to_string(i % columns) +
                   " (accepted: finite numbers)");
}

/// sum x^2, rounded up: at most d + 1 roundings of at most 2^-53 relative, and the squares that underflow.
/// Eight partial sums, so that vectors can be used.
template <class T>
double square_norm(const T* entries, Index d) {
  const auto square = [&](Index c) {
    return static_cast<double>(entries[c]) * static_cast<double>(entries[c]);
  };
  double partial[8] = {};
  Index c = 0;
  for (; c + 8 <= d; c += 8)
    for (Index i = 0; i < 8; ++i) partial[i] += square(c + i);
  double sum = ((partial[0] + partial[1]) + (partial[2] + partial[3])) +
               ((partial[4] + partial[5]) + (partial[6] + partial[7]));
  for (; c < d; ++c) sum += square(c);
  return sum * (1 + static_cast<double>(d + 8) * 0x1p-52) + static_cast<double>(d) * 0x1p-1022;
}

template <class T>
ArraySizes sizes_of(const AttentionArrays<T>& arrays, Index head) {
  ArraySizes sizes;
  sizes.query_square.resize(static_cast<std::size_t>(arrays.n));
  double query = 0, key = 0;
  for (Index i = 0; i < arrays.n; ++i) {
    const double square = square_norm(arrays.query(head, i), arrays.d);
    sizes.query_square[static_cast<std::size_t>(i)] = square;
    query = std::max(query, square);
  }
  sizes.largest_query = step_up(std::sqrt(query));
  const T* first = arrays.value(head, 0);
  std::vector<T> least(first, first + arrays.d_v), largest = least;
  for (Index j = 0; j < arrays.keys(); ++j) {
    key = std::max(key, square_norm(arrays.key(head, j), arrays.d));
    const T* value = arrays.value(head, j);
    for (Index c = 0; c < arrays.d_v; ++c) {
      const auto column = static_cast<std::size_t>(c);
      least[column] = std::min(least[column], value[c]);
      largest[column] = std::max(largest[column], value[c]);
    }
  }
  sizes.key_norm = step_up(std::sqrt(key));
  sizes.least.assign(least.begin(), least.end());
  sizes.largest.assign(largest.begin(), largest.end());
  for (std::size_t c = 0; c < least.size(); ++c)
    sizes.value_size = std::max({sizes.value_size, -sizes.least[c], sizes.largest[c]});
  return sizes;
}

[[noreturn]] void bad_shape(const std::string& what) { throw InputError("attention: " + what); }

}  // namespace

template <class T>
std::vector<ArraySizes> check_arrays(const AttentionArrays<T>& arrays) {
  if (arrays.heads < 1 || arrays.d < 1 || arrays.d_v < 1)
    bad_shape("an array has no head or no column (accepted: at least 1)");
  if (arrays.n < 1) bad_shape("no query (accepted: at least 1)");
  if (arrays.m < 0 || arrays.prompt < 0 || arrays.keys() < 1) bad_shape("no key (accepted: at least 1)");
  if (arrays.mask == Mask::causal && arrays.m < arrays.n) {
    bad_shape("causal with " + std::to_string(arrays.n) + " queries and " + std::to_string(arrays.m) +
              " keys (accepted: at least as many keys as queries)");
  }
  if (!(arrays.scale > 0) || !std::isfinite(arrays.scale))
    bad_shape("scale " + std::to_string(arrays.scale) + " (accepted: a positive number)");
  require_finite("q", arrays.q, arrays.heads, arrays.n, arrays.d);
  require_finite("k", arrays.k, arrays.heads, arrays.m, arrays.d);
  require_finite("v", arrays.v, arrays.heads, arrays.m, arrays.d_v);
  require_finite("prompt k", arrays.prompt_k, arrays.heads, arrays.prompt, arrays.d);
  require_finite("prompt v", arrays.prompt_v, arrays.heads, arrays.prompt, arrays.d_v);

  constexpr auto largest = static_cast<double>(std::numeric_limits<T>::max());
  std::vector<ArraySizes> sizes;
  for (Index head = 0; head < arrays.heads; ++head) {
    sizes.push_back(sizes_of(arrays, head));
    const ArraySizes& of_head = sizes.back();
    // Scaled queries, scores and their differences stay far below the largest number, and so do weighted
    // sums.
    if (!(of_head.largest_query * arrays.scale < largest / 16) ||
        !(of_head.largest_query * arrays.scale * of_head.key_norm < largest / 64) ||
        !(of_head.key_norm < largest / 16)) {
      bad_shape("scores may overflow: scale " + std::to_string(arrays.scale) + ", largest query norm " +
                std::to_string(of_head.largest_query) + ", largest key norm " +
                std::to_string(of_head.key_norm) + " (accepted: a product below 1/64 of the largest number" +
                (sizeof(T) == 4 ? "; binary64 reaches further)" : ")"));
    }
    if (!(of_head.value_size * static_cast<double>(arrays.keys() + 1) < largest / 4)) {
      bad_shape("sums of values may overflow: largest entry " + std::to_string(of_head.value_size) +
                (sizeof(T) == 4 ? " (binary64 reaches further)" : ""));
    }
  }
  return sizes;
}

template std::vector<ArraySizes> check_arrays(const AttentionArrays<float>&);
template std::vector<ArraySizes> check_arrays(const AttentionArrays<double>&);

}  // namespace promptbound
