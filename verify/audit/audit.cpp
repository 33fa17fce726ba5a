#include <fmt/format.h>

#include <algorithm>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/audit/audit.hpp>
#include <promptbound/verify/audit/local_rows.hpp>

namespace promptbound {
namespace {

constexpr long digits = 12;  // the enclosures that enter have no more

/// An upper end as an argument of a bound; nothing when it is infinite.
std::optional<Argument> argument(const FastInterval& upper) {
  if (!std::isfinite(upper.upper())) return std::nullopt;
  return Argument(Rational(upper.upper()));
}

Record not_computed(std::string_view id, const std::string& needed, const std::string& why) {
  const Bound& bound = find_bound(id);
  Record record;
  record.id = bound.id;
  record.kind = bound.kind;
  record.theory = bound.theory;
  record.source = bound.source;
  record.not_applicable(needed, why);
  return record;
}

/// B/sqrt(ln T) (4.1).
Interval threshold_ratio(const Audit& audit, const FastInterval& B) {
  return Interval(B) / sqrt(log(Interval(audit.T)));
}

PolynomialRow polynomial(const Audit& audit, const AuditQuestion& question, const FastInterval& S) {
  const auto bound = argument(S);
  if (!bound) {
    return {S, not_computed("polynomial-degree", "the scores are bounded", "no finite bound on the scores")};
  }
  Arguments arguments;
  arguments.set(parameters::S.name, *bound);
  arguments.set(parameters::T.name, audit.T);
  arguments.set(parameters::d.name, audit.config.head_width);
  arguments.set(parameters::eta.name, question.eta);
  return {S, evaluate(find_bound("polynomial-degree"), arguments, digits)};
}

std::vector<std::vector<AuditHead>> audit_heads(const Audit& audit, const AuditQuestion& question,
                                                const std::vector<std::vector<PromptHead>>& pass) {
  std::vector<std::vector<AuditHead>> layers;
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    std::vector<AuditHead>& heads = layers.emplace_back();
    for (std::size_t h = 0; h < audit.norms.layers[l].heads.size(); ++h) {
      AuditHead head;
      head.norms = audit.norms.layers[l].heads[h];
      head.B_any = max(max(head.norms.query_entry, head.norms.key_entry), head.norms.value_entry);
      head.ratio_any = threshold_ratio(audit, head.B_any);
      head.polynomial_any = polynomial(audit, question, head.norms.centred_score);
      if (l < pass.size()) {
        const PromptHead& prompt = pass[l][h];
        head.prompt = prompt;
        head.B_prompt = max(max(prompt.query.entry, prompt.key.entry), prompt.value.entry);
        head.ratio_prompt = threshold_ratio(audit, *head.B_prompt);
        head.polynomial_prompt = polynomial(audit, question, prompt.centred_score);
      }
      heads.push_back(std::move(head));
    }
  }
  return layers;
}

TheoremRow theorem(std::string_view theory, std::string_view what) {
  TheoremRow row;
  row.theory = theory;
  row.what = what;
  return row;
}

/// Theory 3.2 on Z + F(N(Z)): the map F after N has constant (norm)(c or g), which must be below 1
/// everywhere.
TheoremRow injectivity_row(const Audit& audit) {
  FastInterval factor(0);
  std::size_t worst = 0;
  const char* block = "attention";
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    const LayerMatrixNorms& layer = audit.norms.layers[l];
    const FastInterval attention = audit.config.norms_come_first() ? layer.norm_1 * layer.c : layer.c;
    const FastInterval ffn = audit.config.norms_come_first() ? layer.norm_2 * layer.g : layer.g;
    if (max(attention, ffn).upper() > factor.upper()) {
      worst = l;
      block = attention.upper() >= ffn.upper() ? "attention" : "feed-forward";
    }
    factor = max(factor, max(attention, ffn));
  }
  TheoremRow row = theorem("3.2", "injective in the input, whatever the prompt");
  row.value = quantity(factor);
  if (!audit.config.norms_come_first()) {
    row.verdict = Verdict::not_applicable;
    row.why =
        "does not apply: a norm after each block forgets mean and length of every token, so no layer is "
        "injective "
        "on the ball";
    row.instead = fmt::format("what the blocks before the norms would need below 1 (worst: layer {}, {})",
                              worst, block);
    return row;
  }
  row.verdict = certainly_less(factor, FastInterval(1)) ? Verdict::proved : Verdict::unknown;
  row.why =
      row.applies()
          ? "every block moves its inputs apart (before the final norm)"
          : "not proved: the condition c < 1 and g < 1, with the norms' constants, fails by this factor";
  if (row.applies()) {
    row.proof = {proved_on_paper("3.2", "for blocks without norms it is proved in Coq",
                                 {"analysis.injectivity.injective_causal"})};
  }
  row.instead =
      fmt::format("largest constant of a block's map (must be below 1; worst: layer {}, {})", worst, block);
  return row;
}

