/// Elementary functions of certified intervals beside those of interval.hpp.
#pragma once

#include <promptbound/numeric/interval.hpp>

namespace promptbound {

[[nodiscard]] Interval cos(const Interval& x);
[[nodiscard]] Interval tanh(const Interval& x);

}  // namespace promptbound
