/// Records as paragraphs and tables.
#pragma once

#include <promptbound/bounds/bound.hpp>
#include <promptbound/cli/table.hpp>

namespace promptbound {

/// One record in full: claim, inputs, outputs with their meaning, assumptions with their status. `inverse` is
/// null for a forward evaluation.
void write_record(const Bound& bound, const Inverse* inverse, const Record& record, TableWriter& writer);

/// The columns of a sweep over one bound: the varying parameters, then every output.
class RecordColumns {
 public:
  RecordColumns(std::vector<const Parameter*> varying, const Bound& bound, const Inverse* inverse);

  [[nodiscard]] std::vector<Column> headings() const;
  [[nodiscard]] std::vector<Cell> cells(const Record& record) const;

 private:
  std::vector<const Parameter*> varying_;
  std::vector<std::string_view> outputs_;
};

/// The value of an input as a cell, empty when the record has no such input.
[[nodiscard]] std::string input_text(const Record& record, std::string_view name);

/// The output of that name as a cell: absent, with the reason, when the record is not applicable.
[[nodiscard]] Cell output_cell(const Record& record, std::string_view name);

}  // namespace promptbound
