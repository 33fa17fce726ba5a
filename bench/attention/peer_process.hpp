/// A peer in another language, in a process of its own, which takes its turn in our rounds.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

namespace promptbound::bench {

/// The process says its name and version in its first line, or ends at once if the library is missing. Then
/// it answers each line "n d threads fp32|fp64" with the wall seconds of one run, or with why it cannot.
/// While it waits for a line it must not use the processor.
class PeerProcess {
 public:
  PeerProcess(std::string library, const std::string& command) : name_(std::move(library)) {
    std::signal(SIGPIPE, SIG_IGN);  // a peer that has died is reported
    int down[2], up[2];
    // Closed in the peers, which would otherwise hold each other's pipes open.
    if (pipe2(down, O_CLOEXEC) != 0 || pipe2(up, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    process_ = fork();
    if (process_ == 0) {
      dup2(down[0], STDIN_FILENO);
      dup2(up[1], STDOUT_FILENO);
      execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
      _exit(127);
    }
    close(down[0]);
    close(up[1]);
    to_ = fdopen(down[1], "w");
    from_ = fdopen(up[0], "r");
    const std::string hello = line();
    is_there_ = !hello.empty();
    if (is_there_) name_ = hello;
  }
  PeerProcess(const PeerProcess&) = delete;
  PeerProcess& operator=(const PeerProcess&) = delete;
  ~PeerProcess() {
    std::fclose(to_);
    std::fclose(from_);
    waitpid(process_, nullptr, 0);
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  /// Seconds; or nothing, and `why`.
  std::optional<double> run(long n, long d, int threads, const char* type, std::string& why) {
    why = "not installed";
    if (!is_there_) return std::nullopt;
    std::fprintf(to_, "%ld %ld %d %s\n", n, d, threads, type);
    std::fflush(to_);
    why = line();
    char* end = nullptr;
    const double seconds = std::strtod(why.c_str(), &end);
    if (!why.empty() && *end == '\0') return seconds;
    if (why.empty()) why = "has ended";
    return std::nullopt;
  }

 private:
  std::string line() {
    std::string text;
    for (int c = std::fgetc(from_); c != EOF && c != '\n'; c = std::fgetc(from_)) {
      text += static_cast<char>(c);
    }
    return text;
  }

  std::string name_;
  bool is_there_ = false;
  pid_t process_ = -1;
  std::FILE *to_ = nullptr, *from_ = nullptr;
};

}  // namespace promptbound::bench
