/// Sequences for `recall` that are drawn, and what others measured for the model.
#pragma once

#include <string>
#include <vector>

#include <promptbound/cli/render/recall.hpp>
#include <promptbound/models/model_config.hpp>

namespace promptbound {

/// Draws the sequences from the vocabulary of the model in a folder. Throws InputError where there are none
/// to draw, more than 10^6, or longer ones than 10^6 tokens.
[[nodiscard]] std::vector<TokenSequence> draw_sequences(const std::string& model,
                                                        const std::vector<std::string>& assumed_inert,
                                                        const std::vector<std::size_t>& start,
                                                        const Drawn& drawn);

/// Returns what others measured for a model whose name is that of the folder, with these sizes, from the file
/// that is installed beside the command.
[[nodiscard]] std::vector<std::string> published_of(const std::string& folder, const ModelConfig& config);

}  // namespace promptbound
