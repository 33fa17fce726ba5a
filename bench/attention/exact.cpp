// Exact attention beside Eigen and OpenBLAS with Eigen's vector exp, and the machine's peak, interleaved.
//   bench_attention_exact [n ...]   (default 4096 16384)

#include <cstdio>
#include <cstdlib>
#include <random>

#include <promptbound/attention/exact.hpp>
#include <promptbound/attention/exact_kernel.hpp>
#include <promptbound/numeric/precision.hpp>

#include "peers.hpp"
#include "timing.hpp"

using namespace promptbound;
using namespace promptbound::bench;

namespace {

template <class T>
struct Data {
  std::vector<T> q, k, v;
  AttentionArrays<T> arrays;

  Data(Index n, Index d, bool corners) {
    std::mt19937_64 engine(1);
    std::uniform_real_distribution<T> entry(-1, 1);
    const auto next = [&] { return corners ? std::copysign(T(1.5), entry(engine)) : entry(engine); };
    for (std::vector<T>* array : {&q, &k, &v}) {
      array->resize(static_cast<std::size_t>(n * d));
      std::generate(array->begin(), array->end(), next);
    }
    arrays.n = arrays.m = n;
    arrays.d = arrays.d_v = d;
    arrays.q = q.data();
    arrays.k = k.data();
    arrays.v = v.data();
    arrays.scale = 1.0 / static_cast<double>(d);
  }
};

template <class T>
void compare(Index n, Index d, int threads) {
  const Data<T> data(n, d, false);
  std::vector<T> out(data.q.size());
  double peak_operations = 0;
  const std::vector<Measured> measured =
      interleaved({[&] { peak_operations = run_multiply_adds<T>(); },
                   [&] {
                     (void)exact_attention(data.arrays, {Rounding::prior, threads});
                   },
                   [&] { eigen_attention(data.arrays, threads, out.data()); },
                   [&] { openblas_attention(data.arrays, threads, out.data()); }},
                  n > 8192 ? 3 : 7, threads == 1 ? Clock::processor : Clock::wall);
  const double operations = 4.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(d);
  const double peak = peak_operations / measured[0].median * 1e-9;
  std::printf("%s  n %6ld  d %3ld  threads %d  peak %6.1f (1 thread)", sizeof(T) == 4 ? "fp32" : "fp64", n, d,
              threads, peak);
  const char* names[] = {"", "promptbound", "Eigen", "OpenBLAS"};
  for (std::size_t i = 1; i < 4; ++i) {
    const double gflops = operations / measured[i].median * 1e-9;
    std::printf("  %s %6.1f (%3.0f%%, spread %.2f)", names[i], gflops, 100 * gflops / peak / threads,
                measured[i].spread);
  }
  std::printf("\n");
  std::fflush(stdout);
}

/// Largest error over largest output for some queries against MPFR, on entries +-1.5, and whether bounds
/// hold.
template <class T>
void adversarial(Index n, Index d) {
  const WorkingPrecision scope(160);
  const Data<T> data(n, d, true);
  const Attended<T> result = exact_attention(data.arrays);
  double error = 0, size = 0, bound = 0;
  bool holds = true;
  for (Index i = 0; i < n; i += n / 4) {
    const std::vector<Real> exact = reference_attention<Real>(data.arrays, 0, i);
    for (Index c = 0; c < d; ++c) {
      const auto at = static_cast<std::size_t>(i * d + c);
      const Real difference =
          abs(exact[static_cast<std::size_t>(c)] - Real(static_cast<double>(result.output[at])));
      error = std::max(error, difference.convert_to<double>());
      size = std::max(size, std::abs(static_cast<double>(result.output[at])));
      bound = std::max(bound, static_cast<double>(result.error[at]));
      holds = holds && difference <= Real(static_cast<double>(result.error[at]));
    }
  }
  std::printf("%s  n %6ld  d %3ld  +-1.5: error/size of the outputs %.1e, error %.1e, bound %.1e, %s\n",
              sizeof(T) == 4 ? "fp32" : "fp64", n, d, error / size, error, bound,
              holds ? "holds" : "VIOLATED");
}

}  // namespace

int main(int argc, char** argv) {
  openblas_set_num_threads(1);
  std::vector<Index> lengths;
  for (int i = 1; i < argc; ++i) lengths.push_back(std::atol(argv[i]));
  if (lengths.empty()) lengths = {4096, 16384};
  std::printf(
      "instruction set %s; GF/s at 4 n^2 d operations, percent of the peak of all threads, medians; "
      "processor time for 1 thread, wall time for 2\n",
      instruction_set());
  for (const Index n : lengths) {
    for (const int threads : {1, 2}) {
      for (const Index d : {8, 16, 64}) compare<float>(n, d, threads);
      for (const Index d : {8, 16, 64}) compare<double>(n, d, threads);
    }
    for (const Index d : {8, 16, 64}) {
      adversarial<float>(n, d);
      adversarial<double>(n, d);
    }
  }
}
