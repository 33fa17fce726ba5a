// Theory 1.6, 2.8 and 1.2 at alpha = 2: laws that the bounds must obey, sizes that the theory states, and
// both directions against each other.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/bounds/search/packed_layout.hpp>
#include <promptbound/numeric/integers.hpp>

#include "evaluated.hpp"

using namespace promptbound;

namespace {

Integer whole(const Record& record, const char* name) {
  REQUIRE(record.is_applicable());
  return std::get<Integer>(record.output(name).value());
}

using namespace parameters;

}  // namespace

TEST_CASE("packed prompts: the example of the theory - and its factor") {
  const Arguments example = arguments_of({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, "inf"}, {&P, "64"}});
  const Record record = evaluate(find_bound("packed-upper"), example, 20);
  CHECK(whole(record, "tokens") == 21);
  CHECK(whole(record, "width") == 64 + 3 * 2 + 2 + 12 + 4);
  // At most 12 times the necessary bits, 4 * 5^4, at the whole width.
  CHECK(whole(record, "tokens") * whole(record, "width") * 16 <= 12 * 2500);

  const Arguments fine = arguments_of(
      {{&d, "2"}, {&L, "1"}, {&eps, fmt::format("1/{}", 1 << 20)}, {&alpha, "inf"}, {&P, "4096"}});
  const Record long_prompt = evaluate(find_bound("packed-upper"), fine, 20);
  CHECK(whole(long_prompt, "tokens") == 41967759);
  const Integer necessary = 2 * power(Integer(1) << 19, 2);
  CHECK(10 * whole(long_prompt, "tokens") * 4096 * 16 < 51 * necessary);
  CHECK(10 * whole(long_prompt, "tokens") * whole(long_prompt, "width") * 16 < 55 * necessary);
}

TEST_CASE("packed prompts: the layout fits its entries and reaches its accuracy") {
  for (const char* accuracy : {"1/3", "1/10", "1/37", "1/1000"}) {
    for (const char* exponent : {"1", "2", "inf"}) {
      for (const char* payload : {"3", "16", "100"}) {
        for (const char* entry_bits : {"1", "5", "16", "53"}) {
          const Arguments arguments = arguments_of({{&d, "3"},
                                                    {&L, "1"},
                                                    {&eps, accuracy},
                                                    {&C, "3/2"},
                                                    {&alpha, exponent},
                                                    {&b, entry_bits},
                                                    {&P, payload}});
          const Record record = evaluate(find_bound("packed-upper"), arguments, 20);
          if (!record.is_applicable()) continue;
          CAPTURE(fmt::format("eps {} alpha {} P {} b {}", accuracy, exponent, payload, entry_bits));
          const Integer k = whole(record, "k"), steps = whole(record, "steps"),
                        J = whole(record, "digits_per_entry"), r = whole(record, "cells_per_token"),
                        A = whole(record, "first_digits"), n = 3;
          const bool is_difference = std::get<std::string>(record.output("form").value()) == "difference";
          const Integer base = is_difference ? Integer(2 * steps + 1) : Integer(steps + 1);
          CHECK(power(base, J.convert_to<unsigned long>()) <= power(Integer(2), std::stoul(entry_bits)));
          CHECK(n * (A + r - 1) <= std::stol(payload) * J);
          CHECK(whole(record, "tokens") == (power(k, 3) + r - 1) / r);
          // error: C n^{1/alpha}/(2k) + n^{1/alpha} q/2 < eps, q = C/(k t) or 1/M
          const Rational q = is_difference ? Rational(Rational(3, 2) / (k * steps)) : Rational(1, steps);
          const Rational sum = Rational(3, 2) / (2 * k) + q / 2, e = parse_number(accuracy)->value;
          if (exponent == std::string("2")) {
            CHECK(sum * sum * 3 < e * e);
          } else {
            CHECK(sum * (exponent == std::string("1") ? 3 : 1) < e);
          }
          if (is_difference)
            CHECK(power(base, A.convert_to<unsigned long>()) > floor(Rational(1 / q + Rational(1, 2))));
        }
      }
    }
  }
}

TEST_CASE("packed prompts: no other layout of the list is shorter") {
  // Every t up to 3000 and every J by the formulas as they are written, alpha = 1.
  for (const int n : {1, 2, 5}) {
    for (const int accuracy : {3, 20, 333}) {
      const Arguments arguments = arguments_of({{&d, std::to_string(n)},
                                                {&L, "1"},
                                                {&eps, fmt::format("1/{}", accuracy)},
                                                {&alpha, "1"},
                                                {&b, "12"},
                                                {&P, std::to_string(7 * n)}});
      std::optional<Integer> least;
      const auto consider = [&](const Integer& k, const Integer& r) {
        if (r < 1) return;
        const Integer tokens = (power(k, static_cast<unsigned long>(n)) + r - 1) / r;
        if (!least || tokens < *least) least = tokens;
      };
      for (int t = 1; 2 * t + 1 <= 4096; ++t) {
        const bool is_listed = t <= 64 || (t % n == 0 && t <= 10 * n) || t == 2047 || t == 31 || t == 7;
        if (!is_listed) continue;
        const Integer k = n * (t + 1) * accuracy / (2 * t) + 1;
        long J = 0, A = 1;
        for (Integer all = 2 * t + 1; all <= 4096; all *= 2 * t + 1) ++J;
        for (Integer all = 2 * t + 1; all <= k * t; all *= 2 * t + 1) ++A;  // floor(k t + 1/2) = k t
        consider(k, Integer(7 * J - A + 1));
      }
      for (long J = 1; J <= 12; ++J) {
        const Integer M = floor_root(4096, static_cast<unsigned long>(J)) - 1;
        const Rational room = Rational(2, accuracy) - Rational(n, M);
        if (room > 0) consider(floor(Rational(n / room)) + 1, Integer(7 * J));
      }
      CAPTURE(n);
      CAPTURE(accuracy);
      CHECK(whole(evaluate(find_bound("packed-upper"), arguments, 20), "tokens") == *least);
    }
  }
}

