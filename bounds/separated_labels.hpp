/// Labels further apart than the model can blur (theory 2.5 and 2.6).
#pragma once

#include <optional>

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

/// Returns Delta - 2 eps, required to be positive; the record says so otherwise.
[[nodiscard]] std::optional<Rational> label_gap(const Arguments& arguments, Record& record);

/// Returns rho = (Delta - 2 eps)/(2 Lambda): prompts of different labellings are more than 2 rho apart.
[[nodiscard]] std::optional<Rational> separation_radius(const Arguments& arguments, Record& record);

}  // namespace promptbound
