// Certificates of suprema at exponents where powers are exact, and where they are out of range.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>

using namespace promptbound;

namespace {

/// An error of (3, 4) at every input.
ApproximationProblem constant_error(const Rational& alpha) {
  ApproximationProblem problem{{2, {}, Mask::bidirectional},
                               Matrix<Rational>(2, 0),
                               Matrix<Rational>(2, 1),
                               Target{2, 1, Identity{}},
                               Number(alpha)};
  problem.tokens << 3, 4;
  return problem;
}

void check_certified(const Rational& alpha, const Rational& eps, Verdict verdict) {
  CAPTURE(alpha.str());
  CAPTURE(eps.str());
  const ApproximationProblem problem = constant_error(alpha);
  SupremumOptions options;
  options.eps = eps;
  const SupremumAnswer answer = enclose_supremum(problem, options);
  REQUIRE(answer.verdict == verdict);
  const CheckReport report = check_supremum(supremum_certificate(problem, eps, answer));
  CHECK_MESSAGE(report.accepted(), report.why);
}

}  // namespace

TEST_CASE("certificates of suprema are accepted at any exponent and where eps is the supremum itself") {
  check_certified(1, 7, Verdict::proved);
  check_certified(1, Rational(699, 100), Verdict::refuted);
  // 3^2 + 4^2 = 5^2, where 0.6 and 0.8 are no binary numbers.
  check_certified(2, Rational(5000001, 1000000), Verdict::proved);
  check_certified(2, Rational(4999999, 1000000), Verdict::refuted);
  for (const Rational& alpha :
       {Rational(1000), Rational(power(Integer(10), 19)), Rational(power(Integer(10), 300))}) {
    check_certified(alpha, Rational(401, 100), Verdict::proved);
    check_certified(alpha, Rational(399, 100), Verdict::refuted);
  }
  // The checker decides the tie that the search in binary64 leaves open.
  SupremumAnswer tie;
  tie.verdict = Verdict::proved;
  tie.tree = ".";
  const CheckReport report = check_supremum(supremum_certificate(constant_error(2), 5, tie));
  CHECK_MESSAGE(report.accepted(), report.why);
}
