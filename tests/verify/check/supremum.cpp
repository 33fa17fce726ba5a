// The checker of supremum certificates: its enclosures, and what it accepts and rejects.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/box_model.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>

#include "random.hpp"
#include "stacks.hpp"
#include "verify/mutate.hpp"
#include "verify/supremum/lookup_problem.hpp"

using namespace promptbound;
using checker::BoxModel;
using checker::Form;

namespace {

checker::Box random_box(RandomNumbers& random, std::size_t n) {
  checker::Box box;
  for (std::size_t o = 0; o < n; ++o) {
    box.radius.push_back(
        random.integer(0, 4) == 0 ? 0 : std::ldexp(1.0, -static_cast<int>(random.integer(1, 9))));
    box.centre.push_back(box.radius[o] +
                         static_cast<double>(random.integer(0, 64)) / 64 * (1 - 2 * box.radius[o]));
  }
  return box;
}

/// A point of the box, and its place in it: each coordinate of delta in [-1, 1].
Matrix<Rational> random_point(RandomNumbers& random, const checker::Box& box, Index d, Index L,
                              std::vector<Rational>& delta) {
  Matrix<Rational> X(d, L);
  delta.clear();
  for (Index o = 0; o < d * L; ++o) {
    delta.push_back(Rational(random.integer(-8, 8), 8));
    const auto place = static_cast<std::size_t>(o);
    X(o) = Rational(box.centre[place]) + delta.back() * Rational(box.radius[place]);
  }
  return X;
}

Interval value_of(const Form& form, const std::vector<Rational>& delta) {
  FastInterval value = form.centre();
  for (std::size_t o = 0; o < form.slopes().size(); ++o) value += form.slopes()[o] * FastInterval(delta[o]);
  return Interval(value);
}

/// The forms of a model contain its value at random points of random boxes.
void check_model_containment(const Transformer<Rational>& model, const Matrix<Rational>& prompt, Index d,
                             Index L, RandomNumbers& random) {
  const WorkingPrecision scope(200);
  const checker::Model read = checker::read_layers(to_json(model));
  const Matrix<Rational> offsets = random.matrix(model.width, L);
  const BoxModel boxes(read, prompt.transpose(), offsets.transpose());
  for (int trial = 0; trial < 8; ++trial) {
    const checker::Box box = random_box(random, static_cast<std::size_t>(d * L));
    const auto forms = boxes(checker::forms_of(box, d), box.centre.size());
    std::vector<Rational> delta;
    const Matrix<Rational> X = random_point(random, box, d, L, delta);
    Matrix<Rational> tokens = offsets;
    tokens.topRows(d) += X;
    const Matrix<Interval> exact = evaluate(from_rational<Interval>(model), from_rational<Interval>(prompt),
                                            from_rational<Interval>(tokens));
    for (Index i = 0; i < L; ++i) {
      for (Index c = 0; c < d; ++c) {
        CHECK(value_of(forms[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)], delta)
                  .contains(exact(c, i)));
      }
    }
  }
}

/// A proved claim, as a certificate.
Json proved_document(const Target& f, const Rational& eps, const Number& alpha = Number::infinity()) {
  const ApproximationProblem problem = lookup_problem(f, eps, alpha);
  SupremumOptions options;
  options.eps = eps;
  const SupremumAnswer answer = enclose_supremum(problem, options);
  REQUIRE(answer.verdict == Verdict::proved);
  return supremum_certificate(problem, eps, answer);
}

}  // namespace

