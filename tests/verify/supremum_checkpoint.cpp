#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/supremum_certificate.hpp>
#include <promptbound/verify/supremum_checkpoint.hpp>

#include "lookup_problem.hpp"
#include "mutate.hpp"

using namespace promptbound;

namespace {

/// The state at which a search with this budget of boxes ends, through a file.
SupremumState interrupted(const ApproximationProblem& problem, const SupremumOptions& given,
                          std::uint64_t boxes) {
  SupremumOptions options = given;
  options.most_boxes = boxes;
  std::string text;
  const Json identity = problem_json(problem, *options.eps);
  options.checkpoint = [&](const SupremumState& state) {
    text = checkpoint_json(state, identity, options.ratio).dump();
  };
  CHECK(enclose_supremum(problem, options).verdict == Verdict::unknown);
  return checkpoint_from(parse_json(text, "file"), identity, options.ratio, "file");
}

}  // namespace

TEST_CASE("a search that is interrupted again and again reaches the verdict of an uninterrupted one") {
  for (const bool corrupted : {false, true}) {
    ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 20));
    if (corrupted) problem.prompt.rightCols(1).bottomRows(2).setConstant(Rational(1, 2));
    SupremumOptions options;
    options.eps = Rational(1, 20);
    const SupremumAnswer whole = enclose_supremum(problem, options);
    REQUIRE(whole.verdict == (corrupted ? Verdict::refuted : Verdict::proved));
    const std::vector<std::uint64_t> budgets =
        corrupted ? std::vector<std::uint64_t>{1}
                  : std::vector<std::uint64_t>{whole.boxes / 4, whole.boxes / 2};
    SupremumOptions resumed = options;
    for (const std::uint64_t budget : budgets) {
      resumed.resume = interrupted(problem, resumed, budget);
      CHECK(resumed.resume->boxes >= budget);
    }
    const SupremumAnswer answer = enclose_supremum(problem, resumed);
    CHECK(answer.verdict == whole.verdict);
    const CheckReport report = check_supremum(supremum_certificate(problem, *options.eps, answer));
    CHECK_MESSAGE(report.accepted, report.reason);
  }
}

TEST_CASE("a checkpoint that is damaged, or of another problem, is refused") {
  const ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 20));
  SupremumOptions options;
  options.eps = Rational(1, 20);
  const SupremumState state = interrupted(problem, options, 300);
  const Json identity = problem_json(problem, *options.eps);
  Json file = checkpoint_json(state, identity, options.ratio);
  CHECK_THROWS_AS((void)checkpoint_from(file, problem_json(problem, Rational(1, 21)), options.ratio, "file"),
                  InputError);
  CHECK_THROWS_AS((void)checkpoint_from(file, identity, Rational(1, 2), "file"), InputError);
  CHECK_THROWS_AS((void)checkpoint_from(Json::array({1}), identity, options.ratio, "file"), InputError);
  mutate(file, file,
         [&] { CHECK_THROWS_AS((void)checkpoint_from(file, identity, options.ratio, "file"), InputError); });
  // Sealed again, the parts must still fit together.
  const auto refused = [&](const auto& change) {
    options.resume = state;
    change(*options.resume);
    CHECK_THROWS_AS((void)enclose_supremum(problem, options), InputError);
  };
  refused([](SupremumState& s) { s.tree.pop_back(); });
  refused([](SupremumState& s) { s.tree += "."; });
  refused([](SupremumState& s) { s.tree[0] = '7'; });
  refused([](SupremumState& s) { s.waiting.push_back(0.5); });
  refused([](SupremumState& s) { s.waiting.pop_back(); });
  refused([](SupremumState& s) { s.witness.push_back(0.5); });
  refused([](SupremumState& s) { s.witness = {2}; });
}
