/// The checks that `list` shows: what a subcommand decides, and the theory behind it.
#pragma once

#include <span>
#include <string_view>

namespace promptbound {

struct CheckEntry {
  std::string_view id, theory, source;
  std::string_view decides;
  std::string_view command;
};

[[nodiscard]] inline std::span<const CheckEntry> checks() {
  static constexpr CheckEntry all[] = {
      {"supremum", "5", "own", "is the error of a model with its prompt at most eps on the whole cube?",
       "verify MODEL --target NAME --eps NUMBER"},
      {"shared-query", "2.2", "own", "does some prompt fit examples that share a query, and how long is it?",
       "memorize --model FILE --data FILE"},
      {"memorization-floor", "2.3", "own", "e*, the error that every prompt leaves at least on such examples",
       "memorize --model FILE --data FILE"},
      {"rank-lower", "2.4", "WCWH23", "prompt tokens that an exact fit needs, by rank",
       "memorize --model FILE --data FILE"},
      {"lipschitz-constants", "3.1", "own", "Lipschitz constants that no sequence length changes",
       "structure FILE"},
      {"injectivity", "3.2", "WCWH23", "is the map from inputs to outputs injective under every prompt?",
       "structure FILE"},
      {"attention", "4.2", "own", "within how much of the exact result is every attention output?",
       "attention --q FILE --k FILE --v FILE"},
      {"certificate", "-", "own", "does a certificate of a verdict stand when it is recomputed?",
       "check CERTIFICATE"},
  };
  return all;
}

}  // namespace promptbound
