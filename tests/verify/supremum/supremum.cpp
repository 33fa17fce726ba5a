#include <doctest/doctest.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/supremum/supremum.hpp>

#include "lookup_problem.hpp"
#include "plain_problem.hpp"

using namespace promptbound;

namespace {

SupremumAnswer verify(const ApproximationProblem& problem, const Rational& eps, int threads = 1) {
  SupremumOptions options;
  options.eps = eps;
  options.threads = threads;
  return enclose_supremum(problem, options);
}

void check_proved(const ApproximationProblem& problem, const Rational& eps) {
  const SupremumAnswer answer = verify(problem, eps);
  CAPTURE(answer.why);
  REQUIRE(answer.verdict == Verdict::proved);
  REQUIRE(answer.upper);
  REQUIRE(answer.witness);
  const Rational& lower = answer.witness->error;
  CHECK(*answer.upper <= eps);
  CHECK(lower <= *answer.upper);
  CHECK(*answer.upper <= lower * Rational(21, 20));
  const WorkingPrecision scope(200);
  CHECK(certainly_less_equal(Interval(lower), error_at(problem, answer.witness->X)));
}

void check_refuted(const ApproximationProblem& problem, const Rational& eps) {
  const SupremumAnswer answer = verify(problem, eps);
  REQUIRE(answer.verdict == Verdict::refuted);
  REQUIRE(answer.witness);
  const WorkingPrecision scope(200);
  CHECK(certainly_less(Interval(eps), error_at(problem, answer.witness->X)));
}

/// Attention that adds 3/2 to x > 1/3 and takes 3/2 from x < 1/3, with scores whose exponentials are out of
/// range: a box around 1/3 has no finite bound.
ApproximationProblem steep() {
  const Rational large(Integer(boost::multiprecision::pow(Integer(10), 20)));
  AttentionHead<Rational> head;
  head.W_Q = Matrix<Rational>(1, 2);
  head.W_Q << large, -large / 3;
  head.W_K = Matrix<Rational>(1, 2);
  head.W_K << 0, 1;
  head.W_V = Matrix<Rational>::Zero(2, 2);
  head.W_V(0, 1) = Rational(3, 2);
  ApproximationProblem problem{{2, {}, Mask::bidirectional},
                               Matrix<Rational>(2, 2),
                               Matrix<Rational>(2, 1),
                               Target{1, 1, Identity{}},
                               Number::infinity()};
  problem.model.layers.push_back({{head}, {}});
  problem.prompt << 0, 0, 1, -1;
  problem.tokens << 0, 1;
  return problem;
}

}  // namespace

TEST_CASE("the lookup transformer of theory 5.2 over the whole cube - C = 1 - alpha = inf") {
  const Number inf = Number::infinity();
  for (const Target& f :
       {Target{1, 1, Identity{}}, Target{1, 1, SineField{2}}, random_table(1, 1, 5, 1, inf, 1)}) {
    check_proved(lookup_problem(f, Rational(1, 100)), Rational(1, 100));
  }
  for (const Target& f : {Target{2, 1, Identity{}}, Target{1, 2, Reversal{}}, Target{2, 1, SineField{2}},
                          Target{1, 2, CoordinateMaximum{}}, random_table(2, 1, 2, 1, inf, 2)}) {
    check_proved(lookup_problem(f, Rational(1, 20)), Rational(1, 20));
  }
  check_proved(lookup_problem(Target{3, 1, Identity{}}, Rational(1, 10)), Rational(1, 10));
}

TEST_CASE("the same in the 2-norm") {
  check_proved(lookup_problem(Target{1, 2, Reversal{}}, Rational(1, 5), Number(Rational(2))), Rational(1, 5));
}

TEST_CASE("a corrupted value - a wrong beta - a missing token: refuted with a witness") {
  for (const Target& f : {Target{1, 1, Identity{}}, Target{1, 2, Reversal{}}}) {
    const Rational eps(1, 20);
    const LookupRecipe recipe = LookupRecipe::choose(f.d, f.L, 1, Number::infinity(), eps);
    const ApproximationProblem intact = lookup_problem(f, eps);
    const Index token = intact.prompt.cols() / 2;

    ApproximationProblem corrupted = intact;
    Rational& value = corrupted.prompt(corrupted.prompt.rows() - 1, token);
    value += value < Rational(1, 2) ? Rational(1, 4) : Rational(-1, 4);
    check_refuted(corrupted, eps);

    LookupRecipe wrong = recipe;
    wrong.beta /= 64;
    ApproximationProblem flat = intact;
    flat.model = LookupTransformer(wrong).blocks().transformer();
    check_refuted(flat, eps);

    ApproximationProblem missing = intact;
    const Index last = missing.prompt.cols() - 1;
    missing.prompt.col(token) = Matrix<Rational>(missing.prompt.col(last));
    missing.prompt.conservativeResize(Eigen::NoChange, last);
    check_refuted(missing, eps);
  }
}

