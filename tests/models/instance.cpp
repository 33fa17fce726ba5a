#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <promptbound/models/instance.hpp>
#include <promptbound/numeric/error.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

Instance small_instance(RandomNumbers& random) {
  Instance instance;
  instance.model.width = 3;
  instance.model.layers.push_back(
      {{{Matrix<Rational>::Zero(1, 3), Matrix<Rational>::Zero(1, 3), random.matrix(3, 3), std::nullopt}},
       std::nullopt});
  instance.prompt = random.matrix(3, 4);
  instance.input_offsets = random.matrix(3, 2);
  instance.data_width = 2;
  return instance;
}

}  // namespace

TEST_CASE("an instance is read back without loss and evaluates to the same exact numbers") {
  RandomNumbers random(103);
  const Instance instance = small_instance(random);
  const Instance again = instance_from(parse_json(to_json(instance).dump(), "file"), "file");
  CHECK(again.prompt == instance.prompt);
  CHECK(again.input_offsets == instance.input_offsets);
  CHECK(again.data_width == 2);
  const Matrix<Rational> X = random.matrix(2, 2);
  const Matrix<Rational> output = evaluate<Rational>(instance, X);
  CHECK(evaluate<Rational>(again, X) == output);
  // By the definition: [X; 0] + offsets behind the prompt, the first two coordinates of the output.
  Matrix<Rational> Z = instance.input_offsets;
  Z.topRows(2) += X;
  CHECK(evaluate(instance.model, instance.prompt, Z).topRows(2) == output);
}

TEST_CASE("without optional members inputs enter as they are") {
  RandomNumbers random(107);
  Instance instance = small_instance(random);
  instance.prompt = Matrix<Rational>(3, 0);
  instance.input_offsets = Matrix<Rational>(3, 0);
  instance.data_width = 3;
  const Json json = to_json(instance);
  CHECK_FALSE(json.contains("prompt"));
  CHECK_FALSE(json.contains("input_offsets"));
  const Matrix<Rational> X = random.matrix(3, 5);
  CHECK(evaluate<Rational>(instance_from(json, "file"), X) == evaluate(instance.model, X));
}

TEST_CASE("members and inputs that do not fit are named") {
  RandomNumbers random(109);
  const Instance instance = small_instance(random);
  Json json = to_json(instance);
  json["prompt"] = to_json(random.matrix(2, 2));
  CHECK_THROWS_WITH_AS(static_cast<void>(instance_from(json, "file")),
                       "file.prompt: tokens of 2 entries (accepted: d = 3)", InputError);
  json = to_json(instance);
  json["data_width"] = 4;
  CHECK_THROWS_WITH_AS(static_cast<void>(instance_from(json, "file")),
                       "file.data_width: 4 (accepted: 1 to d = 3)", InputError);
  CHECK_THROWS_WITH_AS((void)encoded_input(instance, random.matrix(2, 3)),
                       "input: 3 tokens of 2 entries (accepted: 2 tokens of 2 entries)", InputError);
}
