/// The certificate of a proved injectivity verdict.
#pragma once

#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/structure/injectivity.hpp>

namespace promptbound {

/// Writes {"kind":"injectivity","theorem":"3.2","model","R","D"?,"norms","separation","lipschitz"}: upper
/// bounds on the spectral norms and on the square roots of 3.1, and the two constants that follow from them.
/// Only for a proved verdict.
[[nodiscard]] Json injectivity_certificate(const Transformer<Rational>& model, const TokenSet& tokens,
                                           const std::vector<MapNorms>& norms, const Injectivity& answer);

}  // namespace promptbound
