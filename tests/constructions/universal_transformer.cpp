#include <doctest/doctest.h>

#include <promptbound/constructions/universal_transformer.hpp>
#include <promptbound/numeric/error.hpp>

#include "bound_record.hpp"
#include "random.hpp"

using namespace promptbound;

namespace {

/// Every function from cells to digits, one after the other; false after the last.
bool advance(QuantizedFunction& f) {
  for (long& digit : f.digits) {
    if (digit < f.k) {
      ++digit;
      return true;
    }
    digit = 1;
  }
  return false;
}

QuantizedFunction first_function(Index d, Index L, long k) {
  return {d, L, k, std::vector<long>(static_cast<std::size_t>(cell_count(k, d * L) * d * L), 1)};
}

bool in_unit_interval(const Matrix<Rational>& Y) {
  return std::all_of(Y.reshaped().begin(), Y.reshaped().end(),
                     [](const Rational& y) { return y >= 0 && y <= 1; });
}

}  // namespace

TEST_CASE("every quantized function has its prompt: all forms give it exactly at every grid centre") {
  for (const auto& shape : {std::tuple(1L, 1L, 2L), {1L, 1L, 3L}, {1L, 1L, 4L}, {1L, 2L, 2L}, {2L, 1L, 2L}}) {
    const long d = std::get<0>(shape), L = std::get<1>(shape), k = std::get<2>(shape);
    CAPTURE(d);
    CAPTURE(L);
    CAPTURE(k);
    const UniversalTransformer network(d, L, k, Rational(1, 3 * k));
    const Transformer<Rational> wide = network.dense(UniversalForm::wide);
    const Transformer<Rational> deep = network.dense(UniversalForm::deep);
    QuantizedFunction f = first_function(d, L, k);
    long functions = 0;
    do {
      const Matrix<Rational> prompt = network.prompt(f);
      for (long cell = 0; cell < cell_count(k, d * L); ++cell) {
        const Matrix<Rational> input = network.input(cell_centre(d, L, k, cell));
        const Matrix<Rational> wanted = cell_value(f, cell);
        REQUIRE(evaluate(wide, prompt, input) == wanted);
        REQUIRE(network.evaluate_sparse(UniversalForm::wide, prompt, input) == wanted);
        REQUIRE(network.evaluate_sparse(UniversalForm::deep, prompt, input) == wanted);
        REQUIRE(evaluate(deep, prompt, input) == wanted);
      }
      ++functions;
    } while (advance(f));
    long expected = 1;
    for (long i = 0; i < cell_count(k, d * L) * d * L; ++i) expected *= k;
    CHECK(functions == expected);
  }
}

TEST_CASE(
    "anywhere in the cube - ramps included - the forms agree with their dense weights and stay in [0 1]") {
  RandomNumbers random(59);
  for (const auto& shape : {std::tuple(1L, 1L, 3L), {1L, 2L, 2L}, {2L, 1L, 2L}}) {
    const long d = std::get<0>(shape), L = std::get<1>(shape), k = std::get<2>(shape);
    const Rational eta(1, 4 * k);
    const UniversalTransformer network(d, L, k, eta);
    const Transformer<Rational> wide = network.dense(UniversalForm::wide);
    const Transformer<Rational> deep = network.dense(UniversalForm::deep);
    QuantizedFunction f = first_function(d, L, k);
    for (int trial = 0; trial < 60; ++trial) {
      for (long& digit : f.digits) digit = random.integer(1, k);
      const Matrix<Rational> prompt = network.prompt(f);
      Matrix<Rational> X = random.matrix(d, L, 0, 1);
      if (trial % 2 == 0) {
        // One coordinate on a ramp; every tenth so close to its foot or top that a window of the deep form
        // acts.
        const Rational height = trial % 10 == 0
                                    ? Rational(random.integer(0, 1)) +
                                          random.rational(Rational(-1, 1000000), Rational(1, 1000000))
                                    : random.rational(0, 1);
        X(random.integer(0, d - 1), random.integer(0, L - 1)) =
            std::min(Rational(1), Rational(Rational(random.integer(1, k - 1), k) - eta + height * eta));
      }
      const Matrix<Rational> input = network.input(X);
      const Matrix<Rational> of_wide = network.evaluate_sparse(UniversalForm::wide, prompt, input);
      const Matrix<Rational> of_deep = network.evaluate_sparse(UniversalForm::deep, prompt, input);
      CHECK(of_wide == evaluate(wide, prompt, input));
      CHECK(of_deep == evaluate(deep, prompt, input));
      CHECK(in_unit_interval(of_wide));
      CHECK(in_unit_interval(of_deep));
    }
  }
}

