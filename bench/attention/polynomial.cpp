// Polynomial and Cholesky attention against the exact kernel: ranks, certified errors and speed-ups; then its
// scaling.
//   bench_attention_polynomial [n]       the grid at length n (default 16384)
//   bench_attention_polynomial scaling   d = 4, B = 1, accuracy 1e-3, n = 2^12 .. 2^20, as CSV, and the
//   fitted exponent
//   bench_attention_polynomial clusters [n]   keys in groups, and uniform keys with large scores: with
//   clusters, with one centre, exact

#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <promptbound/attention/centre_of_keys.hpp>
#include <promptbound/attention/choice/polynomial_attention.hpp>
#include <promptbound/attention/cholesky/cholesky.hpp>

#include "data.hpp"
#include "timing.hpp"

using namespace promptbound;
using namespace promptbound::bench;

namespace {

double largest(const std::vector<float>& errors) {
  return static_cast<double>(*std::max_element(errors.begin(), errors.end()));
}

/// A line of its own below the polynomials'.
template <class T>
void compare_cholesky(const AttentionArrays<T>& arrays, double accuracy) {
  Attended<T> exact;
  Index rank = 0;
  std::optional<Attended<T>> result = cholesky_attention(arrays, {accuracy, 1}, &rank);
  if (!result) {
    std::printf("    Cholesky: not certifiable with %ld pivots\n", max_cholesky_rank);
  } else {
    const auto run = [&] { result = cholesky_attention(arrays, {accuracy, 1}); };
    const auto measured =
        interleaved({[&] { exact_attention(arrays, {}, exact); }, awake(run, Clock::processor)}, 5);
    std::printf("    Cholesky: rank %ld bound %.1e %.2f ms x%.1f\n", rank, largest(result->error),
                measured[1].median * 1e3, measured[0].median / measured[1].median);
  }
  std::fflush(stdout);
}

/// One row: Chebyshev and, where it differs, the even-moment certificate; the time is the whole call's, and
/// without the choice.
template <class T>
void compare(Index n, Index d, double B, double accuracy) {
  const Data<T> data(n, d, B);
  Attended<T> exact;
  std::printf("%s %.0e  d %ld  B %.1f", sizeof(T) == 4 ? "fp32" : "fp64", accuracy, d, B);
  for (const bool moment : {false, true}) {
    PolynomialChoice choice;
    Attended<T> result, given;
    const PolynomialOptions options{accuracy, 1, moment};
    if (!polynomial_attention(data.arrays, options, result, &choice)) {
      std::printf("  %s: not certifiable with 2^20 monomials", moment ? "moment" : "Chebyshev");
      continue;
    }
    given = result;
    const auto run_given = [&] {
      KeyMoments<T> moments(choice.polynomials[0], centre_of_keys(data.arrays, 0), d);
      moments.add(data.k.data(), data.v.data(), n);
      moments.attend(data.q.data(), n, data.arrays.scale, given.output.data(), given.error.data());
    };
    const auto run = [&] { (void)polynomial_attention(data.arrays, options, result, &choice); };
    const auto measured = interleaved({[&] { exact_attention(data.arrays, {}, exact); },
                                       awake(run, Clock::processor), awake(run_given, Clock::processor)},
                                      5);
    std::printf("  %s%s: degree %ld rank %ld bound %.1e %.2f ms x%.1f (polynomial given: %.2f ms x%.1f)",
                moment ? "moment" : "Chebyshev",
                moment && choice.polynomials[0].moment == 0 ? " (Chebyshev chosen)" : "", choice.degree,
                choice.rank, largest(result.error), measured[1].median * 1e3,
                measured[0].median / measured[1].median, measured[2].median * 1e3,
                measured[0].median / measured[2].median);
    if (moment) std::printf("  exact %.1f ms", measured[0].median * 1e3);
  }
  std::printf("\n");
  compare_cholesky(data.arrays, accuracy);
}

void compare_structured(Index n) {
  for (const bool is_clustered : {true, false}) {
    Data<float> data(n, 64, 1);
    data.structure(is_clustered);
    std::printf("fp32 1e-03  d 64  %s\n",
                is_clustered ? "20 clusters, spread 0.01" : "subspace of dimension 4");
    compare_cholesky(data.arrays, 1e-3);
  }
}

void scaling() {
  std::printf("n,seconds,bound,peak_memory_MB,exact_seconds\n");
  std::vector<double> x, y;
  for (Index n = 1 << 12; n <= 1 << 20; n *= 2) {
    const Data<float> data(n, 4, 1);
    std::optional<Attended<float>> result;
    std::vector<Contender> contenders = {[&] {
      result = polynomial_attention(data.arrays, {1e-3, 1, true});
    }};
    if (n <= 1 << 15) contenders.push_back([&] { (void)exact_attention(data.arrays); });
    const std::vector<Measured> measured = interleaved(contenders, 3);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%ld,%.6f,%.2e,%.1f,", n, measured[0].median, result ? largest(result->error) : NAN,
                static_cast<double>(usage.ru_maxrss) / 1024);
    if (measured.size() > 1) std::printf("%.6f", measured[1].median);
    std::printf("\n");
    std::fflush(stdout);
    x.push_back(std::log(static_cast<double>(n)));
    y.push_back(std::log(measured[0].median));
  }
  double mean_x = 0, mean_y = 0, above = 0, below = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / static_cast<double>(x.size());
    mean_y += y[i] / static_cast<double>(x.size());
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    above += (x[i] - mean_x) * (y[i] - mean_y);
    below += (x[i] - mean_x) * (x[i] - mean_x);
  }
  std::printf("# least squares: seconds ~ n^%.3f\n", above / below);
}

