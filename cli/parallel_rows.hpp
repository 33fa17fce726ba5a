/// Rows computed in parallel and handed over in order.
#pragma once

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/progress.hpp>

namespace promptbound {

/// Calls compute(i) for i = 0 .. count-1 on options.threads threads and consume(result) in the order of i.
/// Memory holds one chunk of results.
template <class Compute, class Consume>
void for_each_row(std::uint64_t count, const CommonOptions& options, Compute compute, Consume consume) {
  using Result = decltype(compute(std::uint64_t{0}));
  constexpr std::uint64_t chunk = 256;
  Progress progress("points", options.quiet);
  oneapi::tbb::task_arena arena(options.threads);
  for (std::uint64_t first = 0; first < count; first += chunk) {
    std::vector<Result> results(std::min(chunk, count - first));
    const auto compute_one = [&](std::uint64_t i) { results[i] = compute(first + i); };
    if (options.threads == 1) {
      for (std::uint64_t i = 0; i < results.size(); ++i) compute_one(i);
    } else {
      arena.execute(
          [&] { oneapi::tbb::parallel_for(std::uint64_t{0}, std::uint64_t{results.size()}, compute_one); });
    }
    for (Result& result : results) consume(std::move(result));
    progress.update(first + results.size(), count);
  }
}

}  // namespace promptbound
