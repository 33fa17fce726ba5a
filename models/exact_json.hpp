/// JSON whose numbers keep the exact value that is written (design, file formats).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

using Json = nlohmann::json;

/// What becomes of a number that is no 64-bit integer: the string of its digits, or an InputError.
enum class Fractions { as_text, refused };

/// Parses a JSON text: the one reader of all files that hold JSON. No number is rounded to binary64. Throws
/// InputError with `where` (such as a file name) and the place of the first error; an object with two members
/// of one name is one.
[[nodiscard]] Json parse_json(std::string_view text, const std::string& where,
                              Fractions fractions = Fractions::as_text);

/// Returns the member of an object. Throws InputError naming `where` when it is absent.
[[nodiscard]] const Json& member(const Json& object, const std::string& name, const std::string& where);

/// Reads `"1/3"`, `"0.1"`, `7` or a number text as parse_json leaves it; anything else is an InputError.
[[nodiscard]] Rational rational_from(const Json& value, const std::string& where);
[[nodiscard]] Integer integer_from(const Json& value, const std::string& where);
/// Reads an array of numbers.
[[nodiscard]] Vector<Rational> vector_from(const Json& value, const std::string& where);
/// Reads an array of rows of equal length, at least one of each.
[[nodiscard]] Matrix<Rational> matrix_from(const Json& value, const std::string& where);

/// Writes the exact texts that the readers above accept.
[[nodiscard]] Json to_json(const Rational& value);
[[nodiscard]] Json to_json(const Vector<Rational>& values);
[[nodiscard]] Json to_json(const Matrix<Rational>& values);

}  // namespace promptbound
