#include <fmt/format.h>

#include <promptbound/coq/log_ratio_proof.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// x = root^exponent with the largest exponent; x >= 2.
struct Root {
  Integer root;
  unsigned long exponent;
};

Root deepest_root(const Integer& x) {
  for (unsigned long exponent = bit_size(x); exponent > 1; --exponent) {
    if (const auto root = exact_root(x, exponent)) return {*root, exponent};
  }
  return {x, 1};
}

/// Powers of at most this many bits are compared as they stand.
constexpr unsigned long small_power = 2000;

/// Bits at which enclosures separate w low ln c and w high ln c from E ln b, with some to spare.
long deciding_precision(const LogRatio& ratio, const Integer& low, const Integer& high) {
  constexpr long spare = 20;
  return at_rising_precision("the integer part of a ratio of logarithms", 40, [&] {
    const Interval x = ratio.value();
    const bool is_inside = certainly_less(Interval(low), x) && certainly_less(x, Interval(high));
    return is_inside ? std::optional(working_precision() + spare) : std::nullopt;
  });
}

/// value = the ceiling (floor) of the ratio, which lies between low and high.
std::string prove(const LogRatio& ratio, const Integer& value, std::string_view rounding, const Integer& low,
                  const Integer& high) {
  const Integer top = numerator(ratio.top);
  const Integer bottom = numerator(ratio.bottom);
  if (top == 1) {
    return fmt::format("apply ({}_common_sound {} 0 1); {}.", rounding, bottom.str(), coq_computed);
  }
  if (value >= 1 && ratio.top_factor * bit_size(top) < small_power) {
    return fmt::format("apply {}_log_sound; {}.", rounding, coq_computed);
  }
  const Root top_root = deepest_root(top);
  const Root bottom_root = deepest_root(bottom);
  if (top_root.root == bottom_root.root) {
    return fmt::format("apply ({}_common_sound {} {} {}); {}.", rounding, top_root.root.str(),
                       top_root.exponent, bottom_root.exponent, coq_computed);
  }
  return fmt::format("{}_by_logarithms {}%positive.", rounding, deciding_precision(ratio, low, high));
}

}  // namespace

std::string coq_prove_ceil(const LogRatio& ratio, const Integer& value, CoqCertificate& certificate) {
  certificate.require("log_compare");
  certificate.require("log_decide");
  return prove(ratio, value, "ceil", value - 1, value);
}
std::string coq_prove_floor(const LogRatio& ratio, const Integer& value, CoqCertificate& certificate) {
  certificate.require("log_compare");
  certificate.require("log_decide");
  return prove(ratio, value, "floor", value, value + 1);
}

}  // namespace promptbound
