// Every function of intervals, on every combination of finite, zero and infinite ends: what it returns
// contains the exact value at every point inside. PROMPTBOUND_CONTAINMENT=10000 for a longer run.
#include <functional>
#include <optional>

#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/linear_form.hpp>
#include <promptbound/numeric/matrices/ball_matrix.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/quantity.hpp>

#include "form_value.hpp"
#include "numeric/arb.hpp"
#include "numeric/ends.hpp"

using namespace promptbound;
using namespace promptbound::ends;

namespace {

const std::vector<long> precisions = {24, 53, 64, 160};

using Exact = std::optional<Rational>;

/// Calls visit(shape) for every shape, as often as asked, at changing precisions.
template <class Visit>
void for_each_shape(Generator& generator, const Visit& visit) {
  for (const Shape& shape : all_shapes()) {
    for (long i = 0; i < samples(); ++i) {
      const WorkingPrecision scope(generator.choose(precisions));
      visit(shape);
    }
  }
}

template <class Visit>
void for_each_pair(Generator& generator, const Visit& visit) {
  for (const Shape& first : all_shapes()) {
    for_each_shape(generator, [&](const Shape& second) { visit(first, second); });
  }
}

template <class S>
struct UnaryFunction {
  const char* name;
  std::function<S(const S&)> enclosed;
  std::function<Exact(const Rational&)> exact;
};
template <class S>
struct BinaryFunction {
  const char* name;
  std::function<S(const S&, const S&)> enclosed;
  std::function<Exact(const Rational&, const Rational&)> exact;
};

/// What FastInterval and Interval share.
template <class S>
std::vector<UnaryFunction<S>> unary_functions() {
  return {{"-", [](const S& x) { return -x; }, [](const Rational& x) { return -x; }},
          {"abs", [](const S& x) { return abs(x); }, [](const Rational& x) { return abs(x); }},
          {"relu", [](const S& x) { return relu(x); }, [](const Rational& x) { return relu(x); }},
          {"copy", [](const S& x) { return S(x); }, [](const Rational& x) { return x; }},
          {"x - x", [](const S& x) { return x - x; }, [](const Rational&) { return Rational(0); }},
          {"x * x", [](const S& x) { return x * x; }, [](const Rational& x) { return Rational(x * x); }},
          {"0 * x", [](const S& x) { return S(0) * x; }, [](const Rational&) { return Rational(0); }},
          {"1 / x", [](const S& x) { return S(1) / x; },
           [](const Rational& x) { return x == 0 ? Exact() : Exact(1 / x); }}};
}

template <class S>
std::vector<BinaryFunction<S>> binary_functions() {
  return {
      {"+", [](const S& x, const S& y) { return x + y; },
       [](const Rational& x, const Rational& y) { return Rational(x + y); }},
      {"-", [](const S& x, const S& y) { return x - y; },
       [](const Rational& x, const Rational& y) { return Rational(x - y); }},
      {"*", [](const S& x, const S& y) { return x * y; },
       [](const Rational& x, const Rational& y) { return Rational(x * y); }},
      {"/", [](const S& x, const S& y) { return x / y; },
       [](const Rational& x, const Rational& y) { return y == 0 ? Exact() : Exact(x / y); }},
      {"min", [](const S& x, const S& y) { return min(x, y); },
       [](const Rational& x, const Rational& y) { return std::min(x, y); }},
      {"max", [](const S& x, const S& y) { return max(x, y); },
       [](const Rational& x, const Rational& y) { return std::max(x, y); }},
      {"maximum", [](const S& x, const S& y) { return maximum(x, y); },
       [](const Rational& x, const Rational& y) { return std::max(x, y); }},
      {"hull, first", [](const S& x, const S& y) { return hull(x, y); },
       [](const Rational& x, const Rational&) { return x; }},
      {"hull, second", [](const S& x, const S& y) { return hull(x, y); },
       [](const Rational&, const Rational& y) { return y; }},
  };
}

template <class S>
void check_exact_functions(std::uint64_t seed) {
  Generator generator(seed);
  Tally tally;
  for (const auto& function : unary_functions<S>()) {
    for_each_shape(generator, [&](const Shape& shape) {
      const auto [x, point] = generator.inside<S>(shape);
      const Exact exact = function.exact(point);
      exact ? tally(function.enclosed(x).contains(*exact), function.name, {shape}) : tally.skip();
    });
  }
  for (const auto& function : binary_functions<S>()) {
    for_each_pair(generator, [&](const Shape& first, const Shape& second) {
      const auto [x, p] = generator.inside<S>(first);
      const auto [y, q] = generator.inside<S>(second);
      const Exact exact = function.exact(p, q);
      exact ? tally(function.enclosed(x, y).contains(*exact), function.name, {first, second}) : tally.skip();
    });
  }
}

template <class S>
void check_comparisons(std::uint64_t seed) {
  Generator generator(seed);
  Tally tally;
  for_each_pair(generator, [&](const Shape& first, const Shape& second) {
    const auto [x, p] = generator.inside<S>(first);
    const auto [y, q] = generator.inside<S>(second);
    tally(x.contains(p), "contains", {first});
    tally(!certainly_less(x, y) || p < q, "certainly_less", {first, second});
    tally(!certainly_less_equal(x, y) || p <= q, "certainly_less_equal", {first, second});
    tally(!x.contains(y) || x.contains(q), "contains an interval", {first, second});
    tally(x.is_finite() == (first.lower != End::minus_infinity && first.upper != End::infinity), "is_finite",
          {first});
    tally(S(Interval(x)).contains(p), "to Interval and back", {first});
    tally(Interval(FastInterval(Interval(x))).contains(p), "to FastInterval and back", {first});
    tally(!certainly_less(Interval(p), Interval(x.lower_point())), "lower_point", {first});
    tally(!certainly_less(Interval(x.upper_point()), Interval(p)), "upper_point", {first});
    tally(hull(x.lower_point(), x.upper_point()).contains(p), "hull of the ends", {first});
  });
}

using Judge = std::function<void(Arb& value, const Rational& x)>;

/// Checks a function against Arb. Where it is undefined the enclosure must be the whole line; a judge that
/// says nothing leaves what is not finite.
void check_against_arb(Generator& generator, Tally& tally, const std::string& name,
                       const std::function<Interval(const Interval&)>& function, const Judge& judge) {
  for_each_shape(generator, [&](const Shape& shape) {
    const auto [x, point] = generator.inside<Interval>(shape);
    Arb value;
    judge(value, point);
    const Interval enclosure = function(x);
    if (is_undefined(value)) return tally(enclosure.contains(Interval::whole_line()), name, {shape});
    is_known(value) ? tally(!certainly_outside(enclosure, value), name, {shape}) : tally.skip();
  });
}

constexpr slong bits = 300;
/// Enough for the sine of 2^1007.
constexpr slong sine_bits = 1400;

void say_nothing(Arb& value) { arb_zero_pm_inf(value.get()); }

Judge elementary(void (*function)(arb_ptr, arb_srcptr, slong)) {
  return [function](Arb& value, const Rational& x) { function(value.get(), Arb(x).get(), bits); };
}

void logarithm(Arb& value, const Rational& x, ulong base) {
  if (x < 0) return set_undefined(value);
  if (x == 0) return say_nothing(value);
  arb_log(value.get(), Arb(x).get(), bits);
  if (base == 0) return;
  Arb divisor;
  arb_log_ui(divisor.get(), base, bits);
  arb_div(value.get(), value.get(), divisor.get(), bits);
}

void arb_square_root(Arb& value, const Rational& x) {
  x < 0 ? set_undefined(value) : arb_sqrt(value.get(), Arb(x).get(), bits);
}

/// x^q for x > 0, and 0^q for q >= 0.
void rational_power(Arb& value, const Rational& x, const Rational& q) {
  if (x < 0 || (x == 0 && q < 0)) return say_nothing(value);
  if (x == 0) return arb_set_si(value.get(), q == 0 ? 1 : 0);
  arb_log(value.get(), Arb(x, 2 * bits).get(), 2 * bits);
  arb_mul(value.get(), value.get(), Arb(q, 2 * bits).get(), 2 * bits);
  arb_exp(value.get(), value.get(), 2 * bits);
}

}  // namespace

