#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/audit/model_sweep.hpp>

namespace promptbound {
namespace {

PromptPass whole_pass(const LanguageModel& model, const InputWeights& input, const Matrix<double>& prompt,
                      long bits) {
  PromptPass pass(input, prompt, bits);
  const std::size_t layers = model.config().layers;
  for (std::size_t l = 0; l < layers && pass.is_determined(); ++l) {
    pass.add(model.layer(l), l + 1 == layers);
    tell_work(l + 1, layers);
  }
  return pass;
}

/// The norm whose output enters a layer behind the first, in a model that norms after its blocks.
NormWeights last_norm_before(const LanguageModel& model, std::size_t layer) {
  return model.layer(layer - 1).norm_2;
}

}  // namespace

LayerMatrixNorms norms_of_layer(const LanguageModel& model, std::size_t layer) {
  const ModelConfig& config = model.config();
  if (layer >= config.layers) {
    throw InputError("layer: " + std::to_string(layer) + " (accepted: 0 to " +
                     std::to_string(config.layers - 1) + ")");
  }
  std::optional<NormWeights> entering;
  if (!config.norms_come_first()) entering = layer == 0 ? model.input().norm : last_norm_before(model, layer);
  return layer_norms(config, model.layer(layer), entering);
}

ModelSweep sweep_layers(const LanguageModel& model, const Matrix<double>& prompt, int threads,
                        const KnownNorms& known, const OnLayer& on_layer) {
  const std::size_t layers = model.config().layers;
  const long first_bits = std::min(128 + 16 * static_cast<long>(layers), precision_limit());
  const InputWeights input = model.input();
  MatrixNormCollector norms(model, input, prompt);
  std::optional<PromptPass> pass;
  if (prompt.cols() > 0) pass.emplace(input, prompt, first_bits);
  std::optional<NormWeights> entering = norms.entering();
  std::size_t entered = 0;  // the layer that it enters
  oneapi::tbb::task_arena arena(threads);
  const std::size_t at_once = static_cast<std::size_t>(threads);
  for (std::size_t first = 0; first < layers; first += at_once) {
    const std::size_t count = std::min(at_once, layers - first);
    std::vector<TrainedLayer> held(count);
    std::vector<LayerMatrixNorms> of_layers(count);
    std::vector<std::optional<NormWeights>> before(count);
    // The pass of the prompt through these layers is one more piece of work beside them.
    const auto piece = [&](std::size_t i) {
      if (i < count) {
        if (!known.contains(first + i)) of_layers[i] = layer_norms(model.config(), held[i], before[i]);
      } else if (pass) {
        for (std::size_t l = first; l < first + count; ++l) pass->add(held[l - first], l + 1 == layers);
      }
    };
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t l = first + i;
      if (!pass && known.contains(l)) continue;
      held[i] = model.layer(l);
      if (!entering) continue;
      if (entered != l) entering = last_norm_before(model, l);
      before[i] = entering;
      entering = held[i].norm_2;
      entered = l + 1;
    }
    arena.execute([&] {
      oneapi::tbb::parallel_for(std::size_t{0}, count + 1, [&](std::size_t i) { piece(count - i); });
    });
    for (std::size_t i = 0; i < count; ++i) {
      const auto found = known.find(first + i);
      if (found != known.end()) {
        norms.add(found->second);
        continue;
      }
      if (on_layer) on_layer(first + i, of_layers[i]);
      norms.add(std::move(of_layers[i]));
    }
    tell_work(first + count, layers);
  }
  ModelSweep result{norms.take(), {}, {}};
  if (!pass) return result;
  try {
    // The first attempt was made beside the norms.
    (void)at_rising_precision("the size of the prompt's queries, keys and values", first_bits, [&] {
      if (working_precision() > first_bits) {
        arena.execute([&, bits = working_precision()] { pass = whole_pass(model, input, prompt, bits); });
      }
      return pass->is_tight() ? std::optional(true) : std::nullopt;
    });
  } catch (const Undecided& undecided) {
    result.undecided = undecided.what();
  }
  result.prompt = pass->heads();
  return result;
}

}  // namespace promptbound