TEST_CASE("the mean under enclosed weights contains every mean and its ends are those of vertices") {
  RandomNumbers random(811);
  for (int trial = 0; trial < 200; ++trial) {
    const auto count = static_cast<std::size_t>(random.integer(1, 6));
    std::vector<FastInterval> weights, values;
    for (std::size_t j = 0; j < count; ++j) {
      const Rational low = j == 0 ? Rational(1) : random.rational(0, 2);
      weights.emplace_back(hull(FastInterval(low), FastInterval(Rational(low + random.rational(0, 3)))));
      const Rational value = random.rational(-5, 5);
      values.emplace_back(hull(FastInterval(value), FastInterval(Rational(value + random.rational(0, 1)))));
    }
    const FastInterval mean = checker::weighted_mean(weights, values);
    // The mean is monotone in each weight, so its extremes are at vertices of the box of weights.
    Rational most = -100, least = 100;
    for (unsigned vertex = 0; vertex < (1U << count); ++vertex) {
      Rational total = 0, high = 0, low = 0;
      for (std::size_t j = 0; j < count; ++j) {
        const Rational weight((vertex >> j & 1U) != 0 ? weights[j].upper() : weights[j].lower());
        total += weight;
        high += weight * Rational(values[j].upper());
        low += weight * Rational(values[j].lower());
      }
      most = std::max(most, Rational(high / total));
      least = std::min(least, Rational(low / total));
    }
    CHECK(Rational(mean.upper()) >= most);
    CHECK(Rational(mean.lower()) <= least);
    CHECK(Rational(mean.upper()) <= most + Rational(1, 1000000000));
    CHECK(Rational(mean.lower()) >= least - Rational(1, 1000000000));
  }
}

TEST_CASE("the checker's boxes contain the output of random models with prompts that move and that do not") {
  RandomNumbers random(812);
  for (const Mask mask : {Mask::bidirectional, Mask::causal}) {
    for (int model = 0; model < 12; ++model) {
      const Index width = random.integer(2, 3);
      check_model_containment(random_stack(random, width, static_cast<int>(random.integer(1, 3)), 1, mask),
                              random.matrix(width, random.integer(0, 3)), random.integer(1, 2),
                              random.integer(1, 2), random);
    }
  }
  for (const Target& f : {Target{1, 2, Reversal{}}, Target{2, 1, Identity{}}}) {
    const ApproximationProblem problem = lookup_problem(f, Rational(1, 5));
    check_model_containment(problem.model, problem.prompt, f.d, f.L, random);
  }
}

TEST_CASE("the checker's targets over boxes contain their values") {
  RandomNumbers random(813);
  const WorkingPrecision scope(200);
  const Number inf = Number::infinity();
  for (const Target& f : {Target{2, 2, Identity{}}, Target{1, 3, Reversal{}}, Target{1, 3, MeanPooling{}},
                          Target{1, 3, CoordinateMaximum{}}, Target{1, 2, SineField{3}},
                          random_table(1, 2, 3, 1, inf, 4), random_table(2, 1, 1, 1, inf, 5)}) {
    const ApproximationProblem problem{
        {f.d, {}, Mask::bidirectional}, Matrix<Rational>(f.d, 0), Matrix<Rational>::Zero(f.d, f.L), f, inf};
    const checker::Target target(problem_json(problem, 1)["target"], f.d, f.L);
    for (int trial = 0; trial < 40; ++trial) {
      const checker::Box box = random_box(random, static_cast<std::size_t>(f.n()));
      const auto forms = target.over(box);
      std::vector<Rational> delta;
      const Matrix<Rational> X = random_point(random, box, f.d, f.L, delta);
      const Matrix<Interval> exact = evaluate(f, from_rational<Interval>(X)), own = target.at(X);
      for (Index i = 0; i < f.L; ++i) {
        for (Index c = 0; c < f.d; ++c) {
          CHECK(value_of(forms[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)], delta)
                    .contains(exact(c, i)));
          CHECK_FALSE(certainly_less(own(c, i), exact(c, i)));
          CHECK_FALSE(certainly_less(exact(c, i), own(c, i)));
        }
      }
    }
  }
}

TEST_CASE("certificates of proved claims are accepted for every target and norm") {
  const Number inf = Number::infinity();
  for (const Target& f : {Target{1, 1, Identity{}}, Target{1, 2, Reversal{}}, Target{1, 2, MeanPooling{}},
                          Target{2, 1, SineField{2}}, random_table(1, 2, 2, 1, inf, 4)}) {
    const CheckReport report = check_supremum(proved_document(f, Rational(1, 5)));
    CHECK(report.why == "");
    CHECK(report.accepted());
    CHECK(report.statement.find("boxes that cover") != std::string::npos);
  }
  const Number two(Rational(2));
  CHECK(check_supremum(proved_document(Target{1, 2, Reversal{}}, Rational(1, 3), two)).accepted());
}

