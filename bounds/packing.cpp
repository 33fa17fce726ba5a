#include <algorithm>

#include <promptbound/bounds/packing.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {

Rational Packing::height(const Integer& k) const { return std::min(Rational(1), Rational(C / k)); }

PowerProduct Packing::bits(const Integer& k) const {
  return PowerProduct().times(Rational(s)).times(Rational(k + 1), n);
}

Packing packing(const Arguments& arguments, const Rational& eps) {
  Packing result;
  result.n = arguments.integer(parameters::d) * arguments.integer(parameters::L);
  result.s = arguments.number(parameters::alpha).infinite ? result.n : Integer(1);
  result.C = arguments.rational(parameters::C);
  result.eps = eps;
  result.finest = ceil(result.C / (2 * eps)) - 1;
  return result;
}

bool is_packing_applicable(const Packing& packing, Record& record) {
  return record.require(packing.eps < Rational(1, 2), "eps < 1/2",
                        "eps >= 1/2: outputs in [0,1] are served by one constant up to eps") &&
         record.require(packing.finest >= 1, "C/(2 eps) > 1",
                        "C/(2 eps) <= 1: no grid separates two Lipschitz functions by more than 2 eps");
}

}  // namespace promptbound
