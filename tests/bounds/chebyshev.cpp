// The polynomial of 4.2 against Arb's Bessel functions, and its inverse.
#include <arb.h>
#include <arb_hypgeom.h>
#include <doctest/doctest.h>
#include <flint/fmpq.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/precision.hpp>

using namespace promptbound;

namespace {

/// A ball of Arb, freed with the object.
struct Ball {
  arb_t value;
  Ball() { arb_init(value); }
  ~Ball() { arb_clear(value); }
  Ball(const Ball&) = delete;
  Ball& operator=(const Ball&) = delete;
};

constexpr slong bits = 300;

void set(Ball& ball, const Rational& x) {
  fmpq_t fraction;
  fmpq_init(fraction);
  fmpq_set_str(fraction, x.str().c_str(), 10);
  arb_set_fmpq(ball.value, fraction, bits);
  fmpq_clear(fraction);
}

/// 2 e^S sum_{g < l <= g + terms} I_l(S) by Arb: below the truncation error by less than its last digits, if
/// there are enough terms.
Interval by_arb(const Rational& S, unsigned long g, unsigned long terms) {
  Ball score, order, bessel, sum;
  set(score, S);
  for (unsigned long l = g + terms; l > g; --l) {
    arb_set_ui(order.value, l);
    arb_hypgeom_bessel_i(bessel.value, order.value, score.value, bits);
    arb_add(sum.value, sum.value, bessel.value, bits);
  }
  arb_exp(score.value, score.value, bits);
  arb_mul(sum.value, sum.value, score.value, bits);
  arb_mul_2exp_si(sum.value, sum.value, 1);
  Interval result;
  arb_get_interval_mpfr(&result.get()->left, &result.get()->right, sum.value);
  return result;
}

}  // namespace

TEST_CASE("truncation errors equal Arb's sums of Bessel functions") {
  const WorkingPrecision scope(200);
  struct Point {
    Rational S;
    unsigned long degree, terms;
  };
  for (const auto& [S, degree, terms] :
       {Point{Rational(1, 1000000), 0, 40}, Point{Rational(1, 3), 2, 60}, Point{Rational(1), 0, 80},
        Point{Rational(5), 3, 120}, Point{Rational(5), 40, 80}, Point{Rational(100), 10, 300},
        Point{Rational(100), 200, 200}, Point{Rational(4001, 2), 4000, 150}}) {
    const std::string size = S.str(), asked = std::to_string(degree);
    CAPTURE(size);
    CAPTURE(asked);
    const Interval ours = truncation_error(S, degree);
    CHECK(ours.is_relatively_tight(170));
    // Arb's sum leaves out a part below 2^-170 of itself.
    const Interval least = by_arb(S, degree, terms);
    const Interval rest(Interval(1), Interval(1) + Interval(Rational(Integer(1), Integer(1) << 170)));
    CHECK(intersection(ours, least * rest).is_finite());
  }
}

TEST_CASE("the least degree is the least: one degree less misses eta") {
  const WorkingPrecision scope(200);
  for (const char* score : {"1e-9", "1/100", "1", "7/2", "30", "1000", "100000"}) {
    for (const char* accuracy : {"9/10", "1/1000", "1e-30", "1e-3000"}) {
      const Rational S = parse_number(score)->value;
      const Rational eta = parse_number(accuracy)->value;
      CAPTURE(score);
      CAPTURE(accuracy);
      const Integer degree = least_degree(S, eta);
      CHECK(certainly_less_equal(truncation_error(S, degree), Interval(eta)));
      if (degree > 0) CHECK(certainly_less(Interval(eta), truncation_error(S, degree - 1)));
    }
  }
}

TEST_CASE("the largest score is where the error passes eta") {
  for (const char* degree : {"0", "1", "9", "300", "100000"}) {
    for (const char* accuracy : {"99/100", "1/2", "1e-6", "1e-5000"}) {
      CAPTURE(degree);
      CAPTURE(accuracy);
      Arguments arguments;
      arguments.set("g", parse_argument(parameters::g, degree));
      arguments.set("eta", parse_argument(parameters::eta, accuracy));
      const Bound& bound = find_bound("polynomial-degree");
      const Record record = evaluate(bound, find_inverse(bound, "S"), arguments, 40);
      REQUIRE(record.is_applicable());
      const WorkingPrecision scope(300);
      const Interval largest = std::get<Interval>(record.output("S").value());
      CHECK(largest.is_relatively_tight(132));
      const Interval eta(parse_number(accuracy)->value);
      CHECK(certainly_less_equal(truncation_error(largest.lower(), Integer(degree)), eta));
      CHECK(certainly_less(eta, truncation_error(largest.upper(), Integer(degree))));
    }
  }
}
