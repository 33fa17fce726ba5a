#include <filesystem>

#include <promptbound/cli/drawn_sequences.hpp>
#include <promptbound/cli/models_file.hpp>
#include <promptbound/cli/shipped.hpp>
#include <promptbound/models/model_config.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

constexpr std::size_t most_drawn = 1000000;

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

std::vector<TokenSequence> draw_sequences(const std::string& model,
                                          const std::vector<std::string>& assumed_inert,
                                          const std::vector<std::size_t>& start, const Drawn& drawn) {
  if (drawn.count == 0 || drawn.count > most_drawn || drawn.length == 0 || drawn.length > most_drawn) {
    throw InputError("drawn: " + std::to_string(drawn.count) + " sequences of " +
                     std::to_string(drawn.length) + " tokens (accepted: 1 to " + std::to_string(most_drawn) +
                     " of both)");
  }
  const ModelConfig config = read_model_config(model + "/config.json", assumed_inert);
  return drawn_sequences(drawn.seed, drawn.count, drawn.length, config.vocabulary, start);
}

std::vector<std::string> published_of(const std::string& folder, const ModelConfig& config) {
  const std::filesystem::path path = std::filesystem::path(folder).lexically_normal();
  const std::string name = lower_case((path.has_filename() ? path : path.parent_path()).filename().string());
  std::vector<std::string> lines;
  for (const PublishedModel& model : read_models(shipped("published_models.csv").string())) {
    if (lower_case(model.model) != name || model.width != config.width ||
        model.vocabulary != config.vocabulary)
      continue;
    const auto line = [&](const std::optional<Rational>& value, const std::string& what) {
      if (value) lines.push_back("Published for " + model.model + ": " + what + " " + value->str() + ".");
    };
    line(model.gain_random, "output tokens of random texts that one trained vector stores (KAGDB25)");
    line(model.slope, "output tokens a prompt token (MMCT26)");
  }
  return lines;
}

}  // namespace promptbound
