/// coqc as a child process with limits.
#pragma once

#include <string>

namespace promptbound {

/// How coqc ended.
struct CoqOutcome {
  enum class End {
    accepted,  ///< the file compiles
    rejected,  ///< coqc refuses it
    stopped    ///< no answer: time or memory ran out, or coqc could not be run
  };
  End end;
  std::string message;  ///< one line
};

/// Compiles the text in a temporary folder, which is removed, against the compiled development in `proofs`.
/// Limits: seconds of wall time, MiB of address space.
[[nodiscard]] CoqOutcome run_coqc(const std::string& text, const std::string& proofs, long seconds,
                                  long megabytes);

}  // namespace promptbound
