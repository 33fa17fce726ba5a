#include <promptbound/numeric/elementary.hpp>

namespace promptbound {

Interval cos(const Interval& x) {
  Interval result;
  mpfi_cos(result.get(), x.get());
  return result;
}

Interval tanh(const Interval& x) {
  Interval result;
  mpfi_tanh(result.get(), x.get());
  return result;
}

}  // namespace promptbound
