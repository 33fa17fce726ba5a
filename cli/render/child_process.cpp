// Boost.Process then needs no library of Boost.
#define BOOST_PROCESS_USE_STD_FS
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/process/args.hpp>
#include <boost/process/async.hpp>
#include <boost/process/child.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/group.hpp>
#include <boost/process/io.hpp>
#include <boost/process/start_dir.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <promptbound/cli/render/child_process.hpp>

namespace promptbound {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace process = boost::process;
using End = ChildOutcome::End;

/// A fresh folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((fs::temp_directory_path() / "promptbound-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// While this lives, signals that would end the process wait: they call `on_signal` while the context runs,
/// and end the process when this goes.
class DelayedSignals {
 public:
  explicit DelayedSignals(asio::io_context& context) : context_(context), signals_(context) {
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      sigaction(numbers_[i], nullptr, &former_[i]);
      if (former_[i].sa_handler != SIG_IGN) signals_.add(numbers_[i]);
    }
    signals_.async_wait([this](const auto& error, int number) {
      if (error) return;
      caught_ = number;
      if (on_signal) on_signal();
    });
  }
  // What asio may throw here ends the program: a signal could not be passed on.
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~DelayedSignals() {
    on_signal = nullptr;
    context_.restart();
    context_.poll();
    signals_.clear();
    for (std::size_t i = 0; i < numbers_.size(); ++i) sigaction(numbers_[i], &former_[i], nullptr);
    if (caught_ != 0) std::raise(caught_);
  }
  DelayedSignals(const DelayedSignals&) = delete;
  DelayedSignals& operator=(const DelayedSignals&) = delete;

  std::function<void()> on_signal;

 private:
  static constexpr std::array<int, 3> numbers_ = {SIGINT, SIGTERM, SIGHUP};
  asio::io_context& context_;
  asio::signal_set signals_;
  std::array<struct sigaction, 3> former_{};
  int caught_ = 0;
};

/// The file that PATH names so; empty: none.
fs::path found_in_path(const std::string& program) {
  for (const fs::path& folder : boost::this_process::path()) {
    fs::path file = fs::absolute(folder / program);
    std::error_code ignored;
    if (fs::is_regular_file(file, ignored) && access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

/// The limit, or the one that is set already if that is lower.
rlimit address_space(long megabytes) {
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = std::min(static_cast<rlim_t>(megabytes) << 20U, limit.rlim_max);
  limit.rlim_max = limit.rlim_cur;
  return limit;
}

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

ChildOutcome run_in(const TemporaryFolder& folder, const ChildProcess& child, asio::io_context& context,
                    DelayedSignals& signals) {
  const fs::path program = found_in_path(child.program);
  if (program.empty()) return {End::not_installed};
  std::ofstream input(folder.file(child.input_name), std::ios::binary);
  input << child.input;
  input.close();
  if (!input) {
    return {End::not_run, 0,
            fmt::format("the input of {} could not be written: {}", child.program, std::strerror(errno))};
  }

  process::group group;
  asio::steady_timer timer(context);
  bool is_late = false;
  const auto kill = [&group] {
    std::error_code has_ended;
    group.terminate(has_ended);
  };
  const auto limit = child.megabytes ? std::optional(address_space(*child.megabytes)) : std::nullopt;
  process::child running(
      process::exe = program.string(), process::args = child.arguments, process::start_dir = folder.path(),
      process::std_in = process::null, (process::std_out & process::std_err) = folder.file("log"), group,
      process::extend::on_exec_setup =
          [&limit](auto&) {
            if (limit) setrlimit(RLIMIT_AS, &*limit);
          },
      context, process::on_exit = [&context](int, const std::error_code&) { context.stop(); });
  signals.on_signal = kill;
  if (child.time) {
    timer.expires_after(*child.time);
    timer.async_wait([&](const auto& error) {
      if (error) return;
      is_late = true;
      kill();
    });
  }
  context.run();

  ChildOutcome outcome{End::exited};
  const int status = running.native_exit_code();
  if (is_late) {
    outcome.end = End::out_of_time;
  } else if (WIFEXITED(status)) {
    outcome.exit_code = WEXITSTATUS(status);
  } else {
    outcome.end = End::killed;
  }
  outcome.log = content(folder.file("log"));
  if (!child.result_name.empty()) outcome.result = content(folder.file(child.result_name));
  return outcome;
}

}  // namespace

ChildOutcome run_child(const ChildProcess& child) {
  asio::io_context context;
  DelayedSignals signals(context);
  try {
    const TemporaryFolder folder;
    return run_in(folder, child, context, signals);
  } catch (const process::process_error& error) {
    return {End::not_run, 0,
            fmt::format("{} could not be started: {}", child.program, error.code().message())};
  } catch (const std::system_error& error) {
    return {End::not_run, 0, fmt::format("no temporary folder: {}", error.code().message())};
  }
}

}  // namespace promptbound
