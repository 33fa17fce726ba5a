// The grid number of 1.3, forwards and backwards, is the best: against every other, and against definitions.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include <promptbound/bounds/lipschitz_grid.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

#include "effort.hpp"

using namespace promptbound;

namespace {

struct Problem {
  long d = 1, L = 1, w = 1;
  bool is_max_alpha = false, is_box = false;
  Rational C = 1, R = 1, Lambda = 1, eps = 1;

  [[nodiscard]] LipschitzPacking packing() const {
    Arguments arguments;
    arguments.set("d", d);
    arguments.set("L", L);
    arguments.set("w", w);
    arguments.set("alpha", is_max_alpha ? Argument(Number::infinity()) : Argument(2));
    arguments.set("C", C);
    arguments.set("R", R);
    arguments.set("Lambda", Lambda);
    arguments.set("norm", is_box ? "max" : "euclidean");
    return LipschitzPacking(arguments, eps);
  }

  [[nodiscard]] Rational base(const Integer& k) const {
    const Rational height = std::min(Rational(1), Rational(C / k));
    const Rational ratio = 2 * Lambda * R / (height - 2 * eps);
    return is_box ? Rational(floor(ratio) + 1) : Rational(ratio + 1);
  }
  /// (k+1)^n/ln(base): the bound but for constants.
  [[nodiscard]] Interval length(const Integer& k) const {
    return Interval(power(Integer(k + 1), static_cast<unsigned long>(d * L))) / log(Interval(base(k)));
  }
  /// Does grid number k exclude m tokens? A base of 1 excludes every length.
  [[nodiscard]] bool is_excluded(const Integer& m, const Integer& k) const {
    const Interval available =
        Interval(Integer(m * w)) / Interval(is_max_alpha ? d * L : 1L) / log(Interval(2));
    return base(k) == 1 || certainly_less(available, length(k));
  }
};

std::mt19937_64 engine(7);  // NOLINT(cert-msc51-cpp): the same problems every time

Rational random_rational(long least_exponent, long most_exponent) {
  const double exponent = std::uniform_real_distribution<double>(static_cast<double>(least_exponent),
                                                                 static_cast<double>(most_exponent))(engine);
  return Rational(Integer(std::llround(std::pow(10.0, exponent) * 1000000)) + 1, Integer(1000000));
}

Problem random_problem(long most_grid_exponent) {
  Problem result;
  result.d = 1 + static_cast<long>(engine() % 3);
  result.L = 1 + static_cast<long>(engine() % 2);
  result.w = 1 + static_cast<long>(engine() % 4);
  result.is_max_alpha = engine() % 2 == 0;
  result.is_box = engine() % 2 == 0;
  result.C = random_rational(-2, 2);
  result.R = random_rational(-3, 3);
  result.Lambda = random_rational(-3, 3);
  result.eps = result.C / 2 / random_rational(0, most_grid_exponent);
  return result;
}

}  // namespace

TEST_CASE("no grid number gives a longer prompt") {
  const WorkingPrecision scope(256);
  int searched = 0;
  for (int i = 0; i < 200; ++i) {
    const Problem problem = random_problem(3);
    const LipschitzPacking packing = problem.packing();
    if (problem.eps >= Rational(1, 2) || packing.functions.finest < 1 || packing.base(1) == 1) continue;
    ++searched;
    const Interval best = problem.length(packing.best_for_length());
    for (Integer k = 1; k <= packing.functions.finest; ++k) {
      const bool is_better = certainly_less(best, problem.length(k));
      REQUIRE_MESSAGE(!is_better, "k = ", k.str(), " of ", packing.functions.finest.str());
    }
  }
  CHECK(searched > 100);
}

