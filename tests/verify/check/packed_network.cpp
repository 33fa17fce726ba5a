// Certificates of theory 5.9: what the checker accepts, and that it rejects whatever is changed or forged.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>

#include "verify/mutate.hpp"
#include "verify/supremum/packed_problem.hpp"

using namespace promptbound;

namespace {

Json document(const ApproximationProblem& problem, const Rational& eps) {
  SupremumOptions options;
  options.eps = eps;
  const SupremumAnswer answer = enclose_supremum(problem, options);
  REQUIRE_MESSAGE(answer.verdict != Verdict::unknown, answer.why);
  return supremum_certificate(problem, eps, answer);
}

Json packed_document(const PackedSizes& s, const Target& f, const Number& alpha = Number::infinity()) {
  const PackedLookup network(packed_recipe(s, alpha));
  return document(packed_problem(network, f, alpha), parse_number(s.eps)->value);
}

}  // namespace

TEST_CASE("certificates of theory 5.9 are accepted - both forms and several tokens and norms") {
  for (const PackedSizes& s : {PackedSizes{1, 1, "1/10", 16, 8},
                               {1, 1, "1/10", 3, 40},
                               {2, 1, "1/5", 16, 6},
                               {1, 2, "2/5", 16, 6},
                               {1, 1, "1/5", 3, 2},
                               {1, 1, "3/4", 4, 3},
                               {1, 1, "2", 4, 3}}) {
    for (const Target& f : {Target{s.d, s.L, Reversal{}}, Target{s.d, s.L, SineField{2}},
                            Target{s.d, s.L, CoordinateMaximum{}}}) {
      const Json certificate = packed_document(s, f);
      CHECK(certificate.contains("packed"));
      CHECK_FALSE(certificate.contains("tree"));
      const CheckReport report = check_supremum(certificate);
      CHECK_MESSAGE(report.accepted(), report.why);
      CHECK(report.theorem.find("theory 5.9") == 0);
      CHECK(report.statement.find("every weight is that of theory 5.9") == 0);
    }
  }
  const Json euclidean = packed_document({2, 1, "1/4", 16, 6}, {2, 1, Identity{}}, Number(Rational(2)));
  CHECK(check_supremum(euclidean).accepted());
}

TEST_CASE("a refuted claim about the network of theory 5.9 has a certificate with a witness") {
  const PackedLookup network(packed_recipe({1, 1, "1/5", 3, 2}));
  ApproximationProblem problem = packed_problem(network, {1, 1, Identity{}});
  problem.target.function = SineField{2};
  const Json certificate = document(problem, Rational(1, 10));
  CHECK(certificate["claim"] == "above");
  const CheckReport report = check_supremum(certificate);
  CHECK_MESSAGE(report.accepted(), report.why);
}

TEST_CASE("certificates of theory 5.9 are rejected after changes - sealed again") {
  for (const PackedSizes& s : {PackedSizes{1, 2, "2/5", 16, 6}, {1, 1, "1/5", 3, 2}}) {
    const Json certificate = packed_document(s, {s.d, s.L, Reversal{}});
    REQUIRE(check_supremum(certificate).accepted());
    Json changed = certificate;
    const auto check_sealed = [&] {
      seal(changed);
      CHECK_FALSE(check_supremum(changed).accepted());
    };
    for (const char* field : {"form", "steps", "step", "k", "b", "P", "digits_per_entry", "first_digits",
                              "cells_per_token", "index_digits", "eta"}) {
      CAPTURE(field);
      mutate(changed, changed["packed"][field], check_sealed);
      Json removed = certificate;
      removed["packed"].erase(field);
      seal(removed);
      CHECK_FALSE(check_supremum(removed).accepted());
    }
    for (std::size_t i = s.L > 1 ? 0 : 1; i < 4; ++i)
      mutate(changed, changed["packed"]["Lambda"][i], check_sealed);
    std::size_t leaf = 0;
    mutate(changed, changed["instance"], [&] {
      if (++leaf % 1499 == 0) check_sealed();
    });
    CHECK(leaf > 2000);
  }
}

