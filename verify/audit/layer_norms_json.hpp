/// Norms of a model's layers on file, for audits that go on from them or that several processes share.
#pragma once

#include <string>
#include <vector>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/verify/audit/model_sweep.hpp>

namespace promptbound {

/// Names a model and what computes its norms: the version of this library, the SHA-256 of the model's files,
/// and the members of its configuration that are taken to change nothing. Throws InputError naming a file
/// that cannot be read.
[[nodiscard]] Json audited_model(const std::string& folder, const std::vector<std::string>& assumed_inert);

/// Writes what layer_norms returns, every end exactly.
[[nodiscard]] Json layer_norms_json(const LayerMatrixNorms& norms);
/// Reads it back. Throws InputError where it is no such thing.
[[nodiscard]] LayerMatrixNorms layer_norms_from(const Json& json, const std::string& where);

/// Writes {"schema","kind":"audit-checkpoint","model","layers","sha256"}: the norms by the layer's number.
[[nodiscard]] Json audit_checkpoint_json(const KnownNorms& norms, const Json& model);
/// Reads it back. Throws InputError when it is damaged, of another model or version, or of a layer that the
/// model does not have. The seal shows damage and no more: what a checkpoint says is not computed again.
[[nodiscard]] KnownNorms known_norms_from(const Json& json, const Json& model, std::size_t layers,
                                          const std::string& where);

}  // namespace promptbound
