// The regimes of 2.6 and the polynomial of 4.2 against their definitions.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include <promptbound/bounds/attention_cost.hpp>
#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

#include "evaluated.hpp"

using namespace promptbound;
using namespace promptbound::parameters;

namespace {

Record saturation(const Integer& length, const char* width) {
  Arguments given =
      arguments_of({{&w, width}, {&R, "1"}, {&Lambda, "2"}, {&Lambda_W, "3"}, {&Delta, "1"}, {&eps, "1/10"}});
  given.set(m.name, length);
  return evaluate(find_bound("memory-saturation"), given, 40);
}

bool below(const Record& record, const char* smaller, const char* larger) {
  return certainly_less(record.output(smaller).enclosure(), record.output(larger).enclosure());
}

}  // namespace

TEST_CASE("each regime takes over at its least length and not before") {
  for (const char* width : {"1", "2"}) {
    const Record any = saturation(1, width);
    const Integer from_multiset = std::get<Integer>(any.output("m_multiset").value());
    CHECK(below(saturation(from_multiset, width), "multiset_bits", "linear_bits"));
    if (from_multiset > 1)
      CHECK_FALSE(below(saturation(from_multiset - 1, width), "multiset_bits", "linear_bits"));

    const Integer from_plateau = std::get<Integer>(any.output("m_plateau").value());
    const Record at = saturation(from_plateau, width);
    CHECK(below(at, "plateau_bits", "multiset_bits"));
    CHECK(below(at, "plateau_bits", "linear_bits"));
    CHECK_FALSE(below(saturation(from_plateau - 1, width), "plateau_bits", "multiset_bits"));
  }
}

TEST_CASE("two balls: the plateau takes over exactly where m + 1 passes it") {
  const Record record = forwards("memory-saturation", {{&m, "83"},
                                                       {&w, "1"},
                                                       {&Delta, "475/767"},
                                                       {&eps, "19/3068"},
                                                       {&Lambda, "41/108"},
                                                       {&R, "3795687/7861750"},
                                                       {&Lambda_W, "15047/9000"}});
  const auto whole = [&](const char* name) { return std::get<Integer>(record.output(name).value()); };
  REQUIRE(whole("c") == 2);
  // binom(m + 1, m) = m + 1 against binom(q + c' - 1, q)
  const Integer others = whole("c_plateau") - 1;
  CHECK(whole("m_plateau") == binomial(whole("q") + others, others.convert_to<unsigned long>()));
}

TEST_CASE("bits per token fall as the context grows and the capacity never does") {
  Interval former_capacity(0);
  Interval former_share(1000000);
  for (Integer length = 1; length < Integer("1000000000000000"); length *= 10) {
    const Record record = saturation(length, "2");
    const Interval capacity = record.output("capacity_bits").enclosure();
    const Interval share = record.output("bits_per_token").enclosure();
    CHECK(certainly_less_equal(former_capacity.lower_point(), capacity.upper_point()));
    CHECK(certainly_less_equal(share.lower_point(), former_share.upper_point()));
    former_capacity = capacity;
    former_share = share;
  }
  CHECK(certainly_less(former_share, Interval(Rational(1, 1000000))));
}

TEST_CASE("a width whose covering has hundreds of digits and one whose covering cannot be written") {
  const Record wide = saturation(1000, "300");
  CHECK(wide.output("c").exact().size() > 300);
  CHECK(wide.is_applicable());
  const Record huge = saturation(1000, "1000000");
  REQUIRE(huge.is_applicable());
  CHECK(huge.output("c").exact().empty());
  CHECK(std::get<std::string>(huge.output("m_multiset").value()) ==
        "not computed: c has more than 100000 digits");
  CHECK(std::get<std::string>(huge.output("m_plateau").value()) ==
        "not computed: c has more than 100000 digits");
  CHECK(std::holds_alternative<Magnitude>(huge.output("plateau_bits").value()));
  // ln binom(c + m - 1, m) for c far beyond m: m ln c - ln m! to all digits that matter.
  const double expected = 1000 * (1e6 * std::log2(11.0)) - std::lgamma(1001.0) / std::log(2.0);
  CHECK(huge.output("multiset_bits").enclosure().lower_double() == doctest::Approx(expected).epsilon(1e-12));
}

namespace {

Record saturation_of(const char* width, const char* radius, const char* prompt, const char* measure) {
  return forwards("memory-saturation", {{&m, "1000"},
                                        {&w, width},
                                        {&R, radius},
                                        {&Lambda, prompt},
                                        {&Lambda_W, measure},
                                        {&Delta, "1"},
                                        {&eps, "1/10"}});
}

}  // namespace

