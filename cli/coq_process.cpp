#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include <promptbound/cli/coq_process.hpp>
#include <promptbound/cli/render/child_process.hpp>

namespace promptbound {
namespace {

/// The line after "Error:", or the last line of the log.
std::string error_line(const std::string& text) {
  std::istringstream log(text);
  std::string result = "no message";
  bool is_error = false;
  for (std::string line; std::getline(log, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start == std::string::npos) continue;
    result = line.substr(start);
    if (is_error) break;
    is_error = line.compare(0, 6, "Error:") == 0;
    if (is_error && line.size() > 7) break;
  }
  return result.substr(0, 200);
}

}  // namespace

CoqOutcome run_coqc(const std::string& text, const std::string& proofs, long seconds, long megabytes) {
  using End = CoqOutcome::End;
  const std::string file = "certificate.v", library = std::filesystem::absolute(proofs).string();
  const ChildOutcome outcome =
      run_child({.program = "coqc",
                 .arguments = {"-q", "-w", "none", "-Q", library, "PromptBound", file},
                 .input_name = file,
                 .input = text,
                 .time = std::chrono::seconds(seconds),
                 .megabytes = megabytes});
  const std::string message = error_line(outcome.log);
  switch (outcome.end) {
    case ChildOutcome::End::not_installed:
      return {End::stopped, "coqc is not installed (Debian: apt-get install coq libcoq-interval)"};
    case ChildOutcome::End::not_run:
      return {End::stopped, outcome.message};
    case ChildOutcome::End::out_of_time:
      return {End::stopped, fmt::format("no answer within {} s", seconds)};
    case ChildOutcome::End::exited:
      if (outcome.exit_code == 0) return {End::accepted, ""};
      // Running out of memory is no answer about the claim.
      if (message.find("emory") == std::string::npos && message.find("tack overflow") == std::string::npos)
        return {End::rejected, message};
      break;
    case ChildOutcome::End::killed:
      break;
  }
  return {End::stopped, fmt::format("coqc ran out of {} MiB or was stopped: {}", megabytes, message)};
}

}  // namespace promptbound
