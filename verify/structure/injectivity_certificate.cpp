#include <promptbound/verify/structure/injectivity_certificate.hpp>

#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>

namespace promptbound {

Json injectivity_certificate(const Transformer<Rational>& model, const TokenSet& tokens,
                             const std::vector<MapNorms>& norms, const Injectivity& answer) {
  const std::vector<LayerConstants> constants = lipschitz_constants(norms, tokens, model.mask);
  Json bounds = Json::array();
  for (std::size_t l = 0; l < norms.size(); ++l) {
    const MapNorms& layer = norms[l];
    Json heads = Json::array();
    for (std::size_t h = 0; h < layer.heads.size(); ++h) {
      heads.push_back({{"A", to_json(layer.heads[h].A.upper)},
                       {"V", to_json(layer.heads[h].V.upper)},
                       {"root", to_json(constants[l].roots[h])}});
    }
    Json entry = {{"heads", std::move(heads)}};
    if (layer.ffn) {
      entry["ffn"] = {{"W_1", to_json(layer.ffn->W_1.upper)},
                      {"b_1", to_json(layer.ffn->b_1.upper)},
                      {"W_2", to_json(layer.ffn->W_2.upper)},
                      {"b_2", to_json(layer.ffn->b_2.upper)}};
    }
    bounds.push_back(std::move(entry));
  }
  Json certificate = {{"schema", 1},
                      {"kind", "injectivity"},
                      {"theorem", "3.2"},
                      {"model", to_json(model)},
                      {"R", to_json(tokens.R)},
                      {"norms", std::move(bounds)},
                      {"separation", to_json(answer.separation)},
                      {"lipschitz", to_json(lipschitz_constant(constants))}};
  if (tokens.D) certificate["D"] = to_json(*tokens.D);
  seal(certificate);
  return certificate;
}

}  // namespace promptbound
