#include <promptbound/attention/automatic.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

#include <promptbound/attention/cholesky.hpp>
#include <promptbound/attention/exact_error.hpp>

namespace promptbound {
namespace {

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class T>
double largest_error(const Attended<T>& result) {
  return static_cast<double>(*std::max_element(result.error.begin(), result.error.end()));
}

/// error / largest |value|, the worst head's.
template <class T>
double reached_accuracy(const AttentionArrays<T>& arrays, const Attended<T>& result) {
  double worst = 0;
  const auto per_head = static_cast<std::size_t>(arrays.n * arrays.d_v);
  for (std::size_t head = 0; head < static_cast<std::size_t>(arrays.heads); ++head) {
    T size = 0;
    for (Index j = 0; j < arrays.keys(); ++j) {
      const T* value = arrays.value(static_cast<Index>(head), j);
      for (Index c = 0; c < arrays.d_v; ++c) size = std::max(size, std::abs(value[c]));
    }
    const auto first = result.error.begin() + static_cast<std::ptrdiff_t>(head * per_head);
    const double error =
        static_cast<double>(*std::max_element(first, first + static_cast<std::ptrdiff_t>(per_head)));
    worst = std::max(worst, size > 0 ? error / static_cast<double>(size) : 0);
  }
  return worst * (1 + 0x1p-50);
}

/// The arrays in binary64, which holds them exactly.
struct Widened {
  std::vector<double> q, k, v, prompt_k, prompt_v;
  AttentionArrays<double> arrays;

