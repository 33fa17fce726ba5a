#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/audit/layer_norms_json.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/file_hashes.hpp>

namespace promptbound {
namespace {

constexpr const char* audit_checkpoint_kind = "audit-checkpoint";

/// The parts of a layer that are numbers, and those of a head.
constexpr std::array layer_parts = {
    std::pair("W_1", &LayerMatrixNorms::W_1),
    std::pair("W_2", &LayerMatrixNorms::W_2),
    std::pair("R_attention", &LayerMatrixNorms::R_attention),
    std::pair("R_ffn", &LayerMatrixNorms::R_ffn),
    std::pair("c", &LayerMatrixNorms::c),
    std::pair("g", &LayerMatrixNorms::g),
    std::pair("norm_1", &LayerMatrixNorms::norm_1),
    std::pair("norm_2", &LayerMatrixNorms::norm_2),
    std::pair("reach", &LayerMatrixNorms::reach),
    std::pair("norm_R", &LayerMatrixNorms::norm_R),
};
constexpr std::array head_parts = {
    std::pair("V", &HeadMatrixNorms::V),
    std::pair("query_entry", &HeadMatrixNorms::query_entry),
    std::pair("key_entry", &HeadMatrixNorms::key_entry),
    std::pair("value_entry", &HeadMatrixNorms::value_entry),
    std::pair("centred_score", &HeadMatrixNorms::centred_score),
};

/// A binary64 number in hexadecimal, which is exact and short.
std::string end_text(double end) {
  std::array<char, 32> text{};
  const auto [last, error] =
      std::to_chars(text.data(), text.data() + text.size(), end, std::chars_format::hex);
  return {text.data(), last};
}

Json ends_json_of(const FastInterval& x) { return {end_text(x.lower()), end_text(x.upper())}; }

double end_from(const Json& json, const std::string& where) {
  double end = 0;
  if (json.is_string()) {
    const std::string& text = json.get_ref<const std::string&>();
    const char* const last = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), last, end, std::chars_format::hex);
    if (error == std::errc() && stop == last && !std::isnan(end)) return end;
  }
  throw InputError(where + ": a number in hexadecimal is needed");
}

FastInterval interval_from(const Json& object, const char* name, const std::string& where) {
  const std::string place = where + "." + name;
  const Json& json = member(object, name, where);
  if (!json.is_array() || json.size() != 2) throw InputError(place + ": two ends are needed");
  const double lower = end_from(json[0], place), upper = end_from(json[1], place);
  if (lower > upper) throw InputError(place + ": the ends are out of order");
  return {lower, upper};
}

}  // namespace

Json audited_model(const std::string& folder, const std::vector<std::string>& assumed_inert) {
  return {{"version", PROMPTBOUND_VERSION},
          {"files", file_hashes(folder, "config.json", "model.safetensors")},
          {"assumed_inert", assumed_inert}};
}

Json layer_norms_json(const LayerMatrixNorms& norms) {
  Json heads = Json::array();
  for (const HeadMatrixNorms& head : norms.heads) {
    Json entry = {{"A", head.A ? ends_json_of(*head.A) : Json()}};
    for (const auto& [name, part] : head_parts) entry[name] = ends_json_of(head.*part);
    heads.push_back(std::move(entry));
  }
  Json json = {{"heads", std::move(heads)}};
  for (const auto& [name, part] : layer_parts) json[name] = ends_json_of(norms.*part);
  return json;
}

LayerMatrixNorms layer_norms_from(const Json& json, const std::string& where) {
  LayerMatrixNorms norms;
  const Json& heads = member(json, "heads", where);
  if (!heads.is_array()) throw InputError(where + ".heads: an array is needed");
  for (const Json& entry : heads) {
    HeadMatrixNorms& head = norms.heads.emplace_back();
    if (!member(entry, "A", where + ".heads").is_null()) head.A = interval_from(entry, "A", where + ".heads");
    for (const auto& [name, part] : head_parts) head.*part = interval_from(entry, name, where + ".heads");
  }
  for (const auto& [name, part] : layer_parts) norms.*part = interval_from(json, name, where);
  return norms;
}

Json audit_checkpoint_json(const KnownNorms& norms, const Json& model) {
  Json layers = Json::object();
  for (const auto& [layer, of_layer] : norms) layers[std::to_string(layer)] = layer_norms_json(of_layer);
  Json json = {
      {"schema", 1}, {"kind", audit_checkpoint_kind}, {"model", model}, {"layers", std::move(layers)}};
  seal(json);
  return json;
}

KnownNorms known_norms_from(const Json& json, const Json& model, std::size_t layers,
                            const std::string& where) {
  if (!is_sealed(json, audit_checkpoint_kind))
    throw InputError(where + ": not a checkpoint of an audit, or a damaged one");
  if (member(json, "model", where) != model)
    throw InputError(where + ": a checkpoint of another model or version");
  const Json& entries = member(json, "layers", where);
  if (!entries.is_object()) throw InputError(where + ".layers: an object is needed");
  KnownNorms norms;
  for (const auto& [name, entry] : entries.items()) {
    const std::string place = where + ".layers." + name.substr(0, 20);
    std::size_t layer = 0;
    const char* const last = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data(), last, layer);
    if (error != std::errc() || stop != last || layer >= layers)
      throw InputError(place + ": the model has no such layer");
    norms[layer] = layer_norms_from(entry, place);
  }
  return norms;
}

}  // namespace promptbound
