/// Records as paragraphs and tables.
#pragma once

#include <promptbound/bounds/bound.hpp>
#include <promptbound/cli/parameter_view.hpp>
#include <promptbound/cli/table.hpp>

namespace promptbound {

/// One record in full: claim, inputs, outputs with their meaning, assumptions with their status. `inverse` is
/// null for a forward evaluation.
void write_record(const Bound& bound, const Inverse* inverse, const Record& record, TableWriter& writer);

/// What proves the parts of an answer (proofs_of), a line each.
void write_proof(const std::vector<ProofStatus>& proofs, TableWriter& writer);

/// The kinds of these proofs: `Coq`, `Coq and on paper`.
[[nodiscard]] std::string proof_kinds(const std::vector<ProofStatus>& proofs);

/// The columns of a sweep over one bound: parameters, every output, and the kinds of proof.
class RecordColumns {
 public:
  /// `parameters` outlives the columns.
  RecordColumns(const ParameterView& parameters, Format format, const Bound& bound, const Inverse* inverse);

  [[nodiscard]] std::vector<Column> headings() const;
  [[nodiscard]] std::vector<Cell> cells(const Arguments& arguments, const Record& record) const;

 private:
  const ParameterView& parameters_;
  Format format_;
  std::vector<std::string_view> outputs_;
};

/// The value of an input as a cell, empty when the record has no such input.
[[nodiscard]] std::string input_text(const Record& record, std::string_view name);

/// The output of that name as a cell: absent, with the reason, when the record is not applicable.
[[nodiscard]] Cell output_cell(const Record& record, std::string_view name);

}  // namespace promptbound
