#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <promptbound/cli/render/record_view.hpp>

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

std::vector<ShownParameter> shown_inputs(const Record& record) {
  std::vector<ShownParameter> result;
  for (const Input& input : record.inputs) result.push_back({input.name, input.value, input.is_default});
  return result;
}

Cell output_cell(const Record& record, std::string_view name) {
  if (!record.is_applicable()) return Absent{record.why, record.is_undecided()};
  for (const Output& output : record.outputs) {
    if (output.name == name) return output.value;
  }
  return std::string();
}

std::string statement_and_proof(std::string_view theory) {
  if (theory == "-") return "";
  std::string text = "statement and proof: promptbound list ";
  for (const char c : theory) text += c == ' ' ? std::string(" promptbound list ") : std::string(1, c);
  return text;
}

void write_proof(const std::vector<ProofStatus>& proofs, std::string_view theory, TableWriter& writer) {
  for (const std::string& line : proof_lines(proofs)) writer.paragraph(line);
  const std::string pointer = statement_and_proof(theory);
  if (!pointer.empty()) writer.paragraph(pointer);
}

std::string proof_kinds(const std::vector<ProofStatus>& proofs) {
  std::vector<std::string_view> kinds;
  for (const ProofStatus& proof : proofs) {
    if (std::find(kinds.begin(), kinds.end(), name(proof.kind)) == kinds.end())
      kinds.push_back(name(proof.kind));
  }
  return fmt::format("{}", fmt::join(kinds, " and "));
}

void ProofSummary::add(std::string_view label, const Record& record, std::string_view output) {
  if (!record.is_applicable()) return;
  if (!text_.empty()) text_ += "; ";
  text_ += label;
  text_ += ": ";
  text_ += name(record.proof_of(output).kind);
}

void write_record(const Bound& bound, const Inverse* inverse, const Record& record, TableWriter& writer) {
  writer.paragraph(
      fmt::format("{} ({}, theory {}): {}", bound.id, name(bound.kind), bound.theory, bound.claim));
  writer.paragraph(fmt::format("  {}", bound.formula));
  writer.parameters(shown_inputs(record));
  if (record.is_applicable()) {
    writer.begin("", {{"output"}, {"value", true}, {"meaning"}});
    for (const Output& output : record.outputs) {
      writer.row({output.name, output.value, std::string(meaning_of(bound, inverse, output.name))});
    }
    writer.end();
  } else {
    writer.paragraph(
        fmt::format("{}: {}", record.is_undecided() ? "undecided" : "not applicable", record.why));
  }
  writer.paragraph("");
  for (const Assumption& assumption : record.assumptions) {
    writer.paragraph(fmt::format("  [{}] {}", name(assumption.status), assumption.text));
  }
  writer.paragraph(fmt::format("source: {}", record.source));
  write_proof(record.proofs(), record.theory, writer);
}

}  // namespace promptbound