TEST_CASE("where the plateau's covering alone cannot be written and where one ball covers all") {
  // 1 + 2R/rho = 1 + 4 Lambda R/(4/5) = 11/10, 1 + 8R/eta = 1 + 8 Lambda-W R/(4/5) = 11.
  const Record wide = saturation_of("100000", "1/5", "1/10", "5");
  CHECK(std::get<std::string>(wide.output("m_plateau").value()) ==
        "not computed: c_plateau has more than 100000 digits");
  CHECK_FALSE(std::holds_alternative<std::string>(wide.output("m_multiset").value()));
  const Record one = saturation_of("1", "1/100", "1", "1");
  CHECK(one.output("c").exact() == "1");
  CHECK(std::get<std::string>(one.output("m_plateau").value()) == "none: the multiset bound is 0");
}

// With Lambda = 2 Lambda-W, c = c'; so the bounds are equal at m = q, and the plateau is below from m = q
// + 1.
TEST_CASE("the multiset bound and the plateau are the same number at m = q where c = c'") {
  for (const char* width : {"1", "2", "12"}) {
    CAPTURE(width);
    const Record record = saturation_of(width, "1", "6", "3");
    CHECK(record.output("c").exact() == record.output("c_plateau").exact());
    CHECK(std::get<Integer>(record.output("m_plateau").value()) ==
          std::get<Integer>(record.output("q").value()) + 1);
  }
}

TEST_CASE("context-separation: delta to all digits and where there is no such sequence") {
  const auto separation = [](const char* distance, const char* tokens) {
    return evaluate(
        find_bound("context-separation"),
        arguments_of({{&T, "4"}, {&s, distance}, {&r_min, "1"}, {&r_max, "2"}, {&v, tokens}, {&d, "64"}}),
        30);
  };
  const auto says = [](const Record& record, const char* text) {
    return std::any_of(record.assumptions.begin(), record.assumptions.end(), [&](const Assumption& one) {
      return one.status == Status::holds && one.text.rfind(text, 0) == 0;
    });
  };
  const Record record = separation("1/2", "100000000");
  const std::string low = record.output("delta").lower(30);
  const std::string high = record.output("delta").upper(30);
  CHECK(low.substr(0, 30) == high.substr(0, 30));
  CHECK_FALSE(says(record, "T > v"));
  CHECK_FALSE(says(record, "s >= 2 r-max"));
  CHECK_FALSE(says(separation("3.99", "4"), "T > v"));
  CHECK(says(separation("4", "4"), "s >= 2 r-max"));
  CHECK(says(separation("1", "3"), "T > v"));
}

// The truncated series itself, summed in MPFI: p(s) = I_0(S) + 2 sum_{l <= g} I_l(S) T_l(s/S), with I_l from
// their integral's series; its error at points of [-S, S] must stay below truncation_error.
TEST_CASE("the truncation error bounds the truncated series at points of the range") {
  const WorkingPrecision scope(160);
  for (const int S_value : {1, 4}) {
    for (const unsigned long degree : {0UL, 3UL, 9UL}) {
      const Rational bound(S_value);
      const Interval limit = truncation_error(bound, degree);
      for (int i = -8; i <= 8; ++i) {
        const Interval s(Rational(S_value * i, 8));
        const Interval x(Rational(i, 8));
        Interval sum(0);
        for (unsigned long l = 0; l <= degree; ++l) {
          Interval bessel(0);
          for (unsigned long k = 0; k < 60; ++k) {
            Interval term = power(Interval(Rational(S_value, 2)), 2 * k + l);
            for (unsigned long j = 2; j <= k; ++j) term /= Interval(static_cast<long>(j));
            for (unsigned long j = 2; j <= k + l; ++j) term /= Interval(static_cast<long>(j));
            bessel += term;
          }
          Interval previous(1);
          Interval chebyshev = l == 0 ? Interval(1) : x;
          for (unsigned long j = 2; j <= l; ++j) {
            const Interval next = Interval(2) * x * chebyshev - previous;
            previous = chebyshev;
            chebyshev = next;
          }
          sum += (l == 0 ? Interval(1) : Interval(2)) * bessel * chebyshev;
        }
        CHECK(certainly_less(abs(sum * exp(-s) - Interval(1)), limit.upper_point()));
      }
    }
  }
}

TEST_CASE("the modelled crossover is the least length at which the polynomial form is cheaper") {
  for (const int dimension : {1, 4, 8}) {
    for (const int degree : {1, 5}) {
      const Quantity rank = polynomial_rank(dimension, degree, 40);
      const auto is_cheaper = [&](const Integer& T) {
        const AttentionCost cost = attention_cost(T, dimension, dimension, rank, 6, 40);
        return std::get<Integer>(cost.polynomial.value()) < cost.exact;
      };
      const AttentionCost at_one = attention_cost(1, dimension, dimension, rank, 6, 40);
      const Integer crossover = std::get<Integer>(at_one.crossover.value());
      CHECK(is_cheaper(crossover));
      CHECK_FALSE(is_cheaper(crossover - 1));
    }
  }
}
