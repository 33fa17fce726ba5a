// promptbound-check [OPTIONS] FILE: the independent checker alone, without the producers of certificates.
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>

#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check/check.hpp>

namespace {

using namespace promptbound;

constexpr const char* usage =
    "promptbound-check [--seconds N] [--bits N] [--threads N] [--model FILE|DIR] [--prompt DIR] [--data "
    "FILE]\n"
    "                  [--table FILE] CERTIFICATE\n"
    "recomputes what a certificate claims, and compares the files given with what it is about. Certificates "
    "of recall\n"
    "are checked against the folders of their model and prompts (--prompt repeated, in the certificate's "
    "order).\n"
    "Exit codes: 0 accepted, 1 rejected, 2 bad input, 3 unknown (a limit ended the check), 4 no report.\n";

struct Arguments {
  std::string certificate;
  CheckLimits limits;
  std::vector<GivenInput> inputs;
};

long number_from(const std::string& text, long least, long most, const char* option) {
  long value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < least || value > most) {
    throw InputError(std::string(option) + ": '" + text.substr(0, 60) +
                     "' (accepted: " + std::to_string(least) + " to " + std::to_string(most) + ")");
  }
  return value;
}

Arguments arguments_from(int argc, char** argv) {
  Arguments result;
  for (int k = 1; k < argc; ++k) {
    const std::string word = argv[k];
    const auto value = [&]() -> std::string {
      if (++k == argc) throw InputError(word + ": a value is needed");
      return argv[k];
    };
    if (word == "--seconds") {
      result.limits.seconds = number_from(value(), 1, 1000000000, "--seconds");
    } else if (word == "--bits") {
      result.limits.bits = number_from(value(), 64, 1L << 24, "--bits");
    } else if (word == "--threads") {
      result.limits.threads = static_cast<int>(number_from(value(), 1, 1024, "--threads"));
    } else if (word == "--model" || word == "--data" || word == "--table" || word == "--prompt") {
      const std::string path = value();
      std::error_code ignored;
      const bool is_folder = std::filesystem::is_directory(path, ignored);
      result.inputs.push_back({word.substr(2), path, is_folder ? std::string() : read_text_file(path)});
    } else if (word.starts_with("-") || !result.certificate.empty()) {
      throw InputError("'" + word.substr(0, 60) + "' is not expected; " +
                       std::string(usage, std::strchr(usage, '\n')));
    } else {
      result.certificate = word;
    }
  }
  if (result.certificate.empty()) {
    throw InputError("one certificate file is needed: " + std::string(usage, std::strchr(usage, '\n')));
  }
  return result;
}

/// The text has reached standard output, or what kept it from that is said.
bool print(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return true;
  std::fprintf(stderr, "promptbound-check: cannot write standard output: %s\n", std::strerror(errno));
  return false;
}

int check(const Arguments& arguments) {
  const CheckReport report = check_certificate(read_text_file(arguments.certificate), arguments.certificate,
                                               arguments.limits, arguments.inputs);
  const bool is_told = print(report_text(report));
  // Where the time is up a thread is still at work: nothing waits for it.
  if (report.verdict == Verdict::unknown) std::_Exit(is_told ? 3 : 4);
  if (!is_told) return 4;
  return report.accepted() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) return print(usage) ? 0 : 4;
  try {
    return check(arguments_from(argc, argv));
  } catch (const InputError& error) {
    std::fprintf(stderr, "promptbound-check: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "promptbound-check: internal error: %s\n", error.what());
    return 4;
  }
}