TEST_CASE("reports on covers do not depend on the threads") {
  Json certificate = proved_document(Target{1, 2, Reversal{}}, Rational(1, 5));
  // More leaves than are taken at once.
  std::string tree = ".";
  for (int depth = 0; depth < 15; ++depth) tree = (depth % 2 == 0 ? "0" : "1") + tree + tree;
  certificate["tree"] = tree;
  for (const char* eps : {"1/5", "1/10", "1/1000"}) {
    CAPTURE(eps);
    certificate["eps"] = eps;
    seal(certificate);
    const auto report_on = [&](int threads) {
      CheckLimits limits;
      limits.threads = threads;
      return report_text(check_certificate(certificate.dump(), "certificate", limits));
    };
    const std::string expected = report_on(1);
    CHECK(expected.starts_with(eps == std::string("1/5") ? "accepted"
                                                         : "rejected: tree: the error at a point"));
    for (const int threads : {2, 3, 7}) CHECK(report_on(threads) == expected);
  }
}

TEST_CASE("certificates of proved claims are rejected after changes - sealed again or not") {
  const Rational eps(1, 5);
  const Json certificate = proved_document(Target{1, 2, Reversal{}}, eps);
  REQUIRE(check_supremum(certificate).accepted());
  Json changed = certificate;
  for (const char* field : {"alpha", "claim", "eps", "kind", "schema", "sha256", "target", "tree"}) {
    mutate(changed, changed[field], [&] { CHECK_FALSE(check_supremum(changed).accepted()); });
  }
  const auto rejected = [&](const auto& change, const std::string& reason) {
    check_forgery(check_supremum, certificate, change, reason);
  };
  const std::string tree = certificate["tree"];
  rejected([](Json& c) { c["eps"] = "1/10"; }, "the error at a point is above eps");
  rejected([&](Json& c) { c["tree"] = tree.substr(1); }, "nodes beyond the last box");
  rejected([&](Json& c) { c["tree"] = tree + "."; }, "nodes beyond the last box");
  rejected([&](Json& c) { c["tree"] = tree.substr(0, tree.size() - 1); }, "boxes without a bound");
  rejected([](Json& c) { c["tree"] = ""; }, "boxes without a bound");
  rejected([](Json& c) { c["tree"] = "2.."; }, "a coordinate that does not exist");
  rejected([](Json& c) { c["tree"] = "*"; }, "a coordinate that does not exist");
  rejected([](Json& c) { c["tree"] = 5; }, "a text is needed");
  rejected([](Json& c) { c["tree"] = std::string(60, '0') + std::string(61, '.'); }, "a box is too small");
  // A claim that needs more halvings than a tree of one box may ask for.
  Json single = proved_document(Target{1, 2, Reversal{}}, Rational(1, 20));
  single["tree"] = ".";
  seal(single);
  CHECK(check_supremum(single).why == "tree: the error is not shown to be within eps on every box");
  // A single box: the checker halves on its own, but not without end.
  rejected(
      [](Json& c) {
        c["tree"] = ".";
        c["eps"] = "1/6";
      },
      "tree:");
  rejected([](Json& c) { c["target"]["name"] = "identity"; }, "the error at a point is above eps");
  rejected([](Json& c) { c["target"]["name"] = 1; }, "the name is not known");
  rejected(
      [](Json& c) {
        Json& prompt = c["instance"]["prompt"];
        prompt[prompt.size() - 1][10] = "0";  // a key
      },
      "tree:");
  rejected([](Json& c) { c["instance"]["data_width"] = 0; }, "data_width");
  rejected([](Json& c) { c["instance"]["layers"][0]["heads"] = 3; }, "heads");
}