TheoremRow lipschitz_row(const Audit& audit) {
  TheoremRow row = theorem("3.1", "Lipschitz constant");
  row.verdict = Verdict::computed;
  row.why =
      fmt::format("holds with the norms' own constants max|gain|/sqrt({}){}",
                  decimal(audit.config.norm_epsilon, 6, Direction::up),
                  !audit.config.rotary ? ""
                                       : "; rotary positions: ||W_K|| ||W_Q|| instead of ||A_h||; gated "
                                         "feed-forward: its own constant");
  row.instead = "normed outputs per prompt change, max-token Euclidean, at most";
  row.value = lipschitz_quantity(audit.norms);
  row.proof = {proved_on_paper("3.1", "for blocks without norms it is proved in Coq",
                               {"analysis.lipschitz_constants.lipschitz_constants"})};
  return row;
}

std::string architecture_of_scores(const ModelConfig& config) {
  std::string text = config.scaled ? fmt::format("scores are divided by sqrt({}), not by {}",
                                                 config.head_width, config.head_width)
                                   : fmt::format("scores are not divided by {}", config.head_width);
  if (config.rotary) text += "; rotary positions make A_h depend on the distance";
  return text;
}

FastInterval largest_B(const Audit& audit, bool prompt_only) {
  FastInterval largest(0);
  for (const auto& layer : audit.heads) {
    for (const AuditHead& head : layer) {
      if (!prompt_only) largest = max(largest, head.B_any);
      if (prompt_only && head.B_prompt) largest = max(largest, *head.B_prompt);
    }
  }
  return largest;
}

/// 4.1: the paper's scores are <q,k>/s; with <q,k>/sqrt(s) the same scores belong to entries s^{1/4} as
/// large.
TheoremRow threshold_row(const Audit& audit, bool prompt_only) {
  const FastInterval largest = largest_B(audit, prompt_only);
  const double s = static_cast<double>(audit.config.head_width);
  const FastInterval scale = audit.config.scaled ? sqrt(sqrt(FastInterval(s))) : sqrt(FastInterval(s));
  TheoremRow row = theorem(
      "4.1", prompt_only ? "entries of the prompt's queries, keys and values" : "entries for any token");
  row.verdict = Verdict::not_applicable;
  row.why =
      "does not apply as it stands: a statement about growing T, and " + architecture_of_scores(audit.config);
  row.instead = fmt::format(
      "B s^(1/{})/sqrt(ln T), B over all layers and heads in the paper's scaling (far below 1: easy; "
      "4.2 has the cost)",
      audit.config.scaled ? 4 : 2);
  row.value = Quantity(threshold_ratio(audit, largest * scale));
  return row;
}