TEST_CASE("among a billion and more grid numbers no neighbour is better near or far") {
  const WorkingPrecision scope(512);
  for (int i = 0; i < 60; ++i) {
    const Problem problem = random_problem(14);
    const LipschitzPacking packing = problem.packing();
    const Integer& last = packing.functions.finest;
    if (problem.eps >= Rational(1, 2) || last < 1 || packing.base(1) == 1) continue;
    const Integer k = packing.best_for_length();
    const Interval best = problem.length(k);
    for (Integer step = 1; step <= last; step *= 3) {
      for (const Integer& other : {Integer(k - step), Integer(k + step), Integer(last / step)}) {
        if (other < 1 || other > last) continue;
        const bool is_better = certainly_less(best, problem.length(other));
        CHECK_FALSE_MESSAGE(is_better, "k = ", k.str(), ", better: ", other.str(), " of ", last.str());
      }
    }
  }
}

TEST_CASE("among grid numbers of hundreds of digits no neighbour is better near or far") {
  const WorkingPrecision scope(8192);
  for (int i = 0; i < repetitions(30); ++i) {
    Problem problem = random_problem(2);
    problem.is_box = false;
    problem.eps /= power(Integer(10), 50 + engine() % 350);
    if (i % 2 == 0) problem.Lambda /= power(Integer(10), engine() % 300);
    const LipschitzPacking packing = problem.packing();
    const Integer& last = packing.functions.finest;
    const Integer k = packing.best_for_length();
    const Interval best = problem.length(k);
    for (Integer step = 1; step <= last; step *= 3) {
      for (const Integer& other : {Integer(k - step), Integer(k + step)}) {
        if (other < 1 || other > last) continue;
        const bool is_better = certainly_less(best, problem.length(other));
        REQUIRE_FALSE_MESSAGE(is_better, "k = ", k.str(), ", better: ", other.str(), " of ", last.str());
      }
    }
  }
}

// Near the best one the bounds of the box form differ by its floor alone: many neighbours, and on both sides
// the greatest grid number of every base nearby.
TEST_CASE("box form: among grid numbers of up to hundreds of digits no neighbour is better near or far") {
  const WorkingPrecision scope(4096);
  for (int i = 0; i < repetitions(12); ++i) {
    Problem problem = random_problem(2);
    problem.is_box = true;
    const unsigned long digits = 5 + engine() % (i % 2 == 0 ? 20 : 300);
    problem.eps = std::min(problem.eps, Rational(1, 5)) / power(Integer(10), digits);
    problem.Lambda = 1 / problem.R;  // as many bases as grid numbers; then fewer, then more
    if (i % 3 == 1) problem.Lambda *= power(Integer(10), engine() % digits);
    if (i % 3 == 2) problem.R = 2 / power(Integer(10), engine() % digits);
    const LipschitzPacking packing = problem.packing();
    const Integer& last = packing.functions.finest;
    REQUIRE(last > 100);
    if (packing.base(1) == 1) continue;
    const Integer k = packing.best_for_length();
    const Integer c = numerator(problem.base(k));
    const auto logarithm = [&](const Integer& other) {
      return Interval(problem.d * problem.L) * log(Interval(Integer(other + 1))) -
             log(log(Interval(problem.base(other))));
    };
    const Interval best = logarithm(k);
    const auto require_no_better = [&](const Integer& other) {
      if (other < 1 || other > last) return;
      const bool is_better = certainly_less(best, logarithm(other));
      REQUIRE_FALSE_MESSAGE(is_better, "k = ", k.str(), ", better: ", other.str(), " of ", last.str());
    };
    const Rational reach = 2 * problem.Lambda * problem.R, twice_eps = 2 * problem.eps;
    for (long step = 1; step < 60; ++step) {
      require_no_better(k - step);
      require_no_better(k + step);
      // Base c is that of k < C c/(2 Lambda R + 2 eps c).
      require_no_better(ceil(problem.C * (c - step) / (reach + twice_eps * (c - step))) - 1);
      require_no_better(ceil(problem.C * (c + step) / (reach + twice_eps * (c + step))) - 1);
    }
    for (Integer step = 64; step <= last; step *= 8) {
      require_no_better(k - step);
      require_no_better(k + step);
    }
  }
}

