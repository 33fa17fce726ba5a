/// Pieces of work on a number of threads.
#pragma once

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// Calls piece(0), ..., piece(count - 1) in any order, on this many threads.
template <class Piece>
void in_parallel(int threads, Index count, const Piece& piece) {
  oneapi::tbb::task_arena arena(threads);
  arena.execute([&] { oneapi::tbb::parallel_for(Index{0}, count, piece); });
}

}  // namespace promptbound
