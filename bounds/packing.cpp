#include <algorithm>

#include <promptbound/bounds/packing.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

/// Is n^{1/alpha}/2, the largest alpha-norm of a difference to the constant 1/2, at most eps?
bool is_served_by_constant(const Packing& packing) {
  PowerProduct ratio;
  ratio.times(Rational(1 / (2 * packing.eps))).times_root(Rational(packing.n), reciprocal(packing.alpha));
  return compare(ratio, 1) <= 0;
}

}  // namespace

Rational Packing::height(const Integer& k) const { return std::min(Rational(1), Rational(C / k)); }

Rational Packing::excluded_below(const Integer& k) const {
  return std::min(Rational(1, 2), Rational(C / (2 * std::max(k, Integer(1)))));
}

PowerProduct Packing::bits(const Integer& k) const {
  return PowerProduct().times(Rational(s)).times(Rational(k + 1), n);
}

Packing packing(const Arguments& arguments, const Rational& eps) {
  Packing result;
  result.n = arguments.integer(parameters::d) * arguments.integer(parameters::L);
  result.alpha = arguments.number(parameters::alpha);
  result.s = result.alpha.infinite ? result.n : Integer(1);
  result.C = arguments.rational(parameters::C);
  result.eps = eps;
  const Rational twice = 2 * eps;
  const auto whole = whole_part_in_words(result.C, twice, 1, Number::infinity());
  result.finest =
      whole ? Integer(whole->floor - (whole->is_whole ? 1 : 0)) : Integer(ceil(result.C / twice) - 1);
  return result;
}

bool is_packing_applicable(const Packing& packing, Record& record) {
  const bool is_small = packing.eps < Rational(1, 2);
  const std::string_view why =
      is_small || !is_served_by_constant(packing)
          ? "eps >= 1/2: the functions of 1.2 differ by at most 1, in one coordinate, so that one output may "
            "serve two of them"
          : "eps >= n^(1/alpha)/2: the constant 1/2 is within eps of every function, no prompt is needed";
  return record.require(is_small, "eps < 1/2", why) &&
         record.require(packing.finest >= 1, "C/(2 eps) > 1",
                        "C <= 2 eps: the functions of 1.2 differ by at most C at every point, so that one "
                        "output may serve two of them");
}

}  // namespace promptbound