TEST_CASE("box form: the best of 30 thousand grid numbers, all of them asked") {
  const WorkingPrecision scope(192);
  for (int i = 0; i < repetitions(3); ++i) {
    Problem problem = random_problem(1);
    problem.is_box = true;
    problem.C = Rational(1 + engine() % 1000, 500);
    problem.eps = std::min(Rational(problem.C / 60000), Rational(1, 5));
    problem.Lambda = Rational(1 + engine() % 1000, 100) / problem.R;
    const LipschitzPacking packing = problem.packing();
    REQUIRE(packing.functions.finest > 29000);
    const Interval n(problem.d * problem.L);
    const auto logarithm = [&](const Integer& k) {
      return n * log(Interval(Integer(k + 1))) - log(log(Interval(problem.base(k))));
    };
    const Interval best = logarithm(packing.best_for_length());
    for (Integer k = 1; k <= packing.functions.finest; ++k)
      REQUIRE_FALSE_MESSAGE(certainly_less(best, logarithm(k)), "better: ", k.str());
  }
}

TEST_CASE("where binary64 cannot hold R/rho no grid number gives a longer prompt") {
  const WorkingPrecision scope(4096);
  const Rational huge(power(Integer(10), 306));  // at k = 60 and beyond
  for (const auto& [R, is_box] : {std::pair(huge, true), {huge, false}, {Rational(1 / huge), false}}) {
    Problem problem;
    problem.d = problem.L = 2;
    problem.is_box = is_box;
    problem.eps = Rational(1, 257);
    problem.R = R;
    const LipschitzPacking packing = problem.packing();
    CHECK(packing.functions.finest == 128);
    const Interval best = problem.length(packing.best_for_length());
    for (Integer k = 1; k <= 128; ++k)
      CHECK_FALSE_MESSAGE(certainly_less(best, problem.length(k)), "better: ", k.str());
  }
}

TEST_CASE("with many tokens and hundreds of digits no neighbour excludes a greater accuracy") {
  const WorkingPrecision scope(8192);
  for (int i = 0; i < repetitions(30); ++i) {
    Problem problem = random_problem(1);
    problem.is_box = false;
    const LipschitzPacking packing = problem.packing();
    const Integer m = power(Integer(10), 60 + engine() % 350) + engine() % 1000;
    const Integer k = packing.best_for_accuracy(m);
    const Interval best = packing.accuracy(m, k);
    for (Integer step = 1; step < k; step *= 3) {
      for (const Integer& other : {Integer(k - step), Integer(k + step)})
        REQUIRE_FALSE_MESSAGE(certainly_less(best, packing.accuracy(m, other)), "k = ", k.str(),
                              ", better: ", other.str());
    }
  }
}

TEST_CASE("no grid number excludes a greater accuracy") {
  const WorkingPrecision scope(256);
  for (int i = 0; i < 100; ++i) {
    const LipschitzPacking packing = random_problem(1).packing();
    const Integer m(1 + engine() % 60);
    const Integer k = packing.best_for_accuracy(m);
    const Interval best = packing.accuracy(m, k);
    CHECK(certainly_positive(best));
    for (Integer other = 1; other <= 3 * k + 100; ++other)
      REQUIRE_FALSE(certainly_less(best, packing.accuracy(m, other)));
    if (const auto exact = packing.exact_accuracy(m, k)) CHECK(best.contains(*exact));
  }
}

// eps_k against its definition: just below it the grid number excludes m tokens, at it it does not.
TEST_CASE("the accuracy of a grid number is where its bound passes m") {
  const WorkingPrecision scope(512);
  for (int i = 0; i < 100; ++i) {
    Problem problem = random_problem(1);
    const Integer m(1 + engine() % 100);
    const Integer k(1 + engine() % 6);
    const Interval eps = problem.packing().accuracy(m, k);
    if (!certainly_positive(eps)) continue;
    problem.eps = eps.lower() * Rational(999999999, 1000000000);
    CHECK(problem.is_excluded(m, k));
    problem.eps = eps.upper() * Rational(1000000001, 1000000000);
    const bool is_separating = 2 * problem.eps < std::min(Rational(1), Rational(problem.C / k));
    CHECK_FALSE((is_separating && problem.is_excluded(m, k)));
  }
}
