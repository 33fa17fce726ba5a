// The bracket: one class of models, one token width, any size.
#include <doctest/doctest.h>

#include <promptbound/bounds/overview.hpp>
#include <promptbound/numeric/precision.hpp>

#include "evaluated.hpp"

using namespace promptbound;
using namespace promptbound::parameters;

namespace {

Bracket bracket_at(Values values) {
  const Arguments arguments = arguments_of(values);
  std::vector<Record> records;
  for (const char* id : {"quantized-capacity", "entropy-bits", "entropy-simplex", "entropy-lipschitz",
                         "lookup-upper", "packed-upper"}) {
    const Bound& bound = find_bound(id);
    if (has_required(bound.uses, arguments)) records.push_back(evaluate(bound, arguments, 40));
  }
  return bracket(arguments, records, 40);
}

const Interval& log10_length(const std::optional<PromptLength>& end) {
  return std::get<Magnitude>(end.value().tokens.value()).log10;
}

}  // namespace

TEST_CASE("the lower bound for Lipschitz models does not meet the upper bound of a model that is none") {
  const Bracket result =
      bracket_at({{&d, "1"}, {&L, "2"}, {&eps, "1/10"}, {&R, "1"}, {&Lambda, "1/1000000"}});
  REQUIRE(result.necessary.has_value());
  REQUIRE(result.sufficient.has_value());
  CHECK(result.necessary->record.id == "entropy-simplex");  // alpha = 2
  CHECK(result.necessary->models == result.sufficient->models);
  CHECK(certainly_less_equal(result.necessary_at_equal_width->tokens, result.sufficient->tokens));
  REQUIRE(result.beside.size() == 1);
  const PromptLength& other = result.beside.front();
  CHECK(other.record.id == "entropy-lipschitz");
  CHECK(other.tokens.exact() == "1109037");
  CHECK(other.models.find("1/1000000-Lipschitz") != std::string::npos);
  CHECK(other.models != result.models);
  // It would contradict the upper end.
  CHECK_FALSE(certainly_less_equal(other.tokens, result.sufficient->tokens));
}

TEST_CASE("ends of hundreds of thousands of digits are compared by their magnitude") {
  const Bracket result = bracket_at({{&d, "768"}, {&L, "512"}, {&eps, "0.1"}, {&alpha, "inf"}});
  const WorkingPrecision scope(300);
  // n 5^n/(16 w) and 6^n/r tokens, n = 768 512; w = 768, and that of the packed prompt.
  const Interval n(768 * 512);
  const auto lower = [&](long width) { return n * log10(Interval(5)) + log10(n / Interval(16 * width)); };
  CHECK(intersection(log10_length(result.necessary), lower(768)).is_finite());
  CHECK(log10_length(result.necessary).is_relatively_tight(130));
  const Record& packed = result.sufficient->record;
  CHECK(packed.id == "packed-upper");
  const auto whole = [&](const char* name) { return std::get<Integer>(packed.output(name).value()); };
  CHECK(whole("k") == 6);
  CHECK(whole("cells_per_token") > 50);
  // A payload of 16 n, and data, onehot, gathered coordinates and scratch; the token's number takes many
  // entries.
  CHECK(result.sufficient->width > Integer(17) * 768 * 512);
  CHECK(intersection(log10_length(result.necessary_at_equal_width),
                     lower(result.sufficient->width.convert_to<long>()))
            .is_finite());
  CHECK(intersection(log10_length(result.sufficient),
                     n * log10(Interval(6)) - log10(Interval(whole("cells_per_token"))))
            .is_finite());
  CHECK(certainly_less_equal(result.necessary_at_equal_width->tokens, result.sufficient->tokens));
  CHECK_FALSE(certainly_less_equal(result.sufficient->tokens, result.necessary_at_equal_width->tokens));
}

TEST_CASE("every allowed size has a bracket and its ends are in order") {
  for (const char* size : {"1", "3", "1000", "1000000", "1000000000"}) {
    for (const char* length : {"1", "1000", "1000000000"}) {
      for (const char* accuracy : {"0.49", "1/3", "0.001", "1e-9", "1e-100000"}) {
        for (const char* exponent : {"1", "2", "7/3", "inf"}) {
          CAPTURE(size);
          CAPTURE(length);
          CAPTURE(accuracy);
          CAPTURE(exponent);
          const Bracket result =
              bracket_at({{&d, size}, {&L, length}, {&eps, accuracy}, {&alpha, exponent}, {&b, "1000000"}});
          REQUIRE(result.necessary_at_equal_width.has_value());
          CHECK(certainly_less_equal(result.necessary_at_equal_width->tokens, result.sufficient->tokens));
          CHECK(certainly_less_equal(result.necessary_at_equal_width->tokens, result.necessary->tokens));
        }
      }
    }
  }
}

