/// What `recall` prints.
#pragma once

#include <optional>
#include <string>

#include <promptbound/cli/render/table.hpp>
#include <promptbound/verify/recall/recall.hpp>

namespace promptbound {

/// Sequences that were drawn, and what others measured for a model of this name, as they published it.
struct Drawn {
  std::size_t seed = 0, count = 0, length = 0;
  std::vector<std::string> published = {};
};

/// Writes the answer as paragraphs and tables: sequences, then their tokens.
void write_recall(const RecallQuestion& question, const Recall& recall, const std::optional<Drawn>& drawn,
                  TableWriter& writer);

/// Returns the answer as a JSON document.
[[nodiscard]] std::string recall_json(const RecallQuestion& question, const Recall& recall,
                                      const std::optional<Drawn>& drawn, long digits);

}  // namespace promptbound
