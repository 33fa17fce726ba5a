#include <promptbound/attention/exp_coefficients.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "proof_numbers.hpp"

namespace {

/// Coefficients from the highest down, as Horner's rule writes them.
template <class T, std::size_t count>
std::vector<double> downward(const T (&coefficients)[count]) {
  std::vector<double> result(std::rbegin(coefficients), std::rend(coefficients));
  return result;
}

std::vector<double> joined(std::vector<double> a, const std::vector<double>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

using namespace promptbound::exp_coefficients;

TEST_CASE("the polynomials that are proved are the ones that the kernels compute") {
  CHECK(numbers("certificates/exp2.v", "single_polynomial", "Theorem") == downward(single));
  CHECK(numbers("certificates/exp2.v", "double_polynomial", "Theorem") == downward(fine));
  const std::vector<double> table = numbers("certificates/exp2.v", "sixteenths :", "Theorem");
  CHECK(joined({1}, table) == std::vector<double>(std::begin(sixteenths), std::end(sixteenths)));
  // The exact polynomial, then fused, then unfused.
  CHECK(numbers("gappa/exp2_single.gappa", "M =", "a4 =") == downward(single));
  CHECK(numbers("gappa/exp2_single.gappa", "a4 =", "b4 =") == downward(single));
  CHECK(numbers("gappa/exp2_single.gappa", "b4 =", "{") == downward(single));
  CHECK(numbers("gappa/exp2_double.gappa", "P =", "M =") == downward(fine));
  CHECK(numbers("gappa/exp2_double.gappa", "a4 =", "b4 =") == downward(fine));
  CHECK(numbers("gappa/exp2_double.gappa", "b4 =", "{") == downward(fine));
}

TEST_CASE("the error bounds that are proved are the ones that the certificates use") {
  // Hypotheses of the rounding proofs (bounds on f, r, and the polynomial's distance), then the two results.
  const std::vector<double> in_single = numbers("gappa/exp2_single.gappa", "{", "}");
  CHECK(in_single == std::vector<double>{0x1.98p-24, error<float>, error<float>});
  const std::vector<double> in_double = numbers("gappa/exp2_double.gappa", "{", "}");
  CHECK(in_double == std::vector<double>{0x1p-5, 0x1p-5, 0x1p-53, 0x1p-56, error<double>, error<double>});
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_single", "Proof").back() == 0x1.98p-24);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_double", "Proof").back() == 0x1p-56);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_sixteenths", "Proof").back() == 0x1p-53);
}