TEST_CASE("known suprema: the input against its reversal is off by 1 by 2^(1/2) in the 2-norm") {
  const Target reversal{1, 2, Reversal{}};
  SupremumOptions options;
  options.ratio = Rational(1, 1000000);
  const SupremumAnswer answer = enclose_supremum(plain_problem(reversal, Number::infinity()), options);
  CHECK(answer.verdict == Verdict::proved);
  CHECK(answer.witness.value().error == 1);
  CHECK(answer.upper.value() == 1);
  const SupremumAnswer rooted = enclose_supremum(plain_problem(reversal, Number(Rational(2))), options);
  CHECK(rooted.verdict == Verdict::proved);
  const Rational lower = rooted.witness.value().error, upper = rooted.upper.value();
  CHECK(lower * lower <= 2);
  CHECK(upper * upper >= 2);
  CHECK(upper <= lower * (1 + options.ratio));
  // Exactly at the threshold: proved at 1, refuted below.
  CHECK(verify(plain_problem(reversal, Number::infinity()), 1).verdict == Verdict::proved);
  CHECK(verify(plain_problem(reversal, Number::infinity()), Rational(999999, 1000000)).verdict ==
        Verdict::refuted);
}

TEST_CASE("numbers that binary64 cannot hold go to multiple precision") {
  const Rational huge(Integer(boost::multiprecision::pow(Integer(10), 400)));
  ApproximationProblem problem = plain_problem(Target{1, 1, Identity{}}, Number::infinity());
  const auto scalar = [](const Rational& x) { return Matrix<Rational>::Constant(1, 1, x); };
  problem.model.layers.push_back({{},
                                  FeedForward<Rational>{scalar(huge), Vector<Rational>::Zero(1),
                                                        scalar(1 / huge), Vector<Rational>::Zero(1)}});
  // The output is 2x.
  CHECK(verify(problem, Rational(101, 100)).verdict == Verdict::proved);
  CHECK(verify(problem, Rational(99, 100)).verdict == Verdict::refuted);
}

TEST_CASE("the answer does not depend on the threads - budgets end in unknown with bounds that hold") {
  const ApproximationProblem problem = lookup_problem(Target{2, 1, Identity{}}, Rational(1, 8));
  const SupremumAnswer one = verify(problem, Rational(1, 8)), two = verify(problem, Rational(1, 8), 2);
  CHECK(one.verdict == Verdict::proved);
  CHECK(one.upper.value() == two.upper.value());
  CHECK(one.witness.value().error == two.witness.value().error);
  CHECK(*one.spent.boxes == *two.spent.boxes);
  SupremumOptions options;
  options.eps = Rational(1, 8);
  options.most_boxes = *one.spent.boxes / 4;
  const SupremumAnswer cut = enclose_supremum(problem, options);
  CHECK(cut.verdict == Verdict::unknown);
  CHECK(cut.upper.value() >= one.upper.value());
  CHECK(cut.witness.value().error <= one.upper.value());
  CHECK_FALSE(cut.why.empty());
  options.most_boxes = *one.spent.boxes;
  options.most_waiting = 8;
  CHECK(enclose_supremum(problem, options).verdict == Verdict::unknown);
  options.ratio = -1;
  CHECK_THROWS_AS(enclose_supremum(problem, options), InputError);
  options.ratio = 0;
  options.eps = -1;
  CHECK_THROWS_AS(enclose_supremum(problem, options), InputError);
}

TEST_CASE("an error above eps that is in hand refutes whatever the budget and the upper bound") {
  // The identity with 1 added: an error of 1 at the centre, the only point that is looked at.
  SupremumOptions options;
  options.eps = Rational(99, 100);
  options.most_boxes = 1;
  ApproximationProblem shifted = plain_problem(Target{1, 1, Identity{}}, Number::infinity());
  shifted.tokens(0, 0) = 1;
  const SupremumAnswer at_once = enclose_supremum(shifted, options);
  CHECK(at_once.verdict == Verdict::refuted);
  CHECK(at_once.witness.value().error == 1);
  // A witness refutes although no finite bound is known, and the upper end stays open.
  const SupremumAnswer unbounded = verify(steep(), 1);
  CHECK(unbounded.verdict == Verdict::refuted);
  CHECK_FALSE(unbounded.upper.has_value());
  check_refuted(steep(), 1);
  // Nothing above eps and no finite bound: unknown, with the reason, and no upper end.
  options.eps = 100;
  options.most_boxes = 40;
  const SupremumAnswer open = enclose_supremum(steep(), options);
  CHECK(open.verdict == Verdict::unknown);
  CHECK_FALSE(open.upper.has_value());
  CHECK(open.why == "no finite bound was found: the budget of boxes is used up");
  CHECK(open.witness.value().error <= 100);
}

TEST_CASE("an exponent at which every power is out of range: the norm is what it is") {
  ApproximationProblem problem = plain_problem(
      Target{2, 1, Identity{}}, Number(Rational(Integer(boost::multiprecision::pow(Integer(10), 19)))));
  problem.tokens << 10, 3;
  const SupremumAnswer answer = verify(problem, 11);
  CHECK(answer.verdict == Verdict::proved);
  CHECK(answer.upper.value() < Rational(10000001, 1000000));
  CHECK(answer.witness.value().error > Rational(9999999, 1000000));
  check_refuted(problem, Rational(999, 100));
}
