// An answer that exists is found: whole numbers are recognised, constants are computed at the precision in
// force, logarithms near 1 and numbers of 100,000 digits keep their digits.
#include <doctest/doctest.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

#include "evaluated.hpp"

using namespace promptbound;
using namespace promptbound::parameters;

namespace {

Rational ten_to(long exponent) {
  const Integer whole = power(Integer(10), static_cast<unsigned long>(std::abs(exponent)));
  return exponent < 0 ? Rational(Integer(1), whole) : Rational(whole);
}

const Interval& log10_of(const Record& record, std::string_view name) {
  return std::get<Magnitude>(record.output(name).value()).log10;
}

bool lies_within(const Interval& x, double low, double high) {
  return certainly_less(Interval(low), x) && certainly_less(x, Interval(high));
}

}  // namespace

TEST_CASE("entropy-lipschitz backwards: the accuracy is enclosed to the digits asked for") {
  const Record record =
      backwards("entropy-lipschitz", "eps", {{&d, "2"}, {&L, "2"}, {&m, "10"}, {&R, "1/10"}, {&Lambda, "3"}});
  REQUIRE(record.is_applicable());
  const Interval& least = std::get<Interval>(record.output("eps").value());
  CHECK(least.is_relatively_tight(132));
  // Against the definition at the grid number that it names: h/2 - Lambda R/(2^{(k+1)^n/(w m)} - 1), w = d.
  const Integer k = integer(record, "k");
  const WorkingPrecision scope(300);
  const Interval X = exp(Interval(Rational(power(Integer(k + 1), 4), 20)) * log(Interval(2)));
  const Interval expected =
      Interval(Rational(Integer(1), Integer(2 * k))) - Interval(Rational(3, 10)) / (X - Interval(1));
  CHECK(least.contains(expected));
}

TEST_CASE("entropy-lipschitz backwards: whole powers of two are recognised and the accuracy is then exact") {
  // Box form, k = 1: X = 2^2 = 4, so eps = 1/2 - 1/3; k = 2 gives 1/4 - 1/7.
  const Record box = backwards("entropy-lipschitz", "eps",
                               {{&d, "1"}, {&L, "1"}, {&m, "1"}, {&R, "1"}, {&Lambda, "1"}, {&norm, "max"}});
  CHECK(box.output("eps").exact() == "1/6");
  CHECK(integer(box, "k") == 1);
  // Euclidean form with m = 2: X = 2 at k = 1 leaves 1/2 - 1/4 with Lambda R = 1/4, and X = 2^{3/2} at k = 2
  // less: 1/4 - 0.137.
  const Record ball =
      backwards("entropy-lipschitz", "eps", {{&d, "1"}, {&L, "1"}, {&m, "2"}, {&R, "1/4"}, {&Lambda, "1"}});
  CHECK(ball.output("eps").exact() == "1/4");
}

TEST_CASE("entropy-lipschitz backwards: no length is so great that every accuracy is possible") {
  // A grid number beyond 2^64 is needed: (k+1)/(w m) > 1 with w m = 10^24.
  const Record record = backwards(
      "entropy-lipschitz", "eps",
      {{&d, "1"}, {&L, "1"}, {&m, "1000000000000000000"}, {&w, "1000000"}, {&R, "1"}, {&Lambda, "1"}});
  REQUIRE(record.is_applicable());
  const Interval least = record.output("eps").enclosure();
  CHECK(certainly_positive(least));
  CHECK(integer(record, "k") > (Integer(1) << 64));
  CHECK(certainly_less(least, Interval(Rational(Integer(1), 2 * integer(record, "k")))));
}

