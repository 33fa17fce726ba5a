// Evaluations in binary32, their sums in shuffled orders, against the balls that hold all of them.
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "effort.hpp"
#include "recall_cases.hpp"

using namespace promptbound;

namespace {

using Floats = std::vector<float>;

/// The formulas of a GPT-2 layout in single precision; every sum in a new random order, products fused or
/// not.
class SingleEvaluation {
 public:
  SingleEvaluation(const RecallCase& one, std::uint64_t seed) : one_(one), random_(seed) {}

  /// Logits behind each token.
  std::vector<Floats> logits(const naive::Rows& tokens) {
    const naive::Shape& shape = one_.shape;
    std::vector<Floats> Z;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      Floats& z = Z.emplace_back();
      for (std::size_t i = 0; i < shape.d; ++i) {
        z.push_back(static_cast<float>(tokens[t][i]) + weight(shape.prefix + "wpe.weight", t * shape.d + i));
      }
    }
    for (std::size_t l = 0; l < shape.layers; ++l) layer(shape.prefix + "h." + std::to_string(l) + ".", Z);
    std::vector<Floats> result;
    for (const Floats& z : Z) {
      const Floats state = normed(shape.prefix + "ln_f", z);
      Floats& out = result.emplace_back();
      for (std::size_t id = 0; id < one_.vocabulary(); ++id) {
        Floats row;
        for (std::size_t i = 0; i < shape.d; ++i) row.push_back(weight(one_.embeddings, id * shape.d + i));
        out.push_back(dot(row, state, 0));
      }
    }
    return result;
  }

 private:
  float weight(const std::string& name, std::size_t place) const {
    return static_cast<float>(one_.weights.at(name)[place]);
  }

  float dot(const Floats& a, const Floats& b, float added) {
    std::vector<std::size_t> order(a.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::shuffle(order.begin(), order.end(), random_);
    const bool is_fused = random_() % 2 == 0, begins_with_bias = random_() % 2 == 0;
    float sum = begins_with_bias ? added : 0.0F;
    for (const std::size_t k : order) {
      if (is_fused) {
        sum = std::fma(a[k], b[k], sum);
      } else {
        const volatile float product = a[k] * b[k];
        sum += product;
      }
    }
    return begins_with_bias ? sum : sum + added;
  }

  Floats mapped(const std::string& map, std::size_t out, std::size_t first, std::size_t count,
                const Floats& x) {
    Floats y;
    for (std::size_t i = first; i < first + count; ++i) {
      Floats column;
      for (std::size_t k = 0; k < x.size(); ++k) column.push_back(weight(map + ".weight", k * out + i));
      y.push_back(dot(column, x, weight(map + ".bias", i)));
    }
    return y;
  }

  Floats normed(const std::string& norm, Floats x) {
    const Floats ones(x.size(), 1.0F);
    const float width = static_cast<float>(x.size()), mean = dot(x, ones, 0) / width;
    for (float& entry : x) entry -= mean;
    const float root = std::sqrt(dot(x, x, 0) / width + 1e-5F);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = weight(norm + ".weight", i) * (x[i] / root) + weight(norm + ".bias", i);
    }
    return x;
  }

  static float gelu(float x) {
    const float root = 0.797884583F;
    return 0.5F * x * (1.0F + std::tanh(root * (x + 0.044715F * x * x * x)));
  }

  void layer(const std::string& name, std::vector<Floats>& Z) {
    const naive::Shape& shape = one_.shape;
    const std::size_t d = shape.d, s = shape.s, tokens = Z.size();
    std::vector<Floats> U, means(tokens);
    for (const Floats& z : Z) U.push_back(normed(name + "ln_1", z));
    for (std::size_t h = 0; h < shape.heads; ++h) {
      std::vector<Floats> q, k, v;
      for (const Floats& u : U) {
        q.push_back(mapped(name + "attn.c_attn", 3 * d, h * s, s, u));
        k.push_back(mapped(name + "attn.c_attn", 3 * d, d + h * s, s, u));
        v.push_back(mapped(name + "attn.c_attn", 3 * d, 2 * d + h * s, s, u));
      }
      for (std::size_t i = 0; i < tokens; ++i) {
        Floats scores, terms;
        for (std::size_t j = 0; j <= i; ++j)
          scores.push_back(dot(q[i], k[j], 0) / std::sqrt(static_cast<float>(s)));
        const float largest = *std::max_element(scores.begin(), scores.end());
        for (const float score : scores) terms.push_back(std::exp(score - largest));
        const float total = dot(terms, Floats(terms.size(), 1.0F), 0);
        for (float& term : terms) term /= total;
        for (std::size_t c = 0; c < s; ++c) {
          Floats column;
          for (std::size_t j = 0; j <= i; ++j) column.push_back(v[j][c]);
          means[i].push_back(dot(column, terms, 0));
        }
      }
    }
    for (std::size_t i = 0; i < tokens; ++i) {
      const Floats added = mapped(name + "attn.c_proj", d, 0, d, means[i]);
      for (std::size_t c = 0; c < d; ++c) Z[i][c] += added[c];
      Floats hidden = mapped(name + "mlp.c_fc", shape.hidden, 0, shape.hidden, normed(name + "ln_2", Z[i]));
      for (float& x : hidden) x = gelu(x);
      const Floats more = mapped(name + "mlp.c_proj", d, 0, d, hidden);
      for (std::size_t c = 0; c < d; ++c) Z[i][c] += more[c];
    }
  }

