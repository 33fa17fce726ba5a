#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/cli/render/table.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

using nlohmann::ordered_json;

ordered_json text_or_null(std::string text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(std::move(text));
}

ordered_json counted(const auto& number) { return number ? ordered_json(*number) : ordered_json(nullptr); }

/// {"schema", "title", "parameters", "rows": [{HEADING: cell}]}, rows one a line.
class JsonWriter : public TableWriter {
 public:
  JsonWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}
  ~JsonWriter() override = default;

  void paragraph(const std::string&) override {}

  void parameters(const std::vector<ShownParameter>& parameters) override {
    parameters_ = parameters_json(parameters);
  }

  void begin(const std::string& title, const std::vector<Column>& columns) override {
    columns_ = columns;
    first_row_ = true;
    file_.write("{\"schema\": " + std::to_string(json_schema) + ", \"title\": " + ordered_json(title).dump());
    if (!parameters_.is_null()) file_.write(", \"parameters\": " + parameters_.dump());
    file_.write(", \"rows\": [");
  }

  void row(const std::vector<Cell>& cells) override {
    ordered_json row;
    for (std::size_t i = 0; i < cells.size(); ++i) row[columns_[i].heading] = cell_json(cells[i]);
    file_.write((first_row_ ? "\n  " : ",\n  ") + row.dump());
    first_row_ = false;
  }

  void end() override { file_.write("\n]}\n"); }

 private:
  ordered_json cell_json(const Cell& cell) const {
    if (const auto* quantity = std::get_if<Quantity>(&cell)) return quantity_json(*quantity, digits_);
    if (const auto* absent = std::get_if<Absent>(&cell))
      return {{absent->is_undecided ? "undecided" : "not_applicable", absent->reason}};
    return std::get<std::string>(cell);
  }

  OutputFile& file_;
  long digits_;
  std::vector<Column> columns_;
  bool first_row_ = true;
  ordered_json parameters_;
};

/// Integers of more digits stand beside their logarithm.
const Integer longest_integer_without_logarithm("999999999999999");

}  // namespace

ordered_json ends_json(const Interval& x, long digits) {
  const Quantity ends(x);
  return {{"lower", text_or_null(ends.lower(digits))}, {"upper", text_or_null(ends.upper(digits))}};
}

ordered_json ends_json(const Rational& lower, const std::optional<Rational>& upper, long digits) {
  ordered_json json = {{"lower", decimal(lower, digits, Direction::down)}, {"upper", nullptr}};
  if (upper) json["upper"] = decimal(*upper, digits, Direction::up);
  return json;
}

std::string document(const ordered_json& json) { return json.dump(1) + "\n"; }

ordered_json quantity_json(const Quantity& quantity, long digits) {
  if (const auto* text = std::get_if<std::string>(&quantity.value())) return {{"text", *text}};
  // Two more digits keep the printed ends within 10^-digits of each other.
  ordered_json json = {{"lower", text_or_null(quantity.lower(digits + 2))},
                       {"upper", text_or_null(quantity.upper(digits + 2))},
                       {"exact", text_or_null(quantity.exact())}};
  if (const auto* magnitude = std::get_if<Magnitude>(&quantity.value())) {
    json["log10"] = ends_json(magnitude->log10, digits + 2);
  } else if (const auto* tower = std::get_if<PowerTower>(&quantity.value())) {
    json["log10_log10"] = ends_json(tower->log10_log10, digits + 2);
  } else if (const auto* integer = std::get_if<Integer>(&quantity.value());
             integer != nullptr && *integer > longest_integer_without_logarithm) {
    const WorkingPrecision scope(bits_for_digits(digits + 2) + 64);
    json["log10"] = ends_json(quantity.log10(), digits + 2);
  }
  return json;
}

ordered_json assumptions_json(const std::vector<Assumption>& assumptions) {
  ordered_json json = ordered_json::array();
  for (const Assumption& assumption : assumptions) {
    json.push_back({{"text", assumption.text}, {"status", name(assumption.status)}});
  }
  return json;
}

ordered_json parameters_json(const std::vector<ShownParameter>& parameters) {
  auto json = ordered_json::array();
  for (const ShownParameter& parameter : parameters) {
    json.push_back(
        {{"name", parameter.name}, {"value", parameter.value.text()}, {"default", parameter.is_default}});
  }
  return json;
}

ordered_json proofs_json(const std::vector<ProofStatus>& proofs) {
  ordered_json json = ordered_json::array();
  for (const ProofStatus& proof : proofs) {
    json.push_back({{"outputs", proof.outputs},
                    {"kind", name(proof.kind)},
                    {"theory", text_or_null(std::string(proof.theory))},
                    {"theorems", proof.theorems},
                    {"note", text_or_null(proof.note)},
                    {"related", proof.related}});
  }
  return json;
}

void add_proof(ordered_json& answer, const std::vector<ProofStatus>& proofs) {
  answer["proof"] = proofs.empty() ? "no claim" : fmt::format("{}", fmt::join(proof_lines(proofs), "; "));
  answer["proofs"] = proofs_json(proofs);
}

ordered_json answer_json(const Answer& answer, std::string_view verdict, const ordered_json& members) {
  ordered_json json = {{"schema", json_schema}, {"verdict", verdict}, {"why", answer.why}};
  json.update(members);
  add_proof(json, answer.proof.statuses());
  json["assumptions"] = assumptions_json(answer.assumptions);
  json["spent"] = {{"boxes", counted(answer.spent.boxes)},
                   {"most_waiting", counted(answer.spent.most_waiting)},
                   {"seconds", counted(answer.spent.seconds)}};
  return json;
}

ordered_json record_json(const Record& record, long digits) {
  ordered_json json = {{"schema", json_schema},
                       {"id", record.id},
                       {"kind", name(record.kind)},
                       {"theory", record.theory},
                       {"source", record.source}};
  add_proof(json, record.proofs());
  json["verdict"] = name(record.verdict);
  json["applicable"] = record.is_applicable();
  if (!record.is_applicable()) json["reason"] = record.why;
  json["inputs"] = ordered_json::object();
  json["defaults"] = ordered_json::array();
  for (const Input& input : record.inputs) {
    json["inputs"][input.name] = input.value.text();
    if (input.is_default) json["defaults"].push_back(input.name);
  }
  json["outputs"] = ordered_json::object();
  for (const Output& output : record.outputs)
    json["outputs"][output.name] = quantity_json(output.value, digits);
  json["assumptions"] = assumptions_json(record.assumptions);
  return json;
}

std::unique_ptr<TableWriter> json_writer(OutputFile& file, long digits) {
  return std::make_unique<JsonWriter>(file, digits);
}

}  // namespace promptbound
