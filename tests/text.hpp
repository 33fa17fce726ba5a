/// Texts that a program printed, or that a library threw.
#pragma once

#include <string>

/// Returns whether `part` stands somewhere in the text.
inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
