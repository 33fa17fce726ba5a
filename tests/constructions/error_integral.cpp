#include <doctest/doctest.h>

#include <promptbound/constructions/error_integral.hpp>
#include <promptbound/numeric/precision.hpp>

#include "random.hpp"

using namespace promptbound;

TEST_CASE("5.1's guarantee: the error integral of every target is below the stated bound") {
  const WorkingPrecision scope(64);
  for (const auto& [d, L, k] : {std::tuple(1L, 1L, 5L), {1L, 2L, 4L}, {2L, 1L, 3L}}) {
    const UniversalTransformer network(d, L, k, Rational(1, 50 * k));
    for (const Rational& alpha : {Rational(1), Rational(3, 2), Rational(2)}) {
      for (const Target& f : {Target{d, L, Identity{}}, Target{d, L, Reversal{}}, Target{d, L, MeanPooling{}},
                              Target{d, L, CoordinateMaximum{}}, Target{d, L, SineField{2}},
                              random_table(d, L, 2, 1, alpha, 3)}) {
        const Interval error = enclose_error_integral(network, f, alpha, 3);
        const Rational C = lipschitz_constant(f, alpha);
        CHECK(certainly_less(error, network.guarantee(C, alpha)));
      }
    }
  }
}

TEST_CASE("the integral of the identity's error by hand") {
  // d = L = 1, k = 2: the output is 1/4 on [0, 1/2 - eta] and 3/4 on [1/2, 1], so the L1 error off the ramp
  // is 1/16 + (1/4)^2/2 + (1/4 - eta)^2/2, and the ramp adds at most eta.
  const WorkingPrecision scope(64);
  const Rational eta(1, 1000);
  const UniversalTransformer network(1, 1, 2, eta);
  const Interval error = enclose_error_integral(network, Target{1, 1, Identity{}}, 1, 200);
  const Rational quarter(1, 4);
  const Rational by_hand = Rational(1, 16) + quarter * quarter / 2 + (quarter - eta) * (quarter - eta) / 2;
  CHECK(error.contains(by_hand));
  CHECK(error.contains(Rational(by_hand + eta)));
  CHECK(certainly_less(error, Interval(Rational(by_hand + eta + Rational(1, 100)))));
}

TEST_CASE("off the ramps the network's output is the constant that the integral assumes") {
  RandomNumbers random(73);
  const long k = 4;
  const Rational eta(1, 40);
  const UniversalTransformer network(1, 2, k, eta);
  const QuantizedFunction table = quantize(Target{1, 2, Reversal{}}, k);
  const Matrix<Rational> prompt = network.prompt(table);
  for (int trial = 0; trial < 40; ++trial) {
    const long cell = random.integer(0, k * k - 1);
    Matrix<Rational> X = cell_centre(1, 2, k, cell);
    for (Index o = 0; o < 2; ++o) {
      const Rational end = X(o) + Rational(1, 2 * k) - eta;
      X(o) = random.rational(Rational(X(o) - Rational(1, 2 * k)), end);
    }
    CHECK(network.evaluate_sparse(UniversalForm::wide, prompt, network.input(X)) == cell_value(table, cell));
  }
}
