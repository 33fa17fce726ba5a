// The bracket for memory: counting bits (2.7) and packed memory (2.8) at one token width.
#include <doctest/doctest.h>

#include <promptbound/bounds/overview.hpp>
#include <promptbound/numeric/error.hpp>

#include "evaluated.hpp"

using namespace promptbound;

namespace {

using namespace parameters;

Overview overview_at(Values values) { return overview(arguments_of(values), 30); }

Integer whole_of(const Quantity& quantity) { return std::get<Integer>(quantity.value()); }

}  // namespace

TEST_CASE("both ends of the bracket for memory are at one width, in order, and count the same bits") {
  for (const char* examples : {"1", "1000", "123456", "1000000000000000000"}) {
    for (const char* labels : {"2", "3", "50257", "70000", "1000000000000"}) {
      for (const char* payload : {"", "2", "768"}) {
        for (const char* width : {"", "20", "2000"}) {
          for (const char* bits : {"1", "16", "100"}) {
            const Overview point =
                overview_at({{&N, examples}, {&K, labels}, {&P, payload}, {&w, width}, {&b, bits}});
            CAPTURE(examples);
            CAPTURE(labels);
            CAPTURE(payload);
            CAPTURE(width);
            CAPTURE(bits);
            const Bracket& memory = *point.memory;
            REQUIRE(memory.necessary);
            REQUIRE(memory.sufficient.has_value() != memory.no_sufficient.has_value());
            REQUIRE(point.memory_bits.has_value() == memory.sufficient.has_value());
            if (*width != '\0') CHECK(memory.necessary->width == Integer(width));
            if (!memory.sufficient) continue;
            const PromptLength& lower = *memory.necessary_at_equal_width;
            const Integer bits_of_token = lower.width * Integer(bits);
            CHECK(lower.width >= memory.sufficient->width);
            if (*width == '\0') CHECK(lower.width == memory.sufficient->width);
            CHECK(whole_of(lower.tokens) >= 1);
            CHECK(whole_of(lower.tokens) <= whole_of(memory.sufficient->tokens));
            const Integer needed = whole_of(point.memory_bits->necessary);
            CHECK(whole_of(lower.tokens) * bits_of_token >= needed);
            CHECK((whole_of(lower.tokens) - 1) * bits_of_token < needed);
            CHECK(whole_of(point.memory_bits->sufficient) ==
                  whole_of(memory.sufficient->tokens) * memory.sufficient->width * Integer(bits));
            CHECK(whole_of(point.memory_bits->sufficient) >= needed);
          }
        }
      }
    }
  }
}

TEST_CASE("a token of packed memory is as wide as its payload and what finds it") {
  const auto width = [](const Overview& point) { return point.memory->sufficient->width; };
  // Two scalars of data and place, a flag, five registers, and three entries of one digit of the number.
  CHECK(width(overview_at({{&N, "1000000"}, {&K, "10"}, {&P, "768"}})) == 768 + 2 + 6 + 3);
  // The gathered input where there are several tokens; 64 tokens are more than 4 bits say.
  CHECK(width(overview_at({{&N, "1024"}, {&P, "4"}, {&b, "4"}, {&d, "3"}, {&L, "2"}})) ==
        4 + 3 + 2 + 6 + 6 + 2 * 3);
  CHECK(width(overview_at({{&N, "256"}, {&P, "4"}, {&b, "4"}, {&d, "3"}, {&L, "2"}})) ==
        4 + 3 + 2 + 6 + 6 + 3);
  CHECK(width(overview_at({{&N, "257"}, {&P, "4"}, {&b, "4"}, {&d, "3"}, {&L, "2"}})) ==
        4 + 3 + 2 + 6 + 6 + 2 * 3);
  // Where a width is asked for and no payload, the payload fills it.
  const Overview filled = overview_at({{&N, "1000000"}, {&K, "10"}, {&w, "100"}});
  CHECK(width(filled) == 100);
  CHECK(filled.memory->sufficient->record.input("P").integer() == 89);
}

TEST_CASE("the factor of the bracket for memory tends to 1") {
  Rational before = 100;
  const std::pair<const char*, const char*> sizes[] = {
      {"16", "16"}, {"64", "1000"}, {"1000", "100000"}, {"100000", "1000000000"}};
  for (const auto& [bits, payload] : sizes) {
    const Overview point = overview_at({{&N, "1000000000000000000"}, {&K, "10"}, {&b, bits}, {&P, payload}});
    const Rational factor(whole_of(point.memory_bits->sufficient), whole_of(point.memory_bits->necessary));
    CHECK(factor >= 1);
    CHECK(factor < before);
    before = factor;
  }
  CHECK(before < Rational(10001, 10000));
  CHECK(whole_of(*overview_at({{&N, "7"}}).memory_bits->limit_factor) == 1);
}

TEST_CASE("a bracket needs d, L and eps, or N") {
  CHECK(overview_at({{&N, "7"}}).memory);
  CHECK_FALSE(overview_at({{&N, "7"}}).bracket);
  CHECK_FALSE(overview_at({{&d, "2"}, {&L, "2"}, {&N, "7"}}).bracket);
  CHECK_FALSE(overview_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}}).memory);
  const Overview both = overview_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&N, "7"}});
  CHECK(both.bracket);
  CHECK(both.memory->sufficient->record.input("d").integer() == 2);
  CHECK_THROWS_AS(overview_at({{&d, "2"}, {&L, "2"}}), InputError);
  CHECK_THROWS_AS(overview_at({{&N, "7"}, {&eps, "1/10"}}), InputError);
  // A payload that holds no label: the lower end alone, at the width of the payload.
  const Overview narrow = overview_at({{&N, "7"}, {&K, "70000"}, {&P, "1"}});
  CHECK_FALSE(narrow.memory->sufficient);
  CHECK(narrow.memory->necessary->width == 1);
}