/// 2.5 with the Lipschitz constant of 3.1 and the radius of the prompt's tokens.
Record memory_linear(const Audit& audit, const FastInterval& radius, Arguments& arguments) {
  const Interval Lambda = exp(audit.norms.log_lipschitz.upper_point());
  const auto R = argument(radius);
  if (!Lambda.is_finite() || !R) {
    return not_computed("memory-linear", "Lambda and R are finite",
                        R ? "no finite Lipschitz constant" : "the prompt's tokens have no finite radius");
  }
  if (Lambda.upper() <= 0 || radius.upper() <= 0) {
    return not_computed("memory-linear", "Lambda > 0 and R > 0",
                        radius.upper() <= 0
                            ? "every token of the prompt is 0, and so is its radius"
                            : "the Lipschitz constant is 0: outputs do not depend on a prompt");
  }
  arguments.set(parameters::Lambda.name, Lambda.upper());
  arguments.set(parameters::R.name, *R);
  return evaluate(find_bound("memory-linear"), arguments, digits);
}

void add_memory_rows(Audit& audit, const AuditQuestion& question, const Matrix<double>& prompt) {
  Arguments arguments;
  arguments.set(parameters::m.name, audit.prompt_length);
  arguments.set(parameters::w.name, audit.config.width);
  arguments.set(parameters::b.name, audit.prompt_bits);
  arguments.set(parameters::v.name, audit.config.vocabulary);
  arguments.set(parameters::Delta.name, question.Delta);
  arguments.set(parameters::eps.name, question.eps);
  const auto add = [&](TheoremRow row, Record record, std::string_view output) {
    row.verdict = record.verdict;
    if (record.is_applicable()) {
      row.value = record.output(output);
      if (row.proof.empty()) row.proof = {record.proof_of(output).of({output})};
    } else {
      row.proof = {};
      row.why = "does not apply: " + record.why;
    }
    audit.theorems.push_back(std::move(row));
    audit.records.push_back(std::move(record));
  };
  TheoremRow linear = theorem("2.5", "capacity of a prompt of this length");
  linear.why = fmt::format(
      "holds with 3.1's constant and the prompt's radius, for labels more than {} apart met within {}",
      question.Delta.str(), question.eps.str());
  linear.instead = "bits that prompts of this length and radius can hold, at most";
  // Coq's theorem is about the constant it is given.
  linear.proof = {proved_on_paper("3.1", "from this constant on it is proved in Coq",
                                  {"analysis.euclidean_form.memory_linear_euclidean"})};
  add(std::move(linear), memory_linear(audit, largest_token(prompt), arguments), "bits");

  TheoremRow saturation = theorem("2.6", "capacity saturates as the context grows");
  saturation.verdict = Verdict::not_applicable;
  saturation.why =
      audit.config.is_causal()
          ? "does not apply: the attention is causal, so a prompt is not an unordered set of tokens"
          : "does not apply: prompt tokens carry positions, so a prompt is not an unordered set of tokens";
  saturation.instead = "2.5 and 2.7 hold instead, linear in m: see their rows";
  audit.theorems.push_back(std::move(saturation));

  TheoremRow bits = theorem("2.7", "capacity of the stored numbers");
  bits.why = "holds for any model";
  bits.instead = fmt::format("bits that {} x {} entries of {} bits can hold, at most", audit.prompt_length,
                             audit.config.width, audit.prompt_bits);
  add(std::move(bits), evaluate(find_bound("memory-bits"), arguments, digits), "bits");

  TheoremRow length = theorem("2.7", "accessible length");
  length.why = "holds for any model";
  length.instead = fmt::format("longest l such that the prompt could choose among all {}^l continuations",
                               audit.config.vocabulary);
  add(std::move(length), evaluate(find_bound("accessible-length"), arguments, digits), "longest");
}

/// What proves the rows that apply, by what they say.
Proofs proofs_of_rows(const std::vector<TheoremRow>& rows) {
  std::vector<ProofStatus> proofs;
  for (const TheoremRow& row : rows) {
    for (const ProofStatus& proof : row.proof) proofs.push_back(proof.of({row.what}));
  }
  return proofs;
}

