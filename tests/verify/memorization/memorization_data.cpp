#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>

using namespace promptbound;

TEST_CASE("memorization data are read as written and refused with the place") {
  const auto read = [](const char* text) {
    return memorization_data_from(parse_json(text, "d.json"), 2, "d.json");
  };
  const MemorizationData data =
      read(R"({"schema":1,"examples":[{"tokens":[[0.1,"1/3"],[2,3],[4,5]],"query":1,"target":[1,-1]}]})");
  REQUIRE(data.size() == 1);
  CHECK(data[0].tokens(1, 0) == Rational(1, 3));
  CHECK(data[0].tokens(0, 2) == 4);
  CHECK(data[0].query == 1);
  CHECK(to_json(memorization_data_from(to_json(data), 2, "again")) == to_json(data));

  const auto refused = [&](const char* text) {
    try {
      (void)read(text);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused(R"({"schema":1,"examples":[]})") ==
        "d.json.examples: an array of at least one example is needed");
  CHECK(refused(R"({"schema":1,"examples":[{"tokens":[[1,2]],"query":1,"target":[1,1]}]})") ==
        "d.json.examples[0].query: an index from 0 to 0 is needed");
  CHECK(refused(R"({"schema":1,"examples":[{"tokens":[[1,2,3]],"query":0,"target":[1,1]}]})")
            .find("width, 2") != std::string::npos);
  CHECK_FALSE(refused(R"({"schema":7,"examples":[]})").empty());
  CHECK_FALSE(refused(R"({"schema":1,"examples":[{"query":0,"target":[1,1]}]})").empty());
  CHECK_FALSE(
      refused(R"({"schema":1,"examples":[{"tokens":[[1,2]],"query":"0.5","target":[1,1]}]})").empty());
}
