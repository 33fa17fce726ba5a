/// One sweep over the layers of a model: norms of its weights, and the pass of a prompt.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <promptbound/verify/audit/matrix_norms.hpp>
#include <promptbound/verify/audit/prompt_pass.hpp>

namespace promptbound {

struct ModelSweep {
  ModelNorms norms;
  /// What PromptPass::heads returns; empty without a prompt.
  std::vector<std::vector<PromptHead>> prompt;
  /// What the limit of the precision leaves undecided of the prompt's sizes: then their enclosures are wider
  /// than PromptPass::is_tight asks for. Empty where they are not.
  std::string undecided;
};

/// Norms of layers, by the layer's number; without R_out, as layer_norms returns them.
using KnownNorms = std::map<std::size_t, LayerMatrixNorms>;
/// What is told of a layer whose norms were computed.
using OnLayer = std::function<void(std::size_t layer, const LayerMatrixNorms& norms)>;

/// Returns the norms of one layer: those that a sweep finds. Throws InputError where the model has no such
/// layer, and as LanguageModel::layer.
[[nodiscard]] LayerMatrixNorms norms_of_layer(const LanguageModel& model, std::size_t layer);

/// Takes the prompt: d x m, or d x 0 without one; as many layers are held and worked on at a time as there
/// are threads. Each layer is read once, for all that is asked of it; the pass alone reads the layers again
/// where its enclosures need more bits, up to the limit of the precision. Norms that are known are not
/// computed, and without a prompt their layers are not read.
[[nodiscard]] ModelSweep sweep_layers(const LanguageModel& model, const Matrix<double>& prompt,
                                      int threads = 1, const KnownNorms& known = {},
                                      const OnLayer& on_layer = {});

}  // namespace promptbound
