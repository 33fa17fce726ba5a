/// Soft prompts rounded to fewer bits an entry (theory 3.5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

enum class PromptFormat {
  f16,     ///< binary16
  bf16,    ///< bfloat16: 8 bits of precision, the exponents of binary32
  f8e4m3,  ///< 4 bits of precision, exponents -6 to 8, no infinities: beyond 448 the numbers saturate
  int8  ///< whole numbers from -127 to 127 times one binary32 scale: the largest entry in absolute value over
        ///< 127
};

/// Returns `f16`, `bf16`, `f8e4m3` or `int8`, and the format of that name.
[[nodiscard]] std::string_view name(PromptFormat format);
[[nodiscard]] std::optional<PromptFormat> prompt_format(std::string_view name);

/// Returns the bits of an entry.
[[nodiscard]] unsigned bits(PromptFormat format);

/// Rounds every entry to nearest, ties to even. Throws InputError where an entry is beyond the largest number
/// of binary16 or bfloat16.
[[nodiscard]] Matrix<double> rounded_to(PromptFormat format, const Matrix<double>& prompt);

}  // namespace promptbound
