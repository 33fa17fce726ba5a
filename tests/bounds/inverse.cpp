// Bounds read backwards must agree with themselves read forwards.
#include <doctest/doctest.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/integers.hpp>

#include "evaluated.hpp"

using namespace promptbound;

namespace {

Arguments with(Arguments given, const Parameter& parameter, const Rational& value) {
  given.set(parameter.name, value);
  return given;
}

}  // namespace

using namespace promptbound::parameters;

TEST_CASE("entropy-bits: just below the smallest accuracy m tokens fail - at it they pass") {
  for (const char* length : {"1", "3", "10", "100", "12345"}) {
    for (const char* exponent : {"2", "inf"}) {
      const Arguments given =
          arguments_of({{&d, "2"}, {&L, "2"}, {&m, length}, {&alpha, exponent}, {&C, "3/2"}});
      const Rational least =
          std::get<Rational>(backwards("entropy-bits", "eps", given).output("eps").value());
      const Integer available(length);
      const Rational just_below = least * Rational(999999, 1000000);
      CHECK(integer(forwards("entropy-bits", with(given, eps, just_below)), "tokens") > available);
      const Record at = forwards("entropy-bits", with(given, eps, least));
      CHECK((!at.is_applicable() || integer(at, "tokens") <= available));
    }
  }
}

TEST_CASE("entropy-lipschitz: the enclosed smallest accuracy separates failing from passing") {
  for (const char* length : {"1", "7", "100", "5000"}) {
    for (const char* which : {"euclidean", "max"}) {
      const Arguments given = arguments_of(
          {{&d, "2"}, {&L, "2"}, {&m, length}, {&C, "2"}, {&R, "1"}, {&Lambda, "10"}, {&norm, which}});
      const Interval least = backwards("entropy-lipschitz", "eps", given).output("eps").enclosure();
      const Integer available(length);
      const Rational nudge(1, 1000000000);
      const Record below = forwards("entropy-lipschitz", with(given, eps, least.lower() * (1 - nudge)));
      const auto* tokens = std::get_if<Integer>(&below.output("tokens").value());
      CHECK((tokens == nullptr || *tokens > available));  // a text answer says that no length suffices
      const Record above = forwards("entropy-lipschitz", with(given, eps, least.upper() * (1 + nudge)));
      CHECK((!above.is_applicable() || integer(above, "tokens") <= available));
    }
  }
}

TEST_CASE("quantized-capacity: a rational accuracy is exact and asks for m tokens to the unit") {
  const auto accuracy = [](const char* dimension, const char* width, const char* exponent,
                           const char* tokens) {
    const Arguments given =
        arguments_of({{&d, dimension}, {&L, width}, {&C, "1"}, {&alpha, exponent}, {&m, tokens}});
    std::string exact = backwards("quantized-capacity", "eps", given).output("eps").exact();
    if (!exact.empty()) {
      const Rational least = parse_number(exact)->value;
      CHECK(integer(forwards("quantized-capacity", with(given, eps, least)), "value") == Integer(tokens));
    }
    return exact;
  };
  CHECK(accuracy("7", "2", "inf", "32768") == "1");
  CHECK(accuracy("3", "9", "3", "1207959552") == "3");
  CHECK(accuracy("2", "4", "3", "1024") == "2");
  CHECK(accuracy("2", "1", "inf", "16") == "1/2");
  // Neither root is rational, sqrt(2) and sqrt(1/2), but their product is.
  CHECK(accuracy("2", "1", "2", "2") == "2");
  CHECK(accuracy("2", "1", "2", "3").empty());
}

TEST_CASE("lookup-upper: above the infimum m tokens suffice - at it they do not") {
  for (const char* length : {"1", "10", "10000", "14641", "20000"}) {
    const Arguments given = arguments_of({{&d, "2"}, {&L, "2"}, {&m, length}, {&alpha, "2"}});
    const Quantity infimum = backwards("lookup-upper", "eps", given).output("eps");
    const Rational least = parse_number(infimum.exact())->value;
    const Rational nudge(1, 1000000);
    CHECK(integer(forwards("lookup-upper", with(given, eps, least * (1 + nudge))), "tokens") <=
          Integer(length));
    CHECK(integer(forwards("lookup-upper", with(given, eps, least)), "tokens") > Integer(length));
  }
}