TEST_CASE("containment: arithmetic - minima - maxima and hulls with every combination of ends") {
  check_exact_functions<Interval>(3001);
  check_exact_functions<FastInterval>(3002);
}

TEST_CASE("containment: comparisons - conversions and ends with every combination of ends") {
  check_comparisons<Interval>(3003);
  check_comparisons<FastInterval>(3004);
}

TEST_CASE("containment: elementary functions against Arb with every combination of ends") {
  Generator generator(3005);
  Tally tally;
  const auto check = [&](const char* name, Interval (*function)(const Interval&), const Judge& judge) {
    check_against_arb(generator, tally, name, function, judge);
  };
  check("exp", exp, elementary(arb_exp));
  check("exponential", exponential<Interval>, elementary(arb_exp));
  check("expm1", expm1, elementary(arb_expm1));
  check("log", log, [](Arb& y, const Rational& x) { logarithm(y, x, 0); });
  check("log2", log2, [](Arb& y, const Rational& x) { logarithm(y, x, 2); });
  check("log10", log10, [](Arb& y, const Rational& x) { logarithm(y, x, 10); });
  check("log1p", log1p, [](Arb& y, const Rational& x) { logarithm(y, x + 1, 0); });
  check("sqrt", sqrt, arb_square_root);
  check("square", square, [](Arb& y, const Rational& x) { y = Arb(x * x); });
  check("sin", sin, [](Arb& y, const Rational& x) { arb_sin(y.get(), Arb(x, sine_bits).get(), sine_bits); });
  const auto fast = [](FastInterval (*function)(const FastInterval&)) {
    return [function](const Interval& x) { return Interval(function(FastInterval(x))); };
  };
  check_against_arb(generator, tally, "fast exp", fast(exp), elementary(arb_exp));
  check_against_arb(generator, tally, "fast exponential", fast(exponential<FastInterval>),
                    elementary(arb_exp));
  check_against_arb(generator, tally, "fast sqrt", fast(sqrt),
                    [](Arb& y, const Rational& x) { rational_power(y, x, Rational(1, 2)); });
}

