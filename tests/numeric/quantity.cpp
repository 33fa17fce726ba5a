#include <doctest/doctest.h>

#include <limits>

#include <promptbound/numeric/quantity.hpp>

using namespace promptbound;

TEST_CASE("ends that are infinite or not known have no decimal text") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Quantity above(Interval(Interval(2), Interval(infinity)));
  CHECK(above.lower(10) == "2");
  CHECK(above.upper(10).empty());
  const Quantity below(Interval(Interval(-infinity), Interval(-3)));
  CHECK(below.lower(10).empty());
  CHECK(below.upper(10) == "-3");
  const Quantity unknown(log(Interval(-1)));
  CHECK(unknown.lower(10).empty());
  CHECK(unknown.upper(10).empty());
  const Quantity magnitude(Magnitude{Interval(Interval(2), Interval(infinity))});
  CHECK(magnitude.lower(10).empty());
  CHECK(magnitude.upper(10).empty());
}
