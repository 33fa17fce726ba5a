#include <promptbound/verify/memorization/memorize_proof.hpp>

namespace promptbound {
namespace {

constexpr std::string_view floor_theorem = "algebra.memorization_floor.memorization_floor";
constexpr std::string_view rows_theorem = "algebra.memorization_floor.two_rows_certify";
constexpr std::string_view block_theorem = "algebra.memorization_floor.floor_after_max_block";
constexpr std::string_view layer_theorem = "algebra.multihead_floor.multihead_floor";
constexpr std::string_view tree_theorem = "algebra.multihead_floor.tree_sound";
constexpr std::string_view empty_theorem = "analysis.shared_query.fits_empty";

/// The attention's claim as one of the layer's output.
ProofStatus behind(BlockBehind block, const ProofStatus& attention) {
  if (block == BlockBehind::none || attention.kind == ProofKind::computed) return attention;
  ProofStatus status = attention;
  if (attention.kind == ProofKind::coq && block == BlockBehind::contraction) {
    status.theorems.push_back(block_theorem);
    return status;
  }
  status = proved_on_paper("3.2", "before the feed-forward block it is on paper as well");
  if (attention.kind == ProofKind::coq) {
    status = proved_on_paper("3.2", "before the feed-forward block it is proved in Coq", attention.theorems);
  }
  return status.of(attention.outputs);
}

/// Of several heads.
ProofStatus layer_floor_proof() {
  return proved_on_paper(
      "2.3H",
      "that multipliers at all weights bound every non-empty prompt, and what a tree of boxes "
      "says of all weights, are proved in Coq",
      {layer_theorem, tree_theorem});
}

/// At the attention output.
ProofStatus verdict_proof(const MemorizeForm& form) {
  switch (form.evidence) {
    case MemorizeEvidence::none:
      return {};
    case MemorizeEvidence::prompt:
      return computed("the prompt is at hand, its error enclosed");
    case MemorizeEvidence::image:
      return proved_in_coq("2.2", {"certificates.impossible_claim.image_impossible"});
    case MemorizeEvidence::rows:
      if (form.exact) {
        return proved_in_coq("2.2", {"analysis.shared_query.shared_query_impossible", empty_theorem});
      }
      if (form.floor_above) return proved_in_coq("2.3", {rows_theorem});
      return proved_on_paper("2.3", "a floor that is enclosed above the accuracy is proved in Coq",
                             {rows_theorem});
    case MemorizeEvidence::tree:
      return layer_floor_proof();
    case MemorizeEvidence::below_one:
      if (form.exact) return proved_in_coq("2.2", {"analysis.shared_query.case_I_lengths", empty_theorem});
      return proved_on_paper("2.2", "at accuracy 0 it is proved in Coq",
                             {"analysis.shared_query.case_I_lengths"});
    case MemorizeEvidence::no_integer:
      if (form.exact) return proved_in_coq("2.2", {"analysis.shared_query.case_I_no_query", empty_theorem});
      return proved_on_paper("2.2", "at accuracy 0 it is proved in Coq",
                             {"analysis.shared_query.case_I_no_query"});
    case MemorizeEvidence::algebra:
      return proved_on_paper("2.2", "equalities of exponential sums are decided exactly");
  }
  return {};
}

/// The lengths of exact fits.
ProofStatus lengths_proof(const MemorizeForm& form) {
  const auto theorem = [&]() -> std::string_view {
    switch (form.freedom) {
      case Freedom::none:
        return "analysis.shared_query.case_I_lengths";
      case Freedom::score:
        return "analysis.shared_query.case_I_sees";
      case Freedom::sum:
        return form.query_is_zero ? "analysis.shared_query.case_II_all"
                                  : "analysis.shared_query.case_II_lengths";
      case Freedom::sum_and_score:
        break;
    }
    return "analysis.shared_query.case_II_all";
  };
  return proved_in_coq("2.2", {theorem()});
}

std::string_view words(MemorizeEvidence evidence) {
  switch (evidence) {
    case MemorizeEvidence::image:
      return "impossible, a target off the image of V";
    case MemorizeEvidence::rows:
      return "impossible, by rows of the floor";
    case MemorizeEvidence::tree:
      return "impossible, by a tree of boxes of the floor of several heads";
    case MemorizeEvidence::below_one:
      return "impossible, rho < 1";
    case MemorizeEvidence::no_integer:
      return "impossible, A x0 = 0 and no integer S_P";
    case MemorizeEvidence::algebra:
      return "impossible, by exact algebra";
    case MemorizeEvidence::prompt:
      return "possible";
    case MemorizeEvidence::none:
      break;
  }
  return "unknown";
}

constexpr std::string_view blocks[] = {"no feed-forward block", "a feed-forward block, ||W_1|| ||W_2|| < 1",
                                       "another feed-forward block"};

/// The proofs of these parts, at each kind of block.
std::vector<ProvedForm> by_block(std::string_view when, MemorizeForm form,
                                 const std::vector<std::string_view>& parts) {
  std::vector<ProvedForm> forms;
  for (const BlockBehind block : {BlockBehind::none, BlockBehind::contraction, BlockBehind::other}) {
    form.block = block;
    const std::string start = when.empty() ? "" : std::string(when) + "; ";
    forms.push_back(
        {start + std::string(blocks[static_cast<int>(block)]), proofs_of(memorize_proof(form), parts)});
  }
  return forms;
}

/// The form of an answer to this problem.
MemorizeForm form_of(const MemorizationProblem& problem, const MemorizationAnswer& answer) {
  MemorizeForm form;
  form.evidence = answer.evidence;
  form.exact = problem.accuracy == 0;
  if (answer.exact) form.freedom = answer.exact->freedom;
  form.several_heads = problem.model.layers.front().heads.size() > 1;
  const MemorizationExample& first = problem.data.front();
  form.query_is_zero =
      !form.several_heads && multiply(problem.A, Matrix<Rational>(first.tokens.col(first.query))).isZero(0);
  if (const auto& ffn = problem.model.layers.front().ffn) {
    const Rational slack = 1 - row_sum_norm(ffn->W_1) * row_sum_norm(ffn->W_2);
    form.block =
        slack > 0 && problem.block.expansion == slack ? BlockBehind::contraction : BlockBehind::other;
  }
  form.floor_above = answer.floor && problem.block.expansion * answer.floor->lower > problem.accuracy;
  return form;
}

/// The parts of the answer that claim something.
std::vector<std::string_view> parts(const MemorizationAnswer& answer) {
  std::vector<std::string_view> result;
  if (answer.verdict != Verdict::unknown) result.emplace_back("verdict");
  if (answer.prompt) result.insert(result.end(), {"prompt_length", "error"});
  if (answer.least_prompt_length()) result.emplace_back("least_prompt_length");
  if (answer.floor && answer.floor->lower > 0) result.emplace_back("floor");
  if (answer.output_floor > 0) result.emplace_back("output_floor");
  if (answer.exact_lengths_from()) result.emplace_back("exact_lengths_from");
  if (answer.rank_lower > 0) result.emplace_back("rank_lower");
  return result;
}

}  // namespace

Proofs memorize_proof(const MemorizeForm& form) {
  const ProofStatus floor =
      form.several_heads
          ? layer_floor_proof()
          : proved_in_coq("2.3", {floor_theorem}, "every prompt leaves at least e*, which is enclosed");
  return {
      behind(form.block, verdict_proof(form).of({"verdict"})),
      computed("of the prompt at hand").of({"prompt_length", "error"}),
      proved_on_paper("2.2").of({"least_prompt_length"}),
      floor.of({"floor"}),
      behind(form.block, floor.of({"output_floor"})),
      behind(form.block, lengths_proof(form).of({"exact_lengths_from"})),
      behind(form.block, proved_in_coq("2.4", {"algebra.rank_lower.rank_lower_inputs"}).of({"rank_lower"})),
      computed("of the prompt that was found").of({"found_by_descent"})};
}

Proofs proof_of(const MemorizationProblem& problem, const MemorizationAnswer& answer) {
  return proofs_of(memorize_proof(form_of(problem, answer)), parts(answer));
}

std::vector<ProvedForm> shared_query_forms() {
  std::vector<ProvedForm> forms;
  const auto add = [&](const std::string& when, const MemorizeForm& form, std::string_view part) {
    for (ProvedForm& one : by_block(when, form, {part})) forms.push_back(std::move(one));
  };
  for (const MemorizeEvidence evidence : {MemorizeEvidence::image, MemorizeEvidence::rows,
                                          MemorizeEvidence::below_one, MemorizeEvidence::no_integer}) {
    for (const bool exact : {true, false}) {
      MemorizeForm form{evidence, exact};
      form.floor_above = true;
      add(std::string(words(evidence)) + (exact ? ", accuracy 0" : ", accuracy > 0"), form, "verdict");
    }
  }
  add(std::string(words(MemorizeEvidence::algebra)) + ", accuracy 0", {MemorizeEvidence::algebra, true},
      "verdict");
  forms.push_back({std::string(words(MemorizeEvidence::prompt)),
                   proofs_of(memorize_proof({MemorizeEvidence::prompt}),
                             {"verdict", "prompt_length", "error", "least_prompt_length"})});
  const auto lengths = [&](std::string_view when, Freedom freedom, bool query_is_zero) {
    MemorizeForm form{MemorizeEvidence::none, true};
    form.freedom = freedom;
    form.query_is_zero = query_is_zero;
    add("exact fits, " + std::string(when), form, "exact_lengths_from");
  };
  lengths("S_P and rho determined", Freedom::none, false);
  lengths("A x0 not orthogonal to ker V, S_P determined", Freedom::score, false);
  lengths("S_P free", Freedom::sum, false);
  lengths("S_P free, A x0 = 0", Freedom::sum, true);
  lengths("S_P free, A x0 not orthogonal to ker V", Freedom::sum_and_score, false);
  return forms;
}

std::vector<ProvedForm> floor_forms() { return by_block("", {}, {"floor", "output_floor"}); }

std::vector<ProvedForm> layer_floor_forms() {
  MemorizeForm form{MemorizeEvidence::tree};
  form.several_heads = true;
  return by_block("", form, {"verdict", "floor", "output_floor"});
}

std::vector<ProvedForm> rank_forms() { return by_block("", {}, {"rank_lower"}); }

}  // namespace promptbound
