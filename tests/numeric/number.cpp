#include <doctest/doctest.h>

#include <random>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>

using promptbound::Integer;
using promptbound::Number;
using promptbound::parse_number;
using promptbound::Rational;

TEST_CASE("decimal and fraction texts are read as the exact rational") {
  CHECK(parse_number("0.1")->value == Rational(1, 10));
  CHECK(parse_number("1e-3")->value == Rational(1, 1000));
  CHECK(parse_number("-2.50E2")->value == Rational(-250));
  CHECK(parse_number("6/4")->value == Rational(3, 2));
  CHECK(parse_number("007")->value == 7);
  CHECK(parse_number(".5")->value == Rational(1, 2));
  CHECK(parse_number("inf")->infinite);
}

TEST_CASE("anything else is refused") {
  for (const char* text : {"",     "-",    ".",        "e5",    "1e",    "1e+",      "nan",
                           "NaN",  "-inf", "infinity", "0x10",  " 1",    "1 ",       "1/0",
                           "1/-2", "1//2", "1.2.3",    "1e5.5", "1/2e3", "1e100001", "1e9999999999999999999",
                           "+1",   "--1",  "1,5",      "1_000", "1e1e1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_number(text).has_value());
  }
  CHECK_FALSE(parse_number(std::string(200001, '1')).has_value());
  CHECK_THROWS_WITH_AS(static_cast<void>(promptbound::parse_rational("inf", "eps")),
                       "eps: 'inf' is not a finite number (accepted: 3, 1/10, 0.1, 1e-3)",
                       promptbound::InputError);
}

TEST_CASE("exact_text is read back as the same number and random bytes never break the parser") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const Number number(Rational(Integer(random()) - Integer(random()), Integer(random() | 1U)));
    CHECK(parse_number(promptbound::exact_text(number)) == number);
  }
  const std::string alphabet = "0123456789./-+eEinfa x";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t length = random() % 9; length > 0; --length)
      text += alphabet[random() % alphabet.size()];
    if (const auto number = parse_number(text))
      CHECK(parse_number(promptbound::exact_text(*number)) == *number);
  }
}
