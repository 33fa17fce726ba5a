/// Certificates of recall: what is claimed of each token, and the hashes of the files that it is claimed of.
#pragma once

#include <promptbound/models/exact_json.hpp>
#include <promptbound/verify/recall/recall.hpp>

namespace promptbound {

/// Tells whether every token is decided over the real numbers: then there is something to certify.
[[nodiscard]] bool is_decided(const Recall& recall);

/// Throws InputError naming the file where the checker could not evaluate what is asked about: models of
/// other types than gpt2, llama, mistral and qwen2, and prompts that lie in no adapter_model.safetensors.
void require_certifiable(const RecallQuestion& question);

/// Returns the certificate of an answer: over the real numbers, of the prompts as they are stored or rounded;
/// of binary32 and of radii it says nothing. Throws InputError where a position is undecided, so that there
/// is nothing to certify, and as require_certifiable.
[[nodiscard]] Json recall_certificate(const RecallQuestion& question, const Recall& recall);

}  // namespace promptbound
