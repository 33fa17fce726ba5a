#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>
#include <promptbound/verify/supremum/supremum_checkpoint.hpp>

#include "lookup_problem.hpp"
#include "verify/mutate.hpp"

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
                  : std::vector<std::uint64_t>{*whole.spent.boxes / 4, *whole.spent.boxes / 2};
    SupremumOptions resumed = options;
    for (const std::uint64_t budget : budgets) {
      resumed.resume = interrupted(problem, resumed, budget);
      CHECK(resumed.resume->tree.size() >= budget);
    }
    const SupremumAnswer answer = enclose_supremum(problem, resumed);
    CHECK(answer.verdict == whole.verdict);
    if (!corrupted) {
      // Bounds are computed as in the search that was interrupted.
      CHECK(answer.upper.value() == whole.upper.value());
      CHECK(*answer.spent.boxes == *whole.spent.boxes);
    }
    CHECK(answer.witness.value().error == whole.witness.value().error);
    const CheckReport report = check_supremum(supremum_certificate(problem, *options.eps, answer));
    CHECK_MESSAGE(report.accepted(), report.why);
  }
}

TEST_CASE("a checkpoint that is damaged or of another problem is refused") {
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
  refused([](SupremumState& s) { s.witness.push_back(0.5); });
  refused([](SupremumState& s) { s.witness = {2}; });
}

TEST_CASE("a forged checkpoint - sealed again - changes no verdict and no bound for the worse") {
  // The supremum is about 0.083.
  const ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 10));
  for (const Rational& eps : {Rational(7, 100), Rational(1, 10)}) {
    SupremumOptions options;
    options.eps = eps;
    const SupremumAnswer honest = enclose_supremum(problem, options);
    REQUIRE(honest.verdict == (eps < Rational(8, 100) ? Verdict::refuted : Verdict::proved));
    const Json identity = problem_json(problem, eps);
    const SupremumState state = interrupted(
        problem,
        [&] {
          SupremumOptions open = options;
          open.eps = Rational(1, 10);
          return open;
        }(),
        100);
    const auto goes_on = [&](const Json& changes) {
      Json file = checkpoint_json(state, identity, options.ratio);
      file.update(changes);
      seal(file);
      CAPTURE(changes.dump());
      SupremumOptions resumed = options;
      resumed.resume = checkpoint_from(file, identity, options.ratio, "file");
      const SupremumAnswer answer = enclose_supremum(problem, resumed);
      CHECK(answer.verdict == honest.verdict);
      const WorkingPrecision scope(200);
      CHECK(certainly_less_equal(Interval(answer.witness.value().error),
                                 error_at(problem, answer.witness.value().X)));
      if (answer.upper) CHECK(*answer.upper >= Rational(83, 1000));
      const CheckReport report = check_supremum(supremum_certificate(problem, eps, answer));
      CHECK_MESSAGE(report.accepted(), report.why);
    };
    goes_on(Json::object());
    for (const char* tree : {".", "0..", "1..", "00..1..", "*"}) goes_on({{"tree", tree}});
    for (const char* x : {"0", "1/2", "1"}) {
      goes_on({{"witness", {x, "1/4"}}});
      goes_on({{"tree", "."}, {"witness", {x, x}}});
    }
    goes_on({{"witness", Json::array()}, {"tree", "."}});
    // What files of version 0.1 claimed beside, and what nobody asks for.
    goes_on({{"settled", "1/1024"}, {"lower", "0"}, {"waiting", Json::array()}, {"tree", "."}, {"boxes", 1}});
    goes_on({{"settled", "0"}, {"lower", "9"}, {"most_waiting", 1}, {"upper", "0"}, {"verdict", "proved"}});
  }
}

TEST_CASE("a checkpoint with more boxes than the memory budget holds is refused not run into") {
  const ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 20));
  SupremumOptions options;
  options.eps = Rational(1, 20);
  options.resume = interrupted(problem, options, 2000);
  options.most_waiting = 20;
  CHECK_THROWS_AS((void)enclose_supremum(problem, options), InputError);
}
