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

std::vector<ProofStatus> proofs_of(const std::vector<ProofStatus>& statuses,
                                   const std::vector<std::string_view>& outputs) {
  const auto names = [](const ProofStatus& status, std::string_view output) {
    return std::find(status.outputs.begin(), status.outputs.end(), output) != status.outputs.end();
  };
  std::vector<ProofStatus> result;
  for (const ProofStatus& status : statuses) {
    result.push_back(status);
    result.back().outputs.clear();
  }
  result.emplace_back();
  for (const std::string_view output : outputs) {
    std::size_t found = statuses.size();
    for (std::size_t i = 0; i < statuses.size(); ++i) {
      if (names(statuses[i], output)) {
        found = i;
        break;
      }
      if (statuses[i].outputs.empty() && found == statuses.size()) found = i;
    }
    result[found].outputs.push_back(output);
  }
  std::erase_if(result, [](const ProofStatus& status) { return status.outputs.empty(); });
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
