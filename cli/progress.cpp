#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include <promptbound/cli/progress.hpp>

namespace promptbound {

void Progress::update(std::uint64_t done) {
  const Clock::time_point now = Clock::now();
  if (quiet_ || done == 0 || now - last_ < std::chrono::seconds(1)) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double left = elapsed * static_cast<double>(total_ - done) / static_cast<double>(done);
  const bool terminal = isatty(STDERR_FILENO) != 0;
  fmt::print(stderr, "{}{} of {} points, about {:.0f} s left{}", terminal ? "\r" : "", done, total_, left,
             terminal ? "   " : "\n");
  std::fflush(stderr);
  shown_ = terminal;
}

Progress::~Progress() {
  if (shown_) fmt::print(stderr, "\n");
}

}  // namespace promptbound
