/// Texts: what stands in them, and what stands in its place.
#pragma once

#include <doctest/doctest.h>

#include <string>

/// Returns whether `part` stands somewhere in the text.
inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Returns the text with `to` in every place of `from`, of which there is at least one.
inline std::string all_replaced(std::string text, const std::string& from, const std::string& to) {
  REQUIRE(contains(text, from));
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}
