// Margins carried by derivatives, against an evaluation of its own.
#include <doctest/doctest.h>

#include <promptbound/models/language_model.hpp>
#include <promptbound/verify/recall/first_order_pass.hpp>

#include "random.hpp"
#include "recall_cases.hpp"

using namespace promptbound;

namespace {

/// The margins of all tokens of a sequence behind a prompt, anywhere within the radius.
std::vector<FastInterval> margins_within(const RecallCase& one, const TokenSequence& said, double radius) {
  const LanguageModel model(one.model.path());
  const Unembedding table(model, one.model.path());
  const naive::Rows rows = one.before(one.prompt_rows, said, said.tokens.size() - 1);
  BallSequence sequence{Matrix<double>(static_cast<Index>(one.shape.d), static_cast<Index>(rows.size())),
                        static_cast<Index>(one.prompt_rows.size())};
  std::vector<Asked> asked;
  for (Index t = 0; t < sequence.tokens.cols(); ++t) {
    for (Index i = 0; i < sequence.tokens.rows(); ++i) {
      sequence.tokens(i, t) =
          static_cast<double>(rows[static_cast<std::size_t>(t)][static_cast<std::size_t>(i)]);
    }
  }
  const std::size_t before = one.prompt_rows.size() + said.start.size();
  for (std::size_t k = 0; k < said.tokens.size(); ++k) {
    asked.push_back({static_cast<Index>(before - 1 + k), said.tokens[k]});
  }
  FirstOrderPass pass(model.input(), sequence, {Rounding::reals(), radius}, 2);
  for (std::size_t l = 0; l < one.shape.layers; ++l) pass.add(model.layer(l));
  return pass.margins(*model.final_norm(), table, asked);
}

}  // namespace

TEST_CASE("margins of prompts drawn within a radius lie in those carried by derivatives") {
  RandomNumbers random(8);
  for (const std::string family : {"gpt2", "llama"}) {
    const auto one = small_case(family, 51);
    // Tokens that are not the largest have margins too.
    const TokenSequence said{{1}, {0, 3, 2, 4, 1}};
    for (const double radius : {0.0, 1e-6, 1e-3, 0.01}) {
      const std::vector<FastInterval> margins = margins_within(*one, said, radius);
      REQUIRE(margins.size() == said.tokens.size());
      double widest = 0, reached = 0;
      for (int trial = 0; trial < 20; ++trial) {
        // Just inside, whatever the division rounds to.
        const naive::Rows moved = moved_by(one->prompt_rows, radius * (1 - 1e-15L), random);
        for (std::size_t k = 0; k < margins.size(); ++k) {
          const naive::Real margin = one->margin(moved, said, k);
          CHECK(margins[k].lower() <= static_cast<double>(margin));
          CHECK(static_cast<double>(margin) <= margins[k].upper());
          const double width = margins[k].upper() - margins[k].lower();
          widest = std::max(widest, width);
          reached = std::max(reached,
                             std::fabs(2 * (static_cast<double>(margin) - margins[k].lower()) / width - 1));
        }
      }
      CAPTURE(family);
      CAPTURE(radius);
      CHECK(widest < (radius == 0 ? 1e-9 : 1e4 * radius));
      // They are not much too wide: a random step of three prompt tokens goes a tenth of the way.
      if (radius == 1e-6) CHECK(reached > 0.1);
    }
  }
}

TEST_CASE("where nothing is certified about a token, its margin and those behind it are the whole line") {
  const auto one = small_case("gpt2", 52);
  const std::vector<FastInterval> margins = margins_within(*one, {{1}, {0, 3, 2}}, 1e6);
  for (const FastInterval& margin : margins) CHECK(!margin.is_finite());
  CHECK(fits_first_order(64, 27, 3));
  CHECK(!fits_first_order(768, 108, 12));
}
