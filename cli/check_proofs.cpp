#include <nlohmann/json.hpp>

#include <promptbound/cli/check_proofs.hpp>
#include <promptbound/models/exact_json.hpp>
#include <promptbound/transformer/feed_forward_inverse.hpp>
#include <promptbound/verify/supremum/supremum.hpp>

namespace promptbound {
namespace {

constexpr std::string_view floor_theorem = "algebra.memorization_floor.memorization_floor";
constexpr std::string_view rows_theorem = "algebra.memorization_floor.two_rows_certify";
constexpr std::string_view block_theorem = "algebra.memorization_floor.floor_after_max_block";
constexpr std::string_view empty_theorem = "analysis.shared_query.fits_empty";

MemorizeEvidence evidence_of(const MemorizationAnswer& answer) {
  if (answer.verdict == Memorizable::unknown) return MemorizeEvidence::none;
  if (answer.certificate.empty()) return MemorizeEvidence::algebra;
  const std::string kind = Json::parse(answer.certificate).at("evidence").at("kind");
  if (kind == "prompt") return MemorizeEvidence::prompt;
  if (kind == "image") return MemorizeEvidence::image;
  if (kind == "rows") return MemorizeEvidence::rows;
  if (kind == "below-one") return MemorizeEvidence::below_one;
  if (kind == "no-integer") return MemorizeEvidence::no_integer;
  return MemorizeEvidence::none;
}

Rational max_norm(const Matrix<Rational>& M) { return M.cwiseAbs().rowwise().sum().maxCoeff(); }

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
std::vector<CheckForm> by_block(std::string_view when, MemorizeForm form,
                                const std::vector<std::string_view>& parts) {
  std::vector<CheckForm> forms;
  for (const BlockBehind block : {BlockBehind::none, BlockBehind::contraction, BlockBehind::other}) {
    form.block = block;
    const std::string start = when.empty() ? "" : std::string(when) + "; ";
    forms.push_back(
        {start + std::string(blocks[static_cast<int>(block)]), proofs_of(memorize_proof(form), parts)});
  }
  return forms;
}

std::vector<CheckForm> shared_query_forms() {
  std::vector<CheckForm> forms;
  const auto add = [&](const std::string& when, const MemorizeForm& form, std::string_view part) {
    for (CheckForm& one : by_block(when, form, {part})) forms.push_back(std::move(one));
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

std::vector<CheckForm> structure_forms(const std::vector<std::string_view>& parts) {
  std::vector<CheckForm> forms;
  for (const Mask mask : {Mask::bidirectional, Mask::causal}) {
    forms.push_back(
        {mask == Mask::causal ? "causal mask" : "bidirectional", proofs_of(structure_proof(mask), parts)});
  }
  return forms;
}

std::vector<CheckForm> attention_forms() {
  std::vector<CheckForm> forms;
  for (const Method method : {Method::exact, Method::polynomial, Method::cholesky}) {
    for (const bool binary64 : {false, true}) {
      forms.push_back(
          {name(method) + (binary64 ? ", binary64" : ", binary32"), attention_proof(method, binary64)});
    }
  }
  return forms;
}

}  // namespace

std::vector<ProofStatus> structure_proof(Mask mask) {
  const char* const norms = "given the bounds of the spectral norms, which are enclosed here";
  std::vector<std::string_view> injectivity = {"analysis.injectivity.injectivity_bidirectional",
                                               "analysis.injectivity.injective_bidirectional"};
  if (mask == Mask::causal) {
    injectivity = {"analysis.injectivity.injectivity_causal", "analysis.injectivity.injective_causal"};
  }
  return {proved_in_coq("3.1", {"analysis.lipschitz_constants.lipschitz_constants"}, norms)
              .of({"lipschitz", "R", "c", "g", "R_out"}),
          proved_in_coq("3.2", injectivity, norms).of({"verdict", "separation", "output_distance", "ratio"}),
          proved_on_paper("3.2", "that there is at most one is proved in Coq",
                          {"analysis.injectivity.injective_transformer"})
              .of({"preimage"})};
}

MemorizeForm form_of(const Transformer<Rational>& model, const MemorizationData& data,
                     const Rational& accuracy, const MemorizationAnswer& answer) {
  MemorizeForm form;
  form.evidence = evidence_of(answer);
  form.exact = accuracy == 0;
  if (answer.exact) form.freedom = answer.exact->freedom;
  if (model.layers.size() != 1 || model.layers.front().heads.size() != 1) return form;
  const Matrix<Rational> A = model.layers.front().heads.front().score_matrix();
  form.query_is_zero = multiply(A, Matrix<Rational>(data.front().tokens.col(data.front().query))).isZero(0);
  Rational expansion = 1;
  if (const auto& ffn = model.layers.front().ffn) {
    const BlockInjectivity block = block_injectivity(*ffn);
    const Rational slack = 1 - max_norm(ffn->W_1) * max_norm(ffn->W_2);
    form.block = slack > 0 && block.expansion == slack ? BlockBehind::contraction : BlockBehind::other;
    expansion = block.expansion;
  }
  form.floor_above = answer.floor && expansion * answer.floor->lower > accuracy;
  return form;
}

std::vector<ProofStatus> memorize_proof(const MemorizeForm& form) {
  const ProofStatus floor =
      proved_in_coq("2.3", {floor_theorem}, "every prompt leaves at least e*, which is enclosed");
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

std::vector<ProofStatus> attention_proof(Method method, bool binary64) {
  const std::string_view power =
      binary64 ? "certificates.exp2.exp2_scaled_double" : "certificates.exp2.exp2_scaled_single";
  if (method == Method::polynomial) {
    return {proved_on_paper("4.2", "the step from the polynomial's error to the output's is proved in Coq",
                            {"algebra.polynomial_attention.polynomial_attention_error",
                             "algebra.polynomial_attention.polynomial_attention_moment"})};
  }
  if (method == Method::exact) {
    return {
        proved_on_paper("4.2", "the distance of the kernel's polynomial from 2^f is proved in Coq", {power})};
  }
  return {proved_on_paper("4.2")};
}

std::vector<CheckForm> check_forms(std::string_view id) {
  if (id == "supremum") return {{"every form", supremum_proof().statuses()}};
  if (id == "shared-query") return shared_query_forms();
  if (id == "memorization-floor") return by_block("", {}, {"floor", "output_floor"});
  if (id == "rank-lower") return by_block("", {}, {"rank_lower"});
  if (id == "lipschitz-constants") {
    return {{"every form", proofs_of(structure_proof(Mask::causal), {"lipschitz", "R", "c", "g", "R_out"})}};
  }
  if (id == "injectivity")
    return structure_forms({"verdict", "separation", "output_distance", "ratio", "preimage"});
  if (id == "attention") return attention_forms();
  if (id == "certificate") {
    return {{"every form", {computed("by code of its own; the theorems are those of what is certified")}}};
  }
  return {};
}

}  // namespace promptbound