TEST_CASE("the equal width is that of the construction or what was asked for if that is wider") {
  const auto width = [](const Bracket& result) { return result.necessary_at_equal_width->width; };
  const Bracket plain = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, "inf"}});
  CHECK(width(plain) == 88);
  CHECK(plain.necessary->width == 2);
  CHECK(plain.necessary->tokens.exact() == "79");
  CHECK(plain.necessary_at_equal_width->tokens.exact() == "2");
  CHECK(plain.sufficient->tokens.exact() == "21");
  CHECK(width(bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&w, "10"}})) == 88);
  // A width that is asked for is filled with payload, unless the payload is given.
  const Bracket filled = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&w, "30"}});
  CHECK(width(filled) == 30);
  CHECK(filled.sufficient->width == 30);
  CHECK(filled.sufficient->record.input("P").integer() == 6);
  const Bracket given = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&w, "30"}, {&P, "64"}});
  CHECK(given.sufficient->width == 88);
}

TEST_CASE("the upper end is the construction that takes fewer numbers - the lower end the larger bound") {
  // Direct copies of values cost less than packing where a token holds one cell only.
  const Bracket narrow = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, "inf"}, {&P, "1"}});
  CHECK(narrow.sufficient->record.id == "lookup-upper");
  CHECK(narrow.sufficient->tokens.exact() == "1296");
  const Bracket euclidean = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, "2"}});
  CHECK(euclidean.necessary->record.id == "entropy-simplex");
  CHECK(euclidean.necessary->tokens.exact() == "46");
  CHECK(euclidean.sufficient->tokens.exact() == "312");
  CHECK(bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, "3"}}).necessary->record.id ==
        "entropy-bits");
}

TEST_CASE("both ends in bits - and the factor that is left in the limit") {
  const Overview point =
      overview(arguments_of({{&d, "2"}, {&L, "2"}, {&eps, "1/10"}, {&alpha, "inf"}, {&P, "64"}}), 20);
  REQUIRE(point.bits.has_value());
  CHECK(point.bits->necessary.exact() == "2500");  // n 5^n
  CHECK(point.bits->sufficient.exact() == std::to_string(21 * 88 * 16));
  // min over t of (1 + 1/t)^4 16/J with (2t+1)^J <= 2^16: t = 19, J = 3
  const Interval limit = point.bits->limit_factor->enclosure();
  CHECK(limit.contains(Rational(20 * 20 * 20 * 20 * 16, 19 * 19 * 19 * 19 * 3)));
  CHECK(limit.is_relatively_tight(50));
}

TEST_CASE("an end that is missing has a reason") {
  const Bracket coarse = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/2"}, {&alpha, "inf"}});
  CHECK_FALSE(coarse.necessary.has_value());
  CHECK_FALSE(coarse.necessary_at_equal_width.has_value());
  CHECK(coarse.no_necessary->why.find("no prompt is needed") != std::string::npos);
  CHECK(coarse.sufficient.has_value());
  // Entries of one bit are too coarse for the construction; for real ones it stands beside.
  const Bracket few_bits = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1/5"}, {&b, "1"}});
  CHECK(few_bits.necessary.has_value());
  CHECK_FALSE(few_bits.sufficient.has_value());
  CHECK(few_bits.no_sufficient->why.find("too coarse") != std::string::npos);
  const Bracket packed = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1e-6"}});
  REQUIRE(packed.sufficient.has_value());
  CHECK(packed.sufficient->record.id == "packed-upper");
  const Bracket real_entries = bracket_at({{&d, "2"}, {&L, "2"}, {&eps, "1e-6"}, {&P, "1"}});
  CHECK_FALSE(real_entries.sufficient.has_value());
  REQUIRE(real_entries.beside.size() == 1);
  CHECK(real_entries.beside.front().record.id == "lookup-upper");
  CHECK(real_entries.beside.front().models.find("real prompt entries") != std::string::npos);
}
