#include <promptbound/attention/choice/automatic.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <promptbound/attention/choice/attempts.hpp>
#include <promptbound/attention/choice/valued_heads.hpp>
#include <promptbound/attention/exact/exact_error.hpp>
#include <promptbound/attention/norm_kernel.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

/// The rounding analysis that the exact method will do.
template <class T>
Rounding rounding_needed(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                         const AttentionRequest& request) {
  if (!request.accuracy) {
    // Multiply-adds of the outputs: the running analysis does some 2^32 of them a second.
    const double work = static_cast<double>(arrays.heads * arrays.n) * static_cast<double>(arrays.keys()) *
                        static_cast<double>(arrays.d + arrays.d_v);
    return request.rounding.value_or(work <= 0x1p22 ? Rounding::running : Rounding::prior);
  }
  for (const ArraySizes& of_head : sizes) {
    if (prior_error(arrays, of_head).largest(of_head) > *request.accuracy * of_head.value_size)
      return Rounding::running;
  }
  return request.rounding.value_or(Rounding::prior);
}

/// Monomials of one head that take as long as `seconds` for all of them.
template <class T>
double monomials_in(double seconds, const AttentionArrays<T>& arrays, const Calibration& rates) {
  return seconds / (static_cast<double>(arrays.heads) * rates.monomial);
}

/// Seconds for looking for clusters of keys, to be faster than `seconds`, and for two of them with
/// polynomials of degree 2.
template <class T>
double least_of_clusters(const AttentionArrays<T>& arrays, const Calibration& rates, double seconds,
                         int threads) {
  const ClusterSearch search(arrays.d, arrays.d_v, monomials_in(seconds, arrays, rates));
  PolynomialWork work;
  work.add(static_cast<double>(2 * arrays.n + arrays.keys()), polynomial_work(arrays.d, arrays.d_v, 2, 0));
  return seconds * search.part + expected_polynomial(arrays, rates, work, threads);
}

/// A polynomial in binary64 for arrays in binary32.
struct WidePolynomial {
  Widened wide;
  std::vector<ArraySizes> sizes;
  HeadPlan<double> plan;
  double expected;  ///< seconds
};
/// Where it is expected to be faster than the exact method in binary32, which takes `exact` seconds.
std::optional<WidePolynomial> plan_wide(const AttentionArrays<float>& arrays, const AttentionRequest& request,
                                        double exact) {
  // Below that the copies and another shape's rates would not pay.
  constexpr double least_seconds = 0.01;
  if (exact < least_seconds) return std::nullopt;
  WidePolynomial result{Widened(arrays), {}, {}, 0};
  result.sizes = check_arrays(result.wide.arrays);
  const Calibration& rates = calibration<double>(arrays.d, arrays.d_v);
  // The first head stands for all of them.
  result.plan = plan_head(result.wide.arrays, 0, result.sizes.front(), polynomial_options(request));
  look_for_clusters(result.plan, result.wide.arrays, 0, result.sizes.front(),
                    monomials_in(exact, arrays, rates));
  if (!result.plan.is_possible()) return std::nullopt;
  result.expected = expected_polynomial(result.wide.arrays, rates, result.plan.work, request.threads);
  if (result.expected >= exact) return std::nullopt;
  return result;
}

