#include <doctest/doctest.h>

#include <promptbound/constructions/code_book.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("codes come in rising order - are distinct and are found from any number between them") {
  RandomNumbers random(47);
  for (const auto& [d, tokens, k, first] :
       {std::tuple(1L, 3L, 2L, 1L), {2L, 2L, 2L, 1L}, {1L, 4L, 3L, 2L}, {1L, 3L, 1L, 1L}}) {
    const CodeBook book(Grid{d, tokens, k, Rational(1, 100)}, first);
    std::vector<Integer> integers;
    for (std::optional<Code> code = book.lowest(); code; code = book.next(*code)) {
      // By the definition: K^{dT} (all digits) + (own digits in their places).
      Integer all = 0, own = 0, place = 1;
      for (long p = 0; p < d * tokens; ++p, place *= k + 1) {
        const long digit = code->digits[static_cast<std::size_t>(p)];
        REQUIRE((digit >= 1 && digit <= k));
        all += digit * place;
        if (p / d == code->position) own += digit * place;
      }
      integers.push_back(place * all + own);
      CHECK(book.integer(*code) == integers.back());
    }
    long count = tokens - first;
    for (long p = 0; p < d * tokens; ++p) count *= k;
    CHECK(static_cast<long>(integers.size()) == count);
    CHECK(std::is_sorted(integers.begin(), integers.end()));
    CHECK(std::adjacent_find(integers.begin(), integers.end()) == integers.end());
    std::vector<Rational> probes{Rational(-1), Rational(integers.back() * 2)};
    for (const Integer& t : integers) {
      probes.emplace_back(t);
      probes.emplace_back(Rational(t) - Rational(1, 3));
      probes.push_back(random.rational(0, Rational(integers.back() + 10)));
    }
    for (const Rational& z : probes) {
      const auto split = std::upper_bound(integers.begin(), integers.end(), z,
                                          [](const Rational& a, const Integer& b) { return a < b; });
      const auto below = book.at_or_below(z);
      const auto above = book.above(z);
      REQUIRE(below.has_value() == (split != integers.begin()));
      REQUIRE(above.has_value() == (split != integers.end()));
      if (below) CHECK(book.integer(*below) == *(split - 1));
      if (above) CHECK(book.integer(*above) == *split);
    }
  }
}

TEST_CASE("numbers of many digits go there and back") {
  RandomNumbers random(53);
  const CodeBook book(Grid{1, 5000, 70, Rational(1, 1000)}, 4999);
  Digits digits(5000);
  for (long& digit : digits) digit = random.integer(0, 70);
  const Integer q = book.from_digits(digits);
  CHECK(book.to_digits(q, 5000) == digits);
  CHECK(q % 71 == digits[0]);
}
