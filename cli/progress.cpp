#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include <promptbound/cli/progress.hpp>

namespace promptbound {

Progress::Progress(std::string parts, bool quiet)
    : parts_(std::move(parts)), is_silent_(quiet || isatty(STDERR_FILENO) == 0) {}

bool Progress::is_due(Clock::time_point now) const { return now - last_ >= std::chrono::seconds(1); }

void Progress::write(const std::string& words, Clock::time_point now) {
  last_ = now;
  // Back to the line's beginning, and away with what stood there.
  fmt::print(stderr, "\r{}\x1b[K", words);
  std::fflush(stderr);
  is_shown_ = true;
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  if (is_silent_) return;
  const std::scoped_lock lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (done < done_ || done_ == 0) step_ = before_;
  done_ = done;
  before_ = now;
  if (done == 0 || !is_due(now)) return;
  const double elapsed = std::chrono::duration<double>(now - step_).count();
  const double left = elapsed * static_cast<double>(total - done) / static_cast<double>(done);
  write(fmt::format("{} of {} {}, about {:.0f} s left", done, total, parts_, left), now);
}

void Progress::say(const std::string& words) {
  if (is_silent_) return;
  const std::scoped_lock lock(mutex_);
  const Clock::time_point now = Clock::now();
  if (is_due(now)) write(words, now);
}

Progress::~Progress() {
  if (is_shown_) fmt::print(stderr, "\n");
}

}  // namespace promptbound
