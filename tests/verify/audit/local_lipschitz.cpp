// Local Lipschitz constants against an independent evaluation in long double.
#include <doctest/doctest.h>

#include <cmath>

#include <promptbound/models/language_model.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/audit/local_lipschitz.hpp>

#include "models/small_language_model.hpp"
#include "naive_language_model.hpp"
#include "naive_rows.hpp"

using namespace promptbound;

namespace {

constexpr std::size_t small_width = 8, prompt_tokens = 3, text_tokens = 4;

struct Case {
  naive::Weights weights;
  naive::Shape shape;
  naive::Rows prompt, text;

  [[nodiscard]] naive::Rows output(const naive::Rows& of_prompt) const {
    naive::Rows tokens = of_prompt;
    tokens.insert(tokens.end(), text.begin(), text.end());
    const naive::Rows all = naive::evaluate(weights, shape, tokens).output;
    return {all.begin() + static_cast<std::ptrdiff_t>(prompt_tokens), all.end()};
  }
};

Case make_case(const TemporaryFolder& folder, const std::string& family, std::uint64_t seed) {
  Case result;
  for (const auto& [name, tensor] : write_small_model(folder, family, seed))
    result.weights[name] = tensor.values;
  result.shape = small_shape(family);
  RandomNumbers random(seed + 1);
  result.prompt = random_rows(random, prompt_tokens);
  result.text = random_rows(random, text_tokens);
  return result;
}

LocalPass pass_of(const LanguageModel& model, const Case& of, bool with_jacobian = true) {
  LocalPass pass(model.input(), columns(of.prompt), columns(of.text), model.config().layers, with_jacobian);
  for (std::size_t l = 0; l < model.config().layers; ++l) pass.add(model.layer(l));
  if (const auto norm = model.final_norm()) pass.add(*norm);
  return pass;
}

/// The prompt with every token moved by a random vector of at most this length.
naive::Rows moved(RandomNumbers& random, const naive::Rows& prompt, double radius) {
  naive::Rows result = prompt;
  for (naive::Row& row : result) {
    const naive::Row direction = random_rows(random, 1)[0];
    const naive::Real length = static_cast<naive::Real>(radius * random.rational(0, 1).convert_to<double>());
    for (std::size_t c = 0; c < small_width; ++c) row[c] += length * direction[c] / naive::norm(direction);
  }
  return result;
}

}  // namespace

TEST_CASE("no two prompts of the ball are further apart in the outputs than the constant says") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    const Case one = make_case(folder, family, 901);
    const LocalPass pass = pass_of(LanguageModel(folder.path()), one);
    RandomNumbers random(902);
    for (const double radius : {1e-5, 1e-3, 3e-2, 1.0}) {
      CAPTURE(radius);
      const LocalConstant constant = pass.constant(radius);
      const naive::Real product = std::exp(static_cast<naive::Real>(constant.log_product.upper_double()));
      REQUIRE(constant.jacobian);
      naive::Real largest = 0;
      for (int pair = 0; pair < 250; ++pair) {
        const naive::Rows a = moved(random, one.prompt, radius), b = moved(random, one.prompt, radius);
        largest = std::max(largest, largest_distance(one.output(a), one.output(b)) / largest_distance(a, b));
      }
      CHECK(largest <= product * (1 + 1e-9L));
      CHECK(largest <= *constant.jacobian * (1 + 1e-9L));
      CHECK(constant.log_smaller().upper_double() <= constant.log_product.upper_double());
      CHECK(largest > 0);
    }
  }
}

