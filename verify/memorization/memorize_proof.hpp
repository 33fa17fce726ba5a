/// What proves the answers of `memorize`, by their forms (theory 2.2 to 2.4, 2.3H).
#pragma once

#include <promptbound/records/proved_form.hpp>
#include <promptbound/verify/memorization/memorization_answer.hpp>
#include <promptbound/verify/memorization/memorization_problem.hpp>

namespace promptbound {

/// The feed-forward block behind the attention.
enum class BlockBehind {
  none,
  contraction,  ///< z + g(z) with g contracting in the max norm
  other
};

/// A form of the answer of `memorize`.
struct MemorizeForm {
  MemorizeEvidence evidence = MemorizeEvidence::none;
  bool exact = false;        ///< accuracy 0
  bool floor_above = false;  ///< the enclosed floor is above the accuracy asked for at the attention output
  Freedom freedom = Freedom::none;  ///< of exact fits, where 2.2 decides their lengths
  bool query_is_zero = false;       ///< A x0 = 0
  bool several_heads = false;
  BlockBehind block = BlockBehind::none;
};

/// Returns what proves `verdict`, `least_prompt_length`, `prompt_length`, `error`, `floor`, `output_floor`,
/// `exact_lengths_from`, `rank_lower` and `found_by_descent`.
[[nodiscard]] Proofs memorize_proof(const MemorizeForm& form);

/// Returns what proves the parts of this answer that claim something.
[[nodiscard]] Proofs proof_of(const MemorizationProblem& problem, const MemorizationAnswer& answer);

/// Returns the forms of the verdict, of the floor, of that of several heads and of the bound by rank, for
/// `list`.
[[nodiscard]] std::vector<ProvedForm> shared_query_forms();
[[nodiscard]] std::vector<ProvedForm> floor_forms();
[[nodiscard]] std::vector<ProvedForm> layer_floor_forms();
[[nodiscard]] std::vector<ProvedForm> rank_forms();

}  // namespace promptbound
