/// Linear forms at points.
#pragma once

#include <vector>

#include <promptbound/numeric/linear_form.hpp>

namespace promptbound {

/// Returns the form at a point of the box.
template <class S>
S value_at(const LinearForm<S>& form, const std::vector<Rational>& delta) {
  S result = form.centre();
  for (std::size_t i = 0; i < form.slopes().size(); ++i) result += form.slopes()[i] * S(delta[i]);
  return result;
}

}  // namespace promptbound
