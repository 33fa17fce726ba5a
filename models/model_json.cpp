#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

constexpr int schema = 1;

const Json& array_member(const Json& object, const std::string& name, const std::string& where) {
  const Json& result = member(object, name, where);
  if (!result.is_array()) throw InputError(where + "." + name + ": an array is needed");
  return result;
}

AttentionHead<Rational> head_from(const Json& head, const std::string& where) {
  const auto matrix = [&](const std::string& name) {
    return matrix_from(member(head, name, where), where + "." + name);
  };
  AttentionHead<Rational> result{matrix("W_Q"), matrix("W_K"), matrix("W_V"), std::nullopt};
  if (head.contains("W_O")) result.W_O = matrix("W_O");
  return result;
}

FeedForward<Rational> feed_forward_from(const Json& block, const std::string& where) {
  const auto matrix = [&](const std::string& name) {
    return matrix_from(member(block, name, where), where + "." + name);
  };
  const auto vector = [&](const std::string& name) {
    return vector_from(member(block, name, where), where + "." + name);
  };
  return {matrix("W_1"), vector("b_1"), matrix("W_2"), vector("b_2")};
}

}  // namespace

Transformer<Rational> model_from(const Json& model, const std::string& where) {
  if (integer_from(member(model, "schema", where), where + ".schema") != schema) {
    throw InputError(where + ".schema: this program reads schema 1");
  }
  const Integer width = integer_from(member(model, "d", where), where + ".d");
  if (width < 1 || width > 1000000) throw InputError(where + ".d: a width from 1 to 1000000 is needed");
  Transformer<Rational> result;
  result.width = width.convert_to<Index>();
  const Json& layers = array_member(model, "layers", where);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::string place = where + ".layers[" + std::to_string(l) + "]";
    Layer<Rational> layer;
    const Json& heads = array_member(layers[l], "heads", place);
    for (std::size_t h = 0; h < heads.size(); ++h) {
      layer.heads.push_back(head_from(heads[h], place + ".heads[" + std::to_string(h) + "]"));
    }
    if (layers[l].contains("ffn")) layer.ffn = feed_forward_from(layers[l]["ffn"], place + ".ffn");
    result.layers.push_back(std::move(layer));
  }
  if (model.contains("causal")) {
    if (!model["causal"].is_boolean()) throw InputError(where + ".causal: true or false is needed");
    result.mask = model["causal"].get<bool>() ? Mask::causal : Mask::bidirectional;
  }
  result.check_shapes();
  return result;
}

Json to_json(const Transformer<Rational>& model) {
  Json layers = Json::array();
  for (const Layer<Rational>& layer : model.layers) {
    Json heads = Json::array();
    for (const AttentionHead<Rational>& head : layer.heads) {
      Json weights = {{"W_Q", to_json(head.W_Q)}, {"W_K", to_json(head.W_K)}, {"W_V", to_json(head.W_V)}};
      if (head.W_O) weights["W_O"] = to_json(*head.W_O);
      heads.push_back(std::move(weights));
    }
    Json entry = {{"heads", std::move(heads)}};
    if (layer.ffn) {
      entry["ffn"] = {{"W_1", to_json(layer.ffn->W_1)},
                      {"b_1", to_json(layer.ffn->b_1)},
                      {"W_2", to_json(layer.ffn->W_2)},
                      {"b_2", to_json(layer.ffn->b_2)}};
    }
    layers.push_back(std::move(entry));
  }
  return {{"schema", schema},
          {"d", static_cast<std::int64_t>(model.width)},
          {"layers", std::move(layers)},
          {"causal", model.mask == Mask::causal}};
}

}  // namespace promptbound
