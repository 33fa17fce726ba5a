#include <fmt/format.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/audit.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

constexpr long digits = 12;  // the enclosures that enter have no more

/// An upper end as an argument of a bound; nothing when it is infinite or 0.
std::optional<Argument> argument(const FastInterval& upper) {
  if (!std::isfinite(upper.upper()) || upper.upper() <= 0) return std::nullopt;
  return Argument{Number(Rational(upper.upper())), ""};
}
Argument argument(const Rational& value) { return {Number(value), ""}; }
Argument argument(std::size_t count) { return {Number(Rational(count)), ""}; }

Record not_computed(std::string_view id, const std::string& why) {
  const Bound& bound = find_bound(id);
  Record record;
  record.id = bound.id;
  record.kind = bound.kind;
  record.theory = bound.theory;
  record.source = bound.source;
  record.not_applicable("the number that enters is finite and > 0", why);
  return record;
}

/// B/sqrt(ln T) (4.1).
Interval threshold_ratio(const Audit& audit, const FastInterval& B) {
  return Interval(B) / sqrt(log(Interval(audit.T)));
}

PolynomialRow polynomial(const Audit& audit, const AuditQuestion& question, const FastInterval& S) {
  const auto bound = argument(S);
  if (!bound) return {S, not_computed("polynomial-degree", "no finite bound on the scores above 0")};
  Arguments arguments;
  arguments.set(parameters::S.name, *bound);
  arguments.set(parameters::T.name, argument(Rational(audit.T)));
  arguments.set(parameters::d.name, argument(audit.config.head_width));
  arguments.set(parameters::eta.name, argument(question.eta));
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

/// Theory 3.2 on Z + F(N(Z)): the map F after N has constant (norm)(c or g), which must be below 1
/// everywhere.
TheoremRow injectivity_row(const Audit& audit) {
  FastInterval factor(0);
  std::size_t worst = 0;
  const char* block = "attention";
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    const LayerNormsOfModel& layer = audit.norms.layers[l];
    const FastInterval attention = audit.config.norms_come_first() ? layer.norm_1 * layer.c : layer.c;
    const FastInterval ffn = audit.config.norms_come_first() ? layer.norm_2 * layer.g : layer.g;
    if (max(attention, ffn).upper() > factor.upper()) {
      worst = l;
      block = attention.upper() >= ffn.upper() ? "attention" : "feed-forward";
    }
    factor = max(factor, max(attention, ffn));
  }
  TheoremRow row{"3.2", "injective in the input, whatever the prompt", false, "", "", quantity(factor)};
  if (!audit.config.norms_come_first()) {
    row.why =
        "does not apply: a norm after each block forgets mean and length of every token, so no layer is "
        "injective "
        "on the ball";
    row.instead = fmt::format("what the blocks before the norms would need below 1 (worst: layer {}, {})",
                              worst, block);
    return row;
  }
  row.applies = certainly_less(factor, FastInterval(1));
  row.why =
      row.applies
          ? "every block moves its inputs apart (before the final norm)"
          : "not proved: the condition c < 1 and g < 1, with the norms' constants, fails by this factor";
  row.instead =
      fmt::format("largest constant of a block's map (must be below 1; worst: layer {}, {})", worst, block);
  return row;
}

std::string architecture_of_scores(const ModelConfig& config) {
  std::string text = config.scaled ? fmt::format("scores are divided by sqrt({}), not by {}",
                                                 config.head_width, config.head_width)
                                   : fmt::format("scores are not divided by {}", config.head_width);
  if (config.rotary_base != 0) text += "; rotary positions make A_h depend on the distance";
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
  return {
      "4.1",
      prompt_only ? "entries of the prompt's queries, keys and values" : "entries for any token",
      false,
      "does not apply as it stands: a statement about growing T, and " + architecture_of_scores(audit.config),
      fmt::format(
          "B s^(1/{})/sqrt(ln T), B over all layers and heads in the paper's scaling (far below 1: easy; "
          "4.2 has the cost)",
          audit.config.scaled ? 4 : 2),
      Quantity(threshold_ratio(audit, largest * scale))};
}

