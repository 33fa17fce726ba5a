// Targets that users wrote: proved and refuted with certificates that the checker, with a reader of its own,
// accepts.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/constructions/lookup/lookup_transformer.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/check/expression.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>

#include "effort.hpp"
#include "random.hpp"
#include "verify/mutate.hpp"

using namespace promptbound;

namespace {

struct Own {
  const char* text;
  Index d, L;
  Rational C;
};

/// Functions that no name stands for, with Lipschitz constants in the max norm.
const Own own_targets[] = {{"0.5 + 0.5*sin(2*x[0,0] + x[1,0]); exp(-(x[0,0]-1/2)^2 - x[1,0])", 2, 1, 2},
                           {"sqrt(1/4 + x[0,0]*x[0,1]/2); tanh(x[0,0] + x[0,1])/2", 1, 2, 1},
                           {"abs(x[0,0] - x[1,0])/(1 + x[0,0]); log(1 + min(x[0,0], x[1,0]))", 2, 1, 3}};

ApproximationProblem problem_for(const Own& own, const Rational& eps, const char* served = nullptr) {
  const Target target{own.d, own.L, parse_expression(own.text, own.d, own.L)};
  const Target made_for{own.d, own.L, parse_expression(served == nullptr ? own.text : served, own.d, own.L)};
  const LookupTransformer lookup(LookupRecipe::choose(own.d, own.L, own.C, Number::infinity(), eps));
  return {lookup.blocks().transformer(), lookup.prompt(made_for),
          lookup.blocks().input(Matrix<Rational>::Zero(own.d, own.L)), target, Number::infinity()};
}

Json decided(const ApproximationProblem& problem, const Rational& eps, Verdict verdict) {
  SupremumOptions options;
  options.eps = eps;
  const SupremumAnswer answer = enclose_supremum(problem, options);
  REQUIRE(answer.verdict == verdict);
  return supremum_certificate(problem, eps, answer);
}

}  // namespace

TEST_CASE("three functions of a user's own are proved within 1/10 and their certificates accepted") {
  const Rational eps(1, 10);
  for (const Own& own : own_targets) {
    const Json certificate = decided(problem_for(own, eps), eps, Verdict::proved);
    CHECK(certificate["target"]["name"] == "expression");
    const CheckReport report = check_supremum(certificate);
    CHECK(report.why == "");
    CHECK(report.accepted());
  }
}

TEST_CASE("a prompt for another function is refuted by a witness and the certificate accepted") {
  const Rational eps(1, 10);
  const Json certificate =
      decided(problem_for(own_targets[0], eps, "0.5 + 0.5*sin(2*x[0,0]); exp(-(x[0,0]-1/2)^2 - x[1,0])"), eps,
              Verdict::refuted);
  CHECK(certificate["claim"] == "above");
  CHECK(check_supremum(certificate).accepted());
}

TEST_CASE("a function that is not defined on all of the cube is neither proved nor refuted") {
  // Where it is defined the model serves it; min and max would hide that it is not.
  Own own{"min(max(log(x[0,0] - 1), 0), 1)", 2, 1, 1};
  SupremumOptions options;
  options.eps = Rational(1, 4);
  options.most_boxes = 2000;
  const SupremumAnswer answer = enclose_supremum(problem_for(own, Rational(1, 4), "0"), options);
  CHECK(answer.verdict == Verdict::unknown);
  CHECK_FALSE(answer.upper.has_value());
}

