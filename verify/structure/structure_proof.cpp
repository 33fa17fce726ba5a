#include <promptbound/verify/structure/structure_proof.hpp>

namespace promptbound {

Proofs structure_proof(Mask mask, bool has_diameter) {
  if (has_diameter) {
    return {
        proved_on_paper("3.1", "an attention map's constant where tokens have a diameter is proved in Coq",
                        {"analysis.lipschitz_constants.attention_diameter"})
            .of({"lipschitz", "R", "c", "g", "R_out"}),
        proved_on_paper("3.2").of({"verdict", "separation", "output_distance", "ratio"})};
  }
  const char* const norms = "given the bounds of the spectral norms, which are enclosed here";
  std::vector<std::string_view> injectivity = {"analysis.injectivity.injectivity_bidirectional",
                                               "analysis.injectivity.injective_bidirectional"};
  if (mask == Mask::causal) {
    injectivity = {"analysis.injectivity.injectivity_causal", "analysis.injectivity.injective_causal"};
  }
  return {proved_in_coq("3.1", {"analysis.lipschitz_constants.lipschitz_constants"}, norms)
              .of({"lipschitz", "R", "c", "g", "R_out"}),
          proved_in_coq("3.2", injectivity, norms).of({"verdict", "separation", "output_distance", "ratio"}),
          proved_on_paper("3.2", "that there is at most one is proved in Coq",
                          {"analysis.injectivity.injective_transformer"})
              .of({"preimage"})};
}

std::vector<ProvedForm> lipschitz_forms() {
  const std::vector<std::string_view> parts = {"lipschitz", "R", "c", "g", "R_out"};
  return {{"tokens in a ball", proofs_of(structure_proof(Mask::causal, false), parts)},
          {"tokens of a given diameter too", proofs_of(structure_proof(Mask::causal, true), parts)}};
}

std::vector<ProvedForm> injectivity_forms() {
  std::vector<ProvedForm> forms;
  for (const Mask mask : {Mask::bidirectional, Mask::causal}) {
    forms.push_back({mask == Mask::causal ? "causal mask" : "bidirectional",
                     proofs_of(structure_proof(mask, false),
                               {"verdict", "separation", "output_distance", "ratio", "preimage"})});
  }
  forms.push_back(
      {"tokens of a given diameter too", proofs_of(structure_proof(Mask::causal, true),
                                                   {"verdict", "separation", "output_distance", "ratio"})});
  return forms;
}

}  // namespace promptbound
