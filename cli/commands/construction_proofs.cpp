#include <promptbound/cli/commands/construction_proofs.hpp>

namespace promptbound {

std::vector<ProofStatus> construction_proof(std::string_view id) {
  if (id == "layer") return {computed("of the prompt at hand")};
  if (id == "least-length-prompt") {
    return {proved_on_paper("2.2").of({"least_tokens"}), computed("of the prompt at hand")};
  }
  if (id == "compressed-prompt") {
    return {proved_in_coq("2.2", {"analysis.shared_query.compression_output"},
                          "before the tokens are rounded to rationals")
                .of({"tokens"}),
            computed("of the prompts at hand")};
  }
  if (id == "universal-transformer") {
    return {proved_in_coq("5.1", {"analysis.every_alpha.universal_prompting_alpha"}).of({"error_off_ramps"}),
            proved_on_paper("5.1")};
  }
  if (id == "softmax-universal") return {proved_on_paper("5.1")};
  if (id == "lookup-transformer") {
    return {
        proved_in_coq("5.2", {"analysis.every_alpha.lookup_transformer_error_alpha"}).of({"error_x_form"}),
        proved_on_paper("5.2")};
  }
  if (id == "memorization-prompt") return {proved_on_paper("5.3")};
  if (id == "impossible-pair") {
    return {proved_on_paper("5.4", "that what has no S_P fits no prompt is proved in Coq",
                            {"analysis.shared_query.shared_query_impossible"})};
  }
  if (id == "prompt-versus-lora") {
    return {proved_in_coq("5.5", {"algebra.prompt_versus_lora.prompt_versus_lora"})
                .of({"prompt_tokens", "prompt_numbers"}),
            proved_in_coq("5.5", {"algebra.prompt_versus_lora.update_rank_one"}).of({"update_numbers"})};
  }
  if (id == "selective-shift") return {proved_on_paper("5.6")};
  if (id == "hardness-instance") {
    return {proved_in_coq("4.3", {"analysis.hardness_instance.hardness_instance_near",
                                  "analysis.hardness_instance.hardness_instance_far"})};
  }
  if (id == "separated-prompts") return {proved_on_paper("5.8")};
  if (id == "packed-lookup") {
    return {
        proved_on_paper("5.9", "its parts are proved in Coq: path, shifts, look-up, digits, weighting, error",
                        {"algebra.reflected_path.reflected_path", "algebra.good_shift.shift_weights",
                         "analysis.packed_attention.packed_read", "algebra.digit_extraction.digits_read_back",
                         "algebra.exact_product.product_units_exact", "algebra.packed_upper.packed_error"})};
  }
  if (id == "packed-memory-network") {
    return {proved_on_paper(
        "5.10", "its parts are proved in Coq: look-up, digits, and at function level that labels come back",
        {"analysis.packed_attention.packed_read", "algebra.digit_extraction.digits_read_back",
         "algebra.packed_memory.packed_memory", "algebra.packed_memory.packed_memory_wide"})};
  }
  return {};
}

}  // namespace promptbound
