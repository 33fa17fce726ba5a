// The automatic choice against each method by itself, over a grid of shapes, sizes of entries and lengths.
//   bench_attention_automatic [n ...]   (default 1024 4096 16384)

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <promptbound/attention/automatic.hpp>

#include "timing.hpp"
#include "uniform_data.hpp"

using namespace promptbound;
using namespace promptbound::bench;

namespace {

constexpr std::array methods = {Method::automatic, Method::exact, Method::polynomial};

/// Time of the automatic choice over the time of the fastest method that reaches the accuracy.
template <class T>
double compare(Index n, Index d, double B, double accuracy) {
  const UniformData<T> data(n, d, B);
  std::array<bool, methods.size()> reached{};
  std::optional<AttentionAnswer> chosen;
  std::vector<std::function<void()>> contenders;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    contenders.emplace_back([&, i] {
      AttentionRequest request;
      request.method = methods[i];
      request.accuracy = accuracy;
      auto outcome = attend(data.arrays, request);
      auto* answer = std::get_if<AttentionAnswer>(&outcome);
      reached[i] = answer != nullptr;
      if (methods[i] == Method::automatic && answer != nullptr) chosen = std::move(*answer);
    });
  }
  const std::vector<Measured> measured = interleaved(contenders, 5);
  std::size_t best = 0;
  for (std::size_t i = 1; i < methods.size(); ++i) {
    if (reached[i] && (best == 0 || measured[i].median < measured[best].median)) best = i;
  }
  if (best == 0 || !chosen) {
    std::printf("%s %.0e  n %5ld  d %2ld  B %.1f  no method reaches the accuracy\n",
                sizeof(T) == 4 ? "fp32" : "fp64", accuracy, n, d, B);
    return 1;
  }
  const double quotient = measured[0].median / measured[best].median;
  std::printf("%s %.0e  n %5ld  d %2ld  B %.1f  auto -> %s %.2f ms", sizeof(T) == 4 ? "fp32" : "fp64",
              accuracy, n, d, B, name(chosen->method).c_str(), measured[0].median * 1e3);
  for (std::size_t i = 1; i < methods.size(); ++i) {
    if (reached[i]) std::printf("  %s %.2f ms", name(methods[i]).c_str(), measured[i].median * 1e3);
  }
  std::printf("  auto/best %.2f\n", quotient);
  std::fflush(stdout);
  return quotient;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Index> lengths;
  for (int i = 1; i < argc; ++i) lengths.push_back(std::atol(argv[i]));
  if (lengths.empty()) lengths = {1024, 4096, 16384};
  std::printf("entries uniform in [-B, B], scores scaled by 1/d, 1 thread; medians of 5, interleaved\n");
  std::vector<double> quotients;
  for (const Index n : lengths) {
    for (const Index d : {2, 4, 8, 16}) {
      for (const double B : {0.5, 1.0, 1.5, 3.0}) {
        quotients.push_back(compare<float>(n, d, B, 1e-3));
        quotients.push_back(compare<double>(n, d, B, 1e-6));
      }
    }
  }
  const auto above = std::count_if(quotients.begin(), quotients.end(), [](double q) { return q > 1.2; });
  std::printf("largest auto/best %.2f; above 1.2 in %ld of %zu cells\n",
              *std::max_element(quotients.begin(), quotients.end()), static_cast<long>(above),
              quotients.size());
}
