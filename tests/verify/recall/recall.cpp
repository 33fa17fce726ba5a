#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include <promptbound/models/language_model.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/recall/interval_pass.hpp>

#include "recall_cases.hpp"

using namespace promptbound;

namespace {

void check_contains(const FastInterval& enclosure, naive::Real value) {
  const naive::Real slack = 1e-13L * (1 + std::fabs(value));
  CHECK(static_cast<naive::Real>(enclosure.lower()) <= value + slack);
  CHECK(value - slack <= static_cast<naive::Real>(enclosure.upper()));
}

/// Every position of the answer against the independent evaluation; returns how many were decided by it.
std::size_t check_sequence(const RecallCase& one, const naive::Rows& prompt, const TokenSequence& sequence,
                           const SequenceRecall& answer) {
  std::size_t clear = 0;
  naive::Real bits = 0;
  REQUIRE(answer.positions.size() == sequence.tokens.size());
  for (std::size_t k = 0; k < sequence.tokens.size(); ++k) {
    CAPTURE(k);
    const PositionRecall& position = answer.positions[k];
    const naive::Real margin = one.margin(prompt, sequence, k);
    check_contains(position.margin, margin);
    CHECK(position.margin.upper() - position.margin.lower() < 1e-9);
    if (std::fabs(margin) > 1e-3L) {
      CHECK(position.verdict == (margin > 0 ? Verdict::proved : Verdict::refuted));
      ++clear;
    }
    const naive::Row logits = one.logits(one.before(prompt, sequence, k));
    naive::Real sum = 0;
    for (const naive::Real l : logits) sum += std::exp(l - logits[sequence.tokens[k]]);
    check_contains(position.bits, std::log2(sum));
    bits += std::log2(sum);
    if (margin < -1e-3L) {
      const auto most = std::max_element(logits.begin(), logits.end()) - logits.begin();
      CHECK(position.rival == static_cast<std::size_t>(most));
    }
  }
  check_contains(answer.bits(), bits);
  return clear;
}

}  // namespace

TEST_CASE("small models of every causal layout recall what an independent evaluation says") {
  std::size_t clear = 0;
  for (const std::string family : {"gpt2", "llama"}) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      CAPTURE(family);
      CAPTURE(seed);
      const auto one = small_case(family, seed);
      const TokenSequence said = one->greedy(one->prompt_rows, {1}, 8);
      TokenSequence other = said;
      other.tokens[3] = (other.tokens[3] + 1) % 5;
      const Recall recall = recall_sequences(question_of(*one, {said, other}));
      CHECK(recall.beyond_balls.empty());
      CHECK(recall.sequences[0].verdict() == Verdict::proved);
      CHECK(recall.sequences[1].verdict() == Verdict::refuted);
      CHECK(recall.verdict == Verdict::refuted);
      clear += check_sequence(*one, one->prompt_rows, said, recall.sequences[0]);
      clear += check_sequence(*one, one->prompt_rows, other, recall.sequences[1]);
    }
  }
  CHECK(clear > 150);
}

TEST_CASE("the pass of intervals, for what balls do not decide, encloses the independent states") {
  for (const std::string family : {"gpt2", "llama"}) {
    const auto one = small_case(family, 31);
    const TokenSequence said = one->greedy(one->prompt_rows, {2}, 6);
    const Recall balls = recall_sequences(question_of(*one, {said}));
    CHECK(balls.interval_bits == 0);
    for (const PositionRecall& position : balls.sequences[0].positions) CHECK_FALSE(position.by_intervals);
    const LanguageModel model(one->model.path());
    Matrix<double> tokens(8, 4);
    for (Index t = 0; t < 3; ++t) {
      for (Index i = 0; i < 8; ++i) {
        tokens(i, t) =
            static_cast<double>(one->prompt_rows[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)]);
      }
    }
    tokens.col(3) = model.token_embeddings(2, 1);
    const WorkingPrecision scope(300);
    const Matrix<Interval> states = interval_states(model, model.input(), tokens);
    naive::Rows rows = one->before(one->prompt_rows, said, 0);
    const naive::Row output = naive::evaluate(one->weights, one->shape, rows).output.back();
    for (Index i = 0; i < 8; ++i) {
      const naive::Real value = output[static_cast<std::size_t>(i)];
      CHECK(std::fabs(states(i, 3).lower_double() - value) < 1e-12L);
      CHECK(states(i, 3).is_relatively_tight(100));
    }
  }
}

TEST_CASE(
    "a model without prompt recalls its own greedy continuation, and nothing stands before an empty start") {
  const auto one = small_case("gpt2", 7);
  const TokenSequence said = one->greedy({}, {3}, 10);
  const Recall recall = recall_sequences(question_of(*one, {said}, false));
  CHECK(recall.verdict == Verdict::proved);
  CHECK(check_sequence(*one, {}, said, recall.sequences[0]) > 5);
  const std::string refusal = refusal_of([&] {
    (void)recall_sequences(question_of(*one, {{{}, {1}}}, false));
  });
  CHECK(refusal.find("nothing stands before its first token") != std::string::npos);
}

