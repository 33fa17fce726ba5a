/// The one exception of the library: its text is written for the user.
#pragma once

#include <stdexcept>

namespace promptbound {

/// Unusable input: one line that says what is wrong, where, and what is accepted.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace promptbound