TEST_CASE("containment: powers against Arb with every combination of ends") {
  Generator generator(3006);
  Tally tally;
  for (const unsigned long n : {0UL, 1UL, 2UL, 3UL, 4UL, 7UL, 1000UL}) {
    check_against_arb(
        generator, tally, "power " + std::to_string(n), [n](const Interval& x) { return power(x, n); },
        [n](Arb& y, const Rational& x) { arb_pow_ui(y.get(), Arb(x).get(), n, bits); });
  }
  const Rational large(power(Integer(10), 19));
  for (const Rational& q :
       {Rational(0), Rational(1), Rational(2), Rational(1, 2), Rational(2, 3), Rational(7, 5),
        Rational(1, 101), Rational(1000003, 7), large, Rational(1 / large), Rational(-1), Rational(-3, 2)}) {
    check_against_arb(
        generator, tally, "power " + q.str(), [&](const Interval& x) { return power(x, q); },
        [&](Arb& y, const Rational& x) { x > 0 ? rational_power(y, x, q) : say_nothing(y); });
    if (q <= 0) continue;
    check_against_arb(
        generator, tally, "nonnegative power " + q.str(),
        [&](const Interval& x) { return nonnegative_power(x, q); },
        [&](Arb& y, const Rational& x) { rational_power(y, x, q); });
  }
}

