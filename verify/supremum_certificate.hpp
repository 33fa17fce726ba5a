/// The certificate of a refuted approximation claim, an input whose error is too large, and its checker.
#pragma once

#include <promptbound/models/instance.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/supremum.hpp>

namespace promptbound {

/// {"kind":"supremum","claim":"above","instance","target","alpha","eps","witness","bits"}: the error at the
/// witness is above eps.
[[nodiscard]] Json supremum_certificate(const ApproximationProblem& problem, const Rational& eps,
                                        const Matrix<Rational>& witness);

/// The problem that an instance file and a target define. Throws InputError when they do not fit together.
[[nodiscard]] ApproximationProblem approximation_problem(const Instance& instance, const Target& target,
                                                         const Number& alpha);

}  // namespace promptbound
