/// Certified greedy decoding: does a model with a soft prompt say exactly these tokens (theory 3.5)?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <promptbound/records/answer.hpp>
#include <promptbound/records/proved_form.hpp>
#include <promptbound/verify/recall/prompt_format.hpp>
#include <promptbound/verify/recall/recall_tokens.hpp>

namespace promptbound {

struct RecallQuestion {
  std::string model;                      ///< folder
  std::vector<std::string> prompts;       ///< folders; none: the empty prompt alone
  std::vector<TokenSequence> sequences;   ///< each is asked of each prompt,
  bool paired = false;                    ///< or the first of the first, and so on
  std::optional<PromptFormat> prompt_as;  ///< prompts are rounded to this first
  bool binary32 = false;                  ///< ask also of every evaluation in binary32 (Rounding::binary32)
  double radius = 0;            ///< ask also of every prompt within this of the prompt: each token, Euclidean
  bool largest_radius = false;  ///< find the largest such radius, for each sequence
  std::vector<std::string> assumed_inert;  ///< as in AuditQuestion
  int threads = 1;
};

/// One token of a sequence.
struct PositionRecall {
  /// Over the real numbers. Proved: its logit is above all others. Refuted: another one is at least as large.
  Verdict verdict = Verdict::unknown;
  FastInterval margin;        ///< its logit minus the largest other one
  std::size_t rival = 0;      ///< whose logit that is, or one of those nearest to it
  FastInterval bits;          ///< -log2 of its probability
  bool by_intervals = false;  ///< did intervals of more bits decide?
  /// The verdict of every evaluation in binary32, where that is asked, and the margin in all of them.
  Verdict in_binary32 = Verdict::unknown;
  FastInterval margin_binary32;
  /// The verdict of every prompt within the radius, where that is asked.
  Verdict in_radius = Verdict::unknown;
};

struct SequenceRecall {
  std::size_t prompt = 0, sequence = 0;  ///< places in the question; without prompts, prompt is 0
  std::vector<PositionRecall> positions;
  /// All tokens are said for every prompt within this; absent where not asked for, or where no radius is
  /// proved.
  std::optional<double> largest_radius;

  [[nodiscard]] Verdict verdict() const;
  /// Tells whether every position is decided over the real numbers.
  [[nodiscard]] bool is_decided() const;
  [[nodiscard]] Verdict in_binary32() const;
  [[nodiscard]] Verdict in_radius() const;
  /// Returns the sum of the positions' bits: the text's cross-entropy under the model with this prompt.
  [[nodiscard]] FastInterval bits() const;
};

struct PromptFacts {
  std::size_t tokens = 0;   ///< m
  unsigned entry_bits = 0;  ///< b, as stored or as rounded
};

/// Proved where every sequence is recalled by every prompt, refuted where one is not, unknown otherwise: of
/// all that is asked, binary32 and the radius included.
struct Recall : Answer {
  std::size_t width = 0, vocabulary = 0, layers = 0;
  std::vector<PromptFacts> prompts;  ///< one entry, of the empty prompt, where there are none
  std::vector<SequenceRecall> sequences;
  /// What the balls do not model of this model, so that intervals of many bits decide everything; empty:
  /// nothing.
  std::string beyond_balls;
  long interval_bits = 0;  ///< the highest working precision of those intervals; 0 where none were needed
};

/// Throws InputError when a folder cannot be read, the model is not causal, a token is none of the
/// vocabulary's, a sequence does not fit the model's positions or its window, or a sequence has no token
/// before its first one.
/// @code
/// RecallQuestion question;
/// question.model = "gpt2", question.prompts = {"my-prompt"};
/// question.sequences = read_token_sequences("ids.json");
/// const Recall recall = recall_sequences(question);
/// std::puts(recall.why.c_str());
/// @endcode
[[nodiscard]] Recall recall_sequences(const RecallQuestion& question);

/// Returns what proves the verdicts and margins, by forms for lists.
[[nodiscard]] Proofs recall_proof();
[[nodiscard]] std::vector<ProvedForm> recall_forms();

}  // namespace promptbound
