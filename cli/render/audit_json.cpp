// The JSON of audit.hpp.
#include <nlohmann/json.hpp>

#include <promptbound/cli/render/audit.hpp>
#include <promptbound/cli/render/render_json.hpp>

namespace promptbound {
namespace {

using OrderedJson = nlohmann::ordered_json;

class JsonOfAudit {
 public:
  JsonOfAudit(const Audit& audit, long digits) : audit_(audit), digits_(digits) {}

  [[nodiscard]] OrderedJson model(const std::string& folder) const {
    const ModelConfig& config = audit_.config;
    return {{"folder", folder},
            {"type", config.type},
            {"family", name(config.family)},
            {"width", config.width},
            {"layers", config.layers},
            {"heads", config.heads},
            {"key_heads", config.key_heads},
            {"head_width", config.head_width},
            {"hidden", config.hidden},
            {"activation", name(config.activation)},
            {"vocabulary", config.vocabulary},
            {"positions", config.positions},
            {"causal", config.is_causal()},
            {"traits", traits(config)},
            {"parameters", audit_.parameters.str()}};
  }
  /// What is said of an adapter that is no prompt, beside what is said of every one.
  [[nodiscard]] OrderedJson adapter(const std::string& folder) const {
    if (!audit_.adapter) return nullptr;
    const AuditAdapter& of = *audit_.adapter;
    OrderedJson json = {{"folder", folder},
                        {"kind", of.kind},
                        {"base_model", nullptr},
                        {"numbers", of.numbers},
                        {"bits", of.bits},
                        {"length", of.length},
                        {"tasks", of.tasks},
                        {"prefix", OrderedJson::array()},
                        {"updates", OrderedJson::array()}};
    if (!of.base_model.empty()) json["base_model"] = of.base_model;
    for (const auto& heads : of.prefix) {
      OrderedJson layer = OrderedJson::array();
      for (const PrefixHead& head : heads)
        layer.push_back({{"key", size(head.key)}, {"value", size(head.value)}});
      json["prefix"].push_back(std::move(layer));
    }
    for (const auto& update : of.updates) {
      json["updates"].push_back(
          {{"map", update.map}, {"rank", update.rank}, {"in", update.in}, {"out", update.out}});
    }
    return json;
  }
  [[nodiscard]] OrderedJson layers() const {
    OrderedJson layers = OrderedJson::array();
    for (std::size_t l = 0; l < audit_.norms.layers.size(); ++l) {
      const LayerMatrixNorms& norms = audit_.norms.layers[l];
      OrderedJson layer = {{"R_attention", number(norms.R_attention)},
                           {"c", number(norms.c)},
                           {"norm_1", number(norms.norm_1)},
                           {"R_ffn", number(norms.R_ffn)},
                           {"W_1", number(norms.W_1)},
                           {"W_2", number(norms.W_2)},
                           {"g", number(norms.g)},
                           {"norm_2", number(norms.norm_2)},
                           {"R_out", number(norms.R_out)},
                           {"heads", OrderedJson::array()}};
      for (const AuditHead& one : audit_.heads[l]) layer["heads"].push_back(head(one));
      layers.push_back(std::move(layer));
    }
    return layers;
  }
  [[nodiscard]] OrderedJson theorems() const {
    OrderedJson rows = OrderedJson::array();
    for (const TheoremRow& row : audit_.theorems) {
      rows.push_back({{"theory", row.theory},
                      {"what", row.what},
                      {"verdict", name(row.verdict)},
                      {"applies", row.applies()},
                      {"why", row.why},
                      {"meaning", row.instead},
                      {"value", quantity_json(row.value, digits_)}});
      add_proof(rows.back(), row.proof.statuses());
    }
    return rows;
  }
  [[nodiscard]] OrderedJson records() const {
    OrderedJson records = OrderedJson::array();
    for (const Record& record : audit_.records) records.push_back(record_json(record, digits_));
    return records;
  }
  [[nodiscard]] OrderedJson number(const FastInterval& x) const {
    if (!x.is_finite()) return nullptr;
    return quantity_json(quantity(x), digits_);
  }

 private:
  [[nodiscard]] OrderedJson output(const Record& record, const char* name) const {
    return record.is_applicable() ? quantity_json(record.output(name), digits_) : OrderedJson(nullptr);
  }
  [[nodiscard]] OrderedJson polynomial(const PolynomialRow& row) const {
    OrderedJson json = {{"S", number(row.S)}};
    for (const char* name : {"degree", "rank", "polynomial_cost", "exact_cost", "crossover"}) {
      json[name] = output(row.record, name);
    }
    return json;
  }
  [[nodiscard]] OrderedJson size(const TokenSize& size) const {
    return {{"entry", number(size.entry)}, {"norm", number(size.norm)}};
  }
  [[nodiscard]] OrderedJson head(const AuditHead& head) const {
    OrderedJson json = {{"A", nullptr}, {"V", number(head.norms.V)}, {"prompt", nullptr}};
    if (head.norms.A) json["A"] = number(*head.norms.A);
    if (head.prompt) {
      json["prompt"] = {{"query", size(head.prompt->query)},
                        {"key", size(head.prompt->key)},
                        {"value", size(head.prompt->value)},
                        {"B", number(*head.B_prompt)},
                        {"ratio", quantity_json(Quantity(*head.ratio_prompt), digits_)},
                        {"polynomial", polynomial(*head.polynomial_prompt)}};
    }
    json["any"] = {{"query_entry", number(head.norms.query_entry)},
                   {"key_entry", number(head.norms.key_entry)},
                   {"value_entry", number(head.norms.value_entry)},
                   {"B", number(head.B_any)},
                   {"ratio", quantity_json(Quantity(head.ratio_any), digits_)},
                   {"polynomial", polynomial(head.polynomial_any)}};
    return json;
  }

  const Audit& audit_;
  long digits_;
};

}  // namespace

std::string audit_json(const Audit& audit, const AuditQuestion& question, long digits) {
  const JsonOfAudit json(audit, digits);
  OrderedJson members = {{"model", json.model(question.model)}, {"prompt", nullptr}, {"T", audit.T.str()}};
  if (audit.prompt_length > 0) {
    members["prompt"] = {{"folder", question.prompt},
                         {"base_model", nullptr},
                         {"length", audit.prompt_length},
                         {"bits", audit.adapter->entry_bits}};
    if (!audit.adapter->base_model.empty()) members["prompt"]["base_model"] = audit.adapter->base_model;
  }
  members["adapter"] = json.adapter(question.prompt);
  members["eta"] = question.eta.str();
  members["Delta"] = question.Delta.str();
  members["eps"] = question.eps.str();
  members["R_in"] = nullptr;
  members["lipschitz"] = nullptr;
  if (!question.config_only) {
    members["R_in"] = json.number(audit.norms.R_in);
    members["lipschitz"] = quantity_json(lipschitz_quantity(audit.norms), digits);
  }
  members["layers"] = json.layers();
  members["theorems"] = json.theorems();
  members["bounds"] = json.records();
  return document(answer_json(audit, name(audit.verdict), members));
}

}  // namespace promptbound
