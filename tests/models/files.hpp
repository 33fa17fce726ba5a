/// Files and their bytes, for the tests of readers.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <promptbound/numeric/error.hpp>

#include "temporary_folder.hpp"

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

/// The number in so many bytes, the least significant first.
inline std::string little_endian(std::uint64_t number, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i) & 0xff);
  return text;
}

/// The message of the InputError that the action throws; empty if it throws none.
template <class Action>
std::string refusal_of(Action action) {
  try {
    action();
  } catch (const promptbound::InputError& error) {
    return error.what();
  }
  return {};
}
