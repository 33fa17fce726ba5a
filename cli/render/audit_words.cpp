// The words of audit.hpp.
#include <fmt/format.h>

#include <algorithm>

#include <promptbound/cli/render/audit.hpp>

namespace promptbound {
namespace {

const TheoremRow* row(const Audit& audit, std::string_view what) {
  const auto found = std::find_if(audit.theorems.begin(), audit.theorems.end(),
                                  [&](const TheoremRow& one) { return one.what == what && one.applies(); });
  return found == audit.theorems.end() ? nullptr : &*found;
}

std::string upper_end(const Quantity& value) {
  const std::string upper = value.upper(4);
  return upper.empty() ? readable(value, 4) : upper;
}

}  // namespace

std::vector<std::string> traits(const ModelConfig& config) {
  std::vector<std::string> result = {config.is_causal() ? "causal: a token sees itself and those before it"
                                                        : "bidirectional: every token sees all tokens"};
  if (config.window) {
    result.push_back(
        fmt::format("a sliding window of {} tokens, which the context does not exceed", *config.window));
  }
  const std::string kind = config.norm_kind == NormKind::rms ? "RMS norms" : "norms";
  switch (config.norm_place) {
    case NormPlace::before:
      result.push_back(kind + " before the blocks");
      break;
    case NormPlace::after:
      result.push_back(kind + " after the blocks");
      break;
    case NormPlace::parallel:
      result.push_back(kind + " before the blocks, attention and feed-forward block side by side");
  }
  if (config.gain_from_one) result.emplace_back("gains 1 + w");
  if (config.head_norms) result.emplace_back("norms on the queries and keys of each head");
  if (config.family == Family::t5) result.emplace_back("the encoder alone");
  if (config.relative_buckets > 0) {
    result.push_back(
        fmt::format("biases of scores in {} buckets of distances; 4.1 and 4.2 are about the heads "
                    "without them",
                    config.relative_buckets));
  } else if (!config.rotary) {
    result.emplace_back("learned positions");
  } else {
    const std::string part = config.rotary->entries ? fmt::format(" on {} of {} entries",
                                                                  *config.rotary->entries, config.head_width)
                                                    : "";
    constexpr const char* scalings[] = {"", ", linear scaling", ", llama3 scaling"};
    result.push_back("rotary positions" + part + scalings[config.rotary->scaling.index()]);
  }
  if (config.scaled_embeddings) {
    result.emplace_back("tokens times sqrt(d), rounded to the embeddings' type, those of prompts too");
  }
  if (config.gated) result.emplace_back("a gated feed-forward block");
  return result;
}

std::vector<std::string> audit_words(const Audit& audit) {
  std::vector<std::string> words;
  const TheoremRow* stored = row(audit, "capacity of the stored numbers");
  const TheoremRow* length = row(audit, "accessible length");
  const TheoremRow* linear = row(audit, "capacity of a prompt of this length");
  const TheoremRow* lipschitz = row(audit, "Lipschitz constant");
  const TheoremRow* local = row(audit, "Lipschitz constant near this prompt, on these texts");
  if (audit.verdict == Verdict::unknown)
    words.push_back(
        fmt::format("unknown: {} (--most-bits N admits more); enclosures of what the prompt alone "
                    "determines are wide, and hold all the same.",
                    audit.why));
  if (!audit.adapter) {
    words.emplace_back("No prompt was given: what follows is about the model and any prompt.");
  }
  if (stored != nullptr && length != nullptr) {
    const std::string who = audit.prompt_length > 0
                                ? fmt::format("The {} tokens of this prompt store", audit.prompt_length)
                                : fmt::format("The {} numbers of this adapter ({}) store",
                                              audit.adapter->numbers, audit.adapter->kind);
    words.push_back(
        fmt::format("{} {} bits: however it was trained, it cannot choose freely among all texts of "
                    "more than {} tokens (2.7).",
                    who, upper_end(stored->value), upper_end(length->value)));
  }
  if (audit.adapter && audit.prompt_length == 0) {
    words.emplace_back(
        "What is said of the model, of tokens and of prompts is said of the model without the adapter.");
  }
  if (stored != nullptr && linear != nullptr) {
    const bool is_less = certainly_less_equal(linear->value, stored->value);
    words.push_back(fmt::format(
        "From how far the model's outputs can move with the prompt, it holds at most {} bits (2.5): {}.",
        upper_end(linear->value),
        is_less ? "less than it stores" : "no more is said by this than by what it stores"));
  }
  if (lipschitz != nullptr) {
    words.push_back(fmt::format(
        "A change of {} prompt by r moves the outputs by at most {} r, for any input and prompt (3.1).",
        audit.adapter && audit.prompt_length == 0 ? "a" : "the", upper_end(lipschitz->value)));
  }
  if (local != nullptr) {
    words.push_back(
        fmt::format("Near this prompt, on the texts given, a change of the prompt by r moves the outputs by "
                    "at most {} r (3.4).",
                    upper_end(local->value)));
  }
  return words;
}

}  // namespace promptbound
