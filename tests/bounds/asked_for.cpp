// One output that is asked for is the same as among all others, and the bracket uses what is at hand.
#include <doctest/doctest.h>

#include <random>

#include <promptbound/bounds/bracket.hpp>
#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/integers.hpp>

#include "effort.hpp"

using namespace promptbound;
using namespace promptbound::parameters;

namespace {

class Points {
 public:
  Arguments next() {
    Arguments arguments;
    arguments.set("d", number(1, 12));
    arguments.set("L", number(1, 12));
    arguments.set("eps", Rational(number(1, 600), 1200));
    arguments.set("C", Rational(number(1, 40), 10));
    arguments.set("alpha", std::vector<Argument>{1, 2, Rational(7, 3), Number::infinity()}[index(4)]);
    arguments.set("R", Rational(number(1, 50), 10));
    arguments.set("Lambda", Rational(number(1, 200), 10));
    arguments.set("norm", std::vector<Argument>{"euclidean", "max"}[index(2)]);
    if (index(2) == 0) arguments.set("w", number(1, 100));
    if (index(2) == 0) arguments.set("b", number(1, 20));
    return arguments;
  }

 private:
  std::size_t index(std::size_t count) { return random_() % count; }
  long number(long least, long most) {
    return least + static_cast<long>(random_() % static_cast<std::uint64_t>(most - least + 1));
  }
  std::mt19937_64 random_{17};
};

std::string text(const Quantity& x) { return x.exact() + "|" + x.lower(40) + "|" + x.upper(40); }

/// floor(C r/(2 (eps - r q))) + 1, r = n^{1/p}, from the definition: the least k with n (C + 2 k q)^p < (2 k
/// eps)^p.
bool serves(const Integer& k, const Integer& n, unsigned long p, const Rational& C, const Rational& eps,
            const Rational& q) {
  return n * power(Rational(C + 2 * k * q), p) < power(Rational(2 * k * eps), p);
}

}  // namespace

TEST_CASE("an output alone is what it is among all") {
  Points points;
  for (long i = 0; i < repetitions(300); ++i) {
    const Arguments arguments = points.next();
    for (const char* id :
         {"quantized-capacity", "entropy-bits", "entropy-lipschitz", "lookup-upper", "universality-size"}) {
      const Bound& bound = find_bound(id);
      const Record all = evaluate(bound, arguments, 40);
      const Record one = evaluate(bound, arguments, 40, "tokens");
      CAPTURE(id);
      CHECK(one.verdict == all.verdict);
      CHECK(one.why == all.why);
      if (!all.is_applicable()) continue;
      CHECK(text(one.output("tokens")) == text(all.output("tokens")));
      CHECK(one.proof_of("tokens") == all.proof_of("tokens"));
    }
  }
}

TEST_CASE("grid cells for rounded entries are the least that serve") {
  std::mt19937_64 random(19);
  for (long i = 0; i < repetitions(500); ++i) {
    const long size = 1 + static_cast<long>(random() % 30), bits = 1 + static_cast<long>(random() % 24);
    const unsigned long p = 1 + random() % 3;
    const Rational exact_eps(Integer(1 + random() % 1000), Integer(1 + random() % 2000)),
        C(Integer(1 + random() % 30), Integer(1 + random() % 10));
    Arguments arguments;
    arguments.set("d", size);
    arguments.set("L", 1);
    arguments.set("eps", exact_eps);
    arguments.set("C", C);
    arguments.set("alpha", p);
    arguments.set("b", bits);
    const Record record = evaluate(find_bound("lookup-upper"), arguments, 40);
    const Rational q(Integer(1), power(Integer(2), static_cast<unsigned long>(bits) + 1));
    CHECK(record.is_applicable() == (size * power(q, p) < power(exact_eps, p)));
    if (!record.is_applicable()) continue;
    const Integer cells = std::get<Integer>(record.output("k").value());
    CHECK(serves(cells, size, p, C, exact_eps, q));
    if (cells > 1) CHECK_FALSE(serves(cells - 1, size, p, C, exact_eps, q));
  }
}

TEST_CASE("a bracket of sweeps is that of a single point") {
  Points points;
  const auto tokens = [](const std::optional<PromptLength>& end) { return end ? text(end->tokens) : "none"; };
  for (long i = 0; i < repetitions(100); ++i) {
    const Arguments arguments = points.next();
    std::vector<Record> all, alone;
    for (const char* id : {"entropy-bits", "entropy-lipschitz", "lookup-upper"}) {
      all.push_back(evaluate(find_bound(id), arguments, 40));
      alone.push_back(evaluate(find_bound(id), arguments, 40, "tokens"));
    }
    const Bracket full = bracket(arguments, all, 40), lean = bracket(arguments, alone, 40);
    CHECK(tokens(full.necessary) == tokens(lean.necessary));
    CHECK(tokens(full.sufficient) == tokens(lean.sufficient));
    CHECK(tokens(full.necessary_at_equal_width) == tokens(lean.necessary_at_equal_width));
    CHECK(full.beside.size() == lean.beside.size());
    if (!full.sufficient) continue;
    // The upper end is that of entries of as many bits as the lower one assumes.
    Arguments same = arguments;
    same.set("b", all.front().input("b"));
    CHECK(text(full.sufficient->tokens) ==
          text(evaluate(find_bound("lookup-upper"), same, 40).output("tokens")));
  }
}
