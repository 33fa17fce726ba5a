/// The certificate of a proved injectivity verdict, and its checker.
#pragma once

#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/injectivity.hpp>

namespace promptbound {

/// {"kind":"injectivity","theorem":"3.2","model","R","norms","separation","lipschitz"}: upper bounds on the
/// spectral norms, and the two constants that follow from them. Only for a proved verdict.
[[nodiscard]] Json injectivity_certificate(const Transformer<Rational>& model, const Rational& R,
                                           const std::vector<LayerNorms>& norms, const Injectivity& answer);

/// Recomputes everything exactly: ||M|| <= s because s^2 I - M^T M is positive semidefinite (elimination in
/// rationals), then theory 3.1 and 3.2. Never throws for a bad certificate.
[[nodiscard]] CheckReport check_injectivity(const Json& certificate);

}  // namespace promptbound
