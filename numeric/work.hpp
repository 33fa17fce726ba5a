/// How far a long computation is: told to whoever watches the thread that asked for it.
#pragma once

#include <cstdint>
#include <functional>

namespace promptbound {

/// Watches the long computations that this thread starts, for the life of the guard; the former watcher
/// returns on destruction. A computation of several steps begins again at each of them.
class WorkWatch {
 public:
  /// Takes what is told: how many parts of how many are done. It may be called by several threads at a time,
  /// and what it throws ends the computation.
  using Told = std::function<void(std::uint64_t done, std::uint64_t total)>;

  explicit WorkWatch(Told told);
  ~WorkWatch();
  WorkWatch(const WorkWatch&) = delete;
  WorkWatch& operator=(const WorkWatch&) = delete;

  /// Returns what watches this thread; null where nothing does. Threads that work for this one are handed it.
  [[nodiscard]] static const Told* current();

 private:
  Told told_;
  const Told* former_;
};

/// Tells the watcher of this thread, if there is one.
void tell_work(std::uint64_t done, std::uint64_t total);

}  // namespace promptbound
