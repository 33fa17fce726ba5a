#include <promptbound/verify/structure/structure.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/structure/structure_proof.hpp>

namespace promptbound {
namespace {

/// What proves the parts that are there.
Proofs proofs(const StructureAnswer& answer, Mask mask, bool has_diameter) {
  const bool is_proved = answer.verdict == Verdict::proved;
  std::vector<std::string_view> parts = {"lipschitz", "R", "c", "g", "R_out"};
  if (!answer.ratios.empty()) parts.emplace_back("ratio");
  if (is_proved) parts.insert(parts.end(), {"verdict", "separation"});
  if (is_proved && answer.output_distance) parts.emplace_back("output_distance");
  if (answer.preimage) parts.emplace_back("preimage");
  return proofs_of(structure_proof(mask, has_diameter), parts);
}

}  // namespace

StructureAnswer structure_of(const Transformer<Rational>& model, const StructureQuestion& question) {
  if (question.distance && *question.distance < 0)
    throw InputError("distance: " + question.distance->str() + " (accepted: a number >= 0)");
  if (question.outputs && question.tokens.D)
    throw InputError("an input is enclosed in the ball of radius R: not together with a diameter D");
  std::vector<MapNorms> norms = map_norms(model);
  std::vector<LayerConstants> layers = lipschitz_constants(norms, question.tokens, model.mask);
  StructureAnswer answer{injectivity(layers, model.mask), std::move(norms), std::move(layers), {}, {}, {}};
  answer.lipschitz = lipschitz_constant(answer.layers);
  if (question.distance) answer.output_distance = *question.distance * answer.separation;
  if (question.outputs && answer.verdict == Verdict::proved) {
    answer.preimage =
        enclose_preimage(model, answer.layers, question.prompt, *question.outputs, question.digits);
  }
  answer.proof = proofs(answer, model.mask, question.tokens.D.has_value());
  return answer;
}

}  // namespace promptbound
