#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/audit/model_sweep.hpp>

namespace promptbound {
namespace {

PromptPass whole_pass(const LanguageModel& model, const InputWeights& input, const Matrix<double>& prompt) {
  PromptPass pass(input, prompt, working_precision());
  const std::size_t layers = model.config().layers;
  for (std::size_t l = 0; l < layers && pass.is_determined(); ++l) {
    pass.add(model.layer(l), l + 1 == layers);
    tell_work(l + 1, layers);
  }
  return pass;
}

}  // namespace

ModelSweep sweep_layers(const LanguageModel& model, const Matrix<double>& prompt) {
  const std::size_t layers = model.config().layers;
  const long first_bits = std::min(128 + 16 * static_cast<long>(layers), precision_limit());
  const InputWeights input = model.input();
  MatrixNormCollector norms(model, input, prompt);
  std::optional<PromptPass> pass;
  if (prompt.cols() > 0) pass.emplace(input, prompt, first_bits);
  for (std::size_t l = 0; l < layers; ++l) {
    const TrainedLayer layer = model.layer(l);
    norms.add(layer);
    if (pass) pass->add(layer, l + 1 == layers);
    tell_work(l + 1, layers);
  }
  ModelSweep result{norms.take(), {}, {}};
  if (!pass) return result;
  try {
    // The first attempt was made beside the norms.
    (void)at_rising_precision("the size of the prompt's queries, keys and values", first_bits, [&] {
      if (working_precision() > first_bits) pass = whole_pass(model, input, prompt);
      return pass->is_tight() ? std::optional(true) : std::nullopt;
    });
  } catch (const Undecided& undecided) {
    result.undecided = undecided.what();
  }
  result.prompt = pass->heads();
  return result;
}

}  // namespace promptbound
