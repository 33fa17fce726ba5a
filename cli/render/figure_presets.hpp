/// The figures of the documentation.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include <promptbound/bounds/bound.hpp>
#include <promptbound/cli/render/figure.hpp>

namespace promptbound {

struct FigurePreset {
  std::string_view id;
  std::string_view shows;
  Figure (*make)();
};

[[nodiscard]] const std::vector<FigurePreset>& figure_presets();

/// Returns log10 of a positive answer, about its middle: what is drawn is a picture, not a certified number.
[[nodiscard]] double log10_of(const Quantity& quantity);
/// Returns the answer itself, about its middle; finite only for answers that binary64 can hold.
[[nodiscard]] double value_of(const Quantity& quantity);

}  // namespace promptbound
