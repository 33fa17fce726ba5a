#include <promptbound/attention/exact/exact.hpp>

#include <promptbound/attention/exact/exact_error.hpp>
#include <promptbound/attention/exact/exact_kernel.hpp>
#include <promptbound/attention/exact/running_kernel.hpp>
#include <promptbound/attention/thread_parts.hpp>
#include <promptbound/numeric/interval.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

/// Queries that one call of the kernels serves: many, above all where they share keys and values that come
/// from far, but their own data have to stay in the second-level cache, and threads need calls to share.
template <class T>
Index rows_per_task(const AttentionArrays<T>& arrays, int threads) {
  Index rows = keys_are_far(arrays) ? 512 : 256;
  while (rows > 128 && arrays.heads * arrays.n < Index{4} * threads * rows) rows /= 2;
  return rows;
}

template <class T>
void attend(const AttentionArrays<T>& arrays, const ExactOptions& options,
            const std::vector<ArraySizes>& sizes, Attended<T>& result) {
  const auto entries = static_cast<std::size_t>(arrays.heads * arrays.n * arrays.d_v);
  result.output.resize(entries);
  result.error.resize(entries);
  const Index rows = rows_per_task(arrays, options.threads);
  const Index tasks = (arrays.n + rows - 1) / rows;
  const auto run = [&](Index task) {
    const Index head = task / tasks, first = task % tasks * rows;
    const Index last = std::min(first + rows, arrays.n);
    const ArraySizes& of_head = sizes[static_cast<std::size_t>(head)];
    const Index offset = (head * arrays.n + first) * arrays.d_v;
    if (options.rounding == Rounding::prior) {
      exact_rows(arrays, head, first, last, static_cast<T>(of_head.key_norm), result.output.data() + offset);
    } else {
      running_rows(arrays, head, first, last, of_head, result.output.data() + offset,
                   result.error.data() + offset);
    }
  };
  for_each_part(arrays.heads * tasks, options.threads, run);
  if (options.rounding == Rounding::prior) {
    for (Index head = 0; head < arrays.heads; ++head) {
      const ArraySizes& of_head = sizes[static_cast<std::size_t>(head)];
      write_error(prior_error(arrays, of_head), of_head, result.error.data() + head * arrays.n * arrays.d_v);
    }
  }
}

}  // namespace

template <class T>
void exact_attention(const AttentionArrays<T>& arrays, const ExactOptions& options, Attended<T>& result) {
  attend(arrays, options, check_arrays(arrays), result);
}

template <class T>
Attended<T> exact_attention(const AttentionArrays<T>& arrays, const ExactOptions& options) {
  return exact_attention(arrays, options, check_arrays(arrays));
}

template <class T>
Attended<T> exact_attention(const AttentionArrays<T>& arrays, const ExactOptions& options,
                            const std::vector<ArraySizes>& sizes) {
  Attended<T> result;
  attend(arrays, options, sizes, result);
  return result;
}

template <class Scalar, class T>
std::vector<Scalar> reference_attention(const AttentionArrays<T>& arrays, Index head, Index query) {
  const auto exact = [](T entry) { return Scalar(static_cast<double>(entry)); };
  const T* q = arrays.query(head, query);
  std::vector<Scalar> sums(static_cast<std::size_t>(arrays.d_v), Scalar(0));
  Scalar total(0);
  for (Index j = 0; j < arrays.visible(query); ++j) {
    Scalar score(0);
    for (Index c = 0; c < arrays.d; ++c) score += exact(q[c]) * exact(arrays.key(head, j)[c]);
    const Scalar weight = exponential<Scalar>(score * Scalar(arrays.scale));
    total += weight;
    for (Index c = 0; c < arrays.d_v; ++c)
      sums[static_cast<std::size_t>(c)] += weight * exact(arrays.value(head, j)[c]);
  }
  for (Scalar& sum : sums) sum /= total;
  return sums;
}

template void exact_attention(const AttentionArrays<float>&, const ExactOptions&, Attended<float>&);
template void exact_attention(const AttentionArrays<double>&, const ExactOptions&, Attended<double>&);
template Attended<float> exact_attention(const AttentionArrays<float>&, const ExactOptions&);
template Attended<double> exact_attention(const AttentionArrays<double>&, const ExactOptions&);
template Attended<float> exact_attention(const AttentionArrays<float>&, const ExactOptions&,
                                         const std::vector<ArraySizes>&);
template Attended<double> exact_attention(const AttentionArrays<double>&, const ExactOptions&,
                                          const std::vector<ArraySizes>&);
template std::vector<Interval> reference_attention(const AttentionArrays<float>&, Index, Index);
template std::vector<Interval> reference_attention(const AttentionArrays<double>&, Index, Index);
template std::vector<Real> reference_attention(const AttentionArrays<float>&, Index, Index);
template std::vector<Real> reference_attention(const AttentionArrays<double>&, Index, Index);

}  // namespace promptbound
