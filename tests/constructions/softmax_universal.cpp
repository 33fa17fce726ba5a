#include <doctest/doctest.h>

#include <promptbound/constructions/softmax_universal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

QuantizedFunction random_function(Index d, Index L, long k, RandomNumbers& random) {
  QuantizedFunction f{d, L, k, std::vector<long>(static_cast<std::size_t>(cell_count(k, d * L) * d * L))};
  for (long& digit : f.digits) digit = random.integer(1, k);
  return f;
}

}  // namespace

TEST_CASE("softmax codes are told apart and the output at every grid centre is the value wanted") {
  RandomNumbers random(101);
  for (const auto& size :
       {std::tuple(1L, 1L, 2L, 1L), {1L, 1L, 3L, 1L}, {2L, 1L, 2L, 1L}, {2L, 1L, 2L, 2L}}) {
    const long d = std::get<0>(size), L = std::get<1>(size), k = std::get<2>(size), rank = std::get<3>(size);
    CAPTURE(d);
    CAPTURE(k);
    CAPTURE(rank);
    const SoftmaxUniversal network(d, L, k, Rational(1, 3 * k), rank);
    CHECK(certainly_positive(network.separation()));
    const Transformer<Rational> exact = network.transformer();
    exact.check_shapes();
    const AttentionHead<Rational>& head = exact.layers[1].heads.front();
    CHECK(promptbound::rank(head.score_matrix()) == rank);
    CHECK(promptbound::rank(head.value_map()) == rank);
    CHECK(Integer(exact.layers[1].ffn->W_1.rows()) == 2 * UniversalTransformer::sizes(d, L, k).knots - 1);
    const WorkingPrecision scope(3 * network.bits());
    const Transformer<Interval> model = from_rational<Interval>(exact);
    for (int trial = 0; trial < 4; ++trial) {
      const QuantizedFunction f = random_function(d, L, k, random);
      const Matrix<Interval> prompt = from_rational<Interval>(network.prompt(f));
      for (long cell = 0; cell < cell_count(k, d * L); ++cell) {
        const Matrix<Rational> X = cell_centre(d, L, k, cell);
        const Matrix<Interval> output = evaluate(model, prompt, from_rational<Interval>(network.input(X)));
        const Matrix<Rational> wanted = cell_value(f, cell);
        for (Index o = 0; o < d * L; ++o) {
          CHECK(output(o).contains(wanted(o)));
          CHECK(output(o).is_relatively_tight(100));
        }
      }
    }
    // On the ramps the output is between values wanted somewhere.
    const Matrix<Interval> prompt = from_rational<Interval>(network.prompt(random_function(d, L, k, random)));
    for (int trial = 0; trial < 10; ++trial) {
      Matrix<Rational> X = cell_centre(d, L, k, 0);
      X(0, 0) = random.rational(Rational(1, k) - Rational(1, 3 * k), Rational(1, k));
      const Matrix<Interval> output = evaluate(model, prompt, from_rational<Interval>(network.input(X)));
      for (const Interval& y : output.reshaped()) {
        CHECK(certainly_less(Interval(Rational(-1, 1000000)), y));
        CHECK(certainly_less(y, Interval(Rational(1000001, 1000000))));
      }
    }
  }
}

TEST_CASE("binary64 cannot tell the codes apart: their separation is far below its resolution") {
  const SoftmaxUniversal network(1, 1, 3, Rational(1, 9), 1);
  const WorkingPrecision scope(64);
  CHECK(certainly_less(network.separation(), Interval(Rational(1, power(Integer(10), 20)))));
}

TEST_CASE("what cannot be built is refused") {
  CHECK_THROWS_AS(SoftmaxUniversal(1, 1, 2, Rational(1, 6), 2), InputError);
  CHECK_THROWS_AS(SoftmaxUniversal(2, 2, 3, Rational(1, 9), 1), InputError);
}
