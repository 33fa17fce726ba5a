// The automatic choice against every method forced: wall seconds of attend(), medians of 5, interleaved.
//   bench_attention_automatic [n ...]   (default 1024 4096 16384)

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <promptbound/attention/choice/automatic.hpp>

#include "data.hpp"
#include "timing.hpp"

using namespace promptbound;
using namespace promptbound::bench;

namespace {

constexpr std::array methods = {Method::exact, Method::polynomial, Method::cholesky};
constexpr double tolerated = 1.2;

struct Summary {
  int cells = 0, above = 0;
  double largest = 0;
};

template <class T>
AttentionRequest request_of(Method method) {
  AttentionRequest request;
  request.method = method;
  request.accuracy = sizeof(T) == 4 ? 1e-3 : 1e-6;
  return request;
}

/// Whether a method certifies the accuracy, and in that time: tried in a process that an alarm ends, since a
/// polynomial of many monomials may take minutes.
template <class T>
bool succeeds_within(double seconds, const AttentionArrays<T>& arrays, Method method) {
  const pid_t process = fork();
  if (process == 0) {
    itimerval limit{};
    limit.it_value.tv_sec = static_cast<time_t>(seconds);
    limit.it_value.tv_usec = static_cast<suseconds_t>((seconds - std::floor(seconds)) * 1e6);
    setitimer(ITIMER_REAL, &limit, nullptr);
    _exit(std::holds_alternative<AttentionAnswer>(attend(arrays, request_of<T>(method))) ? 0 : 1);
  }
  int status = -1;
  waitpid(process, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <class T>
void compare(const Data<T>& data, const char* kind, Summary& summary) {
  AttentionAnswer answer;
  const auto automatic = [&] {
    auto given = attend(data.arrays, request_of<T>(Method::automatic));
    if (auto* certified = std::get_if<AttentionAnswer>(&given)) answer = std::move(*certified);
  };
  const double once = Contender(automatic).seconds(Clock::wall);
  std::vector<Method> forced;
  std::vector<Contender> contenders = {awake(automatic, Clock::wall)};
  for (const Method method : methods) {
    if (!succeeds_within(0.05 + 5 * once, data.arrays, method)) continue;  // the best is not slower than this
    forced.push_back(method);
    contenders.push_back(
        awake([&data, method] { (void)attend(data.arrays, request_of<T>(method)); }, Clock::wall));
  }
  std::printf("%s  n %5ld  d %2ld  %-8s", sizeof(T) == 4 ? "fp32 1e-3" : "fp64 1e-6", data.arrays.n,
              data.arrays.d, kind);
  if (forced.empty()) {
    std::printf("  refused\n");
    return;
  }
  const std::vector<Measured> measured = interleaved(contenders, 5, Clock::wall);
  std::size_t best = 1;
  for (std::size_t i = 2; i < measured.size(); ++i) {
    if (measured[i].median < measured[best].median) best = i;
  }
  const double quotient = measured[0].median / measured[best].median;
  std::printf("  auto %-10s %9.3f ms  best %-10s %9.3f ms  quotient %.2f%s ", name(answer.method).c_str(),
              measured[0].median * 1e3, name(forced[best - 1]).c_str(), measured[best].median * 1e3, quotient,
              quotient > tolerated ? " *" : "");
  const std::array expected = {answer.expected.exact, answer.expected.polynomial, answer.expected.cholesky};
  for (std::size_t i = 0; i < forced.size(); ++i) {
    std::printf("  %s %.3f", name(forced[i]).c_str(), measured[i + 1].median * 1e3);
    if (const auto& seconds = expected[static_cast<std::size_t>(
            std::find(methods.begin(), methods.end(), forced[i]) - methods.begin())])
      std::printf(" (%.3f)", *seconds * 1e3);
  }
  std::printf("\n");
  std::fflush(stdout);
  ++summary.cells;
  summary.above += quotient > tolerated;
  summary.largest = std::max(summary.largest, quotient);
}

template <class T>
void compare_grid(Index n, Summary& summary) {
  for (const Index d : {2, 4, 8, 16}) {
    for (const double B : {0.5, 1.0, 1.5, 3.0})
      compare(Data<T>(n, d, B), ("B " + std::to_string(B).substr(0, 3)).c_str(), summary);
  }
  for (const Index d : {32, 64}) {
    for (const bool is_clustered : {true, false}) {
      Data<T> data(n, d, 1);
      data.structure(is_clustered);
      compare(data, is_clustered ? "clusters" : "subspace", summary);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Index> lengths;
  for (int i = 1; i < argc; ++i) lengths.push_back(std::atol(argv[i]));
  if (lengths.empty()) lengths = {1024, 4096, 16384};
  std::printf(
      "attend() with 1 thread, wall time with the choice; then each method forced (and what was expected of "
      "it); entries "
      "uniform in [-B, B], or 20 clusters of spread 0.01, or a subspace of dimension 4; scale 1/d\n");
  Summary summary;
  for (const Index n : lengths) {
    compare_grid<float>(n, summary);
    compare_grid<double>(n, summary);
  }
  std::printf("largest quotient %.2f; %d of %d cells above %.1f\n", summary.largest, summary.above,
              summary.cells, tolerated);
}
