#include <algorithm>
#include <array>
#include <cmath>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/recall/prompt_format.hpp>

namespace promptbound {
namespace {

struct Description {
  std::string_view name;
  unsigned bits;
  int precision, least_exponent;  ///< of the significand with its leading bit; of the smallest normal number
  double largest;
};

constexpr std::array<Description, 4> descriptions = {{{"f16", 16, 11, -14, 65504},
                                                      {"bf16", 16, 8, -126, 0x1.fep127},
                                                      {"f8e4m3", 8, 4, -6, 448},
                                                      {"int8", 8, 0, 0, 127}}};

const Description& of(PromptFormat format) { return descriptions[static_cast<std::size_t>(format)]; }

/// The nearest number of the format without bound on the exponent above: x over the last place of its binade
/// is rounded to a whole number, exactly.
double nearest(double x, const Description& format) {
  if (x == 0) return x;
  const int exponent = std::max(std::ilogb(x), format.least_exponent) - format.precision + 1;
  return std::ldexp(std::nearbyint(std::ldexp(x, -exponent)), exponent);
}

/// x/scale to the nearest whole number, ties to even, for |x/scale| <= 2^20: what the rounded quotient leaves
/// of x is exact.
double nearest_whole(double x, double scale) {
  const double whole = std::nearbyint(x / scale);
  const double rest = std::fma(-whole, scale, x), half = scale / 2;
  const bool is_odd = std::fmod(whole, 2) != 0;
  if (rest > half || (rest == half && is_odd)) return whole + 1;
  if (rest < -half || (rest == -half && is_odd)) return whole - 1;
  return whole;
}

}  // namespace

std::string_view name(PromptFormat format) { return of(format).name; }

std::optional<PromptFormat> prompt_format(std::string_view name) {
  for (std::size_t k = 0; k < descriptions.size(); ++k) {
    if (descriptions[k].name == name) return static_cast<PromptFormat>(k);
  }
  return std::nullopt;
}

unsigned bits(PromptFormat format) { return of(format).bits; }

Matrix<double> rounded_to(PromptFormat format, const Matrix<double>& prompt) {
  if (prompt.size() == 0) return prompt;
  const Description& description = of(format);
  if (format == PromptFormat::int8) {
    const float scale = static_cast<float>(prompt.cwiseAbs().maxCoeff() / 127);
    if (scale == 0) return Matrix<double>::Zero(prompt.rows(), prompt.cols());
    return prompt.unaryExpr([&](double x) {
      return std::min(127.0, std::max(-127.0, nearest_whole(x, scale))) * static_cast<double>(scale);
    });
  }
  return prompt.unaryExpr([&](double x) {
    const double rounded = nearest(x, description);
    if (std::fabs(rounded) <= description.largest) return rounded;
    if (format == PromptFormat::f8e4m3) return std::copysign(description.largest, x);
    throw InputError("prompt: the entry " + std::to_string(x) + " is beyond the largest number of " +
                     std::string(description.name));
  });
}

}  // namespace promptbound