TEST_CASE("packed prompts: backwards - the accuracy of m tokens takes m tokens - and no less accuracy does") {
  const Bound& bound = find_bound("packed-upper");
  for (const char* exponent : {"1", "inf"}) {
    for (const char* length : {"1", "21", "1000", "123456789"}) {
      const Arguments given =
          arguments_of({{&d, "2"}, {&L, "2"}, {&alpha, exponent}, {&P, "64"}, {&m, length}});
      const Record backwards = evaluate(bound, find_inverse(bound, "eps"), given, 20);
      REQUIRE(backwards.is_applicable());
      const std::string exact = backwards.output("eps").exact();
      REQUIRE(!exact.empty());
      const Rational infimum = parse_number(exact)->value;
      const auto tokens_at = [&](const Rational& accuracy) {
        Arguments forwards = given;
        forwards.set(eps.name, Number{accuracy});
        return whole(evaluate(bound, forwards, 20), "tokens");
      };
      CAPTURE(length);
      CHECK(tokens_at(infimum + Rational(1, power(Integer(10), 30))) <= Integer(length));
      CHECK(tokens_at(infimum) > Integer(length));
    }
  }
}

TEST_CASE("packed prompts of every size are within reach of the lookup prompt's bits") {
  // The default payload, at the sizes of language models: applicable, and shorter than one token a cell.
  const Arguments large = arguments_of({{&d, "768"}, {&L, "512"}, {&eps, "1/10"}, {&alpha, "inf"}});
  const Record packed = evaluate(find_bound("packed-upper"), large, 20);
  REQUIRE(packed.is_applicable());
  CHECK(certainly_less_equal(packed.output("tokens"),
                             evaluate(find_bound("lookup-upper"), large, 20).output("tokens")));
  CHECK(std::get<Integer>(packed.output("width").value()) > Integer(16) * 768 * 512);
}

TEST_CASE("packed memory meets the capacity up to its ceilings") {
  for (const char* examples : {"1", "1000", "123456"}) {
    for (const char* labels : {"2", "3", "50257", "70000", "1000000000000"}) {
      const Arguments given = arguments_of({{&N, examples}, {&K, labels}, {&P, "64"}});
      const Record packed = evaluate(find_bound("packed-memory"), given, 20);
      const Bound& necessary_bound = find_bound("memory-bits");
      Arguments same = given;
      same.set(w.name, Number{64});
      const Record necessary = evaluate(necessary_bound, find_inverse(necessary_bound, "m"), same, 20);
      CAPTURE(examples);
      CAPTURE(labels);
      const Integer per_token = whole(packed, "labels_per_token");
      CHECK(whole(necessary, "m") <= whole(packed, "tokens"));
      // As many labels as the entries of a token can tell apart, a label at most two of them short.
      CHECK(power(Integer(labels), per_token.convert_to<unsigned long>()) <= power(Integer(2), 16UL * 64));
      const Arguments back = arguments_of({{&m, whole(packed, "tokens").str()}, {&K, labels}, {&P, "64"}});
      const Bound& bound = find_bound("packed-memory");
      CHECK(whole(evaluate(bound, find_inverse(bound, "N"), back, 20), "N") >= Integer(examples));
    }
  }
  // Nothing of the inputs is given, so that nothing of them can be checked.
  const Arguments few = arguments_of({{&N, "5"}, {&P, "1"}});
  for (const Assumption& assumption : evaluate(find_bound("packed-memory"), few, 20).assumptions)
    CHECK((assumption.status == Status::assumed || assumption.text == "a token holds a label"));
  const Arguments none = arguments_of({{&N, "5"}, {&K, "70000"}, {&P, "1"}});
  CHECK_FALSE(evaluate(find_bound("packed-memory"), none, 20).is_applicable());
}

TEST_CASE("simplex packing: log2(n+1) times the bits of one coordinate - at alpha = 2 alone") {
  const Arguments example = arguments_of({{&d, "7"}, {&L, "1"}, {&eps, "1/10"}, {&w, "1"}, {&b, "1"}});
  // n + 1 = 8: three bits a grid point, 5^7 points
  CHECK(whole(evaluate(find_bound("entropy-simplex"), example, 20), "tokens") == 3 * power(Integer(5), 7));
  Arguments other = example;
  other.set(alpha.name, parse_argument(alpha, "inf"));
  CHECK_FALSE(evaluate(find_bound("entropy-simplex"), other, 20).is_applicable());

  const Bound& bound = find_bound("entropy-simplex");
  for (const char* length : {"1", "40", "100000"}) {
    const Arguments given = arguments_of({{&d, "2"}, {&L, "2"}, {&m, length}});
    const Record backwards = evaluate(bound, find_inverse(bound, "eps"), given, 20);
    const Rational limit = parse_number(backwards.output("eps").exact())->value;
    Arguments at = arguments_of({{&d, "2"}, {&L, "2"}});
    at.set(eps.name, Number{Rational(limit * Rational(999999, 1000000))});
    CHECK(whole(evaluate(bound, at, 20), "tokens") > Integer(length));
    at.set(eps.name, Number{limit});
    const Record beyond = evaluate(bound, at, 20);
    CHECK((!beyond.is_applicable() || whole(beyond, "tokens") <= Integer(length)));
  }
}