  const RecallCase& one_;
  std::mt19937_64 random_;
};

/// How wide the enclosures of margins are, and how far evaluations are from the real numbers.
struct Drift {
  double widest = 0, largest = 0;
};

/// Holds evaluations against the margins of binary32.
Drift check_inside(const RecallCase& one, const TokenSequence& said, const SequenceRecall& recall,
                   std::uint64_t evaluations) {
  const naive::Rows tokens = one.before(one.prompt_rows, said, said.tokens.size() - 1);
  const std::size_t before = one.prompt_rows.size() + said.start.size();
  Drift drift;
  for (std::uint64_t seed = 1; seed <= evaluations; ++seed) {
    const std::vector<Floats> logits = SingleEvaluation(one, seed).logits(tokens);
    for (std::size_t k = 0; k < said.tokens.size(); ++k) {
      const Floats& here = logits[before - 1 + k];
      float other = -1e30F;
      for (std::size_t id = 0; id < here.size(); ++id) {
        if (id != said.tokens[k]) other = std::max(other, here[id]);
      }
      // Both logits are exact numbers of binary32, and so is their difference in binary64.
      const double margin = static_cast<double>(here[said.tokens[k]]) - static_cast<double>(other);
      const PositionRecall& position = recall.positions[k];
      CHECK(position.margin_binary32.lower() <= margin);
      CHECK(margin <= position.margin_binary32.upper());
      drift.widest =
          std::max(drift.widest, position.margin_binary32.upper() - position.margin_binary32.lower());
      drift.largest = std::max(drift.largest, std::fabs(margin - position.margin.lower()));
    }
  }
  return drift;
}

}  // namespace

TEST_CASE("1000 evaluations in binary32, sums in shuffled orders, stay inside the balls") {
  for (const std::uint64_t seed : {41, 42}) {
    const auto one = small_case("gpt2", seed, true);
    const TokenSequence said = one->greedy(one->prompt_rows, {1}, 5);
    RecallQuestion question = question_of(*one, {said});
    question.binary32 = true;
    const SequenceRecall recall = recall_sequences(question).sequences.at(0);
    CHECK(recall.verdict() == Verdict::proved);
    CHECK(recall.in_binary32() == Verdict::proved);
    const Drift drift = check_inside(*one, said, recall, 500);
    // The evaluations do differ from the real numbers, and the balls still decide.
    CHECK(drift.largest > 1e-8);
    CHECK(drift.widest < 1);
  }
}

TEST_CASE("what a trained model of three layers says is decided in binary32 by derivatives") {
  const auto one = trained_case();
  const TokenSequence said = one->greedy(one->prompt_rows, {}, static_cast<std::size_t>(repetitions(12)));
  RecallQuestion question = trained_question({said});
  question.binary32 = true;
  question.threads = 2;
  const SequenceRecall recall = recall_sequences(question).sequences.at(0);
  std::size_t decided = 0;
  for (const PositionRecall& position : recall.positions) {
    if (position.in_binary32 == Verdict::proved) ++decided;
    // The real numbers are among the evaluations.
    CHECK(position.margin_binary32.lower() <= position.margin.lower());
    CHECK(position.margin.upper() <= position.margin_binary32.upper());
  }
  CHECK(2 * decided >= said.tokens.size());
  const Drift drift = check_inside(*one, said, recall, static_cast<std::uint64_t>(repetitions(20)));
  CHECK(drift.largest > 1e-7);
}

TEST_CASE("binary32 is refused for weights that it does not hold") {
  const auto one = small_case("gpt2", 43);
  RecallQuestion question = question_of(*one, {{{1}, {1}}});
  question.binary32 = true;
  CHECK(refusal_of([&] { (void)recall_sequences(question); }).find("none of binary32") != std::string::npos);
}
