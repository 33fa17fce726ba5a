#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/structure/injectivity_certificate.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>

#include "random.hpp"
#include "stacks.hpp"
#include "verify/mutate.hpp"
#include "verify/supremum/lookup_problem.hpp"

using namespace promptbound;

namespace {

Json injectivity_document(RandomNumbers& random, Mask mask) {
  for (Rational size(1, 4);; size /= 2) {
    const Transformer<Rational> model = random_stack(random, 2, 2, size, mask);
    const auto norms = map_norms(model);
    const Injectivity answer = injectivity(lipschitz_constants(norms, {1}, mask), mask);
    if (answer.verdict == Verdict::proved) return injectivity_certificate(model, {1}, norms, answer);
  }
}

/// A lookup transformer whose last token holds wrong values, and its refutation.
Json supremum_document(const Target& f, const Number& alpha, const Rational& eps) {
  ApproximationProblem problem = lookup_problem(f, eps, alpha);
  for (Rational& value : problem.prompt.rightCols(1).bottomRows(f.n()).reshaped()) {
    value = value < Rational(1, 2) ? 1 : 0;
  }
  SupremumOptions options;
  options.eps = eps;
  const SupremumAnswer answer = enclose_supremum(problem, options);
  REQUIRE(answer.verdict == Verdict::refuted);
  return supremum_certificate(problem, eps, answer);
}

}  // namespace

TEST_CASE("injectivity certificates are accepted and rejected after any change - sealed again or not") {
  RandomNumbers random(503);
  for (const Mask mask : {Mask::causal, Mask::bidirectional}) {
    const Json certificate = injectivity_document(random, mask);
    const CheckReport report = check_injectivity(certificate);
    CHECK(report.why == "");
    CHECK(report.accepted());
    CHECK_FALSE(report.statement.empty());
    Json changed = certificate;
    mutate(changed, changed, [&] { CHECK_FALSE(check_injectivity(changed).accepted()); });
    // What the statement rests on, altered and sealed again.
    const auto rejected = [&](const auto& change, const std::string& reason) {
      check_forgery(check_injectivity, certificate, change, reason);
    };
    rejected([](Json& c) { c["theorem"] = "3.1"; }, "theorem");
    rejected([](Json& c) { c["schema"] = 2; }, "schema");
    rejected([](Json& c) { c["kind"] = "other"; }, "kind");
    rejected([](Json& c) { c["R"] = "-1"; }, "R");
    rejected([](Json& c) { c["R"] = "1000"; }, "square root");
    rejected([](Json& c) { c["norms"][0]["heads"][0]["root"] = "1/2"; }, "square root");
    rejected([](Json& c) { c["norms"][0]["heads"][0]["root"] = "-1000"; }, "square root");
    rejected([](Json& c) { c["norms"][0]["heads"][0].erase("root"); }, "root");
    rejected([](Json& c) { c["D"] = "-1"; }, "D");
    rejected(
        [](Json& c) {
          c["R"] = "1000";
          for (Json& layer : c["norms"]) {
            for (Json& head : layer["heads"]) head["root"] = "1000000000000";
          }
        },
        "condition");
    rejected([](Json& c) { c["separation"] = "1"; }, "separation");
    rejected([](Json& c) { c["separation"] = "0"; }, "separation");
    rejected([](Json& c) { c["lipschitz"] = "1"; }, "lipschitz");
    rejected([](Json& c) { c["norms"].erase(0); }, "norms");
    rejected([](Json& c) { c["norms"][0]["heads"] = Json::array(); }, "norms");
    rejected([](Json& c) { c["norms"][0]["heads"][0]["V"] = "1/1000000"; }, "spectral norm");
    rejected([](Json& c) { c["norms"][0]["heads"][0]["A"] = "-1"; }, "norms");
    rejected([](Json& c) { c["norms"][1]["heads"][0]["A"] = "0"; }, "spectral norm");
    rejected([](Json& c) { c["model"]["layers"][0]["heads"][0]["W_V"][0][0] = "50"; }, "spectral norm");
    rejected([](Json& c) { c["model"]["d"] = 3; }, "shapes");
    rejected([](Json& c) { c["model"]["d"] = 0; }, "a width from 1");
    rejected(
        [](Json& c) {
          // A block of norm 5, truthfully bounded.
          c["model"]["layers"][0]["ffn"] = Json::parse(
              R"({"W_1":[["5","0"],["0","5"]],"b_1":["0","0"],"W_2":[["1","0"],["0","1"]],"b_2":["0","0"]})");
          c["norms"][0]["ffn"] = {{"W_1", "5"}, {"b_1", "0"}, {"W_2", "1"}, {"b_2", "0"}};
        },
        "feed-forward: the condition");
    rejected([](Json& c) { c["model"].erase("causal"); }, "causal");
    rejected([](Json& c) { c.erase("R"); }, "R");
  }
}