TEST_CASE("what does not fit the model is refused in one line") {
  const auto one = small_case("gpt2", 8);
  const auto refusal = [&](const TokenSequence& sequence) {
    return refusal_of([&] { (void)recall_sequences(question_of(*one, {sequence})); });
  };
  CHECK(refusal({{}, {1, 5}}).find("token 5 (accepted: 0 to 4)") != std::string::npos);
  CHECK(
      refusal({{}, std::vector<std::size_t>(15, 1)}).find("17 tokens with its prompt (accepted: up to 16") !=
      std::string::npos);
  const TemporaryFolder bert;
  write_small_model(bert, "bert", 1);
  RecallQuestion question;
  question.model = bert.path();
  question.sequences = {{{1}, {1}}};
  CHECK(refusal_of([&] { (void)recall_sequences(question); }).find("not causal") != std::string::npos);
}

TEST_CASE("a token whose row another one shares is not recalled, however many bits there are") {
  const auto one = small_case("gpt2", 9);
  const TokenSequence said = one->greedy(one->prompt_rows, {1}, 1);
  // Its row is given to another token too.
  auto& table = one->weights.at("wte.weight");
  const std::size_t token = said.tokens[0], twin = (token + 1) % 5;
  for (std::size_t i = 0; i < 8; ++i) table[twin * 8 + i] = table[token * 8 + i];
  std::map<std::string, Tensor> tensors;
  const TemporaryFolder shapes;
  const WrittenTensors written = write_small_model(shapes, "gpt2", 9);
  for (const auto& [name, tensor] : written) tensors[name] = view(one->weights.at(name), tensor.shape);
  one->model.write("model.safetensors", safetensors_text(tensors));
  const TokenSequence start = one->greedy(one->prompt_rows, {1}, 1);
  const Recall recall = recall_sequences(question_of(*one, {{{1}, {token}}, {{1}, {twin}}}));
  if (start.tokens[0] == token || start.tokens[0] == twin) {
    for (const SequenceRecall& sequence : recall.sequences) CHECK(sequence.verdict() == Verdict::refuted);
    CHECK(recall.sequences[0].positions[0].rival == twin);
    CHECK(recall.interval_bits == 0);
  } else {
    FAIL("the changed model prefers another token: take another seed");
  }
}

TEST_CASE("several sequences and prompts in one run give what each gives alone") {
  const auto one = small_case("llama", 11);
  const TemporaryFolder second;
  write_small_prompt(second, 77);
  const TokenSequence a = one->greedy(one->prompt_rows, {1}, 7), b = one->greedy(one->prompt_rows, {}, 4);
  RecallQuestion question = question_of(*one, {a, b});
  question.prompts.push_back(second.path());
  question.threads = 2;
  const Recall all = recall_sequences(question);
  REQUIRE(all.sequences.size() == 4);
  for (std::size_t n = 0; n < 4; ++n) {
    RecallQuestion single = question;
    single.prompts = {question.prompts[n / 2]};
    single.sequences = {question.sequences[n % 2]};
    single.threads = 1;
    const Recall alone = recall_sequences(single);
    for (std::size_t k = 0; k < alone.sequences[0].positions.size(); ++k) {
      const PositionRecall &x = alone.sequences[0].positions[k], &y = all.sequences[n].positions[k];
      CHECK(x.verdict == y.verdict);
      CHECK(x.margin.lower() == y.margin.lower());
      CHECK(x.margin.upper() == y.margin.upper());
    }
  }
  question.paired = true;
  const Recall pairs = recall_sequences(question);
  REQUIRE(pairs.sequences.size() == 2);
  CHECK(pairs.sequences[1].prompt == 1);
  CHECK(pairs.sequences[1].sequence == 1);
}

TEST_CASE("a proved radius holds for prompts drawn within it, and the largest one found is proved") {
  RandomNumbers random(5);
  for (const std::string family : {"gpt2", "llama"}) {
    const auto one = small_case(family, 21);
    const TokenSequence said = one->greedy(one->prompt_rows, {1}, 6);
    RecallQuestion question = question_of(*one, {said});
    question.largest_radius = true;
    const Recall recall = recall_sequences(question);
    REQUIRE(recall.sequences[0].largest_radius.has_value());
    const double radius = *recall.sequences[0].largest_radius;
    CHECK(radius > 1e-6);
    question.largest_radius = false;
    question.radius = radius;
    CHECK(recall_sequences(question).sequences[0].in_radius() == Verdict::proved);
    question.radius = 64 * radius + 100;
    CHECK(recall_sequences(question).sequences[0].in_radius() == Verdict::unknown);
    for (int trial = 0; trial < 50; ++trial) {
      const naive::Rows moved = moved_by(one->prompt_rows, radius, random);
      for (std::size_t k = 0; k < said.tokens.size(); ++k) CHECK(one->margin(moved, said, k) > 0);
    }
  }
}

TEST_CASE("the trained model's own words behind its prompt are recalled by balls alone") {
  const auto one = trained_case();
  const TokenSequence said = one->greedy(one->prompt_rows, {}, 20);
  const Recall recall = recall_sequences(trained_question({said}));
  CHECK(recall.sequences[0].verdict() == Verdict::proved);
  CHECK(recall.interval_bits == 0);
  CHECK(check_sequence(*one, one->prompt_rows, said, recall.sequences[0]) >= 15);
}
