/// Numbers of the JSON that the program prints: they stand there as text.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/number.hpp>

/// Returns the binary64 number nearest to the text.
inline double number(const nlohmann::json& text) { return std::stod(text.get<std::string>()); }

/// Returns the ends of an enclosure.
inline double lower(const nlohmann::json& enclosure) { return number(enclosure.at("lower")); }
inline double upper(const nlohmann::json& enclosure) { return number(enclosure.at("upper")); }

/// Returns the number of the text exactly.
inline promptbound::Rational exact_number(const nlohmann::json& text) {
  return promptbound::parse_number(text.get<std::string>())->value;
}