TEST_CASE("containment: norms of vectors against Arb with every combination of ends") {
  Generator generator(3007);
  Tally tally;
  for (const Number& alpha :
       {Number(Rational(1)), Number(Rational(3, 2)), Number(Rational(2)), Number(Rational(7)),
        Number(Rational(power(Integer(10), 19))), Number::infinity()}) {
    for_each_pair(generator, [&](const Shape& first, const Shape& second) {
      std::vector<Rational> points;
      Matrix<Interval> entries(generator.random().integer(2, 3), 1);
      for (Index i = 0; i < entries.size(); ++i) {
        const auto [x, point] = generator.inside<Interval>(i == 0 ? first : second);
        entries(i) = x;
        points.push_back(abs(point));
      }
      // In units of the largest entry no power is out of range.
      const Rational largest = *std::max_element(points.begin(), points.end());
      Arb value(largest);
      if (largest != 0 && !alpha.infinite) {
        Arb sum, term;
        for (const Rational& point : points) {
          rational_power(term, point / largest, alpha.value);
          arb_add(sum.get(), sum.get(), term.get(), bits);
        }
        arb_log(sum.get(), sum.get(), bits);
        arb_mul(sum.get(), sum.get(), Arb(Rational(1 / alpha.value)).get(), bits);
        arb_exp(sum.get(), sum.get(), bits);
        arb_mul(value.get(), value.get(), sum.get(), bits);
      }
      tally(!certainly_outside(alpha_norm(entries, alpha), value), "alpha norm " + exact_text(alpha),
            {first, second});
    });
  }
}

TEST_CASE("containment: what interval.hpp says of an interval alone with every combination of ends") {
  Generator generator(3008);
  Tally tally;
  for_each_pair(generator, [&](const Shape& first, const Shape& second) {
    const auto [x, p] = generator.inside<Interval>(first);
    const auto [y, q] = generator.inside<Interval>(second);
    tally(x.contains(x.midpoint()) && x.midpoint().is_finite(), "midpoint", {first});
    tally(!certainly_less(Interval(p), Interval(x.lower_double())) &&
              !certainly_less(Interval(x.upper_double()), Interval(p)),
          "ends as doubles", {first});
    if (first.lower != End::minus_infinity) {
      tally(x.lower() <= p && Rational(x.lower_double()) <= x.lower(), "lower", {first});
    } else {
      CHECK_THROWS_AS((void)x.lower(), std::domain_error);
    }
    if (first.upper != End::infinity) {
      tally(x.upper() >= p && Rational(x.upper_double()) >= x.upper(), "upper", {first});
    } else {
      CHECK_THROWS_AS((void)x.upper(), std::domain_error);
    }
    if (x.is_finite()) {
      const Rational least = x.lower() > 0 ? x.lower() : x.upper() < 0 ? Rational(-x.upper()) : Rational(0);
      const bool tight = x.upper() - x.lower() <= least / 8;
      tally(x.is_relatively_tight(3) == tight, "is_relatively_tight", {first});
      tally(x.is_point() == (x.lower() == x.upper()), "is_point", {first});
    } else {
      tally(!x.is_relatively_tight(3) && !x.is_point(), "is_relatively_tight", {first});
    }
    tally(certainly_positive(x) ? p > 0 : first.lower != End::positive, "certainly_positive", {first});
    // Two enclosures of one number.
    if (x.contains(q)) tally(intersection(x, y).contains(q), "intersection", {first, second});
    // The hull of two bounds, and bounds out of order.
    if (p <= q) {
      tally(Interval(x, y).contains(p) || certainly_less(y, x), "two ends", {first, second});
    } else if (certainly_less(y, x)) {
      CHECK_THROWS_AS(Interval(x, y), std::logic_error);
      CHECK_THROWS_AS((void)intersection(x, y), std::logic_error);
    }
  });
  tally(Interval::whole_line().contains(Rational(5)), "whole line", {});
}

TEST_CASE("containment: decisions that begin with every combination of ends") {
  Generator generator(3009);
  Tally tally;
  /// Encloses by the interval at first and by the number itself from then on.
  const auto at_first = [](const Interval& x, const Rational& point) {
    return [x, point, first = true]() mutable {
      Interval result = first ? x : Interval(point);
      first = false;
      return result;
    };
  };
  for_each_pair(generator, [&](const Shape& first, const Shape& second) {
    const auto [x, p] = generator.inside<Interval>(first);
    const auto [y, q] = generator.inside<Interval>(second);
    const auto equals = [p = p](const Integer& candidate) { return candidate == p; };
    tally(decide_floor(at_first(x, p), equals) == floor(p), "decide_floor", {first});
    tally(decide_ceil(at_first(x, p), equals) == ceil(p), "decide_ceil", {first});
    tally(decide_ceil(x, at_first(x, p), equals) == ceil(p), "decide_ceil of a known enclosure", {first});
    tally(enclose(5, at_first(x, p)).contains(p), "enclose", {first});
    tally(decide_less(at_first(x, p), at_first(y, q), [p = p, q = q] { return p == q; }) == (p < q),
          "decide_less", {first, second});
  });
}

