/// What is certified of the structure of a model: constants, injectivity, the input of an output (theory 3.1
/// and 3.2).
#pragma once

#include <promptbound/verify/structure/injectivity.hpp>
#include <promptbound/verify/structure/preimage.hpp>

namespace promptbound {

/// Proved or unknown: the injectivity, with everything else that is known beside it.
struct StructureAnswer : Injectivity {
  std::vector<MapNorms> norms;  ///< of the maps, by layer
  std::vector<LayerConstants> layers;
  Rational lipschitz;  ///< of the whole model, at most
  std::optional<Rational>
      output_distance;               ///< of two outputs, at least, where a distance of inputs was given
  std::optional<Preimage> preimage;  ///< where it was asked for
};

/// What may be asked beside the constants of a model.
struct StructureQuestion {
  TokenSet tokens;                          ///< of prompts and inputs
  std::optional<Rational> distance;         ///< max-token distance of two inputs
  std::optional<Matrix<Rational>> outputs;  ///< whose input is enclosed; only where the model is injective on
                                            ///< the ball, so not together with tokens.D
  Matrix<Rational> prompt = {};             ///< before these outputs
  long digits = 40;                         ///< of the input's entries
};

/// Returns what is certified for these tokens. Throws InputError for a negative R, D or distance, for outputs
/// together with D, and as enclose_preimage does. Example: structure_of(instance.model, {.tokens = {.R =
/// 1}}).separation
/// @code
/// #include <promptbound/models/instance_safetensors.hpp>
/// StructureQuestion question;
/// question.tokens.R = 1;
/// const StructureAnswer answer = structure_of(read_instance("model.json").model, question);
/// if (answer.verdict == Verdict::proved) std::puts(answer.separation.str().c_str());
/// @endcode
[[nodiscard]] StructureAnswer structure_of(const Transformer<Rational>& model,
                                           const StructureQuestion& question);

}  // namespace promptbound
