#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include <promptbound/models/rotary_config.hpp>

namespace promptbound {
namespace {

using namespace std::literals;

/// The scaling of rotary positions from the object that holds it. Its kind is rope_type, in older files type.
decltype(RotaryPositions::scaling) rotary_scaling(const ConfigReader& object) {
  const std::string kind = object.text_or("rope_type", object.text_or("type", "default").c_str());
  object.require("type", kind, "it differs from rope_type");
  const auto positive = [&](const char* name) {
    if (object.find(name) == nullptr) object.fail(name, "is needed for positions of type " + excerpt(kind));
    return object.positive_or(name, "1");
  };
  if (kind == "default") return {};
  if (kind == "linear") return LinearScaling{positive("factor")};
  if (kind != "llama3") {
    object.fail(object.find("rope_type") != nullptr ? "rope_type" : "type",
                excerpt(kind) + " is not modelled (accepted: default, linear, llama3)");
  }
  Llama3Scaling scaling{positive("factor"), positive("low_freq_factor"), positive("high_freq_factor"),
                        Rational(object.count("original_max_position_embeddings"))};
  if (scaling.low_frequency >= scaling.high_frequency) {
    object.fail("low_freq_factor", "must be below high_freq_factor");
  }
  return scaling;
}

/// Whether the member is read for rotary positions with this scaling: none, linear, llama3.
bool is_of_rotary(std::size_t scaling, std::string_view member) {
  constexpr std::array names = {"rope_type"sv,        "type"sv,
                                "rope_theta"sv,       "partial_rotary_factor"sv,
                                "factor"sv,           "low_freq_factor"sv,
                                "high_freq_factor"sv, "original_max_position_embeddings"sv};
  constexpr std::array known = {4, 5, 8};
  const auto end = names.begin() + known[scaling];
  return std::find(names.begin(), end, member) != end;
}

}  // namespace

RotaryPositions rotary_positions(const ConfigReader& config) {
  std::optional<Rational> base;
  const auto take = [&](const ConfigReader& from) {
    if (from.find("rope_theta") == nullptr) return;
    Rational value = from.positive_or("rope_theta", "");
    if (base && *base != value) from.fail("rope_theta", "differs from the other rope_theta of the file");
    base = std::move(value);
  };
  take(config);
  RotaryPositions rotary;
  for (const char* name : {"rope_parameters", "rope_scaling"}) {
    const Json* object = config.find(name);
    if (object == nullptr) continue;
    const ConfigReader inner(*object, config.where() + ": " + name);
    const auto scaling = rotary_scaling(inner);
    if (scaling.index() != 0 && config.find("rope_parameters") != nullptr &&
        config.find("rope_scaling") != nullptr) {
      config.fail(name, "scales, and only one of rope_parameters and rope_scaling may stand in a file then");
    }
    if (scaling.index() != 0) rotary.scaling = scaling;
    for (const auto& [member, value] : object->items()) {
      if (!value.is_null() && !is_of_rotary(scaling.index(), member)) {
        inner.fail(excerpt(member), "is not modelled");
      }
    }
    if (inner.positive_or("partial_rotary_factor", "1") != 1) {
      inner.fail("partial_rotary_factor", "positions that turn a part of a head only are not modelled");
    }
    const bool is_new = name == "rope_parameters"sv;
    if (!is_new && !base && inner.find("rope_theta") != nullptr) {
      inner.fail("rope_theta",
                 "transformers 4 does not read it here and 5 does (accepted: beside rope_scaling)");
    }
    take(inner);
  }
  if (config.positive_or("partial_rotary_factor", "1") != 1) {
    config.fail("partial_rotary_factor", "positions that turn a part of a head only are not modelled");
  }
  config.require("rope_interleaved", false, "entries i and i + s/2 are turned together");
  config.require("use_mrope", false, "one position a token is modelled");
  rotary.base = base.value_or(10000);
  return rotary;
}

}  // namespace promptbound
