#include <promptbound/numeric/exp_interval.hpp>

#include <doctest/doctest.h>

#include "proof_numbers.hpp"

using namespace promptbound::exp_interval;

TEST_CASE("the exponential that is proved is the one that intervals compute") {
  // From the highest coefficient down to 1/2!; the last two are written 1.
  const std::vector<double> down(std::rbegin(coefficients), std::rend(coefficients) - 2);
  CHECK(coefficients[0] == 1);
  CHECK(coefficients[1] == 1);
  const std::string coq = "certificates/exp_interval.v", gappa = "gappa/exp_interval.gappa";
  CHECK(numbers(coq, "exp_polynomial", "Theorem") == down);
  CHECK(numbers(gappa, "M =", "a12 =") == down);
  CHECK(numbers(gappa, "a12 =", "b12 =") == down);
  CHECK(numbers(gappa, "b12 =", "{") == down);
  CHECK(numbers(coq, "Theorem exp_interval_ln2", "Proof") ==
        std::vector<double>{log2_high, log2_low, 0x1p-102});
  CHECK(numbers(gappa, "X =", "t =") == std::vector<double>{log2_low, log2_low});
  // What the certificates of the polynomial and of the argument give is what the rounding proof takes.
  const std::vector<double> in_gappa = numbers(gappa, "{", "}");
  CHECK(in_gappa ==
        std::vector<double>{0x1p-92, 0x1p-56, 0x1.02p-54, 0x1.01p-54, 0x1.01p-54, 0x1p-50, 0x1p-50});
  CHECK(numbers(coq, "Theorem exp_interval_polynomial", "Proof").back() == 0x1p-56);
  CHECK(numbers(coq, "Theorem exp_interval_argument", "Proof") ==
        std::vector<double>{0x1.01p-54, 0x1.02p-54});
}
