#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include <promptbound/models/rotary_config.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>

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

void read_rotary_positions(const ConfigReader& config, const RotaryNames& names, ModelConfig& model) {
  std::optional<Rational> base, part;
  // Every place that holds the number must hold the same one.
  const auto take = [](const ConfigReader& from, const char* name, std::optional<Rational>& into) {
    if (from.find(name) == nullptr) return;
    Rational value = from.positive_or(name, "");
    if (into && *into != value) {
      from.fail(name, "differs from another member of the file that says the same (" +
                          into->str().substr(0, 40) + ")");
    }
    into = std::move(value);
  };
  const auto take_both = [&](const ConfigReader& from) {
    for (const char* name : {names.base, "rope_theta"}) take(from, name, base);
    for (const char* name : {names.part, "partial_rotary_factor"}) take(from, name, part);
    if (names.usual_part == nullptr && part.value_or(1) != 1) {
      from.fail("partial_rotary_factor", "positions that turn a part of a head only are not modelled here");
    }
  };
  take_both(config);
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
    const bool is_new = name == "rope_parameters"sv;
    for (const auto& [member, known] :
         {std::pair("rope_theta", &base), std::pair("partial_rotary_factor", &part)}) {
      if (!is_new && !*known && inner.find(member) != nullptr) {
        inner.fail(member, "transformers 4 does not read it here and 5 does (accepted: beside rope_scaling)");
      }
    }
    take_both(inner);
  }
  config.require("rope_interleaved", false, "entries i and i + s/2 are turned together");
  config.require("use_mrope", false, "one position a token is modelled");
  rotary.base = base.value_or(10000);
  model.rotary = rotary;
  model.rotary_part =
      part.value_or(names.usual_part == nullptr ? Rational(1) : parse_rational(names.usual_part, names.part));
}

void set_turned_entries(ModelConfig& model, const std::string& path) {
  const Rational entries = model.rotary_part * model.head_width;
  // The class multiplies in binary64 and cuts; only where that is exact is the number beyond doubt.
  const double cut =
      std::floor(model.rotary_part.convert_to<double>() * static_cast<double>(model.head_width));
  if (!is_integer(entries) || numerator(entries) % 2 != 0 || entries > model.head_width ||
      Rational(cut) != entries) {
    throw InputError(path +
                     ": rotary positions need an even head width, of which an even number of entries "
                     "turns, not " +
                     entries.str().substr(0, 40) + " of " + std::to_string(model.head_width));
  }
  if (model.rotary_part != 1) model.rotary->entries = numerator(entries).convert_to<Index>();
}

}  // namespace promptbound
