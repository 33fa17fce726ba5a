#include <promptbound/attention/choice/attempts.hpp>

#include <algorithm>

#include <promptbound/attention/exact/exact_error.hpp>
#include <promptbound/attention/norm_kernel.hpp>

namespace promptbound {
namespace {

/// error / largest |value|, the worst head's.
template <class T>
double reached_accuracy(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                        const Attended<T>& result) {
  double worst = 0;
  for (Index head = 0; head < arrays.heads; ++head) {
    const double error =
        largest_error(result.error.data() + head * arrays.n * arrays.d_v, arrays.n, arrays.d_v);
    const double size = sizes[static_cast<std::size_t>(head)].value_size;
    worst = std::max(worst, size > 0 ? error / size : 0);
  }
  return worst * (1 + 0x1p-50);
}

}  // namespace

template <class T>
bool try_exact(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
               const AttentionRequest& request, Rounding rounding, AttentionAnswer& answer, double& reached) {
  answer.method = Method::exact;
  answer.rounding = rounding;
  Attended<T> result;
  answer.spent.seconds = seconds_of([&] {
    result = exact_attention(arrays, {rounding, request.threads}, sizes);
  });
  reached = reached_accuracy(arrays, sizes, result);
  answer.result = std::move(result);
  return !request.accuracy || reached <= *request.accuracy;
}

PolynomialOptions polynomial_options(const AttentionRequest& request) {
  PolynomialOptions options;
  options.accuracy = *request.accuracy;
  options.threads = request.threads;
  return options;
}

template <class T>
bool try_polynomial(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                    const AttentionRequest& request, std::optional<HeadPlan<T>> plan,
                    AttentionAnswer& answer) {
  PolynomialChoice choice;
  std::optional<Attended<T>> result;
  answer.spent.seconds = seconds_of([&] {
    result = polynomial_attention(arrays, polynomial_options(request), sizes, std::move(plan), &choice);
  });
  if (!result) return false;
  answer.method = Method::polynomial;
  answer.degree = choice.degree;
  answer.rank = choice.rank;
  answer.result = std::move(*result);
  return true;
}

template <class T>
bool try_cholesky(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                  const AttentionRequest& request, PivotLimits limits, AttentionAnswer& answer) {
  std::optional<Attended<T>> result;
  answer.spent.seconds = seconds_of([&] {
    result = cholesky_attention(arrays, {*request.accuracy, request.threads, limits}, sizes, &answer.rank);
  });
  if (!result) return false;
  answer.method = Method::cholesky;
  answer.result = std::move(*result);
  return true;
}

// The argument is a type: parentheses around it are no C++.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define INSTANTIATE(T)                                                                                 \
  template bool try_exact(const AttentionArrays<T>&, const std::vector<ArraySizes>&,                   \
                          const AttentionRequest&, Rounding, AttentionAnswer&, double&);               \
  template bool try_polynomial(const AttentionArrays<T>&, const std::vector<ArraySizes>&,              \
                               const AttentionRequest&, std::optional<HeadPlan<T>>, AttentionAnswer&); \
  template bool try_cholesky(const AttentionArrays<T>&, const std::vector<ArraySizes>&,                \
                             const AttentionRequest&, PivotLimits, AttentionAnswer&)
INSTANTIATE(float);
INSTANTIATE(double);
#undef INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace promptbound