TEST_CASE("memory bounds: the least length for N examples holds N - one token less does not") {
  for (const char* examples : {"1", "2", "17", "1000", "99999"}) {
    for (const char* labels : {"2", "8", "50257"}) {
      for (const char* which : {"euclidean", "max"}) {
        const Arguments given = arguments_of({{&N, examples},
                                              {&K, labels},
                                              {&w, "4"},
                                              {&R, "5"},
                                              {&Lambda, "10"},
                                              {&Delta, "1"},
                                              {&eps, "1/10"},
                                              {&norm, which},
                                              {&b, "3"}});
        for (const char* id : {"memory-linear", "memory-bits"}) {
          CAPTURE(id);
          const Integer length = integer(backwards(id, "m", given), "m");
          CHECK(integer(forwards(id, with(given, m, Rational(length))), "max_examples") >= Integer(examples));
          if (length > 1) {
            CHECK(integer(forwards(id, with(given, m, Rational(length - 1))), "max_examples") <
                  Integer(examples));
          }
        }
      }
    }
  }
}

TEST_CASE("whole bits are recognised: 8 labels take exactly 3 bits") {
  // 6 tokens of 2 entries of 2 bits: 24 bits, 8 examples of 8 labels, not 7.
  const Record record = forwards("memory-bits", arguments_of({{&m, "6"}, {&w, "2"}, {&b, "2"}, {&K, "8"}}));
  CHECK(integer(record, "max_examples") == 8);
  // 1 + R/rho = 4 with two labels: 2 bits an entry exactly.
  const Record linear = forwards(
      "memory-linear",
      arguments_of({{&m, "5"}, {&w, "3"}, {&R, "3/2"}, {&Lambda, "1"}, {&Delta, "2"}, {&eps, "1/2"}}));
  CHECK(linear.output("bits").exact() == "30");
  CHECK(integer(linear, "max_examples") == 30);
}

TEST_CASE("accessible-length and polynomial-degree backwards") {
  const Arguments given = arguments_of({{&w, "768"}, {&v, "50304"}, {&length, "5000"}});
  const Integer tokens = integer(backwards("accessible-length", "m", given), "m");
  CHECK(integer(forwards("accessible-length", with(given, m, Rational(tokens))), "longest") >= 5000);
  CHECK(integer(forwards("accessible-length", with(given, m, Rational(tokens - 1))), "longest") < 5000);

  const Arguments polynomial = arguments_of({{&g, "9"}, {&eta, "1e-6"}});
  const Interval score = backwards("polynomial-degree", "S", polynomial).output("S").enclosure();
  const Rational nudge(1, 1000000000);
  const auto degree_at = [&](const Rational& bound) {
    return integer(forwards("polynomial-degree", with(arguments_of({{&eta, "1e-6"}}), S, bound)), "degree");
  };
  CHECK(degree_at(score.lower() * (1 - nudge)) <= 9);
  CHECK(degree_at(score.upper() * (1 + nudge)) > 9);
}

TEST_CASE("huge parameters: exact integers where they fit else thirty digits of the logarithm") {
  const Arguments large = arguments_of({{&d, "4096"}, {&L, "8192"}, {&eps, "1e-6"}});
  for (const char* name : {"least_integer", "value", "tokens"}) {
    const Quantity value = forwards("quantized-capacity", large).output(name);
    CHECK(std::get<Magnitude>(value.value()).log10.is_relatively_tight(100));
  }
  // L (2 C sqrt(n)/eps)^n with n = 512: its square is rational, and brackets the least integer exactly.
  const Arguments exact = arguments_of({{&d, "16"}, {&L, "32"}, {&eps, "1/1000"}, {&C, "5"}, {&alpha, "2"}});
  const Integer least = integer(forwards("quantized-capacity", exact), "least_integer");
  const Integer square = Integer(32) * 32 * power(Integer(10000), 1024) * power(Integer(512), 512);
  CHECK(least * least >= square);
  CHECK((least - 1) * (least - 1) < square);
}
