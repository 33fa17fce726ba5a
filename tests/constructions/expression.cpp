#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/constructions/targets.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "effort.hpp"
#include "random.hpp"

using namespace promptbound;

namespace {

/// Of every operation, defined on the whole cube of two coordinates and one token.
const char* const expressions[] = {"x[0,0]*x[1,0]; 1 - x[0,0]*x[1,0]",
                                   "0.5 + 0.5*sin(2*pi*x[0,0]); cos(x[0,0] - x[1,0])^2",
                                   "exp(-x[0,0]^2 - x[1,0]^2); log(1 + x[0,0] + x[1,0])",
                                   "sqrt(x[0,0]); sqrt(x[0,0]^2 + x[1,0]^2)/2",
                                   "min(x[0,0], x[1,0], 1/2); max(x[0,0], 1 - x[1,0])",
                                   "abs(x[0,0] - x[1,0]); tanh(3*(x[0,0] - 1/2))",
                                   "1/(1 + x[0,0]); x[1,0]/(2 - x[0,0])^3",
                                   "t = x[0,0] - x[1,0]; abs(t)*t*t; (-t)^5 - t**-0",
                                   "x[1,0]**3 - x[0,0]^2*x[1,0]; +x[0][0] - -x[1][0]"};

double formula(int expression, int output, double a, double b) {
  const double t = a - b, pi = std::acos(-1.0);
  switch (2 * expression + output) {
    case 0:
      return a * b;
    case 1:
      return 1 - a * b;
    case 2:
      return 0.5 + 0.5 * std::sin(2 * pi * a);
    case 3:
      return std::pow(std::cos(a - b), 2);
    case 4:
      return std::exp(-a * a - b * b);
    case 5:
      return std::log(1 + a + b);
    case 6:
      return std::sqrt(a);
    case 7:
      return std::sqrt(a * a + b * b) / 2;
    case 8:
      return std::min({a, b, 0.5});
    case 9:
      return std::max(a, 1 - b);
    case 10:
      return std::abs(t);
    case 11:
      return std::tanh(3 * (a - 0.5));
    case 12:
      return 1 / (1 + a);
    case 13:
      return b / std::pow(2 - a, 3);
    case 14:
      return std::abs(t) * t * t;
    case 15:
      return std::pow(-t, 5) - 1;
    case 16:
      return b * b * b - a * a * b;
    default:
      return a + b;
  }
}

void refuse(const char* text, const std::string& reason) {
  try {
    static_cast<void>(parse_expression(text, 2, 1));
    FAIL_CHECK(text << " was accepted");
  } catch (const InputError& error) {
    CHECK_MESSAGE(std::string(error.what()).find(reason) != std::string::npos, error.what());
  }
}

}  // namespace

TEST_CASE("expressions mean what their formulas say and every scalar agrees") {
  RandomNumbers random(501);
  const WorkingPrecision scope(120);
  for (int k = 0; k < static_cast<int>(std::size(expressions)); ++k) {
    const Expression f = parse_expression(expressions[k], 2, 1);
    for (int trial = 0; trial < 20; ++trial) {
      const Matrix<Rational> X = random.matrix(2, 1, 0, 1);
      const Matrix<double> x = from_rational<double>(X);
      const Matrix<double> y = evaluate(f, x);
      const Matrix<Interval> enclosed = evaluate(f, from_rational<Interval>(X));
      const Matrix<FastInterval> fast = evaluate(f, from_rational<FastInterval>(X));
      const Matrix<Real> precise = evaluate(f, from_rational<Real>(X));
      for (int o = 0; o < 2; ++o) {
        CHECK(y(o) == doctest::Approx(formula(k, o, x(0), x(1))).epsilon(1e-12));
        CHECK(enclosed(o).lower_double() == doctest::Approx(y(o)).epsilon(1e-12));
        CHECK(enclosed(o).upper() - enclosed(o).lower() < Rational(1, 1000000000) / 1000000000);
        CHECK_FALSE(certainly_less(Interval(fast(o)), enclosed(o)));
        CHECK_FALSE(certainly_less(enclosed(o), Interval(fast(o))));
        CHECK(precise(o).convert_to<double>() == doctest::Approx(y(o)).epsilon(1e-12));
      }
      if (is_rational(f)) {
        const Matrix<Rational> exact = evaluate(f, X);
        for (int o = 0; o < 2; ++o) CHECK(enclosed(o).contains(exact(o)));
      }
    }
  }
}

