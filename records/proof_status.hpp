/// How what a record or a check prints is established: by Coq theorems, on paper, by computing alone, or not
/// here.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace promptbound {

enum class ProofKind {
  unproved,   ///< nothing is named that proves it
  published,  ///< a paper's formula transcribed, not proved here
  computed,   ///< exhibited, counted or enclosed: no theorem is needed
  paper,      ///< the theory's proof; Coq has not seen it
  coq         ///< the Coq theorems named
};

/// Names the kind: `unproved`, `published`, `computed`, `on paper` or `Coq`.
[[nodiscard]] std::string_view name(ProofKind kind);

/// What proves outputs of one form of a claim. Without further words: nothing does.
struct ProofStatus {
  ProofKind kind = ProofKind::unproved;
  std::string_view
      theory;  ///< the item whose proof it is; of Coq theorems: their item in proofs/theorems.txt
  /// The theorem, of kind coq, that proves what is printed, then those that show its hypotheses. Full names,
  /// as in proofs/theorems.txt.
  std::vector<std::string_view> theorems;
  std::string note;                       ///< what the proof rests on, or what else is proved
  std::vector<std::string_view> related;  ///< Coq theorems that the note speaks of; they do not prove this
  std::vector<std::string_view> outputs;  ///< what it speaks of; empty: every output that no other names

  friend bool operator==(const ProofStatus&, const ProofStatus&) = default;

  /// Returns `proved in Coq: NAME`, `proof on paper (theory 1.2)`, ..., with the note.
  [[nodiscard]] std::string text() const;
  /// Returns the same of these outputs alone.
  [[nodiscard]] ProofStatus of(std::vector<std::string_view> names) const;
};

[[nodiscard]] ProofStatus proved_in_coq(std::string_view theory, std::vector<std::string_view> theorems,
                                        std::string note = "");
[[nodiscard]] ProofStatus proved_on_paper(std::string_view theory, std::string note = "",
                                          std::vector<std::string_view> related = {});
[[nodiscard]] ProofStatus transcribed(std::string_view theory, std::string note = "",
                                      std::vector<std::string_view> related = {});
[[nodiscard]] ProofStatus computed(std::string note);

/// The proofs of an answer, each status with the outputs that it speaks of. Never changed once it is made, so
/// that copies share it.
class Proofs {
 public:
  Proofs() = default;
  Proofs(std::vector<ProofStatus> statuses)  // NOLINT(google-explicit-constructor)
      : statuses_(std::make_shared<const std::vector<ProofStatus>>(std::move(statuses))) {}
  Proofs(std::initializer_list<ProofStatus> statuses) : Proofs(std::vector<ProofStatus>(statuses)) {}

  [[nodiscard]] const std::vector<ProofStatus>& statuses() const;
  [[nodiscard]] auto begin() const { return statuses().begin(); }
  [[nodiscard]] auto end() const { return statuses().end(); }
  [[nodiscard]] bool empty() const { return statuses().empty(); }
  [[nodiscard]] std::size_t size() const { return statuses().size(); }
  [[nodiscard]] const ProofStatus& front() const { return statuses().front(); }
  /// Returns what proves the output of that name: the first that names it, else the first that names none;
  /// unproved where there is none such.
  [[nodiscard]] const ProofStatus& of(std::string_view output) const;

  friend bool operator==(const Proofs& a, const Proofs& b) { return a.statuses() == b.statuses(); }

 private:
  std::shared_ptr<const std::vector<ProofStatus>> statuses_;  ///< null: none
};

/// Returns the statuses with the outputs that they speak of, among those given; what none speaks of is
/// unproved.
[[nodiscard]] std::vector<ProofStatus> proofs_of(const Proofs& statuses,
                                                 const std::vector<std::string_view>& outputs);

/// Returns what proofs_of gives in words, a line each: `k, tokens: proved in Coq: NAME`; without the names of
/// outputs where one line says it of all.
[[nodiscard]] std::vector<std::string> proof_lines(const std::vector<ProofStatus>& proofs);

}  // namespace promptbound
