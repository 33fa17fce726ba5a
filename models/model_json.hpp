/// Small models as JSON with exact numbers (design, file formats):
/// {"schema":1,"d":2,"layers":[{"heads":[{"W_Q":..,"W_K":..,"W_V":..,"W_O":..}],"ffn":{"W_1":..,"b_1":..,
/// "W_2":..,"b_2":..}}],"causal":false}; W_O (identity), ffn (none) and causal (false) may be absent.
#pragma once

#include <promptbound/models/exact_json.hpp>
#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// Throws InputError naming `where` and the first member that is missing, malformed or of a shape that does
/// not fit.
[[nodiscard]] Transformer<Rational> model_from(const Json& model, const std::string& where);

[[nodiscard]] Json to_json(const Transformer<Rational>& model);

}  // namespace promptbound
