/// The d_alpha error of construction 5.1 on one function, enclosed.
#pragma once

#include <promptbound/constructions/targets.hpp>
#include <promptbound/constructions/universal_transformer.hpp>

namespace promptbound {

/// Encloses d_alpha(f, output) = (integral of ||f(X) - output(X)||_alpha^alpha dX)^{1/alpha} for the
/// network with the prompt of quantize(f, k), finite alpha >= 1. Off the ramps the output is constant on each
/// cell; each of these cells is cut into `pieces` intervals per coordinate, and f is enclosed on the pieces.
/// On the ramps, of total volume 1 - (1 - (k-1) eta)^n, the integrand lies between 0 and n.
[[nodiscard]] Interval enclose_error_integral(const UniversalTransformer& network, const Target& f,
                                              const Rational& alpha, long pieces);

}  // namespace promptbound