TEST_CASE("forged certificates of theory 5.9 are rejected for what is wrong") {
  const PackedSizes s{1, 2, "2/5", 16, 6};
  const Target f{1, 2, Reversal{}};
  const Json certificate = packed_document(s, f);
  const auto rejected = [&](const auto& change, const std::string& reason) {
    check_forgery(check_supremum, certificate, change, reason);
  };
  rejected([](Json& c) { c["eps"] = "1/10"; }, "further than eps from the target at a point of its cell");
  rejected([](Json& c) { c["target"]["name"] = "identity"; }, "further than eps from the target");
  rejected([](Json& c) { c["instance"]["layers"][3]["ffn"]["W_1"][0][0] = "1"; },
           "a weight is not theory 5.9's");
  rejected([](Json& c) { c["instance"]["causal"] = true; }, "width, mask or layers");
  rejected([](Json& c) { c["instance"]["layers"].erase(5); }, "width, mask or layers");
  rejected([](Json& c) { c["instance"]["input_offsets"][0][0] = "1/2"; }, "a weight is not theory 5.9's");
  rejected([](Json& c) { c["packed"]["eta"] = "1/12"; }, "ramps are too wide");
  rejected([](Json& c) { c["packed"]["cells_per_token"] = 1000000; }, "a token has not so many digits");
  rejected([](Json& c) { c["packed"]["form"] = "other"; }, "the form is difference or direct");
  rejected([](Json& c) { c["packed"] = "recipe"; }, "");
  // Another code in the prompt: the values that the network then has are far from the target.
  const std::size_t payload = 1 + 2 + 1 + 2 + 3;
  rejected([&](Json& c) { c["instance"]["prompt"][0][payload] = "1/131072"; }, "an entry is no code");
  rejected([&](Json& c) { c["instance"]["prompt"][0][payload] = "-1/65536"; }, "an entry is no code");
  rejected([&](Json& c) { c["instance"]["prompt"][0][payload] = "0"; }, "packed:");
  rejected([&](Json& c) { c["instance"]["prompt"][0][1 + 2] = "1/2"; }, "a prompt token is not theory 5.9's");
  rejected([&](Json& c) { c["instance"]["prompt"].push_back(c["instance"]["prompt"][0]); },
           "another number of tokens");

  // Networks that are 5.9's but for noise: consistent weights and recipe, digits not exact.
  for (const int which : {2, 3, 4}) {
    PackedRecipe recipe = packed_recipe(s);
    (which == 2 ? recipe.Lambda_2 : which == 3 ? recipe.Lambda_3 : recipe.Lambda_4) = 1;
    const ApproximationProblem problem = packed_problem(PackedLookup(recipe), f);
    SupremumAnswer claimed;
    claimed.verdict = Verdict::proved;
    claimed.packed = recipe;
    const CheckReport report =
        check_supremum(supremum_certificate(problem, parse_number(s.eps)->value, claimed));
    CHECK_FALSE(report.accepted());
    CHECK(report.why.find("noise of attention") != std::string::npos);
  }
  // A gather so weak that cells are enlarged beyond eps.
  PackedRecipe weak = packed_recipe(s);
  weak.Lambda_1 = 0;
  SupremumAnswer claimed;
  claimed.verdict = Verdict::proved;
  claimed.packed = weak;
  const ApproximationProblem problem = packed_problem(PackedLookup(weak), f);
  CHECK_FALSE(check_supremum(supremum_certificate(problem, parse_number(s.eps)->value, claimed)).accepted());
}

TEST_CASE("a target that needs its cells halved is proved and checked") {
  const PackedSizes s{1, 1, "1/10", 16, 8};
  const PackedLookup network(packed_recipe(s));
  // x (1 - x), written so that its enclosures are wide.
  const Target f{1, 1, parse_expression("x[0,0]*(1-x[0,0])+8*(x[0,0]^2-x[0,0]*x[0,0])", 1, 1)};
  const ApproximationProblem problem = packed_problem(network, f);
  SupremumOptions options;
  options.eps = Rational(1, 10);
  const SupremumAnswer answer = enclose_supremum(problem, options);
  CHECK_MESSAGE(answer.verdict == Verdict::proved, answer.why);
  CHECK(*answer.spent.boxes > network.stored_values(f).cols());
  CHECK(check_supremum(supremum_certificate(problem, *options.eps, answer)).accepted());
}
