/// Records as paragraphs and tables.
#pragma once

#include <promptbound/bounds/bound.hpp>
#include <promptbound/cli/render/table.hpp>

namespace promptbound {

/// Writes one record in full: claim, inputs, outputs with their meaning, assumptions with their status.
/// `inverse` is null for a forward evaluation.
void write_record(const Bound& bound, const Inverse* inverse, const Record& record, TableWriter& writer);

/// Returns "statement and proof: promptbound list 4.3, promptbound list 5.7" for the items "4.3, 5.7"; empty
/// for none, which is "-".
[[nodiscard]] std::string statement_and_proof(std::string_view theory);

/// Writes what proves the parts of an answer (proofs_of), a line each, and where its items of the theory are
/// read.
void write_proof(const std::vector<ProofStatus>& proofs, std::string_view theory, TableWriter& writer);

/// Returns the kinds of these proofs: `Coq`, `Coq and on paper`.
[[nodiscard]] std::string proof_kinds(const std::vector<ProofStatus>& proofs);

/// What proves each of several outputs, for a column of a sweep: `necessary: Coq; lookup-upper: Coq`. Outputs
/// that are not there are left out.
class ProofSummary {
 public:
  void add(std::string_view label, const Record& record, std::string_view output);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Returns the inputs of one record, for its head.
[[nodiscard]] std::vector<ShownParameter> shown_inputs(const Record& record);

/// Returns the output of that name as a cell: absent, with the reason, when the record is not applicable.
[[nodiscard]] Cell output_cell(const Record& record, std::string_view name);

}  // namespace promptbound