TEST_CASE("containment: decimal text with every combination of ends") {
  Generator generator(3010);
  Tally tally;
  for_each_shape(generator, [&](const Shape& shape) {
    const auto [x, p] = generator.inside<Interval>(shape);
    const Quantity quantity(x);
    for (const long digits : {2L, 10L, 40L}) {
      const std::string low = lower_decimal(x, digits), high = upper_decimal(x, digits);
      tally(shape.lower == End::minus_infinity ? low == "-inf" : parse_rational(low, "low") <= x.lower(),
            "lower_decimal", {shape});
      tally(shape.upper == End::infinity ? high == "inf" : parse_rational(high, "high") >= x.upper(),
            "upper_decimal", {shape});
      // An infinite end is no number: its text is empty.
      tally(quantity.lower(digits) == (shape.lower == End::minus_infinity ? "" : low) &&
                quantity.upper(digits) == (shape.upper == End::infinity ? "" : high),
            "Quantity", {shape});
    }
    tally(quantity.enclosure().contains(p), "Quantity", {shape});
    // 10^x, where parse_number can read it.
    if (abs(p) > 1000) return tally.skip();
    Arb power;
    rational_power(power, 10, p);
    tally(!certainly_outside(Quantity(Magnitude{x}).enclosure(), power), "Magnitude", {shape});
    const std::string low = power_of_ten_decimal(x, 10, Direction::down),
                      high = power_of_ten_decimal(x, 10, Direction::up);
    if (!low.empty()) tally(arb_lt(power.get(), Arb(parse_rational(low, "low")).get()) == 0, "10^x", {shape});
    if (!high.empty())
      tally(arb_gt(power.get(), Arb(parse_rational(high, "high")).get()) == 0, "10^x", {shape});
  });
}

namespace {

template <class S>
struct FormInside {
  LinearForm<S> form;
  Rational point;
};

/// A form of one variable and a number that it encloses at delta.
template <class S>
FormInside<S> form_inside(Generator& generator, const Shape& centre, const Shape& slope, std::size_t variable,
                          const std::vector<Rational>& delta) {
  const auto [c, p] = generator.inside<S>(centre);
  const auto [s, q] = generator.inside<S>(slope);
  return {LinearForm<S>(c, s, variable), Rational(p + q * delta[variable])};
}

template <class S>
void check_forms(std::uint64_t seed) {
  Generator generator(seed);
  Tally tally;
  const auto holds = [&](const LinearForm<S>& form, const std::vector<Rational>& delta,
                         const Rational& exact) {
    return value_at(form, delta).contains(exact) && form.range().contains(exact);
  };
  for_each_pair(generator, [&](const Shape& centre, const Shape& slope) {
    const std::vector<Rational> delta = {generator.delta()};
    const auto [x, p] = form_inside<S>(generator, centre, slope, 0, delta);
    tally(holds(x, delta, p), "form", {centre, slope});
    tally(holds(-x, delta, -p), "- form", {centre, slope});
    tally(holds(x - x, delta, 0), "form - form", {centre, slope});
    tally(x.deviation().contains(Rational(0)), "deviation", {centre, slope});
    tally(holds(x.positive_part(), delta, relu(p)), "positive_part", {centre, slope});
    const auto [factor, f] = generator.inside<S>(generator.choose(all_shapes()));
    LinearForm<S> scaled = x;
    scaled *= factor;
    tally(holds(scaled, delta, p * f), "form * number", {centre, slope});
    Arb sine;
    arb_sin(sine.get(), Arb(p, sine_bits).get(), sine_bits);
    const LinearForm<S> of_form = sin(x);
    is_known(sine) ? tally(!certainly_outside(Interval(value_at(of_form, delta)), sine) &&
                               !certainly_outside(Interval(of_form.range()), sine),
                           "sin form", {centre, slope})
                   : tally.skip();
  });
  // Two forms, of the same variable or of two.
  const std::vector<Shape> slopes = {{End::zero, End::zero, true},
                                     {End::negative, End::positive},
                                     {End::positive, End::infinity},
                                     {End::minus_infinity, End::infinity}};
  for (const Shape& c : coarse_shapes()) {
    for (const Shape& s : slopes) {
      for (const Shape& d : coarse_shapes()) {
        for (const Shape& t : slopes) {
          for (long i = 0; i < samples(); ++i) {
            const WorkingPrecision scope(generator.choose(precisions));
            const std::vector<Rational> delta = {generator.delta(), generator.delta()};
            const auto [x, p] = form_inside<S>(generator, c, s, 0, delta);
            const auto [y, q] = form_inside<S>(generator, d, t, i % 2 == 0 ? 0 : 1, delta);
            tally(holds(x + y, delta, p + q), "form + form", {c, s, d, t});
            tally(holds(x - y, delta, p - q), "form - form", {c, s, d, t});
            tally(holds(x * y, delta, p * q), "form * form", {c, s, d, t});
            tally(holds(max(x, y), delta, std::max(p, q)), "max of forms", {c, s, d, t});
            q == 0 ? tally.skip() : tally(holds(x / y, delta, p / q), "form / form", {c, s, d, t});
          }
        }
      }
    }
  }
}

/// A row times a column, as intervals and exactly.
template <class S>
struct Products {
  Matrix<S> row = Matrix<S>(1, 2), column = Matrix<S>(2, 1);
  Rational exact, difference;