/// An approximation, where it is expected to be faster than the exact method and certifies the accuracy; says
/// why or why not.
template <class T>
bool try_approximations(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                        const AttentionRequest& request, Rounding rounding, AttentionAnswer& answer) {
  if (!request.accuracy || arrays.mask == Mask::causal) {
    answer.why = request.accuracy ? "the mask is causal" : "no accuracy is given";
    return false;
  }
  const Calibration& rates = calibration<T>(arrays.d, arrays.d_v);
  answer.rates = rates;
  const double exact = expected_exact(arrays, rates, rounding, request.threads);
  answer.expected.exact = exact;
  // The first head stands for all of them.
  HeadPlan<T> plan = plan_head(arrays, 0, sizes.front(), polynomial_options(request));
  const auto least_so_far = [&] {
    if (!plan.is_possible()) return exact;
    answer.expected.polynomial = expected_polynomial(arrays, rates, plan.work, request.threads);
    return std::min(exact, *answer.expected.polynomial);
  };
  double least = least_so_far();
  Index most_pivots = 0;  // of an attempt that failed
  const auto is_done_by_cholesky = [&](double seconds) {
    // Clearly less: the search for pivots is lost where they are too many.
    const PivotLimits limits = worthwhile_ranks(arrays, rates, 0.9 * seconds, request.threads);
    if (limits.most <= most_pivots) return false;
    most_pivots = limits.most;
    if (!try_cholesky(arrays, sizes, request, limits, answer)) return false;
    answer.expected.cholesky = expected_cholesky(arrays, rates, answer.rank, request.threads);
    return true;
  };
  if (is_done_by_cholesky(std::min(least, least_of_clusters(arrays, rates, least, request.threads)))) {
    answer.why = "Cholesky, with few pivots: faster than clusters of keys can be expected to be";
    return true;
  }
  look_for_clusters(plan, arrays, 0, sizes.front(), monomials_in(least, arrays, rates));
  const char* const polynomial = plan.clusters.empty() ? "the polynomial" : "polynomials of clusters of keys";
  least = least_so_far();
  const bool polynomial_pays = least < exact;
  answer.why = "no polynomial of at most 2^20 monomials reaches the accuracy in this precision";
  if (plan.is_possible()) {
    answer.why = std::string(polynomial) + ": expected to be " + (polynomial_pays ? "faster" : "slower") +
                 " than the exact method";
  }
  const char* const in_binary64 = "a polynomial in binary64, because binary32 cannot certify one";
  std::optional<WidePolynomial> wide;
  if constexpr (sizeof(T) == 4) {
    if (!plan.is_possible()) wide = plan_wide(arrays, request, exact);
    if (wide) {
      answer.expected.polynomial = least = wide->expected;
      answer.why = std::string(in_binary64) + ": expected to be faster than the exact method";
    }
  }
  if (is_done_by_cholesky(least)) {
    answer.why += "; Cholesky, with few pivots: still faster";
    return true;
  }
  if (most_pivots > 0) answer.why += "; Cholesky: more than " + std::to_string(most_pivots) + " pivots";
  if (wide) {
    if (try_polynomial(wide->wide.arrays, wide->sizes, request, std::optional(std::move(wide->plan)), answer))
      return true;
    answer.why = std::string(in_binary64) + ": the certificate fell short";
    return false;
  }
  if (!polynomial_pays) return false;
  if (try_polynomial(arrays, sizes, request, std::optional(std::move(plan)), answer)) return true;
  answer.why = std::string(polynomial) + ": the certificate fell short";
  return false;
}

Refusal refusal(std::string why, std::optional<double> reachable) {
  Refusal result;
  result.verdict = Verdict::refuted;
  result.why = std::move(why);
  result.reachable = reachable;
  return result;
}

/// The approximation that is asked for.
template <class T>
std::variant<AttentionAnswer, Refusal> attend_as_asked(const AttentionArrays<T>& arrays,
                                                       const std::vector<ArraySizes>& sizes,
                                                       const AttentionRequest& request, Rounding rounding) {
  const std::string method = name(request.method);
  if (!request.accuracy) return refusal("the " + method + " method needs an accuracy", std::nullopt);
  AttentionAnswer answer;
  answer.why = "asked for";
  if (request.method == Method::cholesky) {
    if (try_cholesky(arrays, sizes, request, CholeskyOptions().limits, answer)) return answer;
  } else {
    if (try_polynomial(arrays, sizes, request, std::optional<HeadPlan<T>>(), answer)) return answer;
    if constexpr (sizeof(T) == 4) {
      const Widened wide(arrays);
      answer.why += "; in binary64, because binary32 cannot certify the accuracy";
      if (try_polynomial(wide.arrays, check_arrays(wide.arrays), request, std::optional<HeadPlan<double>>(),
                         answer))
        return answer;
    }
  }
  double reached = 0;
  (void)try_exact(arrays, sizes, request, rounding, answer, reached);
  return refusal(method + " attention cannot certify the accuracy; the exact method certifies", reached);
}