TEST_CASE("a radius far below the accuracy: the logarithm of 1 + R/rho keeps its digits") {
  const Record few = forwards(
      "memory-linear", {{&m, "1"}, {&w, "1"}, {&R, "1e-99999"}, {&Lambda, "1"}, {&Delta, "3"}, {&eps, "1"}});
  REQUIRE(few.is_applicable());
  CHECK(integer(few, "max_examples") == 0);
  // log2(1 + 2e-99999) = 2.885...e-99999
  const Interval bits = few.output("bits").enclosure();
  CHECK(certainly_less(Interval(ten_to(-99999)) * Interval(2.8), bits));
  CHECK(certainly_less(bits, Interval(ten_to(-99999)) * Interval(2.9)));
  // ln 2/(2e-99999) = 3.46e99998: an integer of 99,999 digits, rounded up.
  const Record long_prompt =
      backwards("memory-linear", "m",
                {{&N, "1"}, {&w, "1"}, {&R, "1e-99999"}, {&Lambda, "1"}, {&Delta, "3"}, {&eps, "1"}});
  CHECK(decimal_digits(integer(long_prompt, "m")) == 99999);
  // One digit more than is written out: by its logarithm.
  const Record longer =
      backwards("memory-linear", "m",
                {{&N, "1000"}, {&w, "1"}, {&R, "1e-99999"}, {&Lambda, "1"}, {&Delta, "3"}, {&eps, "1"}});
  CHECK(lies_within(log10_of(longer, "m"), 100001.5, 100001.6));
  // 1.3 with R = 1e-30: m >= 2^n ln 2/ln(1 + R/rho), n = 1, k = 1, rho = (1 - 1/2)/2 = 1/4.
  const Record functions =
      forwards("entropy-lipschitz", {{&d, "1"}, {&L, "1"}, {&eps, "1/4"}, {&R, "1e-99"}, {&Lambda, "1"}});
  const Interval value = functions.output("value").enclosure() * Interval(ten_to(-99));
  CHECK(lies_within(value, 0.3465, 0.3466));  // 2 ln 2/4
}

TEST_CASE("grid numbers of a hundred thousand digits") {
  // floor(10^99999/sqrt 2) + 1, from integers alone.
  const Record lookup = forwards("lookup-upper", {{&d, "2"}, {&L, "1"}, {&eps, "1e-99999"}});
  const Integer k = floor_root(Integer(power(Integer(10), 2UL * 99999) / 2), 2) + 1;
  CHECK(integer(lookup, "k") == k);
  CHECK(lies_within(log10_of(lookup, "tokens"), 199997.69, 199997.70));  // 2 (99999 - log10(2)/2)
  // One that is not written out, and what follows from it.
  const Record beyond = forwards("lookup-upper", {{&d, "2"}, {&L, "1"}, {&eps, "1e-99999"}, {&C, "1e99999"}});
  CHECK(lies_within(log10_of(beyond, "k"), 199997.84, 199997.85));
  CHECK(log10_of(beyond, "tokens").is_relatively_tight(132));
  const Record published =
      forwards("quantized-capacity", {{&d, "2"}, {&L, "1"}, {&eps, "1e-99999"}, {&C, "1e99999"}});
  CHECK(lies_within(log10_of(published, "k"), 199998.45, 199998.46));
  const Record sizes =
      forwards("universality-size", {{&d, "2"}, {&L, "1"}, {&eps, "1e-99999"}, {&C, "1e99999"}});
  REQUIRE(sizes.is_applicable());
  CHECK(lies_within(log10_of(sizes, "ffn_1_width"), 599994.1, 599994.2));  // log10(4 k^3)
  // A grid that is far coarser than the functions vary needs one cell.
  CHECK(integer(forwards("lookup-upper", {{&d, "2"}, {&L, "1"}, {&eps, "1e99999"}, {&C, "1e-99999"}}), "k") ==
        1);
}

