#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/memorization/memorize_certificate.hpp>

namespace promptbound {
namespace {

Json row_json(const FloorRow& row) {
  return {{"i", row.i},
          {"j", row.j},
          {"coordinate", static_cast<std::int64_t>(row.coordinate)},
          {"sign", row.sign}};
}

Json empty_json(const EmptyMiss& miss) {
  return {{"example", miss.example}, {"coordinate", static_cast<std::int64_t>(miss.coordinate)}};
}

Json pieces_json(const LengthCertificate& certificate, const Vector<Rational>& y) {
  Json breaks = Json::array(), rows = Json::array();
  for (const Rational& end : certificate.breaks) breaks.push_back(to_json(end));
  for (const auto& row : certificate.rows) rows.push_back(row ? row_json(*row) : Json());
  return {{"y", to_json(y)}, {"breaks", std::move(breaks)}, {"rows", std::move(rows)}};
}

}  // namespace

std::string rows_evidence(const FloorCertificate& certificate) {
  return Json{{"kind", "rows"},
              {"first", row_json(certificate.first)},
              {"second", row_json(certificate.second)},
              {"first_weight", to_json(certificate.first_weight)}}
      .dump();
}

std::string tree_evidence(const FloorTree& tree) {
  const auto exact = [](const auto& numbers) {
    Json list = Json::array();
    for (const double x : numbers) list.push_back(to_json(Rational(x)));
    return list;
  };
  Json scales = Json::array(), charts = Json::array();
  for (const Rational& scale : tree.scales) scales.push_back(to_json(scale));
  for (const auto& chart : tree.charts) {
    Json nodes = Json::array();
    for (const FloorNode& node : chart) {
      if (node.halved) {
        nodes.push_back(static_cast<std::int64_t>(*node.halved));
        continue;
      }
      Json cases = Json::array();
      for (const FloorCase& one : node.leaf.cases) {
        Json slopes = Json::array();
        for (Index k = 0; k < one.slopes.rows(); ++k) slopes.push_back(exact(one.slopes.row(k)));
        cases.push_back(
            {{"lambda", exact(one.lambda)}, {"values", exact(one.values)}, {"slopes", std::move(slopes)}});
      }
      nodes.push_back(
          {{"rows", node.leaf.rows}, {"coordinates", node.leaf.coordinates}, {"cases", std::move(cases)}});
    }
    charts.push_back(std::move(nodes));
  }
  return Json{{"kind", "tree"}, {"scales", std::move(scales)}, {"charts", std::move(charts)}}.dump();
}

std::string image_evidence(const OffImage& away) {
  return Json{{"kind", "image"}, {"example", away.example}, {"vector", to_json(away.vector)}}.dump();
}

std::string lengths_evidence(const LengthCertificate& certificate, const Vector<Rational>& y,
                             const EmptyMiss& empty) {
  Json evidence = pieces_json(certificate, y);
  evidence["kind"] = certificate.goal == LengthGoal::no_integer ? "no-integer" : "below-one";
  evidence["empty"] = empty_json(empty);
  return evidence.dump();
}

std::string prompt_evidence(const Matrix<Rational>& prompt, const std::optional<LengthEvidence>& lengths) {
  Json evidence = {{"kind", "prompt"}, {"prompt", to_json(Matrix<Rational>(prompt.transpose()))}};
  if (lengths) {
    evidence["empty"] = empty_json(lengths->empty);
    evidence["least_length"] = "1";
    if (lengths->certificate) {
      evidence["least_length"] = to_json(Rational(lengths->certificate->least));
      evidence["pieces"] = pieces_json(*lengths->certificate, lengths->y);
    }
  }
  return evidence.dump();
}

std::string certificate_text(const MemorizationProblem& problem, const std::vector<std::size_t>& members,
                             const MemorizationAnswer& answer, const std::string& evidence) {
  Json targets = Json::array();
  for (const std::size_t member : members) targets.push_back(to_json(problem.attention_targets[member]));
  const bool possible = answer.verdict == Verdict::proved;
  Json reasons = Json::parse(evidence);
  // Rows and trees are the floor's; images, lengths and prompts the shared query's, which is about one head.
  const bool has_several = problem.model.layers.front().heads.size() > 1;
  const char* const theorem = has_several                 ? (possible ? "2.1" : "2.3H")
                              : reasons["kind"] == "rows" ? "2.3"
                                                          : "2.2";
  Json certificate = {{"schema", 1},
                      {"kind", "memorization"},
                      {"claim", possible ? "possible" : "impossible"},
                      {"theorem", theorem},
                      {"accuracy", to_json(problem.accuracy)},
                      {"model", to_json(problem.model)},
                      {"data", to_json(problem.data)},
                      {"members", members},
                      {"attention_targets", std::move(targets)},
                      {"rank_lower", static_cast<std::int64_t>(answer.rank_lower)},
                      {"bits", problem.bits},
                      {"evidence", std::move(reasons)}};
  seal(certificate);
  return certificate.dump(1);
}

}  // namespace promptbound
