// Recall: certified greedy decoding of soft prompts.
#include <array>

#include <pybind11/stl.h>

#include <promptbound/cli/render/recall.hpp>
#include <promptbound/models/model_config.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/recall/recall_certificate.hpp>

#include <nlohmann/json.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// The command's JSON and, where it is asked for, the certificate's text.
struct RecallTexts {
  std::string answer;
  std::optional<std::string> certificate;
};

using Ids = std::vector<std::size_t>;

/// drawn: seed, count and length; then `sequences` holds one pair, of the start and no tokens.
py::tuple recall(const std::string& model, const std::vector<std::string>& prompts,
                 const std::vector<std::pair<Ids, Ids>>& sequences,
                 const std::optional<std::array<std::size_t, 3>>& drawn_as, bool paired,
                 const std::optional<std::string>& prompt_as, bool binary32, py::handle radius,
                 bool largest_radius, bool certify, const std::vector<std::string>& assume_inert, long digits,
                 int threads) {
  RecallQuestion question;
  question.model = model;
  question.prompts = prompts;
  std::optional<Drawn> drawn;
  if (drawn_as) {
    drawn = Drawn{(*drawn_as)[0], (*drawn_as)[1], (*drawn_as)[2]};
    const std::size_t vocabulary = read_model_config(model + "/config.json", assume_inert).vocabulary;
    question.sequences =
        drawn_sequences(drawn->seed, drawn->count, drawn->length, vocabulary, sequences.front().first);
  } else {
    for (const auto& [start, tokens] : sequences) {
      if (tokens.empty()) throw InputError("tokens: an empty sequence (accepted: at least one token)");
      question.sequences.push_back({start, tokens});
    }
  }
  if (question.sequences.empty()) throw InputError("tokens: no sequence (accepted: at least one)");
  question.paired = paired;
  if (prompt_as) {
    question.prompt_as = prompt_format(*prompt_as);
    if (!question.prompt_as)
      throw InputError("prompt_as: '" + *prompt_as + "' (accepted: f16, bf16, f8e4m3, int8)");
  }
  question.binary32 = binary32;
  if (!radius.is_none()) {
    const Rational value = rational_of(radius, "radius");
    if (value <= 0 || value > Rational(Integer(1) << 40)) {
      throw InputError("radius: '" + value.str() + "' (accepted: a number > 0)");
    }
    question.radius = FastInterval(value).upper();
  }
  question.largest_radius = largest_radius;
  question.assumed_inert = assume_inert;
  if (threads < 1) throw InputError("threads: " + std::to_string(threads) + " (accepted: a number >= 1)");
  question.threads = threads;
  if (certify) require_certifiable(question);
  const RecallTexts texts = interruptible([=](Running&) {
    const Recall answer = recall_sequences(question);
    RecallTexts made{recall_json(question, answer, drawn, digits), std::nullopt};
    if (certify) made.certificate = recall_certificate(question, answer).dump(1) + "\n";
    return made;
  });
  return py::make_tuple(texts.answer, texts.certificate);
}

}  // namespace

void add_recall(py::module_& module) { module.def("recall", recall); }

}  // namespace promptbound::python
