#include <nlohmann/json.hpp>

#include <promptbound/cli/render_json.hpp>
#include <promptbound/cli/table.hpp>
#include <promptbound/numeric/decimal.hpp>

namespace promptbound {
namespace {

using nlohmann::ordered_json;

ordered_json text_or_null(std::string text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(std::move(text));
}

/// {"schema", "tables": [{"title", "rows": [{HEADING: cell}]}]}, rows one a line.
class JsonWriter : public TableWriter {
 public:
  JsonWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}
  ~JsonWriter() override = default;

  void paragraph(const std::string&) override {}

  void begin(const std::string& title, const std::vector<Column>& columns) override {
    columns_ = columns;
    first_row_ = true;
    file_.write("{\"schema\": " + std::to_string(json_schema) + ", \"title\": " + ordered_json(title).dump() +
                ", \"rows\": [");
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
    if (const auto* absent = std::get_if<Absent>(&cell)) return {{"not_applicable", absent->reason}};
    return std::get<std::string>(cell);
  }

  OutputFile& file_;
  long digits_;
  std::vector<Column> columns_;
  bool first_row_ = true;
};

}  // namespace

ordered_json quantity_json(const Quantity& quantity, long digits) {
  if (const auto* text = std::get_if<std::string>(&quantity.value())) return {{"text", *text}};
  // Two more digits keep the printed ends within 10^-digits of each other.
  ordered_json json = {{"lower", text_or_null(quantity.lower(digits + 2))},
                       {"upper", text_or_null(quantity.upper(digits + 2))},
                       {"exact", text_or_null(quantity.exact())}};
  if (const auto* magnitude = std::get_if<Magnitude>(&quantity.value())) {
    json["log10"] = {{"lower", lower_decimal(magnitude->log10, digits + 2)},
                     {"upper", upper_decimal(magnitude->log10, digits + 2)}};
  }
  return json;
}

ordered_json record_json(const Record& record, long digits) {
  ordered_json json = {{"schema", json_schema},          {"id", record.id},
                       {"kind", name(record.kind)},      {"theory", record.theory},
                       {"source", record.source},        {"proof", record.proof},
                       {"applicable", record.applicable}};
  if (!record.applicable) json["reason"] = record.reason;
  json["inputs"] = ordered_json::object();
  for (const Input& input : record.inputs) json["inputs"][input.name] = input.value;
  json["outputs"] = ordered_json::object();
  for (const Output& output : record.outputs)
    json["outputs"][output.name] = quantity_json(output.value, digits);
  json["assumptions"] = ordered_json::array();
  for (const Assumption& assumption : record.assumptions) {
    json["assumptions"].push_back({{"text", assumption.text}, {"status", name(assumption.status)}});
  }
  return json;
}

std::unique_ptr<TableWriter> json_writer(OutputFile& file, long digits) {
  return std::make_unique<JsonWriter>(file, digits);
}

}  // namespace promptbound
