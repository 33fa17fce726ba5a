/// Files of construct that are no single function: instances and families that `run` evaluates without input.
#pragma once

#include <promptbound/cli/command.hpp>
#include <promptbound/models/exact_json.hpp>

namespace promptbound {

[[nodiscard]] bool is_hardness_instance(const Json& json);
/// Runs theory 5.7: the attention output at every query, and the decisions by it and by brute force.
/// exit_refuted when they differ. Throws InputError for a malformed file.
[[nodiscard]] int run_hardness_instance(const Json& json, const std::string& where,
                                        const CommonOptions& options);

[[nodiscard]] bool is_sparse_universal(const Json& json);
/// Runs theory 5.1 without dense weights: the output at X (d x L), exactly.
[[nodiscard]] Matrix<Rational> run_sparse_universal(const Json& json, const std::string& where,
                                                    const Matrix<Rational>& X);

[[nodiscard]] bool is_prompt_family(const Json& json);
/// Runs theory 5.8: the attention output at the last token under every prompt, and the least distance of two.
[[nodiscard]] int run_prompt_family(const Json& json, const std::string& where, const CommonOptions& options);

}  // namespace promptbound
