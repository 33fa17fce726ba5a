/// memorize --prefix.
#pragma once

#include <string>

#include <promptbound/cli/command.hpp>

namespace promptbound {

struct PrefixOptions {
  bool prefix = false;
  std::string key_cap = "inf", value_cap = "inf";
};

/// Decides whether a prefix fits the data, and writes answer and certificate (empty: none). Returns the exit
/// code.
[[nodiscard]] int memorize_prefix(const PrefixOptions& prefix, const CommonOptions& options,
                                  const std::string& model_file, const std::string& data_file,
                                  const std::string& certificate_file);

}  // namespace promptbound
