// Exact attention beside Eigen, OpenBLAS with Eigen's vector exp, oneDNN, PyTorch and ONNX Runtime, and the
// machine's peak, interleaved.
//   bench_attention_exact [n ...]   (default 4096 16384)

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <promptbound/attention/exact/exact.hpp>
#include <promptbound/attention/exact/exact_kernel.hpp>
#include <promptbound/numeric/precision.hpp>

#include "data.hpp"
#ifdef PROMPTBOUND_HAS_DNNL
#include "dnnl_peer.hpp"
#endif
#include "peer_process.hpp"
#include "peers.hpp"
#include "timing.hpp"

using namespace promptbound;
using namespace promptbound::bench;

namespace {

const std::string folder = std::filesystem::path(__FILE__).parent_path().string();

/// Started once; one that is missing says so in every row.
std::array<PeerProcess, 2>& peer_processes() {
  static std::array<PeerProcess, 2> peers = {
      PeerProcess("PyTorch", "${PYTHON:-/usr/bin/python3} '" + folder + "/torch_peer.py'"),
      PeerProcess("ONNX Runtime", "node '" + folder + "/onnx_peer.mjs'")};
  return peers;
}

template <class T>
void compare(Index n, Index d, int threads) {
  const char* const type = sizeof(T) == 4 ? "fp32" : "fp64";
  const Data<T> data(n, d, 1);
  std::vector<T> out(data.q.size());
  Attended<T> result;
  double peak_operations = 0;
  std::vector<std::string> names, absent;
  std::vector<Contender> contenders;
  const auto add = [&](const std::string& name, Contender contender) {
    names.push_back(name);
    contenders.push_back(threads == 1 ? std::move(contender) : awake(contender, Clock::wall));
  };
  add("peak", [&] { peak_operations = run_multiply_adds<T>(); });
  add("promptbound", [&] { exact_attention(data.arrays, {Rounding::prior, threads}, result); });
  add("Eigen", [&] { eigen_attention(data.arrays, threads, out.data()); });
  add("OpenBLAS", [&] { openblas_attention(data.arrays, threads, out.data()); });
#ifdef PROMPTBOUND_HAS_DNNL
  if constexpr (sizeof(T) == 4) {
    add("oneDNN", [&] { dnnl_attention(data.arrays, threads, out.data()); });
  } else {
    absent.push_back("oneDNN: no binary64");
  }
#else
  absent.push_back("oneDNN: not installed");
#endif
  for (PeerProcess& peer : peer_processes()) {
    std::string why;
    if (peer.run(n, d, threads, type, why)) {
      add(peer.name(), [&peer, n, d, threads, type] {
        std::string ended;
        return peer.run(n, d, threads, type, ended).value_or(NAN);
      });
    } else {
      absent.push_back(peer.name() + ": " + why);
    }
  }
  const std::vector<Measured> measured =
      interleaved(contenders, n > 8192 ? 3 : 7, threads == 1 ? Clock::processor : Clock::wall);
  const double operations = 4.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(d);
  const double peak = peak_operations / measured[0].median * 1e-9;
  std::printf("%s  n %6ld  d %3ld  threads %d  peak %6.1f (1 thread)", type, n, d, threads, peak);
  for (std::size_t i = 1; i < names.size(); ++i) {
    const double gflops = operations / measured[i].median * 1e-9;
    std::printf("  %s %6.1f (%3.0f%%, spread %.2f)", names[i].c_str(), gflops, 100 * gflops / peak / threads,
                measured[i].spread);
  }
  for (const std::string& reason : absent) std::printf("  %s", reason.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

/// Largest error over largest output for some queries against MPFR, on entries +-1.5, and whether bounds
/// hold.
template <class T>
void adversarial(Index n, Index d) {
  const WorkingPrecision scope(160);
  Data<T> data(n, d, 1);
  data.move_to_corners(1.5);
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

// NOLINTNEXTLINE(bugprone-exception-escape): an exception ends a measurement.
int main(int argc, char** argv) {
  openblas_set_num_threads(1);
  std::vector<Index> lengths;
  for (int i = 1; i < argc; ++i) lengths.push_back(std::atol(argv[i]));
  if (lengths.empty()) lengths = {4096, 16384};
  std::printf(
      "instruction set %s; GF/s at 4 n^2 d operations, percent of the peak of all threads, medians; "
      "processor time for 1 thread, wall time for 2, and always for PyTorch and ONNX Runtime\n",
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