/// For arrays that have a value other than 0 in every head.
template <class T>
std::variant<AttentionAnswer, Refusal> attend_valued(const AttentionArrays<T>& arrays,
                                                     const std::vector<ArraySizes>& sizes,
                                                     const AttentionRequest& request) {
  const Rounding rounding = rounding_needed(arrays, sizes, request);
  if (request.method == Method::polynomial || request.method == Method::cholesky)
    return attend_as_asked(arrays, sizes, request, rounding);
  AttentionAnswer answer;
  answer.why = "asked for";
  if (request.method == Method::automatic && try_approximations(arrays, sizes, request, rounding, answer))
    return answer;
  double reached = 0;
  if (try_exact(arrays, sizes, request, rounding, answer, reached)) return answer;
  if constexpr (sizeof(T) == 4) {
    const Widened wide(arrays);
    answer.why +=
        "; in binary64, because binary32 certifies no better than " + fmt::format("{:.3g}", reached);
    const std::vector<ArraySizes> wide_sizes = check_arrays(wide.arrays);
    if (try_exact(wide.arrays, wide_sizes, request, rounding_needed(wide.arrays, wide_sizes, request), answer,
                  reached))
      return answer;
  }
  return refusal("the accuracy cannot be certified; the exact method in binary64 certifies", reached);
}

/// All values are 0.
template <class T>
AttentionAnswer zero_answer(const AttentionArrays<T>& arrays, const ValuedHeads<T>& none) {
  AttentionAnswer answer;
  answer.why = "all values are 0, and so is every output";
  answer.rounding = Rounding::running;
  answer.spent.seconds = seconds_of([&] { answer.result = none.among(arrays, Attended<T>()); });
  return answer;
}

/// Attends; the answer has its result, and no bound yet.
template <class T>
std::variant<AttentionAnswer, Refusal> attend_uncertified(const AttentionArrays<T>& arrays,
                                                          const AttentionRequest& request) {
  const std::vector<ArraySizes> sizes = check_arrays(arrays);
  const bool all_valued = std::all_of(sizes.begin(), sizes.end(),
                                      [](const ArraySizes& of_head) { return of_head.value_size > 0; });
  if (all_valued) return attend_valued(arrays, sizes, request);
  const ValuedHeads<T> valued(arrays, sizes);
  if (valued.sizes().empty()) return zero_answer(arrays, valued);
  auto outcome = attend_valued(valued.arrays(), valued.sizes(), request);
  if (auto* answer = std::get_if<AttentionAnswer>(&outcome)) {
    answer->result = std::visit(
        [&](const auto& attended) -> decltype(AttentionAnswer::result) {
          return valued.among(arrays, attended);
        },
        answer->result);
  }
  return outcome;
}

double reached_error(const AttentionAnswer& answer) {
  return std::visit(
      [](const auto& attended) {
        return largest_error(attended.error.data(), static_cast<Index>(attended.error.size()), 1);
      },
      answer.result);
}

}  // namespace

Method parse_method(const std::string& text) {
  for (const Method method : {Method::automatic, Method::exact, Method::polynomial, Method::cholesky}) {
    if (text == name(method)) return method;
  }
  throw InputError("--method '" + text.substr(0, 60) +
                   "' is not accepted: method is one of auto, exact, polynomial, cholesky");
}

std::optional<Rounding> parse_rounding(const std::string& text) {
  if (text == "auto") return std::nullopt;
  if (text == "prior") return Rounding::prior;
  if (text == "running") return Rounding::running;
  throw InputError("--rounding '" + text.substr(0, 60) +
                   "' is not accepted: rounding is auto, prior or running");
}

template <class T>
std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<T>& arrays,
                                              const AttentionRequest& request) {
  auto outcome = attend_uncertified(arrays, request);
  if (auto* answer = std::get_if<AttentionAnswer>(&outcome)) answer->certify(reached_error(*answer));
  return outcome;
}

template std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<float>&,
                                                       const AttentionRequest&);
template std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<double>&,
                                                       const AttentionRequest&);

}  // namespace promptbound
