// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/coq_process.hpp>
#include <promptbound/cli/shipped.hpp>
#include <promptbound/coq/sentences.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

struct CoqCheckOptions {
  std::string file;
  std::string proofs;  ///< empty: the development that belongs to this program
  long seconds = 120;
  long megabytes = 4096;
};

std::string read_certificate(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw InputError(fmt::format("coq-check: {} is not a file that can be read", path));
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

int check(const CoqCheckOptions& options) {
  const std::string text = read_certificate(options.file);
  // What coqc accepts is a proof only if the file cannot assume anything.
  const CertificateContent content = read_sentences(text);
  if (!content.refused.empty()) {
    fmt::print("rejected: {}: {}\n", options.file, content.refused);
    return exit_refuted;
  }
  const std::string proofs = options.proofs.empty() ? shipped("proofs").string() : options.proofs;
  if (!std::filesystem::is_regular_file(proofs + "/certificates/entropy_bits_claim.vo")) {
    fmt::print("unknown: {}: the development in {} is not compiled: make -C {} -j2\n", options.file, proofs,
               proofs);
    return exit_unknown;
  }
  const auto start = std::chrono::steady_clock::now();
  const CoqOutcome outcome = run_coqc(text, proofs, options.seconds, options.megabytes);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  switch (outcome.end) {
    case CoqOutcome::End::accepted:
      fmt::print("proved: {}: {} theorems in {:.1f} s\n", options.file, content.theorems.size(), seconds);
      for (const std::string& theorem : content.theorems) fmt::print("  {}\n", theorem);
      return exit_done;
    case CoqOutcome::End::rejected:
      fmt::print("rejected: {}: coqc: {}\n", options.file, outcome.message);
      return exit_refuted;
    case CoqOutcome::End::stopped:
      fmt::print("unknown: {}: {}\n", options.file, outcome.message);
      return exit_unknown;
  }
  return exit_internal;
}

}  // namespace

void add_coq_check(CommandLine& line, Action& action) {
  auto options = std::make_shared<CoqCheckOptions>();
  Subcommand* subcommand =
      line.add_subcommand("coq-check", "compile a Coq certificate: proved, rejected or unknown");
  subcommand->footer(
      "Exit codes: 0 proved, 1 rejected, 3 unknown (time, memory, or no coqc).\n"
      "Example:\n"
      "  promptbound eval entropy-bits --d 2 --L 2 --eps 1/10 --coq tokens.v && promptbound coq-check "
      "tokens.v");
  subcommand->add_option("file", options->file, "certificate that --coq wrote")
      ->required()
      ->type_name("FILE.v");
  subcommand
      ->add_option("--proofs", options->proofs,
                   "compiled Coq development (default: the one installed with this program)")
      ->type_name("DIR");
  subcommand->add_option("--time-limit", options->seconds, "seconds (default 120)")
      ->range(1L, 86400L)
      ->type_name("SECONDS");
  subcommand->add_option("--memory-limit", options->megabytes, "MiB of address space (default 4096)")
      ->range(256L, 1048576L)
      ->type_name("MIB");
  subcommand->callback([options, &action] { action = [options] { return check(*options); }; });
}

}  // namespace promptbound
