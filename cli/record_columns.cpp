#include <promptbound/cli/record_columns.hpp>

#include <promptbound/cli/render/record_view.hpp>

namespace promptbound {

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
