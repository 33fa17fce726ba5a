/// What proves the answers of the checks, by their forms.
#pragma once

#include <promptbound/attention/choice/automatic.hpp>
#include <promptbound/records/proof_status.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

namespace promptbound {

/// A form of an answer, in words, and what proves its parts.
struct CheckForm {
  std::string when;
  std::vector<ProofStatus> proof;
};

/// Returns what proves of `structure`: `lipschitz` and the layers' `R`, `c`, `g`, `R_out` (3.1); `verdict`,
/// `separation`, `output_distance` and the layers' `ratio` (3.2); `preimage`.
[[nodiscard]] std::vector<ProofStatus> structure_proof(Mask mask);

/// What the verdict of `memorize` rests on.
enum class MemorizeEvidence {
  none,        ///< unknown
  prompt,      ///< a prompt whose error is enclosed
  image,       ///< a target off the image of V
  rows,        ///< rows of the floor
  below_one,   ///< rho < 1 at every feasible S_P
  no_integer,  ///< A x0 = 0 and no feasible S_P is an integer
  algebra,     ///< no length fits exactly, by exact algebra that no enclosure confirms
};

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
  BlockBehind block = BlockBehind::none;
};

[[nodiscard]] MemorizeForm form_of(const Transformer<Rational>& model, const MemorizationData& data,
                                   const Rational& accuracy, const MemorizationAnswer& answer);

/// Returns what proves `verdict`, `least_prompt_length`, `prompt_length`, `error`, `floor`, `output_floor`,
/// `exact_lengths_from`, `rank_lower` and `found_by_descent`.
[[nodiscard]] std::vector<ProofStatus> memorize_proof(const MemorizeForm& form);

/// Returns what proves `error_bound` of `attention`.
[[nodiscard]] std::vector<ProofStatus> attention_proof(Method method, bool binary64);

/// Returns the forms of the check of that id (check_catalogue.hpp), for `list`; none: nothing is proved.
[[nodiscard]] std::vector<CheckForm> check_forms(std::string_view id);

}  // namespace promptbound
