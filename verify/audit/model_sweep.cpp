#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/audit/model_sweep.hpp>

namespace promptbound {
namespace {

constexpr long most_bits = 1L << 14;

}  // namespace

ModelSweep sweep_layers(const LanguageModel& model, const Matrix<double>& prompt) {
  const std::size_t layers = model.config().layers;
  const InputWeights input = model.input();
  NormCollector norms(model, input, prompt);
  long bits = 128 + 16 * static_cast<long>(layers);
  std::optional<PromptPass> pass;
  if (prompt.cols() > 0) pass.emplace(input, prompt, bits);
  for (std::size_t l = 0; l < layers; ++l) {
    const TrainedLayer layer = model.layer(l);
    norms.add(layer);
    if (pass) pass->add(layer, l + 1 == layers);
    tell_work(l + 1, layers);
  }
  while (pass && !pass->is_tight() && 2 * bits <= most_bits) {
    bits *= 2;
    pass.emplace(input, prompt, bits);
    for (std::size_t l = 0; l < layers && pass->is_determined(); ++l) {
      pass->add(model.layer(l), l + 1 == layers);
      tell_work(l + 1, layers);
    }
  }
  ModelSweep result{norms.take(), {}};
  if (pass) result.prompt = pass->heads();
  return result;
}

}  // namespace promptbound
