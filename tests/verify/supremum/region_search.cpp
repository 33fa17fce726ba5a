#include <doctest/doctest.h>

#include <algorithm>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/supremum/region_search.hpp>

#include "lookup_problem.hpp"

using namespace promptbound;

namespace {

struct Joined {
  std::string tree;
  double upper = 0;
  Point point;
  bool is_refuted = false;
};

/// The region's boxes, those that a task leaves open by tasks of their own.
// NOLINTNEXTLINE(misc-no-recursion)
void join(RegionSearch& search, const std::string& path, std::uint64_t budget, Joined& all) {
  const RegionReport report = search({path}, budget);
  all.is_refuted |= report.is_refuted;
  if (report.point.lower > all.point.lower) all.point = report.point;
  if (all.is_refuted) return;
  all.upper = std::max(all.upper, report.settled.value_or(0));
  // The places that are to be filled: (path, half still to come).
  std::vector<std::string> pending = {path};
  std::size_t open = 0;
  for (const char letter : report.tree) {
    const std::string box = pending.back();
    pending.pop_back();
    if (letter == '*') {
      CHECK(report.open.at(open++) > search.eps());
      join(search, box, budget, all);
      continue;
    }
    all.tree += letter;
    if (letter == '.') continue;
    pending.push_back(box + letter + '>');
    pending.push_back(box + letter + '<');
  }
  CHECK(open == report.open.size());
}

SupremumAnswer whole(const ApproximationProblem& problem, const Rational& eps) {
  SupremumOptions options;
  options.eps = eps;
  options.ratio = 1000000000;
  return enclose_supremum(problem, options);
}

}  // namespace

TEST_CASE("regions of any size join into the tree of one search") {
  const Rational eps(1, 10);
  for (const auto& target : {Target{1, 2, Reversal{}}, Target{2, 1, Identity{}}}) {
    const ApproximationProblem problem = lookup_problem(target, eps);
    const SupremumAnswer expected = whole(problem, eps);
    REQUIRE(expected.verdict == Verdict::proved);
    RegionSearch search(problem, eps);
    for (const std::uint64_t budget : {2, 7, 100, 1000000}) {
      Joined joined;
      join(search, "", budget, joined);
      CHECK(joined.tree == expected.tree);
      const SupremumAnswer answer = search.answer(joined.tree, joined.upper, joined.point, "");
      CHECK(answer.verdict == Verdict::proved);
      CHECK(answer.upper == expected.upper);
      CHECK(answer.witness->error == expected.witness->error);
      CHECK(answer.spent.boxes == expected.spent.boxes);
    }
  }
}

TEST_CASE("known halvings are bounded again - and false ones decide nothing") {
  const Rational eps(1, 10);
  const ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, eps);
  RegionSearch search(problem, eps);
  const RegionReport fresh = search({""}, 1000000);
  const RegionReport part = search({""}, fresh.tree.size() / 2);
  REQUIRE(!part.open.empty());
  const RegionReport resumed = search({"", part.tree}, 1000000);
  CHECK(resumed.tree == fresh.tree);
  CHECK(resumed.settled == fresh.settled);
  CHECK(search({"", fresh.tree}, 0).open.empty());
  // A tree that says the cube needs no halving is not believed.
  const RegionReport none = search({"", "."}, 0);
  CHECK(none.tree == "*");
  CHECK(search.answer(none.tree, none.open.at(0), none.point, "why").verdict == Verdict::unknown);
}

TEST_CASE("regions narrowed to a ratio: bounds as close as one search's - eps is decided all the same") {
  const Rational eps(1, 4), ratio(1, 20);
  const ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, eps);
  SupremumOptions options;
  options.eps = eps;
  options.ratio = ratio;
  const SupremumAnswer expected = enclose_supremum(problem, options);
  REQUIRE(expected.verdict == Verdict::proved);
  RegionSearch search(problem, eps, ratio);
  const Point known = search.large_error(200);
  CHECK(known.lower > 0);
  CHECK(search.point(known.X).lower >= known.lower);
  const RegionReport alone = search({""}, 1000000, known.lower);
  REQUIRE(alone.open.empty());
  const Point& best = alone.point.lower > known.lower ? alone.point : known;
  const SupremumAnswer answer = search.answer(alone.tree, alone.settled, best, "");
  CHECK(answer.verdict == Verdict::proved);
  REQUIRE(answer.upper);
  CHECK(*answer.upper <= (1 + ratio) * answer.witness->error);
  // Both enclose the same number.
  CHECK(*answer.upper >= expected.witness->error);
  CHECK(*expected.upper >= answer.witness->error);
  // The largest error that is known is the goal's, and a lower goal costs more boxes.
  const RegionReport told = search({""}, 1000000, best.lower);
  CHECK(told.settled.value() <= search.goal(best.lower));
  CHECK(RegionSearch(problem, eps)({""}, 1000000).tree.size() < alone.tree.size());
  // A search that ends early leaves boxes open above the goal; where none is above eps the claim is proved.
  std::uint64_t budget = 0;
  RegionReport early;
  do early = search({""}, budget += 2, known.lower);
  while (std::any_of(early.open.begin(), early.open.end(), [&](double upper) { return upper > eps; }));
  REQUIRE(!early.open.empty());
  for (const double upper : early.open) CHECK(upper > search.goal(known.lower));
  const double largest =
      std::max(early.settled.value_or(0), *std::max_element(early.open.begin(), early.open.end()));
  const SupremumAnswer open = search.answer(early.tree, largest, early.point, "stopped");
  CHECK(open.verdict == Verdict::proved);
  CHECK(open.tree.find('*') == std::string::npos);
  CHECK(open.tree.size() == early.tree.size());
  CHECK_THROWS_AS(RegionSearch(problem, eps, Rational(-1)), InputError);
}

TEST_CASE("regions: an error above eps refutes") {
  const ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 4));
  RegionSearch search(problem, Rational(1, 1000));
  Joined joined;
  join(search, "", 10, joined);
  REQUIRE(joined.is_refuted);
  // A region that refutes still says what it knows: the boxes that it has not looked at stay open.
  const RegionReport refuting = search({""}, 1000);
  REQUIRE(refuting.is_refuted);
  CHECK(std::count(refuting.tree.begin(), refuting.tree.end(), '*') ==
        static_cast<std::ptrdiff_t>(refuting.open.size()));
  for (const double upper : refuting.open) CHECK(upper > search.eps());
  const SupremumAnswer answer = search.answer("*", std::nullopt, joined.point, "");
  CHECK(answer.verdict == Verdict::refuted);
  CHECK(error_at(problem, answer.witness->X).lower() > Rational(1, 1000));
}

TEST_CASE("paths, trees and problems that do not fit are refused") {
  const ApproximationProblem problem = lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 4));
  RegionSearch search(problem, Rational(1, 4));
  for (const char* path : {"0", "2<", "0-", "<0", "0<1"})
    CHECK_THROWS_AS((void)search({path}, 1), InputError);
  for (const char* tree : {"", "0.", "2..", "...", "0..."})
    CHECK_THROWS_AS((void)search({"0<", tree}, 1), InputError);
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "0<";
  CHECK_THROWS_AS((void)search({deep}, 1), InputError);
  CHECK_THROWS_AS((void)search.point({0.5}), InputError);
  CHECK_THROWS_AS((void)search.point({0.5, 1.5}), InputError);
  CHECK_THROWS_AS(RegionSearch(problem, Rational(-1)), InputError);
}