TEST_CASE("a certificate for another expression or a spoilt one is rejected") {
  const Rational eps(1, 10);
  const Json certificate = decided(problem_for(own_targets[0], eps), eps, Verdict::proved);
  const std::string text = certificate["target"]["expression"];
  const auto rejected = [&](const std::string& expression, const std::string& reason) {
    check_forgery(
        check_supremum, certificate, [&](Json& c) { c["target"]["expression"] = expression; }, reason);
  };
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    REQUIRE(changed.find(from) != std::string::npos);
    return changed.replace(changed.find(from), from.size(), to);
  };
  rejected(replaced("sin", "cos"), "the error at a point is above eps");
  rejected(replaced("x[1,0]", "x[0,0]"), "the error at a point is above eps");
  rejected(replaced("(1/2)", "(2/3)"), "the error at a point is above eps");
  rejected(replaced("exp", "log"), "tree:");
  rejected(text + "; 1", "one output or d L of them");
  rejected(text + ")", "not in canonical form");
  rejected("0.5", "not in canonical form");
  rejected("", "target.expression");
  rejected("x[0,0]", "the error at a point is above eps");
  rejected("x[2,0]", "an entry that does not exist");
  rejected("x[0,99999999999]", "an entry that does not exist");
  rejected("(1/0)", "a denominator of 0");
  rejected("t1", "a part that is not given before");
  rejected("(x[0,0] ^ 1001)", "an exponent out of range");
  rejected(std::string(100000, '('), "nested too deep");
  check_forgery(
      check_supremum, certificate, [](Json& c) { c["target"]["expression"] = 1; }, "a text is needed");
}

TEST_CASE(
    "the checker's reader and evaluation agree with the producer's at points and contain it over boxes") {
  RandomNumbers random(903);
  const char* const texts[] = {"x[0,0]*x[1,0]; (-x[0,0])^3 - 2/7", "sqrt(x[0,0]); abs(x[0,0] - x[1,0])",
                               "min(x[0,0], x[1,0], 1/2); max(sin(5*x[0,0]), cos(x[1,0]))",
                               "u = tanh(x[0,0] - x[1,0]); u*u/(1 + x[1,0]); log(1/2 + u*u + x[0,0])",
                               "exp(-3*x[0,0]) + pi; (x[0,0]/(2 - x[1,0]))^4"};
  for (const char* text : texts) {
    const Expression f = parse_expression(text, 2, 1);
    const checker::Expression own(canonical_text(f), 2, 1);
    for (long trial = 0; trial < repetitions(200); ++trial) {
      std::vector<LinearForm<FastInterval>> box;
      Matrix<Rational> X(2, 1);
      std::vector<Rational> delta, entries;
      const WorkingPrecision scope(64);
      for (std::size_t o = 0; o < 2; ++o) {
        const double radius = std::ldexp(1.0, -static_cast<int>(random.integer(1, 12)));
        const double centre =
            random.integer(0, 3) == 0
                ? radius
                : radius + (1 - 2 * radius) * static_cast<double>(random.integer(0, 64)) / 64;
        delta.push_back(Rational(random.integer(-8, 8), 8));
        entries.push_back(Rational(centre) + delta.back() * Rational(radius));
        X(static_cast<Index>(o)) = entries.back();
        box.emplace_back(FastInterval(centre), FastInterval(radius), o);
      }
      const auto forms = own.over(box);
      const WorkingPrecision precise(160);
      const Matrix<Interval> exact = evaluate(f, from_rational<Interval>(X));
      const std::vector<Interval> at = own.at(entries);
      for (std::size_t o = 0; o < 2; ++o) {
        const Interval& expected = exact(static_cast<Index>(o));
        CHECK_FALSE(certainly_less(at[o], expected));
        CHECK_FALSE(certainly_less(expected, at[o]));
        REQUIRE(forms[o].range().is_finite());
        FastInterval value = forms[o].centre();
        for (std::size_t i = 0; i < forms[o].slopes().size(); ++i)
          value += forms[o].slopes()[i] * FastInterval(delta[i]);
        CHECK(Interval(value).contains(expected));
      }
    }
  }
}

TEST_CASE("the checker knows nothing where a step is not certainly defined") {
  const WorkingPrecision scope(64);
  for (const char* text :
       {"min(1, max(0, log((x[0,0] - 1))))", "(0 * sqrt((x[0,0] - 1)))", "min(0, (1 / (x[0,0] - x[0,0])))"}) {
    const checker::Expression f(text, 1, 1);
    CHECK_FALSE(f.at({Rational(1, 2)})[0].is_finite());
    CHECK_FALSE(
        f.over({LinearForm<FastInterval>(FastInterval(0.5), FastInterval(0.5), 0)})[0].range().is_finite());
  }
}
