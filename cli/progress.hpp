/// Progress of long work on standard error, where that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace promptbound {

/// Says how far the work is and how long it will take, at most once a second and only after two seconds. Any
/// thread may call it.
class Progress {
 public:
  /// Takes what is counted, such as "points".
  Progress(std::string parts, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Says "37 of 128 points, about 3 s left". Where fewer are done than before, a new step has begun, whose
  /// time is estimated by itself.
  void update(std::uint64_t done, std::uint64_t total);

  /// Says these words instead, where nothing can be estimated.
  void say(const std::string& words);

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool is_due(Clock::time_point now) const;
  void write(const std::string& words, Clock::time_point now);

  std::string parts_;
  bool is_silent_;
  bool is_shown_ = false;
  std::mutex mutex_;
  std::uint64_t done_ = 0;
  Clock::time_point step_ = Clock::now();  ///< when the step began
  Clock::time_point before_ = step_;       ///< when something was done for the last time
  Clock::time_point last_ = step_ + std::chrono::seconds(1);
};

}  // namespace promptbound
