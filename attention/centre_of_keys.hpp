/// The centre that a head's keys are moved by: scores then lose a common part, which no output depends on.
#pragma once

#include <vector>

#include <promptbound/attention/arrays.hpp>

namespace promptbound {

/// Returns the mean of the head's keys, rounded.
template <class T>
[[nodiscard]] std::vector<T> centre_of_keys(const AttentionArrays<T>& arrays, Index head);

}  // namespace promptbound
