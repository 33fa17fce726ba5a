// The rows about a model, of rows.hpp.
#include <fmt/format.h>

#include <algorithm>

#include <promptbound/numeric/decimal.hpp>
#include <promptbound/verify/audit/rows.hpp>

namespace promptbound {
namespace {

/// A map F of Z + F(Z), its constant with that of the norm before it.
struct BlockMap {
  const char* name;
  FastInterval constant;
  bool mixes_tokens;
};

std::vector<BlockMap> block_maps(const ModelConfig& config, const LayerMatrixNorms& layer) {
  if (config.norm_place == NormPlace::after) {
    return {{"attention", layer.c, true}, {"feed-forward", layer.g, false}};
  }
  const FastInterval attention = layer.norm_1 * layer.c, ffn = layer.norm_2 * layer.g;
  if (config.norm_place == NormPlace::parallel) return {{"both blocks", attention + ffn, true}};
  return {{"attention", attention, true}, {"feed-forward", ffn, false}};
}

/// Theory 3.2 for attention that sees the prompt and the input both ways: the prompt's change stays behind
/// the input's, as a ratio rho, through all blocks.
bool prompt_stays_behind(const Audit& audit) {
  const FastInterval one(1);
  FastInterval rho(0);
  for (const LayerMatrixNorms& layer : audit.norms.layers) {
    for (const BlockMap& map : block_maps(audit.config, layer)) {
      const FastInterval moved = map.mixes_tokens ? map.constant * max(rho, one) : map.constant;
      if (!certainly_less(moved, one)) return false;
      rho = (map.mixes_tokens ? rho + moved : rho * (one + moved)) / (one - moved);
    }
  }
  return true;
}

/// Theory 3.2 on Z + F(N(Z)): the map F after N has constant (norm)(c or g), which must be below 1
/// everywhere.
TheoremRow injectivity_row(const Audit& audit) {
  FastInterval factor(0);
  std::size_t worst = 0;
  const char* block = "attention";
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    for (const BlockMap& map : block_maps(audit.config, audit.norms.layers[l])) {
      if (map.constant.upper() > factor.upper()) {
        worst = l;
        block = map.name;
      }
      factor = max(factor, map.constant);
    }
  }
  TheoremRow row = theorem_row("3.2", "injective in the input, whatever the prompt");
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
  const bool is_small = certainly_less(factor, FastInterval(1));
  const bool is_proved = is_small && (audit.config.is_causal() || prompt_stays_behind(audit));
  row.verdict = is_proved ? Verdict::proved : Verdict::unknown;
  if (is_proved) {
    row.why = "every block moves its inputs apart (before the final norm)";
    row.proof = {
        proved_on_paper("3.2", "for blocks without norms it is proved in Coq",
                        {audit.config.is_causal() ? "analysis.injectivity.injective_causal"
                                                  : "analysis.injectivity.injective_bidirectional"})};
  } else if (is_small) {
    row.why = "not proved: attention is bidirectional, and its condition on the prompt's own changes fails";
  } else {
    row.why = "not proved: the condition c < 1 and g < 1, with the norms' constants, fails by this factor";
  }
  row.instead =
      fmt::format("largest constant of a block's map (must be below 1; worst: layer {}, {})", worst, block);
  return row;
}

TheoremRow lipschitz_row(const Audit& audit) {
  const ModelConfig& config = audit.config;
  TheoremRow row = theorem_row("3.1", "Lipschitz constant");
  row.verdict = Verdict::computed;
  row.why = fmt::format("holds with the norms' own constants max|gain|/sqrt({})",
                        decimal(config.norm_epsilon, 6, Direction::up));
  if (config.head_norms) {
    row.why += "; norms on queries and keys: scores by their Lipschitz constants";
  } else if (config.rotary) {
    row.why += "; rotary positions: ||W_K|| ||W_Q|| instead of ||A_h||";
  }
  if (config.norm_place == NormPlace::parallel) row.why += "; parallel blocks: 1 + c + g";
  if (config.gated) row.why += "; gated feed-forward: its own constant";
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
  if (config.head_norms) {
    text += "; norms on queries and keys make them no bilinear form";
  } else if (config.rotary) {
    text += "; rotary positions make A_h depend on the distance";
  }
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
  TheoremRow row = theorem_row(
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

}  // namespace

TheoremRow theorem_row(std::string_view theory, std::string_view what) {
  TheoremRow row;
  row.theory = theory;
  row.what = what;
  return row;
}

std::optional<Argument> finite_argument(const FastInterval& upper) {
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

Interval threshold_ratio(const Audit& audit, const FastInterval& B) {
  return Interval(B) / sqrt(log(Interval(audit.T)));
}

void add_model_rows(Audit& audit) {
  audit.theorems.push_back(lipschitz_row(audit));
  audit.theorems.push_back(injectivity_row(audit));
  if (audit.prompt_length > 0) audit.theorems.push_back(threshold_row(audit, true));
  audit.theorems.push_back(threshold_row(audit, false));
}

}  // namespace promptbound
