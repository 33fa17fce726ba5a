#include <promptbound/attention/check_arrays.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include <promptbound/attention/norm_kernel.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/fast_interval.hpp>

namespace promptbound {
namespace {

/// Throws where an entry of the arrays of all heads is not finite.
template <class T>
void require_finite(const char* name, const T* entries, Index heads, Index rows, Index columns) {
  const T* end = entries + heads * rows * columns;
  const T* found = std::find_if(entries, end, [](T entry) { return !std::isfinite(entry); });
  if (found == end) return;
  const Index i = found - entries;
  const std::string head = heads > 1 ? "head " + std::to_string(i / columns / rows) + ", " : "";
  throw InputError(std::string(name) + ": entry " + std::to_string(*found) + " at " + head + "row " +
                   std::to_string(i / columns % rows) + ", column " + std::to_string(i % columns) +
                   " (accepted: finite numbers)");
}

/// The norm of the longest of a head's rows, rounded up: infinite where a square overflows.
template <class T>
double largest_norm(const char* name, const T* entries, const AttentionArrays<T>& arrays, Index head,
                    Index rows, double* squares = nullptr) {
  if (rows == 0) return 0;
  const double largest = square_norms<T>(entries + head * rows * arrays.d, rows, arrays.d, nullptr, squares);
  if (std::isfinite(largest)) return step_up(std::sqrt(largest));
  require_finite(name, entries, arrays.heads, rows, arrays.d);
  return std::numeric_limits<double>::infinity();
}

template <class T>
ArraySizes sizes_of(const AttentionArrays<T>& arrays, Index head) {
  ArraySizes sizes;
  sizes.query_square.resize(static_cast<std::size_t>(arrays.n));
  sizes.largest_query = largest_norm("q", arrays.q, arrays, head, arrays.n, sizes.query_square.data());
  sizes.key_norm = std::max(largest_norm("k", arrays.k, arrays, head, arrays.m),
                            largest_norm("prompt k", arrays.prompt_k, arrays, head, arrays.prompt));
  const T* first = arrays.value(head, 0);
  std::vector<T> least(first, first + arrays.d_v), largest = least;
  const auto widen = [&](const char* name, const T* entries, Index rows) {
    if (rows > 0 &&
        !widen_ranges<T>(entries + head * rows * arrays.d_v, rows, arrays.d_v, least.data(), largest.data()))
      require_finite(name, entries, arrays.heads, rows, arrays.d_v);
  };
  widen("v", arrays.v, arrays.m);
  widen("prompt v", arrays.prompt_v, arrays.prompt);
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
    bad_shape(fmt::format("scale {} (accepted: a positive number)", arrays.scale));

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
      bad_shape(fmt::format(
          "scores may overflow: scale {}, largest query norm {:.6g}, largest key norm {:.6g} (accepted: a "
          "product below 1/64 of the largest number{})",
          arrays.scale, of_head.largest_query, of_head.key_norm,
          sizeof(T) == 4 ? "; binary64 reaches further" : ""));
    }
    if (!(of_head.value_size * static_cast<double>(arrays.keys() + 1) < largest / 4)) {
      bad_shape(fmt::format("sums of values may overflow: largest entry {:.6g}{}", of_head.value_size,
                            sizeof(T) == 4 ? " (binary64 reaches further)" : ""));
    }
  }
  return sizes;
}

template std::vector<ArraySizes> check_arrays(const AttentionArrays<float>&);
template std::vector<ArraySizes> check_arrays(const AttentionArrays<double>&);

}  // namespace promptbound
