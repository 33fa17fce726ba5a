#include <algorithm>
#include <stdexcept>

#include <promptbound/records/proof_status.hpp>

namespace promptbound {
namespace {

std::string joined(const std::vector<std::string_view>& parts, std::string_view between) {
  std::string text;
  for (const std::string_view part : parts) {
    if (!text.empty()) text += between;
    text += part;
  }
  return text;
}

std::string head(const ProofStatus& status) {
  switch (status.kind) {
    case ProofKind::unproved:
      return "unproved";
    case ProofKind::published:
      return "transcribed, not proved here";
    case ProofKind::computed:
      return "computed, no theorem is needed";
    case ProofKind::paper:
      return "proof on paper (theory " + std::string(status.theory) + ")";
    case ProofKind::coq:
      return "proved in Coq: " + joined(status.theorems, " with ");
  }
  throw std::logic_error("unknown kind of proof");
}

/// The status of what nothing proves.
const ProofStatus& unproved() {
  static const ProofStatus status;
  return status;
}

}  // namespace

std::string_view name(ProofKind kind) {
  switch (kind) {
    case ProofKind::unproved:
      return "unproved";
    case ProofKind::published:
      return "published";
    case ProofKind::computed:
      return "computed";
    case ProofKind::paper:
      return "on paper";
    case ProofKind::coq:
      return "Coq";
  }
  throw std::logic_error("unknown kind of proof");
}

std::string ProofStatus::text() const {
  std::string text = head(*this);
  if (!note.empty()) text += "; " + note;
  if (!related.empty()) text += ": " + joined(related, " and ");
  return text;
}

ProofStatus ProofStatus::of(std::vector<std::string_view> names) const {
  ProofStatus result = *this;
  result.outputs = std::move(names);
  return result;
}

ProofStatus proved_in_coq(std::string_view theory, std::vector<std::string_view> theorems, std::string note) {
  return {ProofKind::coq, theory, std::move(theorems), std::move(note), {}, {}};
}

ProofStatus proved_on_paper(std::string_view theory, std::string note,
                            std::vector<std::string_view> related) {
  return {ProofKind::paper, theory, {}, std::move(note), std::move(related), {}};
}

ProofStatus transcribed(std::string_view theory, std::string note, std::vector<std::string_view> related) {
  return {ProofKind::published, theory, {}, std::move(note), std::move(related), {}};
}

ProofStatus computed(std::string note) { return {ProofKind::computed, "", {}, std::move(note), {}, {}}; }

const std::vector<ProofStatus>& Proofs::statuses() const {
  static const std::vector<ProofStatus> none;
  return statuses_ == nullptr ? none : *statuses_;
}

const ProofStatus& Proofs::of(std::string_view output) const {
  const ProofStatus* of_the_rest = &unproved();
  for (const ProofStatus& status : statuses()) {
    if (std::find(status.outputs.begin(), status.outputs.end(), output) != status.outputs.end())
      return status;
    if (status.outputs.empty() && of_the_rest == &unproved()) of_the_rest = &status;
  }
  return *of_the_rest;
}

std::vector<ProofStatus> proofs_of(const Proofs& statuses, const std::vector<std::string_view>& outputs) {
  // In the order of the statuses, what none speaks of at the end.
  std::vector<ProofStatus> result;
  const auto add = [&](const ProofStatus& status) {
    std::vector<std::string_view> own;
    std::copy_if(outputs.begin(), outputs.end(), std::back_inserter(own),
                 [&](std::string_view output) { return &statuses.of(output) == &status; });
    if (!own.empty()) result.push_back(status.of(std::move(own)));
  };
  for (const ProofStatus& status : statuses) add(status);
  add(unproved());
  return result;
}

std::vector<std::string> proof_lines(const std::vector<ProofStatus>& proofs) {
  std::vector<std::string> lines;
  for (const ProofStatus& proof : proofs) {
    const std::string of = proofs.size() == 1 ? "" : joined(proof.outputs, ", ") + ": ";
    lines.push_back(of + proof.text());
  }
  return lines;
}

}  // namespace promptbound
