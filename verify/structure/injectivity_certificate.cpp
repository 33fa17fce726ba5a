#include <promptbound/verify/structure/injectivity_certificate.hpp>

#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>

namespace promptbound {

Json injectivity_certificate(const Transformer<Rational>& model, const Rational& R,
                             const std::vector<MapNorms>& norms, const Injectivity& answer) {
  Json bounds = Json::array();
  for (const MapNorms& layer : norms) {
    Json heads = Json::array();
    for (const HeadNorms& head : layer.heads) {
      heads.push_back({{"A", to_json(head.A.upper)}, {"V", to_json(head.V.upper)}});
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
                      {"R", to_json(R)},
                      {"norms", std::move(bounds)},
                      {"separation", to_json(answer.separation)},
                      {"lipschitz", to_json(lipschitz_constant(lipschitz_constants(norms, R)))}};
  seal(certificate);
  return certificate;
}

}  // namespace promptbound
