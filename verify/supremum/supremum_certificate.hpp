/// Certificates of decided approximation claims, and the problems that they are about.
#pragma once

#include <promptbound/models/instance.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/supremum/supremum.hpp>

namespace promptbound {

/// Returns what identifies a problem: {"instance","target","alpha","eps"}, exact.
[[nodiscard]] Json problem_json(const ApproximationProblem& problem, const Rational& eps);

/// Writes {"kind":"supremum","claim":"above",...,"witness","bits"} for a refuted claim: the error at the
/// witness is above eps. {"kind":"supremum","claim":"below",...,"tree"} for a proved one: the error is at
/// most eps on every box of the tree of halvings, or with "packed" in place of "tree", the recipe of
/// theory 5.9: on every enlarged cell. Throws InputError for other verdicts, and for trees that have no text.
[[nodiscard]] Json supremum_certificate(const ApproximationProblem& problem, const Rational& eps,
                                        const SupremumAnswer& answer);

/// Returns the problem that an instance file and a target define. Throws InputError when they do not fit
/// together.
[[nodiscard]] ApproximationProblem approximation_problem(const Instance& instance, const Target& target,
                                                         const Number& alpha);

}  // namespace promptbound
