#include <utility>

#include <promptbound/numeric/work.hpp>

namespace promptbound {
namespace {

thread_local const WorkWatch::Told* watcher = nullptr;

}  // namespace

WorkWatch::WorkWatch(Told told) : told_(std::move(told)), former_(watcher) { watcher = &told_; }

WorkWatch::~WorkWatch() { watcher = former_; }

const WorkWatch::Told* WorkWatch::current() { return watcher; }

void tell_work(std::uint64_t done, std::uint64_t total) {
  if (watcher != nullptr) (*watcher)(done, total);
}

}  // namespace promptbound
