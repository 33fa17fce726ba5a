#include <doctest/doctest.h>

#include <promptbound/constructions/random_layer.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

using namespace promptbound;

TEST_CASE("a random layer's examples share a query and a prompt within its unit is found for them") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const RandomLayer layer = random_layer(2, 2, 2, seed);
    CHECK(rank(layer.model.layers[0].heads[0].value_map()) == 2);
    MemorizationData data;
    for (std::size_t i = 0; i < layer.inputs.size(); ++i)
      data.push_back({layer.inputs[i], 1, layer.targets[i]});
    CHECK(layer.inputs[0].col(1) == layer.inputs[1].col(1));
    // A prompt gave the data: whoever calls them impossible within the unit is wrong.
    CHECK(memorize(layer.model, data, layer.unit).verdict != Verdict::refuted);
  }
}

TEST_CASE("the same seed gives the same layer and sizes below one are refused") {
  CHECK(random_layer(3, 2, 1, 7).targets == random_layer(3, 2, 1, 7).targets);
  CHECK(random_layer(3, 2, 1, 7).targets != random_layer(3, 2, 1, 8).targets);
  CHECK_THROWS_AS((void)random_layer(0, 1, 1, 1), InputError);
  CHECK_THROWS_AS((void)random_layer(1, 0, 1, 1), InputError);
  CHECK_THROWS_AS((void)random_layer(1, 1, 0, 1), InputError);
}
