#include <promptbound/verify/memorization/memorization_answer.hpp>

#include <promptbound/verify/memorization/memorize_proof.hpp>

namespace promptbound {

std::string_view verdict_name(const MemorizationAnswer& answer) {
  switch (answer.verdict) {
    case Verdict::proved:
      return "possible";
    case Verdict::refuted:
      return "impossible";
    default:
      return name(answer.verdict);
  }
}

std::optional<Integer> MemorizationAnswer::least_prompt_length() const {
  if (!prompt || least_length != Integer(prompt->cols())) return std::nullopt;
  return least_length;
}

std::optional<Integer> MemorizationAnswer::exact_lengths_from() const {
  if (!exact || exact->set != PromptLengths::Set::from) return std::nullopt;
  return exact->least;
}

void add_found_prompt(const Transformer<Rational>& model, const MemorizationData& data,
                      const DescentOptions& options, MemorizationAnswer& answer) {
  if (model.layers.size() != 1 || model.layers.front().heads.empty()) return;
  answer.found = descend(model, data, options);
  std::vector<ProofStatus> proof = answer.proof.statuses();
  proof.push_back(memorize_proof({}).of("found_by_descent"));
  answer.proof = std::move(proof);
  if (!answer.found->error.is_finite()) return;
  const Rational reached = answer.found->error.upper();
  answer.least_error.upper = std::min(answer.least_error.upper.value_or(reached), reached);
}

}  // namespace promptbound
