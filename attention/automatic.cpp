#include <promptbound/attention/automatic.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace promptbound {
namespace {

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The shorter of two runs: the first one warms the caches up.
double shorter_of_two(const auto& work) {
  const double first = seconds_of(work);
  return std::min(first, seconds_of(work));
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

/// The exact method at the accuracy: with the bounds asked for, then with the sharp ones.
template <class T>
bool try_exact(const AttentionArrays<T>& arrays, const AttentionRequest& request, AttentionAnswer& answer,
               double& reached) {
  answer.method = Method::exact;
  for (const Rounding rounding : {request.rounding, Rounding::running}) {
    Attended<T> result;
    answer.seconds = seconds_of([&] { result = exact_attention(arrays, {rounding, request.threads}); });
    reached = reached_accuracy(arrays, result);
    answer.result = std::move(result);
    if (!request.accuracy || reached <= *request.accuracy) return true;
  }
  return false;
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

/// The polynomial of the first head, as a stand-in for all heads.
template <class T>
std::optional<ScorePolynomial> first_polynomial(const AttentionArrays<T>& arrays,
                                                const AttentionRequest& request) {
  if (!request.accuracy || arrays.mask == Mask::causal) return std::nullopt;
  PolynomialOptions options;
  options.accuracy = *request.accuracy;
  return choose_polynomial(arrays, 0, check_arrays(arrays).front(), centre_of_keys(arrays, 0), options);
}

/// Which method, and why.
template <class T>
Method choose(const AttentionArrays<T>& arrays, const AttentionRequest& request, AttentionAnswer& answer) {
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
  const std::optional<ScorePolynomial> polynomial = first_polynomial(arrays, request);
  if (!polynomial) {
    answer.why = "no polynomial of at most 2^20 monomials reaches the accuracy in this precision";
    return Method::exact;
  }
  answer.expected.exact = expected_exact(arrays, request.threads);
  answer.expected.polynomial = expected_polynomial(arrays, *polynomial, request.threads);
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
    case Method::polynomial:
      break;
  }
  return "polynomial";
}

double AttentionAnswer::error_bound() const {
  return std::visit([](const auto& attended) { return largest_error(attended); }, result);
}

template <class T>
double expected_exact(const AttentionArrays<T>& arrays, int threads) {
  AttentionArrays<T> part = arrays;
  part.heads = 1;
  part.mask = Mask::bidirectional;
  part.n = std::min<Index>(arrays.n, 512);
  part.prompt = std::min<Index>(arrays.prompt, 1024);
  part.m = std::min<Index>(arrays.m, 1024 - part.prompt);
  const double seconds = shorter_of_two([&] { (void)exact_attention(part); });
  const auto pairs = [](const AttentionArrays<T>& of) {
    return static_cast<double>(of.heads) * static_cast<double>(of.n) * static_cast<double>(of.keys());
  };
  return seconds * pairs(arrays) / pairs(part) /
         std::min<double>(threads, static_cast<double>(arrays.heads * arrays.n) / 256 + 1);
}

template <class T>
double expected_polynomial(const AttentionArrays<T>& arrays, const ScorePolynomial& polynomial, int threads) {
  const Index queries = std::min<Index>(arrays.n, 512);
  const bool in_prompt = arrays.prompt > arrays.m;
  const Index first = in_prompt ? 0 : arrays.prompt;
  const Index keys = std::min<Index>(in_prompt ? arrays.prompt : arrays.m, 512);
  Attended<T> result;
  result.output.resize(static_cast<std::size_t>(queries * arrays.d_v));
  result.error.resize(result.output.size());
  const std::vector<T> centre = centre_of_keys(arrays, 0);
  double making = 0, adding = 0, reading = 0;
  for (int run = 0; run < 2; ++run) {  // the second counts
    std::optional<KeyMoments<T>> moments;
    making = seconds_of([&] { moments.emplace(polynomial, centre, arrays.d_v); });
    adding = seconds_of([&] { moments->add(arrays.key(0, first), arrays.value(0, first), keys); });
    reading = seconds_of([&] {
      moments->attend(arrays.query(0, 0), queries, arrays.scale, result.output.data(), result.error.data());
    });
  }
  const double tokens = adding * static_cast<double>(arrays.keys()) / static_cast<double>(keys) +
                        reading * static_cast<double>(arrays.n) / static_cast<double>(queries);
  return static_cast<double>(arrays.heads) * (making + tokens / threads);
}

template <class T>
std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<T>& arrays,
                                              const AttentionRequest& request) {
  (void)check_arrays(arrays);
  AttentionAnswer answer;
  const Method method = choose(arrays, request, answer);
  double reached = 0;
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
      (void)try_exact(arrays, request, exact, reached);
      return Refusal{"polynomial attention cannot certify the accuracy; the exact method certifies", reached};
    }
    answer.why = "the polynomial's certificate fell short";
  }
  if (try_exact(arrays, request, answer, reached)) return answer;
  if constexpr (sizeof(T) == 4) {
    const Widened wide(arrays);
    answer.why += "; in binary64, because binary32 certifies no better than " + std::to_string(reached);
    if (try_exact(wide.arrays, request, answer, reached)) return answer;
  }
  return Refusal{"the accuracy cannot be certified; the exact method in binary64 certifies", reached};
}

#define PROMPTBOUND_INSTANTIATE(T)                                                             \
  template double expected_exact(const AttentionArrays<T>&, int);                              \
  template double expected_polynomial(const AttentionArrays<T>&, const ScorePolynomial&, int); \
  template std::variant<AttentionAnswer, Refusal> attend(const AttentionArrays<T>&, const AttentionRequest&);
PROMPTBOUND_INSTANTIATE(float)
PROMPTBOUND_INSTANTIATE(double)

}  // namespace promptbound
