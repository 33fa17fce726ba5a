#include <algorithm>
#include <cmath>

#include <promptbound/numeric/types.hpp>
#include <promptbound/verify/check/prompt_rounding.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound::checker {
namespace {

/// The whole number nearest to x >= 0, of two the even one.
Integer nearest_whole(const Rational& x) {
  const Integer twice = 2 * numerator(x) + denominator(x), divisor = 2 * denominator(x);
  Integer whole = twice / divisor;
  if (whole * divisor == twice && whole % 2 != 0) --whole;
  return whole;
}

Rational two_to(int exponent) {
  return exponent >= 0 ? Rational(Integer(1) << static_cast<unsigned>(exponent))
                       : Rational(1, Integer(1) << static_cast<unsigned>(-exponent));
}

struct Digits {
  int digits, least_exponent, greatest_exponent;
};

/// |x| in a format of so many binary digits.
double rounded(double x, const Digits& format, const double* largest) {
  const double size = std::fabs(x);
  if (size == 0) return x;
  int exponent = 0;
  static_cast<void>(std::frexp(size, &exponent));
  const int last = std::max(exponent - 1, format.least_exponent) - (format.digits - 1);
  Rational value = Rational(nearest_whole(Rational(size) / two_to(last))) * two_to(last);
  if (largest != nullptr && value > Rational(*largest)) value = Rational(*largest);
  const Rational most = two_to(format.greatest_exponent) * (2 - two_to(1 - format.digits));
  if (largest == nullptr && value > most)
    reject("prompt: an entry is beyond the largest number of the format");
  return std::copysign(value.convert_to<double>(), x);
}

}  // namespace

void round_entries(const std::string& format, std::vector<double>& entries) {
  if (format == "int8") {
    double largest = 0;
    for (const double x : entries) largest = std::max(largest, std::fabs(x));
    const Rational scale(static_cast<double>(static_cast<float>(largest / 127)));
    for (double& x : entries) {
      if (scale == 0) {
        x = 0;
        continue;
      }
      const Integer whole = std::min(Integer(127), nearest_whole(Rational(std::fabs(x)) / scale));
      x = std::copysign((Rational(whole) * scale).convert_to<double>(), x);
    }
    return;
  }
  const double most_of_f8 = 448;
  for (double& x : entries) {
    if (format == "f16") {
      x = rounded(x, {11, -14, 15}, nullptr);
    } else if (format == "bf16") {
      x = rounded(x, {8, -126, 127}, nullptr);
    } else if (format == "f8e4m3") {
      x = rounded(x, {4, -6, 8}, &most_of_f8);
    } else {
      reject("prompt_as: f16, bf16, f8e4m3 or int8 is needed");
    }
  }
}

}  // namespace promptbound::checker
