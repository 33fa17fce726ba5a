/// Progress of long sweeps on standard error.
#pragma once

#include <chrono>
#include <cstdint>

namespace promptbound {

/// Says how far a sweep is and how long it will take, at most once a second and only after two seconds.
class Progress {
 public:
  Progress(std::uint64_t total, bool quiet) : total_(total), quiet_(quiet) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;
  std::uint64_t total_;
  bool quiet_;
  bool shown_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_ + std::chrono::seconds(1);
};

}  // namespace promptbound
