/// Records as rows of a table.
#pragma once

#include <promptbound/bounds/bound.hpp>
#include <promptbound/cli/parameter_view.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// The columns of a sweep over one bound: parameters, every output, and the kinds of proof.
class RecordColumns {
 public:
  /// Refers to `parameters`, which outlives the columns.
  RecordColumns(const ParameterView& parameters, Format format, const Bound& bound, const Inverse* inverse);

  [[nodiscard]] std::vector<Column> headings() const;
  [[nodiscard]] std::vector<Cell> cells(const Arguments& arguments, const Record& record) const;

 private:
  const ParameterView& parameters_;
  Format format_;
  std::vector<std::string_view> outputs_;
};

}  // namespace promptbound
