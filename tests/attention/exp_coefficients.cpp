#include <promptbound/attention/exp_coefficients.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace {

/// The hexadecimal numbers of a file between the first `from` and the next `to`, in their order.
std::vector<double> numbers(const std::string& name, const std::string& from, const std::string& to) {
  std::ifstream file(std::string(PROMPTBOUND_PROOFS) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const std::size_t start = all.find(from);
  REQUIRE(start != std::string::npos);
  const std::string part = all.substr(start, all.find(to, start) - start);
  const std::regex number("0x1[.0-9a-f]*p[-0-9]+");
  std::vector<double> result;
  for (std::sregex_iterator match(part.begin(), part.end(), number), end; match != end; ++match)
    result.push_back(std::strtod(match->str().c_str(), nullptr));
  return result;
}

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