TEST_CASE("with radius 0 the constant is the norm of the derivative") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    const Case one = make_case(folder, family, 903);
    const LocalPass pass = pass_of(LanguageModel(folder.path()), one);
    // Central differences, one entry of the prompt at a time.
    constexpr naive::Real h = 1e-6L;
    std::vector<std::vector<naive::Rows>> blocks(
        text_tokens, std::vector<naive::Rows>(prompt_tokens, naive::Rows(small_width)));
    for (std::size_t j = 0; j < prompt_tokens; ++j) {
      for (std::size_t c = 0; c < small_width; ++c) {
        naive::Rows up = one.prompt, down = one.prompt;
        up[j][c] += h;
        down[j][c] -= h;
        const naive::Rows above = one.output(up), below = one.output(down);
        for (std::size_t t = 0; t < text_tokens; ++t) {
          naive::Row& row = blocks[t][j][c];  // transposed: rows are inputs
          for (std::size_t k = 0; k < small_width; ++k) row.push_back((above[t][k] - below[t][k]) / (2 * h));
        }
      }
    }
    naive::Real expected = 0, largest_block = 0;
    for (std::size_t t = 0; t < text_tokens; ++t) {
      naive::Rows whole;
      naive::Real sum = 0;
      for (const naive::Rows& block : blocks[t]) {
        const naive::Real norm = naive::spectral_norm(block);
        sum += norm;
        largest_block = std::max(largest_block, norm);
        whole.insert(whole.end(), block.begin(), block.end());
      }
      expected = std::max(expected,
                          std::min(sum, std::sqrt(naive::Real(prompt_tokens)) * naive::spectral_norm(whole)));
    }
    const double found = *pass.constant(0).jacobian;
    CHECK(std::abs(found - expected) <= 1e-6L * expected);
    const double below = *pass.derivative_below(20);
    CHECK(below <= found);
    CHECK(below >= 0.99L * largest_block);
  }
}

TEST_CASE("constants grow with the ball - and without the Jacobian there is the product alone") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    const Case one = make_case(folder, family, 904);
    const LanguageModel model(folder.path());
    const LocalPass pass = pass_of(model, one), product = pass_of(model, one, false);
    double last = 0, last_product = -1e300;
    for (const double radius : {0.0, 1e-9, 1e-6, 1e-4, 1e-2, 1.0, 100.0}) {
      CAPTURE(radius);
      const LocalConstant constant = pass.constant(radius);
      CHECK(*constant.jacobian >= last);
      CHECK(constant.log_product.upper_double() >= last_product);
      last = *constant.jacobian;
      last_product = constant.log_product.upper_double();
      const LocalConstant alone = product.constant(radius);
      CHECK_FALSE(alone.jacobian);
      CHECK(alone.log_product.upper_double() == last_product);
      CHECK(alone.log_smaller().upper_double() == last_product);
    }
    CHECK_FALSE(product.derivative_below(1));
    // A ball of radius 10^-6 costs next to nothing.
    CHECK(*pass.constant(1e-6).jacobian <= 1.01 * *pass.constant(0).jacobian);
  }
}

TEST_CASE("what is not modelled is refused by name") {
  const TemporaryFolder folder;
  const Case one = make_case(folder, "gpt2", 905);
  const LanguageModel model(folder.path());
  const Matrix<double> prompt = columns(one.prompt), text = columns(one.text);
  InputWeights input = model.input();
  LocalPass pass(input, prompt, text, 1, true);
  const auto refused = [&](const TrainedLayer& layer, const char* what) {
    CHECK_THROWS_WITH_AS(pass.add(layer), doctest::Contains(what), InputError);
  };
  TrainedLayer layer = model.layer(0);
  layer.norms = NormPlace::parallel;
  refused(layer, "blocks that see the same tokens are not modelled");
  layer = model.layer(0);
  layer.attention.key_norm = layer.norm_1;
  refused(layer, "norms on queries and keys are not modelled");
  layer = model.layer(0);
  layer.attention.rotary = RotaryPositions{.base = 10000, .entries = 2};
  refused(layer, "a part of each head are not modelled");
  layer = model.layer(0);
  layer.attention.relative_biases = RelativeBiases{Matrix<double>::Zero(8, 2), {8, 8}};
  refused(layer, "biases of scores by distance are not modelled");
  input.scale = 2;
  CHECK_THROWS_WITH_AS(LocalPass(input, prompt, text, 1, true),
                       doctest::Contains("scaled tokens are not modelled"), InputError);
}