TEST_CASE("widths and depth as built are those of theory 1.5") {
  for (const auto& shape : {std::tuple(1L, 1L, 2L), {1L, 1L, 4L}, {1L, 2L, 2L}, {2L, 1L, 2L}, {1L, 1L, 1L}}) {
    const long d = std::get<0>(shape), L = std::get<1>(shape), k = std::get<2>(shape);
    const UniversalTransformer network(d, L, k, Rational(1, 5 * k));
    const UniversalSizes size = UniversalTransformer::sizes(d, L, k);
    const long T = size.sequence_tokens.convert_to<long>();
    const Transformer<Rational> wide = network.dense(UniversalForm::wide);
    const Transformer<Rational> deep = network.dense(UniversalForm::deep);
    wide.check_shapes();
    deep.check_shapes();
    CHECK(network.prompt_tokens() == T - L);
    CHECK(wide.layers[0].heads.empty());
    CHECK(wide.layers[0].ffn->W_1.rows() == d * (2 * T * k - 1));
    REQUIRE(wide.layers.size() == 2);
    CHECK(wide.layers[1].heads.size() == 1);
    CHECK(wide.layers[1].ffn->W_1.rows() == size.knots);
    CHECK(Integer(deep.layers.size()) == size.knots + 2);  // FFN 1, the knots, the clamp
    for (std::size_t l = 1; l + 1 < deep.layers.size(); ++l) CHECK(deep.layers[l].ffn->W_1.rows() == 3);
    CHECK(deep.layers.back().ffn->W_1.rows() == d);
  }
  CHECK(UniversalTransformer::sizes(2, 1, 2).knots == 1024);
}

TEST_CASE("measured sizes equal what the universality-size bound prints and its ramps keep the accuracy") {
  struct Shape {
    long d, L;
    Rational eps, C, alpha;
  };
  for (const Shape& shape : {Shape{1, 1, Rational(3, 4), 1, 1},
                             {1, 1, Rational(2, 5), 1, 1},
                             {1, 1, Rational(1, 3), Rational(1, 2), 2},
                             {1, 2, Rational(3, 4), 1, 2},
                             {2, 1, Rational(9, 10), 1, Rational(3, 2)}}) {
    const Record bound = bound_record("universality-size", {{"d", Rational(shape.d)},
                                                            {"L", Rational(shape.L)},
                                                            {"eps", shape.eps},
                                                            {"C", shape.C},
                                                            {"alpha", shape.alpha}});
    const auto whole = [&](const char* name) { return std::get<Integer>(bound.output(name).value()); };
    const long k = whole("k").convert_to<long>();
    CAPTURE(k);
    const Rational eta = bound.output("ramp_limit").enclosure().lower() / 2;
    const UniversalTransformer network(shape.d, shape.L, k, eta);
    CHECK(Integer(network.prompt_tokens()) == whole("tokens"));
    CHECK(certainly_less(network.guarantee(shape.C, shape.alpha), Interval(shape.eps)));
    const auto heads = [](const Transformer<Rational>& model) {
      std::size_t count = 0;
      for (const Layer<Rational>& layer : model.layers) count += layer.heads.size();
      return Integer(count);
    };
    const Transformer<Rational> wide = network.dense(UniversalForm::wide);
    CHECK(heads(wide) == whole("attention_blocks"));
    CHECK(Integer(wide.layers.front().ffn->W_1.rows()) == whole("ffn_1_width"));
    CHECK(Integer(wide.layers.back().ffn->W_1.rows()) == whole("wide_ffn_width"));
    const Transformer<Rational> deep = network.dense(UniversalForm::deep);
    CHECK(heads(deep) == whole("attention_blocks"));
    CHECK(Integer(deep.layers.front().ffn->W_1.rows()) == whole("ffn_1_width"));
    CHECK(Integer(deep.layers.size() - 1) == whole("deep_ffn_blocks"));
  }
}

TEST_CASE("20000 prompt tokens: sparse evaluation reads off the table") {
  RandomNumbers random(61);
  const UniversalTransformer network(2, 2, 10, Rational(1, 1000));
  REQUIRE(network.prompt_tokens() == 20000);
  QuantizedFunction f = first_function(2, 2, 10);
  for (long& digit : f.digits) digit = random.integer(1, 10);
  const Matrix<Rational> prompt = network.prompt(f);
  const long cell = random.integer(0, 9999);
  const Matrix<Rational> centre = cell_centre(2, 2, 10, cell);
  CHECK(network.evaluate_sparse(UniversalForm::wide, prompt, network.input(centre)) == cell_value(f, cell));
  CHECK(network.evaluate_sparse(UniversalForm::deep, prompt, network.input(centre)) == cell_value(f, cell));
  Matrix<Rational> on_ramp = centre;
  on_ramp(1, 1) = Rational(7, 10) - Rational(1, 2500);
  const Matrix<Rational> out = network.evaluate_sparse(UniversalForm::wide, prompt, network.input(on_ramp));
  CHECK(in_unit_interval(out));
}

TEST_CASE("what does not fit is refused with the need") {
  CHECK_THROWS_WITH_AS(
      static_cast<void>(UniversalTransformer(2, 2, 10, Rational(1, 100)).dense(UniversalForm::wide)),
      "k: the dense weights take about 10^40010 bytes (accepted: at most 1073741824; the sparse "
      "evaluation has no such limit)",
      InputError);
  CHECK_THROWS_WITH_AS(UniversalTransformer(3, 3, 10, Rational(1, 100)),
                       "k: the prompt has L k^n d = 9000000000 entries (accepted: at most 100000000)",
                       InputError);
  CHECK_THROWS_AS(UniversalTransformer(3, 30, 10, Rational(1, 100)), InputError);
  const UniversalTransformer small(1, 1, 2, Rational(1, 10));
  CHECK_THROWS_AS((void)small.prompt(first_function(1, 1, 3)), InputError);
  CHECK_THROWS_AS((void)small.evaluate_sparse(UniversalForm::wide, Matrix<Rational>::Zero(1, 1),
                                              Matrix<Rational>::Zero(1, 1)),
                  InputError);
}
