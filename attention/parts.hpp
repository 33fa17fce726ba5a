/// Work cut into parts for threads.
#pragma once

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Calls body(part) for part = 0 .. parts-1.
template <class Body>
void for_each_part(Index parts, int threads, Body body) {
  if (threads == 1 || parts == 1) {
    for (Index part = 0; part < parts; ++part) body(part);
  } else {
    oneapi::tbb::task_arena(threads).execute([&] { oneapi::tbb::parallel_for(Index{0}, parts, body); });
  }
}

/// The fixed number of ranges that keys are cut into: results do not depend on the number of threads.
inline constexpr Index key_parts = 8;

}  // namespace promptbound