void add_memory_rows(Audit& audit, const AuditQuestion& question, const Matrix<double>& prompt) {
  Arguments arguments;
  arguments.set(parameters::m.name, argument(audit.prompt_length));
  arguments.set(parameters::w.name, argument(audit.config.width));
  arguments.set(parameters::b.name, argument(std::size_t{audit.prompt_bits}));
  arguments.set(parameters::v.name, argument(audit.config.vocabulary));
  arguments.set(parameters::Delta.name, argument(question.Delta));
  arguments.set(parameters::eps.name, argument(question.eps));
  const auto add = [&](TheoremRow row, Record record, std::string_view output) {
    if (record.applicable) {
      row.value = record.output(output);
    } else {
      row.applies = false;
      row.why = "does not apply: " + record.reason;
    }
    audit.theorems.push_back(std::move(row));
    audit.records.push_back(std::move(record));
  };
  const auto Lambda = argument(audit.norms.lipschitz);
  const auto R = argument(largest_token(prompt));
  Record linear = not_computed("memory-linear", "no finite Lipschitz constant or radius above 0");
  if (Lambda && R) {
    arguments.set(parameters::Lambda.name, *Lambda);
    arguments.set(parameters::R.name, *R);
    linear = evaluate(find_bound("memory-linear"), arguments, digits);
  }
  add({"2.5", "capacity of a prompt of this length", true,
       fmt::format(
           "holds with 3.1's constant and the prompt's radius, for labels more than {} apart met within {}",
           question.Delta.str(), question.eps.str()),
       "bits that prompts of this length and radius can hold, at most", Quantity(std::string("-"))},
      std::move(linear), "bits");
  audit.theorems.push_back(
      {"2.6", "capacity saturates as the context grows", false,
       audit.config.is_causal()
           ? "does not apply: the attention is causal, so a prompt is not an unordered set of tokens"
           : "does not apply: prompt tokens carry positions, so a prompt is not an unordered set of tokens",
       "2.5 and 2.7 hold instead, linear in m: see their rows", Quantity(std::string("-"))});
  add({"2.7", "capacity of the stored numbers", true, "holds for any model",
       fmt::format("bits that {} x {} entries of {} bits can hold, at most", audit.prompt_length,
                   audit.config.width, audit.prompt_bits),
       Quantity(std::string("-"))},
      evaluate(find_bound("memory-bits"), arguments, digits), "bits");
  add({"2.7", "accessible length", true, "holds for any model",
       fmt::format("longest l such that the prompt could choose among all {}^l continuations",
                   audit.config.vocabulary),
       Quantity(std::string("-"))},
      evaluate(find_bound("accessible-length"), arguments, digits), "longest");
}

}  // namespace

Quantity quantity(const FastInterval& x) { return Quantity(Interval(x)); }

Audit audit_model(const AuditQuestion& question) {
  const LanguageModel model(question.model);
  Audit audit;
  audit.config = model.config();
  audit.T = question.context == 0 ? Integer(audit.config.positions) : question.context;
  Matrix<double> prompt(static_cast<Index>(audit.config.width), 0);
  if (!question.prompt.empty()) {
    PromptAdapter adapter = read_prompt_adapter(question.prompt, audit.config);
    audit.prompt_length = static_cast<std::size_t>(adapter.tokens.cols());
    audit.prompt_bits = 8 * static_cast<unsigned>(size_of(adapter.type));
    prompt = std::move(adapter.tokens);
  }
  const Integer least = std::max<Integer>(2, Integer(audit.prompt_length + 1));
  if (audit.T < least || audit.T > audit.config.positions) {
    throw InputError(fmt::format("--context: {} (accepted: {} to {}, the model's positions)", audit.T.str(),
                                 least.str(), audit.config.positions));
  }
  audit.norms = model_norms(model, prompt);
  std::vector<std::vector<PromptHead>> pass;
  if (audit.prompt_length > 0) pass = prompt_pass(model, prompt);
  audit.heads = audit_heads(audit, question, pass);

  audit.theorems.push_back({"3.1", "Lipschitz constant", true,
                            fmt::format("holds with the norms' own constants max|gain|/sqrt({}){}",
                                        decimal(audit.config.norm_epsilon, 6, Direction::up),
                                        audit.config.rotary_base == 0
                                            ? ""
                                            : "; rotary positions: ||W_K|| ||W_Q|| instead of ||A_h||; gated "
                                              "feed-forward: its own constant"),
                            "normed outputs per prompt change, max-token Euclidean, at most",
                            quantity(audit.norms.lipschitz)});
  audit.theorems.push_back(injectivity_row(audit));
  if (audit.prompt_length > 0) {
    audit.theorems.push_back(threshold_row(audit, true));
  }
  audit.theorems.push_back(threshold_row(audit, false));
  if (audit.prompt_length > 0) add_memory_rows(audit, question, prompt);
  return audit;
}

}  // namespace promptbound
