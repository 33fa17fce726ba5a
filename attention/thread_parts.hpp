/// Work cut into parts for threads.
#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>

#include <promptbound/numeric/eigen.hpp>
#include <promptbound/numeric/work.hpp>

namespace promptbound {

/// Calls body(from, to) for ranges that make up the parts 0 .. parts-1.
template <class Body>
void for_parts(Index parts, int threads, Body body) {
  if (threads == 1 || parts == 1) {
    body(0, parts);
  } else {
    oneapi::tbb::task_arena(threads).execute([&] {
      oneapi::tbb::parallel_for(oneapi::tbb::blocked_range<Index>(0, parts),
                                [&](const auto& range) { body(range.begin(), range.end()); });
    });
  }
}

/// Calls body(part) for part = 0 .. parts-1, and tells who watches this thread how many are done.
template <class Body>
void for_each_part(Index parts, int threads, Body body) {
  const WorkWatch::Told* told = WorkWatch::current();
  std::atomic<Index> done = 0;
  for_parts(parts, threads, [&](Index from, Index to) {
    for (Index part = from; part < to; ++part) {
      body(part);
      if (told != nullptr) (*told)(static_cast<std::uint64_t>(++done), static_cast<std::uint64_t>(parts));
    }
  });
}

/// The fixed number of ranges that keys are cut into: results do not depend on the number of threads.
inline constexpr Index key_parts = 8;

}  // namespace promptbound
