#include <promptbound/attention/exp_coefficients.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "proof_numbers.hpp"

using namespace promptbound::exp_coefficients;

namespace {

/// The sizes of the coefficients in the order in which the scripts write them: they write a negative one as a
/// subtraction.
template <class T, std::size_t count>
std::vector<double> sizes(const T (&coefficients)[count]) {
  std::vector<double> result;
  result.reserve(count);
  for (const T coefficient : coefficients) result.push_back(std::abs(static_cast<double>(coefficient)));
  return result;
}

template <class T, std::size_t count>
std::vector<double> without_first(const T (&table)[count]) {
  return {std::begin(table) + 1, std::end(table)};
}

}  // namespace

TEST_CASE("the polynomials that are proved are the ones that the kernels compute") {
  CHECK(numbers("certificates/exp2.v", "single_power", "Theorem") == sizes(single));
  CHECK(numbers("certificates/exp2.v", "double_power", "Theorem") == sizes(fine));
  CHECK(numbers("certificates/exp2.v", "sixteenths :", "Theorem") == without_first(sixteenths));
  CHECK(numbers("certificates/exp2.v", "eighths :", "Theorem") == without_first(eighths));
  CHECK(numbers("certificates/exp2.v", "single_power (f", "Theorem") == sizes(scaled_single));
  CHECK(numbers("certificates/exp2.v", "double_power (f", "Theorem") == sizes(scaled_double));
  CHECK(numbers("certificates/exp2.v", "double_sixteenths :", "Theorem") == without_first(double_sixteenths));
  CHECK(numbers("gappa/exp2_scaled_single.gappa", "P =", "M =") == sizes(scaled_single));
  CHECK(numbers("gappa/exp2_scaled_single.gappa", "ap =", "a =") == sizes(scaled_single));
  CHECK(numbers("gappa/exp2_scaled_double.gappa", "P =", "Q =") == sizes(scaled_double));
  CHECK(numbers("gappa/exp2_scaled_double.gappa", "ap =", "ar =") == sizes(scaled_double));
  // The exact polynomial, then fused, then unfused.
  CHECK(numbers("gappa/exp2_single.gappa", "Q =", "M =") == sizes(single));
  CHECK(numbers("gappa/exp2_single.gappa", "aq =", "a =") == sizes(single));
  CHECK(numbers("gappa/exp2_single.gappa", "bq =", "b =") == sizes(single));
  CHECK(numbers("gappa/exp2_double.gappa", "Z =", "M =") == sizes(fine));
  CHECK(numbers("gappa/exp2_double.gappa", "az =", "a =") == sizes(fine));
  CHECK(numbers("gappa/exp2_double.gappa", "bz =", "b =") == sizes(fine));
}

TEST_CASE("the error bounds that are proved are the ones that the certificates use") {
  // Hypotheses of the rounding proofs (bounds on g, on the table and on the polynomial), then the two
  // results.
  const std::vector<double> in_single = numbers("gappa/exp2_single.gappa", "{ g in", "}");
  CHECK(in_single == std::vector<double>{0x1p-7, 0x1p-7, 0x1p-24, 0x1.ep-25, error<float>, error<float>});
  const std::vector<double> in_double = numbers("gappa/exp2_double.gappa", "{ g in", "}");
  CHECK(in_double == std::vector<double>{0x1p-7, 0x1p-7, 0x1p-53, 0x1p-57, error<double>, error<double>});
  const std::vector<double> in_scaled_single = numbers("gappa/exp2_scaled_single.gappa", "{ f in", "}");
  CHECK(in_scaled_single == std::vector<double>{0x1.63p-24, 0x1.64p-26, error<float>});
  const std::vector<double> in_scaled_double = numbers("gappa/exp2_scaled_double.gappa", "{ f in", "}");
  CHECK(in_scaled_double == std::vector<double>{0x1p-4, 0x1p-53, 0x1.2p-57, 0x1p-58, error<double>});
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_scaled_single", "Proof").back() == 0x1.63p-24);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_scaled_double", "Proof").back() == 0x1.2p-57);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_double_sixteenths", "Proof").back() == 0x1p-53);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_rounded_single", "Proof") ==
        std::vector<double>{0x1p-25, 0x1.64p-26});
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_rounded_double", "Proof") ==
        std::vector<double>{0x1p-58, 0x1p-58});
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_single", "Proof").back() == 0x1.ep-25);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_double", "Proof").back() == 0x1p-57);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_sixteenths", "Proof").back() == 0x1p-24);
  CHECK(numbers("certificates/exp2.v", "Theorem exp2_eighths", "Proof").back() == 0x1p-53);
}

TEST_CASE("signs - scale and range of the proofs are those of the kernels") {
  // The only negative coefficients are a2 and a4, which the scripts subtract.
  for (const float coefficient : single) CHECK(coefficient > 0);
  for (const float coefficient : scaled_single) CHECK(coefficient > 0);
  for (const double coefficient : scaled_double) CHECK(coefficient > 0);
  for (int i = 0; i < 6; ++i) CHECK((fine[i] < 0) == (i == 2 || i == 4));
  // 2^(g/unit) = 1 + 2^factor_bits g P(g), |g| <= unit/N/2 = 1/128.
  CHECK(unit<float> == 1.0F / 4);
  CHECK(unit<double> == 1.0 / 8);
  CHECK((1 << factor_bits<float>) == 4);
  CHECK((1 << factor_bits<double>) == 32);
  CHECK(std::ldexp(unit<float>, -index_bits<float> - 1) == 1.0F / 128);
  CHECK(std::ldexp(unit<double>, -index_bits<double> - 1) == 1.0 / 128);
}