TEST_CASE("expressions over boxes contain their values at points of the boxes") {
  RandomNumbers random(502);
  const long trials = repetitions(300);
  for (const char* text : expressions) {
    const Expression f = parse_expression(text, 2, 1);
    for (long trial = 0; trial < trials; ++trial) {
      const WorkingPrecision scope(64);
      Matrix<LinearForm<FastInterval>> box(2, 1);
      Matrix<Rational> X(2, 1);
      std::vector<Rational> delta;
      for (Index o = 0; o < 2; ++o) {
        const double radius = std::ldexp(1.0, -static_cast<int>(random.integer(1, 12)));
        // Boxes at the border of the cube are where roots have no slope.
        const double centre =
            random.integer(0, 3) == 0
                ? radius
                : radius + (1 - 2 * radius) * static_cast<double>(random.integer(0, 64)) / 64;
        delta.push_back(Rational(random.integer(-8, 8), 8));
        X(o) = Rational(centre) + delta.back() * Rational(radius);
        box(o) =
            LinearForm<FastInterval>(FastInterval(centre), FastInterval(radius), static_cast<std::size_t>(o));
      }
      const Matrix<LinearForm<FastInterval>> forms = evaluate(f, box);
      const WorkingPrecision precise(160);
      const Matrix<Interval> exact = evaluate(f, from_rational<Interval>(X));
      for (Index o = 0; o < 2; ++o) {
        REQUIRE(forms(o).range().is_finite());
        FastInterval value = forms(o).centre();
        for (std::size_t i = 0; i < forms(o).slopes().size(); ++i)
          value += forms(o).slopes()[i] * FastInterval(delta[i]);
        CHECK(Interval(value).contains(exact(o)));
      }
    }
  }
}

TEST_CASE("over small boxes forms are tight: their excess is of second order") {
  const WorkingPrecision scope(64);
  const Expression f = parse_expression("exp(-x[0,0]^2)*sin(3*x[1,0]) + 1/(1 + x[0,0])", 2, 1);
  double last = 1;
  for (const int exponent : {4, 6, 8, 10}) {
    Matrix<LinearForm<FastInterval>> box(2, 1);
    for (Index o = 0; o < 2; ++o)
      box(o) = LinearForm<FastInterval>(FastInterval(0.375), FastInterval(std::ldexp(1.0, -exponent)),
                                        static_cast<std::size_t>(o));
    const LinearForm<FastInterval> form = evaluate(f, box)(0);
    double excess = form.centre().upper() - form.centre().lower();
    for (const FastInterval& slope : form.slopes()) excess += slope.upper() - slope.lower();
    CHECK(excess < last / 10);
    last = excess;
  }
}

TEST_CASE("where an operation is not certainly defined nothing is known - also behind min and max") {
  const WorkingPrecision scope(64);
  const auto range = [](const char* text, const Rational& x) {
    const Matrix<Interval> X = Matrix<Interval>::Constant(2, 1, Interval(x));
    return evaluate(parse_expression(text, 2, 1), X)(0);
  };
  for (const char* text : {"log(x[0,0] - 1)", "sqrt(x[0,0] - 1)", "1/(x[0,0] - 1/2)",
                           "min(1, max(0, log(x[0,0] - 1)))", "abs(min(max(sqrt(x[0,0] - 1), 0), 1))",
                           "0*log(x[0,0] - 2)", "tanh(log(x[0,0] - 1/2))", "min(0, 1/(x[0,0] - x[1,0]))"}) {
    const Interval value = range(text, Rational(1, 2));
    CHECK_MESSAGE(!value.is_finite(), text);
    CHECK_MESSAGE(value.contains(Interval::whole_line()), text);
  }
  CHECK(range("sqrt(x[0,0] - 1/2)", Rational(1, 2)).is_point());
  CHECK(range("log(x[0,0] + 1/2)", Rational(1, 2)).contains(Rational(0)));
  // The same over a box that meets the border.
  Matrix<LinearForm<FastInterval>> box(2, 1);
  for (Index o = 0; o < 2; ++o)
    box(o) = LinearForm<FastInterval>(FastInterval(0.5), FastInterval(0.25), static_cast<std::size_t>(o));
  for (const char* text : {"min(1, max(0, log(x[0,0] - 1/2)))", "min(1, sqrt(x[0,0] - x[1,0] + 1/8))"})
    CHECK_FALSE(evaluate(parse_expression(text, 2, 1), box)(0).range().is_finite());
  // A square is not negative, whatever its form says.
  CHECK(evaluate(parse_expression("sqrt((x[0,0] - x[1,0])^2)", 2, 1), box)(0).range().is_finite());
}

