// What a long computation tells the thread that asked for it.
#include <doctest/doctest.h>

#include <promptbound/numeric/work.hpp>

#include <thread>
#include <vector>

using namespace promptbound;

TEST_CASE("the innermost watcher is told and the former one returns") {
  std::vector<std::uint64_t> outer, inner;
  tell_work(1, 2);  // nobody watches
  {
    const WorkWatch first([&](std::uint64_t done, std::uint64_t) { outer.push_back(done); });
    tell_work(1, 3);
    {
      const WorkWatch second([&](std::uint64_t done, std::uint64_t total) { inner = {done, total}; });
      tell_work(2, 3);
    }
    tell_work(3, 3);
  }
  tell_work(4, 4);
  CHECK(outer == std::vector<std::uint64_t>{1, 3});
  CHECK(inner == std::vector<std::uint64_t>{2, 3});
  CHECK(WorkWatch::current() == nullptr);
}

TEST_CASE("another thread is not watched and what a watcher throws ends the work") {
  const WorkWatch watch([](std::uint64_t done, std::uint64_t) {
    if (done == 2) throw 2;
  });
  CHECK_NOTHROW(tell_work(1, 3));
  CHECK_THROWS_AS(tell_work(2, 3), int);
  bool is_watched = true;
  std::thread([&] { is_watched = WorkWatch::current() != nullptr; }).join();
  CHECK_FALSE(is_watched);
}