TEST_CASE("an exponent so large that n^(1/alpha) is 1 to all digits but above it") {
  // C n^{1/alpha}/(2 eps) is just above 5, 2 C n^{1/alpha}/eps just above 20.
  const char* exponent = "1e99999";
  CHECK(integer(forwards("lookup-upper", {{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, exponent}}), "k") ==
        6);
  const Record published =
      forwards("quantized-capacity", {{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, exponent}});
  CHECK(integer(published, "k") == 21);
  // The rounding of 2-bit entries costs n^{1/alpha}/8, just above 1/8.
  CHECK_FALSE(forwards("lookup-upper", {{&d, "2"}, {&L, "2"}, {&eps, "1/8"}, {&b, "2"}, {&alpha, exponent}})
                  .is_applicable());
  // With eps = 9/8, C = 2 the quotient C r/(2 (eps - r/8)) is just above 1.
  CHECK(integer(forwards("lookup-upper",
                         {{&d, "2"}, {&L, "2"}, {&eps, "9/8"}, {&C, "2"}, {&b, "2"}, {&alpha, exponent}}),
                "k") == 2);
  // eps^alpha = 10^-(10^99999): the ramps' width is known by its logarithm.
  const Record sizes =
      forwards("universality-size", {{&d, "2"}, {&L, "1"}, {&eps, "1/10"}, {&alpha, exponent}});
  const WorkingPrecision scope(200);
  CHECK(lies_within(log10_of(sizes, "ramp_limit") / Interval(ten_to(99999)), -1 - 1e-12, -1 + 1e-12));
}

TEST_CASE("sizes whose logarithm is beyond every exponent range") {
  const Record record =
      forwards("universality-size", {{&d, "1000000000"}, {&L, "1000000000"}, {&eps, "1/100"}});
  REQUIRE(record.is_applicable());
  // k = (C+1) sqrt(10^18)/(2 eps) + 1 = 10^11 + 1; log10 of L k^{d T} is d T log10 k with T about L k^n.
  CHECK(integer(record, "k") == Integer("100000000001"));
  const auto& tower = std::get<PowerTower>(record.output("wide_ffn_width").value());
  const WorkingPrecision scope(300);
  const Interval n(ten_to(18));
  const Interval log10_k = log10(Interval(Integer("100000000001")));
  const Interval expected = Interval(18) + n * log10_k + log10(log10_k);
  CHECK(intersection(tower.log10_log10, expected).is_finite());
  CHECK(std::holds_alternative<PowerTower>(record.output("deep_ffn_blocks").value()));
}

TEST_CASE("polynomial attention of a million dimensions: ranks by their logarithm") {
  const Record record = forwards("polynomial-degree", {{&g, "100000"}, {&d, "1000000"}, {&T, "4096"}});
  REQUIRE(record.is_applicable());
  CHECK(lies_within(log10_of(record, "rank"), 145529.0, 145530.0));
  CHECK(std::holds_alternative<Magnitude>(record.output("crossover").value()));
  CHECK(integer(record, "exact_cost") == Integer(4096) * 4096 * 2000007);
}

TEST_CASE("a bound that lacks a parameter says which") {
  CHECK_THROWS_WITH(static_cast<void>(forwards("polynomial-degree", {{&d, "3"}})), doctest::Contains("--g"));
}

TEST_CASE("why a lower bound does not apply is true of the norm asked for") {
  const auto reason = [](Values values) { return forwards("entropy-bits", values).why; };
  // In the maximum norm, and with one coordinate, the constant 1/2 is within 1/2 of everything.
  CHECK(reason({{&d, "2"}, {&L, "2"}, {&eps, "1/2"}, {&alpha, "inf"}}).find("no prompt is needed") !=
        std::string::npos);
  CHECK(reason({{&d, "1"}, {&L, "1"}, {&eps, "1/2"}, {&alpha, "2"}}).find("no prompt is needed") !=
        std::string::npos);
  // In the Euclidean norm of 4 coordinates it is only within 1.
  CHECK(reason({{&d, "2"}, {&L, "2"}, {&eps, "1/2"}, {&alpha, "2"}}).find("no prompt is needed") ==
        std::string::npos);
  CHECK(reason({{&d, "2"}, {&L, "2"}, {&eps, "1"}, {&alpha, "2"}}).find("no prompt is needed") !=
        std::string::npos);
  CHECK(reason({{&d, "2"}, {&L, "2"}, {&eps, "1/4"}, {&C, "1/2"}}).find("C <= 2 eps") != std::string::npos);
}