/// Within a window the model is the one without a window.
void check_window(const Audit& audit, const AuditQuestion& question) {
  const auto window = audit.config.window;
  if (!window || audit.T <= *window) return;
  throw InputError(
      fmt::format("{}: sliding_window is {}, shorter than the context of {} tokens (accepted: "
                  "--context up to {})",
                  question.model, *window, audit.T.str(), *window));
}

/// What the user vouches for, and every one of it for a member that was there and not known.
std::vector<Assumption> assumptions(const AuditQuestion& question, const std::vector<std::string>& of_model,
                                    const std::vector<std::string>& of_prompt) {
  std::vector<Assumption> result;
  const auto add = [&](const std::string& name, const std::vector<std::string>& members, const char* file) {
    if (std::find(members.begin(), members.end(), name) == members.end()) return false;
    result.push_back({fmt::format("the member {} of {} changes nothing", name, file), Status::assumed});
    return true;
  };
  for (const std::string& name : question.assumed_inert) {
    const bool is_of_model = add(name, of_model, "config.json");
    if (!add(name, of_prompt, "adapter_config.json") && !is_of_model) {
      throw InputError("--assume-inert " + name +
                       ": nothing is to be assumed of it (accepted: a member that is there and not known)");
    }
  }
  return result;
}

}  // namespace

Quantity quantity(const FastInterval& x) { return Quantity(Interval(x)); }

Quantity lipschitz_quantity(const ModelNorms& norms) {
  const Interval log10 = norms.log_lipschitz / interval_log10();
  if (certainly_less(Interval(21), log10)) return Magnitude{log10};
  return exp(norms.log_lipschitz);
}

Audit audit_model(const AuditQuestion& question) {
  const LanguageModel model(question.model, question.assumed_inert);
  Audit audit;
  audit.config = model.config();
  audit.T = question.context == 0 ? Integer(audit.config.positions) : question.context;
  Matrix<double> prompt(static_cast<Index>(audit.config.width), 0);
  std::vector<std::string> of_prompt;
  if (!question.prompt.empty()) {
    PromptAdapter adapter = read_prompt_adapter(question.prompt, audit.config, question.assumed_inert);
    audit.base_model = adapter.base_model;
    of_prompt = adapter.assumed_inert;
    audit.prompt_length = static_cast<std::size_t>(adapter.tokens.cols());
    audit.prompt_bits = 8 * static_cast<unsigned>(size_of(adapter.type));
    prompt = std::move(adapter.tokens);
  }
  const Integer least = std::max<Integer>(2, Integer(audit.prompt_length + 1));
  if (audit.T < least || audit.T > audit.config.positions) {
    throw InputError(fmt::format("--context: {} (accepted: {} to {}, the model's positions)", audit.T.str(),
                                 least.str(), audit.config.positions));
  }
  check_window(audit, question);
  audit.assumptions = assumptions(question, audit.config.assumed_inert, of_prompt);
  ModelSweep measured = sweep_layers(model, prompt, question.threads);
  audit.norms = std::move(measured.norms);
  audit.heads = audit_heads(audit, question, measured.prompt);

  audit.theorems.push_back(lipschitz_row(audit));
  audit.theorems.push_back(injectivity_row(audit));
  if (audit.prompt_length > 0) {
    audit.theorems.push_back(threshold_row(audit, true));
  }
  audit.theorems.push_back(threshold_row(audit, false));
  if (audit.prompt_length > 0) add_memory_rows(audit, question, prompt);
  add_local_rows(audit, question, model, prompt);
  for (Record& record : audit.records) {
    for (const Assumption& assumption : audit.assumptions) record.assumptions.push_back(assumption);
  }
  audit.verdict = measured.undecided.empty() ? Verdict::computed : Verdict::unknown;
  audit.why = measured.undecided;
  audit.proof = proofs_of_rows(audit.theorems);
  return audit;
}

}  // namespace promptbound
