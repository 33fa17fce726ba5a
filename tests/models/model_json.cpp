#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>
#include <promptbound/numeric/error.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("numbers keep the value that is written whatever binary64 would make of it") {
  const Json values = parse_json(R"([0.1, "1/3", 12345678901234567890123, 1e-30, -7])", "test");
  const Vector<Rational> read = vector_from(values, "test");
  CHECK(read(0) == Rational(1, 10));
  CHECK(read(1) == Rational(1, 3));
  CHECK(read(2) == Rational(Integer("12345678901234567890123")));
  CHECK(read(3) * Rational(Integer("1000000000000000000000000000000")) == 1);
  CHECK(read(4) == -7);
}

TEST_CASE("a model is read back as it was written") {
  RandomNumbers random(81);
  for (int i = 0; i < 10; ++i) {
    const Index d = random.integer(1, 4), s = random.integer(1, 3), h = random.integer(1, 4);
    Layer<Rational> layer;
    layer.heads.push_back(
        {random.matrix(s, d), random.matrix(s, d), random.matrix(2, d), random.matrix(d, 2)});
    layer.heads.push_back({random.matrix(s, d), random.matrix(s, d), random.matrix(d, d), std::nullopt});
    if (i % 2 == 0) {
      layer.ffn = FeedForward<Rational>{random.matrix(h, d), random.matrix(h, 1), random.matrix(d, h),
                                        random.matrix(d, 1)};
    }
    const Transformer<Rational> model{d, {layer, layer}, i % 3 == 0 ? Mask::causal : Mask::bidirectional};
    const Json written = to_json(model);
    const Transformer<Rational> read = model_from(parse_json(written.dump(), "test"), "test");
    CHECK(read.layers.size() == 2);
    CHECK(read.mask == model.mask);
    CHECK(read.layers[1].heads[0].W_O == layer.heads[0].W_O);
    CHECK(to_json(read) == written);
  }
}

TEST_CASE("malformed models are refused with the place") {
  const auto refused = [](const char* text) {
    try {
      (void)model_from(parse_json(text, "m.json"), "m.json");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused("{\"schema\":1,").starts_with("m.json: not JSON"));
  CHECK(refused("{}") == "m.json: the member \"schema\" is missing");
  CHECK(refused("[]") == "m.json: an object with the member \"schema\" is needed");
  CHECK(refused(R"({"schema":2})").find("schema 1") != std::string::npos);
  CHECK(refused(R"({"schema":1,"d":0,"layers":[]})").find("m.json.d") != std::string::npos);
  CHECK(refused(R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[1],[1,2]]}]}]})") ==
        "m.json.layers[0].heads[0].W_Q[1]: rows must have one length, at least 1");
  CHECK(refused(R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[["x"]]}]}]})").find("W_Q[0][0]") !=
        std::string::npos);
  CHECK_FALSE(refused(R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[1]],"W_K":[[1,2]],"W_V":[[1]]}]}]})")
                  .empty());
  CHECK_FALSE(refused(R"({"schema":1,"d":1,"layers":[],"causal":3})").empty());
  const std::string deep(100000, '[');
  CHECK(refused(deep.c_str()) == "m.json: nested deeper than 64");
  for (const std::string weight : {"\"inf\"", "\"-inf\"", "\"nan\"", "NaN", "1e999999999"}) {
    CAPTURE(weight);
    const std::string text =
        R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[)" + weight + R"(]],"W_K":[[1]],"W_V":[[1]]}]}]})";
    CHECK_FALSE(refused(text.c_str()).empty());
  }
  CHECK_FALSE(refused(R"({"schema":1,"d":1,"layers":[{"heads":7}]})").empty());
  CHECK_FALSE(refused(R"({"schema":1,"d":1,"layers":[{"heads":[],"ffn":{"W_1":[[null]]}}]})").empty());
}