  Products(Generator& generator, const Shape& first, const Shape& second) {
    const std::vector<Shape> shapes = {first, generator.choose(all_shapes()), second,
                                       generator.choose(all_shapes())};
    std::vector<Rational> points;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const auto [x, point] = generator.inside<S>(shapes[i]);
      (i < 2 ? row(static_cast<Index>(i)) : column(static_cast<Index>(i) - 2)) = x;
      points.push_back(point);
    }
    exact = points[0] * points[2] + points[1] * points[3];
    difference = points[0] - points[2];
  }
};

}  // namespace

TEST_CASE("containment: linear forms with every combination of ends") {
  check_forms<Interval>(3011);
  check_forms<FastInterval>(3012);
}

TEST_CASE("containment: matrices of intervals and of balls with every combination of ends") {
  Generator generator(3013);
  Tally tally;
  for_each_pair(generator, [&](const Shape& first, const Shape& second) {
    const Products<Interval> slow(generator, first, second);
    tally(multiply(slow.row, slow.column)(0, 0).contains(slow.exact), "product", {first, second});
    const Products<FastInterval> fast(generator, first, second);
    tally(multiply(fast.row, fast.column)(0, 0).contains(fast.exact), "fast product", {first, second});
    const BallMatrix row = BallMatrix::around(fast.row), column = BallMatrix::around(fast.column);
    tally(row.entry(0, 0).contains(fast.row(0)) && row.entries()(0, 1).contains(fast.row(1)), "around",
          {first});
    tally((row * column).entry(0, 0).contains(fast.exact), "product of balls", {first, second});
    tally((row - column.transpose()).entry(0, 0).contains(fast.difference), "difference of balls",
          {first, second});
  });
}

TEST_CASE("containment: linear systems with every combination of ends") {
  Generator generator(3014);
  Tally tally;
  for_each_pair(generator, [&](const Shape& first, const Shape& second) {
    const auto [a, p] = generator.inside<Interval>(first);
    const auto [b, q] = generator.inside<Interval>(second);
    // (a 1; 0 2) (x, y) = (b, b): y = b/2, x = (b - y)/a.
    Matrix<Interval> A(2, 2), B(2, 1);
    A << a, Interval(1), Interval(0), Interval(2);
    B << b, b;
    const auto solution = enclose_solution(A, B);
    if (!solution) return tally.skip();
    tally(p != 0 && (*solution)(1).contains(Rational(q / 2)) && (*solution)(0).contains(Rational(q / 2 / p)),
          "enclose_solution", {first, second});
  });
}
