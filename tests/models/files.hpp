/// Files and their bytes, for the tests of readers.
#pragma once

#include <span>
#include <string>

#include <promptbound/numeric/error.hpp>

#include "temporary_folder.hpp"

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
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
