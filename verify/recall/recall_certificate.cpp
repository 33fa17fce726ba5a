#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/language_model.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/file_hashes.hpp>
#include <promptbound/verify/recall/interval_pass.hpp>
#include <promptbound/verify/recall/recall_certificate.hpp>

namespace promptbound {
namespace {

constexpr long digits = 12;

Json position_json(const PositionRecall& position) {
  if (position.verdict == Verdict::proved) {
    return {{"margin", decimal(Rational(position.margin.lower()), digits, Direction::down)}};
  }
  return {{"rival", position.rival}};
}

}  // namespace

bool is_decided(const Recall& recall) {
  return std::all_of(recall.sequences.begin(), recall.sequences.end(),
                     [](const SequenceRecall& one) { return one.is_decided(); });
}

void require_certifiable(const RecallQuestion& question) {
  constexpr std::array types = {"gpt2", "llama", "mistral", "qwen2"};
  const std::string type = read_configuration(question.model, question.assumed_inert).type;
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    throw InputError("certificate: " + question.model + ": the checker evaluates no model of type " + type +
                     " (accepted: gpt2, llama, mistral, qwen2)");
  }
  for (const std::string& folder : question.prompts) {
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::path(folder) / "adapter_model.safetensors", ignored)) {
      throw InputError("certificate: " + folder +
                       ": the checker reads prompts from adapter_model.safetensors alone, and none is there");
    }
  }
}

Json recall_certificate(const RecallQuestion& question, const Recall& recall) {
  require_certifiable(question);
  if (!is_decided(recall)) {
    throw InputError("certificate: a position is undecided (accepted: answers without unknown)");
  }
  Json sequences = Json::array();
  for (const SequenceRecall& one : recall.sequences) {
    const TokenSequence& asked = question.sequences[one.sequence];
    Json positions = Json::array();
    for (const PositionRecall& position : one.positions) {
      positions.push_back(position_json(position));
    }
    const FastInterval bits = one.bits();
    if (!bits.is_finite()) throw InputError("certificate: a text's cross-entropy is not enclosed");
    sequences.push_back({{"prompt", question.prompts.empty() ? Json() : Json(one.prompt)},
                         {"start", asked.start},
                         {"tokens", asked.tokens},
                         {"positions", std::move(positions)},
                         {"bits",
                          {{"lower", decimal(Rational(bits.lower()), digits, Direction::down)},
                           {"upper", decimal(Rational(bits.upper()), digits, Direction::up)}}}});
  }
  Json prompts = Json::array();
  for (const std::string& folder : question.prompts) {
    prompts.push_back(file_hashes(folder, "adapter_config.json", "adapter_model.safetensors"));
  }
  Json certificate = {
      {"schema", 1},
      {"kind", "recall"},
      {"theorem", "3.5"},
      {"bits", std::max(first_interval_bits(recall.layers), recall.interval_bits)},
      {"inputs",
       {{"model", file_hashes(question.model, "config.json", "model.safetensors")},
        {"prompts", std::move(prompts)}}},
      {"assumed_inert", question.assumed_inert},
      {"prompt_as", question.prompt_as ? Json(std::string(name(*question.prompt_as))) : Json()},
      {"sequences", std::move(sequences)}};
  seal(certificate);
  return certificate;
}

}  // namespace promptbound