TEST_CASE("the canonical text reads back as the same graph and stays as it is") {
  for (const char* text : expressions) {
    const std::string canonical = canonical_text(parse_expression(text, 2, 1));
    CHECK(canonical_text(parse_expression(canonical, 2, 1)) == canonical);
  }
  CHECK(canonical_text(parse_expression("0.5+0.5*sin(2*pi*x[0,1])", 1, 2)) ==
        "((1/2) + ((1/2) * sin(((2 * pi) * x[0,1]))))");
  CHECK(canonical_text(parse_expression("-1/3*x[0,0]^2 - (2 - 5)", 1, 1)) ==
        "(((-1/3) * (x[0,0] ^ 2)) - (-3))");
  // One expression that names its own place becomes one for each output; what is used twice has a name.
  CHECK(canonical_text(parse_expression("1 - x[i,j]", 2, 1)) == "(1 - x[0,0]); (1 - x[1,0])");
  CHECK(canonical_text(parse_expression("a = x[0,0]+1; a*a", 1, 1)) == "t1 = (x[0,0] + 1); (t1 * t1)");
  // Deep sums are cut into parts that a reader of bounded depth reads.
  std::string sum = "x[0,0]";
  for (int i = 1; i < 2000; ++i) sum += "+" + std::to_string(i) + "*x[0,0]";
  const std::string deep = canonical_text(parse_expression(sum, 1, 1));
  CHECK(canonical_text(parse_expression(deep, 1, 1)) == deep);
}

TEST_CASE("what is no expression is refused at its place") {
  refuse("", "0 expressions");
  refuse("x[0,0]; x[1,0]; 1", "3 expressions (accepted: one for all outputs, or d L = 2)");
  refuse("x[2,0]", "character 3: a coordinate is 0 to 1");
  refuse("x[0,1]", "a token is 0 to 0");
  refuse("x[-1,0]", "a coordinate is 0 to 1");
  refuse("x[0]", "'[' is needed");
  refuse("sin x[0,0]", "'(' is needed");
  refuse("min(x[0,0])", "min and max take two or more");
  refuse("x[0,0]^x[1,0]", "an exponent must be whole");
  refuse("x[0,0]^0.5", "an exponent must be whole");
  refuse("x[0,0]^100000", "of size at most 1000");
  refuse("x[0,0]/0", "division by 0");
  refuse("x[0,0]/(1-1)", "division by 0");
  refuse("1.2.3", "not a number");
  refuse("2 3", "an operator");
  refuse("y + 1", "accepted here");
  refuse("sin = 3; sin", "'sin' is taken");
  refuse("import(1)", "accepted here");
  refuse("(x[0,0]", "')' is needed");
  refuse(std::string(5000, '(').c_str(), "nested too deep");
  refuse(std::string(5000, '-').c_str(), "nested too deep");
}

TEST_CASE("rational expressions are exact and others say that they are not") {
  const Matrix<Rational> X = Matrix<Rational>::Constant(2, 1, Rational(1, 3));
  CHECK(evaluate(parse_expression("x[0,0]^3/(1+x[1,0])", 2, 1), X)(0) == Rational(1, 36));
  CHECK(evaluate(parse_expression("sqrt(x[0,0]+1/9) + exp(x[0,0]-x[1,0])", 2, 1), X)(0) == Rational(5, 3));
  CHECK_THROWS_AS(static_cast<void>(evaluate(parse_expression("exp(x[0,0])", 2, 1), X)), InputError);
  CHECK_THROWS_AS(static_cast<void>(evaluate(parse_expression("1/(x[0,0]-x[1,0])", 2, 1), X)), InputError);
  CHECK(is_rational(parse_expression("min(abs(x[0,0]), x[1,0]/(1+x[0,0]))", 2, 1)));
  CHECK_FALSE(is_rational(parse_expression("pi*x[0,0]", 2, 1)));
  CHECK_FALSE(is_rational(parse_expression("sqrt(x[0,0])", 2, 1)));
}