/// One row of the clusters' table. `groups` 0: keys uniform in [-B, B]; else that many groups of spread 0.05,
/// centred uniformly there. Queries uniform in [-Q, Q], scores scaled by 1/d.
template <class T>
void compare_clusters(Index n, Index d, double Q, double B, Index groups, double accuracy) {
  Data<T> data(n, d, B);
  for (T& entry : data.q) entry *= static_cast<T>(Q / B);
  const std::vector<T> uniform = data.k;
  if (groups > 0) {
    for (Index j = 0; j < n; ++j) {
      for (Index c = 0; c < d; ++c) {
        T& entry = data.k[static_cast<std::size_t>(j * d + c)];
        entry =
            uniform[static_cast<std::size_t>((j * 7 % groups) * d + c)] + entry * static_cast<T>(0.05 / B);
      }
    }
  }
  Attended<T> exact;
  PolynomialChoice choice, one_choice;
  std::optional<Attended<T>> result, one;
  PolynomialOptions options, without;
  options.accuracy = without.accuracy = accuracy;
  without.clusters = false;
  const auto measured = interleaved({[&] { exact = exact_attention(data.arrays); },
                                     [&] { result = polynomial_attention(data.arrays, options, &choice); },
                                     [&] { one = polynomial_attention(data.arrays, without, &one_choice); }},
                                    5);
  std::printf("%s %.0e  d %ld  Q %.1f  B %.1f  groups %2ld  exact %.1f ms", sizeof(T) == 4 ? "fp32" : "fp64",
              accuracy, d, Q, B, groups, measured[0].median * 1e3);
  const auto print = [&](const char* name, const std::optional<Attended<T>>& got, const PolynomialChoice& how,
                         double seconds) {
    if (got) {
      std::printf("  %s: clusters %ld degree %ld rank %ld bound %.1e %.2f ms x%.1f", name, how.clusters,
                  how.degree, how.rank, largest(got->error), seconds * 1e3, measured[0].median / seconds);
    } else {
      std::printf("  %s: not certifiable, known after %.2f ms", name, seconds * 1e3);
    }
  };
  print("clusters", result, choice, measured[1].median);
  print("one centre", one, one_choice, measured[2].median);
  std::printf("\n");
  std::fflush(stdout);
}

void clusters(Index n) {
  // One centre takes minutes in binary64 at d = 8.
  for (const Index d : {2, 4, 8}) {
    compare_clusters<float>(n, d, 3, 3, 8, 1e-3);
    if (d < 8) compare_clusters<double>(n, d, 3, 3, 8, 1e-6);
  }
  compare_clusters<float>(n, 4, 3, 3, 30, 1e-3);
  compare_clusters<double>(n, 4, 3, 3, 30, 1e-6);
  compare_clusters<float>(n, 4, 30, 3, 8, 1e-3);
  for (const double B : {1.5, 2.0, 3.0, 4.0}) {
    compare_clusters<float>(n, 2, B, B, 0, 1e-3);
    compare_clusters<double>(n, 2, B, B, 0, 1e-6);
    compare_clusters<float>(n, 4, B, B, 0, 1e-3);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "scaling") == 0) {
    scaling();
    return 0;
  }
  if (argc > 1 && std::strcmp(argv[1], "clusters") == 0) {
    clusters(argc > 2 ? std::atol(argv[2]) : 16384);
    return 0;
  }
  const Index n = argc > 1 ? std::atol(argv[1]) : 16384;
  std::printf(
      "n %ld, 1 thread, entries uniform in [-B, B], scores scaled by 1/d; medians of 5, interleaved with the "
      "exact kernel, the others after 30 ms of their own work\n",
      n);
  for (const Index d : {2, 4, 8}) {
    for (const double B : {0.5, 1.0, 1.5}) compare<float>(n, d, B, 1e-3);
  }
  for (const Index d : {2, 4, 8}) {
    for (const double B : {0.5, 1.0, 1.5}) compare<double>(n, d, B, 1e-6);
  }
  compare_structured(n);
}
