/// Outputs of bounds as the command line names them: ID.OUTPUT, or ID for the main one.
#pragma once

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

struct SelectedOutput {
  const Bound* bound;
  std::string output;

  /// Returns ID.OUTPUT
  [[nodiscard]] std::string name() const { return std::string(bound->id) + "." + output; }
};

/// Returns the output that answers the bound's question: its tokens, or its first.
[[nodiscard]] std::string_view main_output(const Bound& bound);

/// Reads ID.OUTPUT, or ID for the main output. Throws InputError naming the nearest id or output.
[[nodiscard]] SelectedOutput parse_selected(const std::string& text);

}  // namespace promptbound