TEST_CASE("a bound a hair below the spectral norm is rejected") {
  RandomNumbers random(509);
  // V = I/4, A = 0: the norm 1/4 itself is a valid bound, less is not.
  const Matrix<Rational> I = Matrix<Rational>::Identity(2, 2);
  const Transformer<Rational> model{
      2, {{{head_of_maps<Rational>(0 * I, I / 4)}, std::nullopt}}, Mask::causal};
  const auto norms = map_norms(model);
  Json certificate = injectivity_certificate(
      model, {1}, norms, injectivity(lipschitz_constants(norms, {1}, model.mask), model.mask));
  certificate["norms"][0]["heads"][0]["V"] = "1/4";
  certificate["separation"] = "3/4";
  seal(certificate);
  CHECK(check_injectivity(certificate).accepted());
  certificate["norms"][0]["heads"][0]["V"] = "24999999999999999999999/100000000000000000000000";
  seal(certificate);
  CHECK_FALSE(check_injectivity(certificate).accepted());
}

TEST_CASE("refutations are accepted for every target and norm and rejected after changes") {
  const Number inf = Number::infinity();
  const Rational eps(1, 5);
  for (const Target& f :
       {Target{1, 1, Identity{}}, Target{1, 2, Reversal{}}, Target{1, 2, MeanPooling{}},
        Target{1, 2, CoordinateMaximum{}}, Target{2, 1, SineField{2}}, random_table(1, 2, 2, 1, inf, 4)}) {
    const CheckReport report = check_supremum(supremum_document(f, inf, eps));
    CHECK(report.why == "");
    CHECK(report.accepted());
  }
  const Json certificate = supremum_document(Target{1, 2, Reversal{}}, Number(Rational(2)), Rational(1, 3));
  CHECK(check_supremum(certificate).accepted());
  Json changed = certificate;
  mutate(changed, changed, [&] { CHECK_FALSE(check_supremum(changed).accepted()); });
  const auto rejected = [&](const auto& change, const std::string& reason) {
    check_forgery(check_supremum, certificate, change, reason);
  };
  rejected([](Json& c) { c["kind"] = "memorization"; }, "kind");
  rejected([](Json& c) { c["claim"] = "below"; }, "tree");
  rejected([](Json& c) { c["claim"] = "about"; }, "claim");
  rejected([](Json& c) { c["claim"] = 1; }, "claim");
  rejected([](Json& c) { c["schema"] = 3; }, "schema");
  rejected([](Json& c) { c["bits"] = 1; }, "bits");
  rejected([](Json& c) { c["eps"] = "2"; }, "not shown");
  rejected([](Json& c) { c["eps"] = "-1"; }, "eps");
  rejected([](Json& c) { c["alpha"] = "1/2"; }, "alpha");
  rejected([](Json& c) { c["alpha"] = 7; }, "alpha");
  rejected([](Json& c) { c["witness"] = Json::parse(R"([["1/2"],["1/2"]])"); }, "not shown");
  rejected([](Json& c) { c["witness"] = Json::parse(R"([["1/2"]])"); }, "witness");
  rejected([](Json& c) { c["witness"][0][0] = "3/2"; }, "outside");
  rejected([](Json& c) { c["target"]["name"] = "other"; }, "name");
  rejected([](Json& c) { c["target"]["name"] = "sine"; }, "frequency");
  rejected(
      [](Json& c) {
        c["target"] = {{"name", "table"}, {"cells", 1}, {"values", {"0", "1"}}};
      },
      "values");
  rejected([](Json& c) { c["target"] = {{"name", "table"}, {"cells", 0}, {"values", {"0"}}}; }, "cells");
  rejected([](Json& c) { c["instance"]["prompt"] = Json::parse(R"([["1"]])"); }, "width");
  rejected([](Json& c) { c["instance"]["layers"] = 5; }, "layers");
  rejected([](Json& c) { c["instance"].erase("input_offsets"); }, "input_offsets");
}
