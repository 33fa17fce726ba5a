#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <promptbound/cli/record_view.hpp>

namespace promptbound {
namespace {

std::string_view meaning_of(const Bound& bound, const Inverse* inverse, std::string_view output) {
  if (inverse != nullptr && inverse->unknown == output) return inverse->meaning;
  for (const OutputDescription& description : bound.outputs) {
    if (description.name == output) return description.meaning;
  }
  return "";
}

}  // namespace

std::string input_text(const Record& record, std::string_view name) {
  for (const Input& input : record.inputs) {
    if (input.name == name) return input.value;
  }
  return "";
}

Cell output_cell(const Record& record, std::string_view name) {
  if (!record.applicable) return Absent{record.reason, record.undecided};
  for (const Output& output : record.outputs) {
    if (output.name == name) return output.value;
  }
  return std::string();
}

void write_proof(const std::vector<ProofStatus>& proofs, TableWriter& writer) {
  for (const std::string& line : proof_lines(proofs)) writer.paragraph(line);
}

std::string proof_kinds(const std::vector<ProofStatus>& proofs) {
  std::vector<std::string_view> kinds;
  for (const ProofStatus& proof : proofs) {
    if (std::find(kinds.begin(), kinds.end(), name(proof.kind)) == kinds.end())
      kinds.push_back(name(proof.kind));
  }
  return fmt::format("{}", fmt::join(kinds, " and "));
}

void write_record(const Bound& bound, const Inverse* inverse, const Record& record, TableWriter& writer) {
  writer.paragraph(
      fmt::format("{} ({}, theory {}): {}", bound.id, name(bound.kind), bound.theory, bound.claim));
  writer.paragraph(fmt::format("  {}", bound.formula));
  writer.parameters(shown_inputs(record));
  if (record.applicable) {
    writer.begin("", {{"output"}, {"value", true}, {"meaning"}});
    for (const Output& output : record.outputs) {
      writer.row({output.name, output.value, std::string(meaning_of(bound, inverse, output.name))});
    }
    writer.end();
  } else {
    writer.paragraph(fmt::format("{}: {}", record.undecided ? "undecided" : "not applicable", record.reason));
  }
  writer.paragraph("");
  for (const Assumption& assumption : record.assumptions) {
    writer.paragraph(fmt::format("  [{}] {}", name(assumption.status), assumption.text));
  }
  writer.paragraph(fmt::format("source: {}", record.source));
  write_proof(record.proofs(), writer);
}

RecordColumns::RecordColumns(const ParameterView& parameters, Format format, const Bound& bound,
                             const Inverse* inverse)
    : parameters_(parameters), format_(format) {
  if (inverse != nullptr) {
    outputs_.push_back(inverse->unknown);
  } else {
    for (const OutputDescription& output : bound.outputs) outputs_.push_back(output.name);
  }
}

std::vector<Column> RecordColumns::headings() const {
  std::vector<Column> columns = parameters_.headings(format_);
  for (const std::string_view output : outputs_) columns.push_back({std::string(output), true});
  columns.push_back({"proof"});
  return columns;
}

std::vector<Cell> RecordColumns::cells(const Arguments& arguments, const Record& record) const {
  std::vector<Cell> cells = parameters_.cells(format_, arguments);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Cell cell = output_cell(record, outputs_[i]);
    // The reason once a row is enough.
    if (i > 0 && std::holds_alternative<Absent>(cell)) cell = std::string();
    cells.push_back(std::move(cell));
  }
  cells.emplace_back(proof_kinds(record.proofs()));
  return cells;
}

}  // namespace promptbound
