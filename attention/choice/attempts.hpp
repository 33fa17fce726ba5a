/// The methods, tried one at a time; which one is worth a try is decided in automatic.cpp.
#pragma once

#include <chrono>

#include <promptbound/attention/choice/automatic.hpp>
#include <promptbound/attention/cholesky/cholesky.hpp>

namespace promptbound {

/// Runs the work and returns the seconds that it takes.
double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Holds the arrays in binary64, exactly.
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

/// Returns the options of the polynomial method; the request has an accuracy.
[[nodiscard]] PolynomialOptions polynomial_options(const AttentionRequest& request);

/// Computes by the exact method; returns whether it reaches the accuracy, and in `reached` what it reaches.
template <class T>
bool try_exact(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
               const AttentionRequest& request, Rounding rounding, AttentionAnswer& answer, double& reached);

/// Computes by polynomials; returns whether they reach the accuracy. `plan` is that of head 0, where there is
/// one already.
template <class T>
bool try_polynomial(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                    const AttentionRequest& request, std::optional<HeadPlan<T>> plan,
                    AttentionAnswer& answer);

/// Computes by Cholesky factors; returns whether they reach the accuracy within the limits.
template <class T>
bool try_cholesky(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes,
                  const AttentionRequest& request, PivotLimits limits, AttentionAnswer& answer);

}  // namespace promptbound
