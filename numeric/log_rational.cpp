#include <promptbound/numeric/log_rational.hpp>

namespace promptbound {

Interval log_rational(const Rational& x) {
  if (x == 2) return interval_log2();
  const Interval rounded(x);
  const Interval half(Rational(1, 2));
  if (certainly_less(rounded, half) || certainly_less(Interval(2), rounded)) return log(rounded);
  return log1p(Interval(Rational(x - 1)));
}

}  // namespace promptbound