  template <class T>
  explicit Widened(const AttentionArrays<T>& from) {
    const auto widen = [&](const T* entries, Index rows, Index columns, std::vector<double>& to) {
      to.assign(entries, entries + from.heads * rows * columns);
      return to.data();
    };
    arrays.heads = from.heads;
    arrays.n = from.n;
    arrays.m = from.m;
    arrays.prompt = from.prompt;
    arrays.d = from.d;
    arrays.d_v = from.d_v;
    arrays.scale = from.scale;
    arrays.mask = from.mask;
    arrays.q = widen(from.q, from.n, from.d, q);
    arrays.k = widen(from.k, from.m, from.d, k);
    arrays.v = widen(from.v, from.m, from.d_v, v);
    arrays.prompt_k = widen(from.prompt_k, from.prompt, from.d, prompt_k);
    arrays.prompt_v = widen(from.prompt_v, from.prompt, from.d_v, prompt_v);
  }
};

/// The exact method: whether it reaches the accuracy, and what it reaches.
template <class T>
bool try_exact(const AttentionArrays<T>& arrays, const AttentionRequest& request, Rounding rounding,
               AttentionAnswer& answer, double& reached) {
  answer.method = Method::exact;
  Attended<T> result;
  answer.seconds = seconds_of([&] { result = exact_attention(arrays, {rounding, request.threads}); });
  reached = reached_accuracy(arrays, result);
  answer.result = std::move(result);
  return !request.accuracy || reached <= *request.accuracy;
}

template <class T>
bool try_polynomial(const AttentionArrays<T>& arrays, const AttentionRequest& request,
                    AttentionAnswer& answer) {
  PolynomialOptions options;
  options.accuracy = *request.accuracy;
  options.threads = request.threads;
  PolynomialChoice choice;
  std::optional<Attended<T>> result;
  answer.seconds = seconds_of([&] { result = polynomial_attention(arrays, options, &choice); });
  if (!result) return false;
  answer.method = Method::polynomial;
  answer.degree = choice.degree;
  answer.rank = choice.rank;
  answer.result = std::move(*result);
  return true;
}

template <class T>
bool try_cholesky(const AttentionArrays<T>& arrays, const AttentionRequest& request,
                  AttentionAnswer& answer) {
  std::optional<Attended<T>> result;
  answer.seconds = seconds_of([&] {
    result = cholesky_attention(arrays, {*request.accuracy, request.threads}, &answer.rank);
  });
  if (!result) return false;
  answer.method = Method::cholesky;
  answer.result = std::move(*result);
  return true;
}

/// The rounding analysis that the exact method will need: the sharp one where the other does not suffice.
template <class T>
Rounding rounding_needed(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                         const AttentionRequest& request) {
  if (!request.accuracy) return request.rounding;
  for (const ArraySizes& of_head : sizes) {
    if (prior_error(arrays, of_head).largest(of_head) > *request.accuracy * of_head.value_size)
      return Rounding::running;
  }
  return request.rounding;
}

/// Which method, and why. `rounding` is what the exact method will do.
template <class T>
Method choose(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
              const AttentionRequest& request, Rounding rounding, AttentionAnswer& answer) {
  if (request.method != Method::automatic) {
    answer.why = "asked for";
    return request.method;
  }
  if (!request.accuracy) {
    answer.why = "no accuracy is given";
    return Method::exact;
  }
  if (arrays.mask == Mask::causal) {
    answer.why = "the mask is causal";
    return Method::exact;
  }
  const Calibration& rates = calibration<T>(arrays.d, arrays.d_v);
  answer.rates = rates;
  answer.expected.exact = expected_exact(arrays, rates, rounding, request.threads);
  PolynomialOptions options;
  options.accuracy = *request.accuracy;
  // The first head stands for all of them.
  const std::optional<PolynomialPlan> polynomial =
      plan_polynomial(arrays, 0, sizes.front(), centre_of_keys(arrays, 0), options);
  if (!polynomial) {
    answer.why = "no polynomial of at most 2^20 monomials reaches the accuracy in this precision";
    return Method::exact;
  }
  answer.expected.polynomial = expected_polynomial(arrays, rates, polynomial->work, request.threads);
  const bool is_faster = *answer.expected.polynomial < *answer.expected.exact;
  answer.why =
      is_faster ? "the polynomial is expected to be faster" : "the exact method is expected to be faster";
  return is_faster ? Method::polynomial : Method::exact;
}

}  // namespace

std::string name(Method method) {
  switch (method) {
    case Method::automatic:
      return "auto";
    case Method::exact:
      return "exact";
    case Method::cholesky:
      return "cholesky";
    case Method::polynomial:
      break;
  }
  return "polynomial";
}

double AttentionAnswer::error_bound() const {
  return std::visit([](const auto& attended) { return largest_error(attended); }, result);
}

template <class T>
std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<T>& arrays,
                                              const AttentionRequest& request) {
  const std::vector<ArraySizes> sizes = check_arrays(arrays);
  const Rounding rounding = rounding_needed(arrays, sizes, request);
  AttentionAnswer answer;
  const Method method = choose(arrays, sizes, request, rounding, answer);
  double reached = 0;
  if (method == Method::cholesky) {
    if (!request.accuracy) return Refusal{"the cholesky method needs an accuracy", 0};
    if (try_cholesky(arrays, request, answer)) return answer;
    AttentionAnswer exact;
    (void)try_exact(arrays, request, rounding, exact, reached);
    return Refusal{"cholesky attention cannot certify the accuracy; the exact method certifies", reached};
  }
  if (method == Method::polynomial) {
    if (!request.accuracy) return Refusal{"the polynomial method needs an accuracy", 0};
    if (try_polynomial(arrays, request, answer)) return answer;
    if (request.method == Method::polynomial) {
      if constexpr (sizeof(T) == 4) {
        const Widened wide(arrays);
        answer.why = "asked for; in binary64, because binary32 cannot certify the accuracy";
        if (try_polynomial(wide.arrays, request, answer)) return answer;
      }
      AttentionAnswer exact;
      (void)try_exact(arrays, request, rounding, exact, reached);
      return Refusal{"polynomial attention cannot certify the accuracy; the exact method certifies", reached};
    }
    answer.why = "the polynomial's certificate fell short";
  }
  if (try_exact(arrays, request, rounding, answer, reached)) return answer;
  if constexpr (sizeof(T) == 4) {
    const Widened wide(arrays);
    answer.why += "; in binary64, because binary32 certifies no better than " + std::to_string(reached);
    if (try_exact(wide.arrays, request, rounding_needed(wide.arrays, check_arrays(wide.arrays), request),
                  answer, reached))
      return answer;
  }
  return Refusal{"the accuracy cannot be certified; the exact method in binary64 certifies", reached};
}

template std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<float>&,
                                                       const AttentionRequest&);
template std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<double>&,
                                                       const AttentionRequest&);

}  // namespace promptbound
