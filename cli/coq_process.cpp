#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <promptbound/cli/coq_process.hpp>
#include <promptbound/cli/render/temporary_folder.hpp>

namespace promptbound {
namespace {

volatile std::sig_atomic_t interrupted = 0;
extern "C" void remember_signal(int signal) { interrupted = signal; }

/// Signals only raise a flag while this lives, so that the folder and the child are cleaned up first.
class DelayedSignals {
 public:
  DelayedSignals() {
    interrupted = 0;
    for (std::size_t i = 0; i < 3; ++i) former_[i] = std::signal(signals_[i], remember_signal);
  }
  ~DelayedSignals() {
    for (std::size_t i = 0; i < 3; ++i) std::signal(signals_[i], former_[i]);
    if (interrupted != 0) std::raise(interrupted);
  }
  DelayedSignals(const DelayedSignals&) = delete;
  DelayedSignals& operator=(const DelayedSignals&) = delete;

 private:
  static constexpr int signals_[3] = {SIGINT, SIGTERM, SIGHUP};
  void (*former_[3])(int);
};

constexpr int cannot_run = 127;

/// In the child: limits, output to a file, coqc in the folder. Does not return.
[[noreturn]] void become_coqc(const std::string& folder, const std::string& proofs, long megabytes) {
  setpgid(0, 0);
  const rlimit memory{static_cast<rlim_t>(megabytes) << 20U, static_cast<rlim_t>(megabytes) << 20U};
  setrlimit(RLIMIT_AS, &memory);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_DFL);
  const int log = open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 || chdir(folder.c_str()) != 0)
    _exit(cannot_run);
  execlp("coqc", "coqc", "-q", "-w", "none", "-Q", proofs.c_str(), "PromptBound", "certificate.v",
         static_cast<char*>(nullptr));
  _exit(cannot_run);
}

/// The line after "Error:", or the last line of the log.
std::string error_line(const std::string& folder) {
  std::ifstream log(folder + "/log");
  std::string result = "no message";
  bool is_error = false;
  for (std::string line; std::getline(log, line);) {
    const std::size_t text = line.find_first_not_of(' ');
    if (text == std::string::npos) continue;
    result = line.substr(text);
    if (is_error) break;
    is_error = line.compare(0, 6, "Error:") == 0;
    if (is_error && line.size() > 7) break;
  }
  return result.substr(0, 200);
}

}  // namespace

CoqOutcome run_coqc(const std::string& text, const std::string& proofs, long seconds, long megabytes) {
  using Clock = std::chrono::steady_clock;
  using End = CoqOutcome::End;
  const DelayedSignals delayed;
  const TemporaryFolder folder;
  const std::string library = std::filesystem::absolute(proofs).string();
  // Half of a certificate could compile, and an empty file does.
  std::ofstream certificate(folder.path() + "/certificate.v");
  certificate << text;
  certificate.close();
  if (!certificate)
    return {End::stopped, fmt::format("the certificate could not be written to {}: {}", folder.path(),
                                      std::strerror(errno))};

  const pid_t child = fork();
  if (child < 0) return {End::stopped, fmt::format("coqc could not be started: {}", std::strerror(errno))};
  if (child == 0) become_coqc(folder.path(), library, megabytes);
  int status = 0;
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (Clock::now() > end || interrupted != 0) {
      kill(-child, SIGKILL);
      waitpid(child, &status, 0);
      return {End::stopped, fmt::format("no answer within {} s", seconds)};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {End::accepted, ""};
  if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_run)
    return {End::stopped, "coqc is not installed (Debian: apt-get install coq libcoq-interval)"};
  const std::string message = error_line(folder.path());
  // Running out of memory is no answer about the claim.
  if (!WIFEXITED(status) || message.find("emory") != std::string::npos ||
      message.find("tack overflow") != std::string::npos)
    return {End::stopped, fmt::format("coqc ran out of {} MiB or was stopped: {}", megabytes, message)};
  return {End::rejected, message};
}

}  // namespace promptbound
