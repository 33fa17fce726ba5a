// The published slope of 2.7: a ball's radius and a distance told apart, both absolute.
#include <doctest/doctest.h>

#include <promptbound/bounds/catalogue.hpp>

#include "evaluated.hpp"

using namespace promptbound;

namespace {

using namespace parameters;

Record slope_at(Values values) {
  return evaluate(find_bound("accessible-length-published"), arguments_of(values), 30);
}

}  // namespace

TEST_CASE("the slope counts the cells of a ball: 1 + 2r/eps in each entry") {
  // 1 + 15 = 4^2: two symbols for each of three entries.
  CHECK(
      slope_at({{&w, "3"}, {&v, "4"}, {&ball_radius, "15/2"}, {&told_apart, "1"}}).output("slope").exact() ==
      "6");
  CHECK(
      slope_at({{&w, "3"}, {&v, "4"}, {&ball_radius, "1"}, {&told_apart, "2/15"}}).output("slope").exact() ==
      "6");
  // The radius is 1 where none is given.
  CHECK(slope_at({{&w, "3"}, {&v, "4"}, {&told_apart, "2/15"}}).output("slope").exact() == "6");
}

TEST_CASE("the distance is the radius over 2048 where none is given - the radius then changes nothing") {
  const Record plain = slope_at({{&w, "768"}, {&v, "50304"}});
  CHECK(plain.input("told-apart").text() == "1/2048");
  const Record other = slope_at({{&w, "768"}, {&v, "50304"}, {&ball_radius, "61.44"}});
  CHECK(other.input("told-apart").text() == "3/100");
  const Record stated = slope_at({{&w, "768"}, {&v, "50304"}, {&ball_radius, "2"}, {&told_apart, "1/1024"}});
  // 768 ln 4097/ln 50304
  CHECK(plain.output("slope").lower(12) == "590.091112232");
  for (const Record* record : {&other, &stated}) {
    CHECK(record->output("slope").lower(30) == plain.output("slope").lower(30));
    CHECK(record->output("slope").upper(30) == plain.output("slope").upper(30));
  }
}
