/// The checks that `list` shows: what a subcommand decides, and the theory behind it.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <promptbound/records/proved_form.hpp>

namespace promptbound {

struct CheckEntry {
  std::string_view id, theory, source;
  std::string_view decides;
  std::string_view command;
  std::vector<ProvedForm> (*forms)();  ///< of its answer
};

[[nodiscard]] std::span<const CheckEntry> checks();

}  // namespace promptbound
