/// Exact vectors that a test writes out.
#pragma once

#include <initializer_list>

#include <promptbound/numeric/eigen.hpp>

/// Returns the vector of these entries.
inline promptbound::Vector<promptbound::Rational> vector_of(
    std::initializer_list<promptbound::Rational> entries) {
  promptbound::Vector<promptbound::Rational> result(static_cast<promptbound::Index>(entries.size()));
  promptbound::Index i = 0;
  for (const promptbound::Rational& entry : entries) result(i++) = entry;
  return result;
}
