// The precision of the pass of a prompt: raised until the sizes are tight, or until the limit.
#include <doctest/doctest.h>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/verify/audit/model_sweep.hpp>

#include "models/small_language_model.hpp"

using namespace promptbound;

namespace {

Matrix<double> random_prompt() {
  RandomNumbers random(731);
  return Matrix<double>::NullaryExpr(8, 3, [&] { return random.rational(-1, 1).convert_to<double>(); });
}

bool is_inside(const FastInterval& inner, const FastInterval& outer) {
  return outer.lower() <= inner.lower() && inner.upper() <= outer.upper();
}

}  // namespace

TEST_CASE("a pass that the limit of the precision leaves wide says so, and its enclosures hold") {
  for (const std::string family : {"gpt2", "llama"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    write_small_model(folder, family, 732);
    const LanguageModel model(folder.path());
    const Matrix<double> prompt = random_prompt();
    const ModelSweep tight = sweep_layers(model, prompt);
    CHECK(tight.undecided.empty());
    const PrecisionLimit limit(30);
    const ModelSweep wide = sweep_layers(model, prompt);
    CHECK(wide.undecided == "the size of the prompt's queries, keys and values is not decided at 30 bits");
    REQUIRE(wide.prompt.size() == tight.prompt.size());
    for (std::size_t l = 0; l < wide.prompt.size(); ++l) {
      for (std::size_t h = 0; h < wide.prompt[l].size(); ++h) {
        const PromptHead &of_wide = wide.prompt[l][h], &of_tight = tight.prompt[l][h];
        CHECK(is_inside(of_tight.query.entry, of_wide.query.entry));
        CHECK(is_inside(of_tight.key.norm, of_wide.key.norm));
        CHECK(is_inside(of_tight.value.entry, of_wide.value.entry));
      }
    }
    CHECK(wide.norms.log_lipschitz.lower() <= wide.norms.log_lipschitz.upper());
  }
}

TEST_CASE("the numbers of a sweep do not depend on its threads") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    write_small_model(folder, family, 734);
    const LanguageModel model(folder.path());
    const Matrix<double> prompt = random_prompt();
    const ModelSweep one = sweep_layers(model, prompt), three = sweep_layers(model, prompt, 3);
    const auto same = [](const FastInterval& a, const FastInterval& b) {
      return a.lower() == b.lower() && a.upper() == b.upper();
    };
    REQUIRE(one.norms.layers.size() == three.norms.layers.size());
    for (std::size_t l = 0; l < one.norms.layers.size(); ++l) {
      const LayerMatrixNorms &a = one.norms.layers[l], &b = three.norms.layers[l];
      CHECK((same(a.c, b.c) && same(a.g, b.g) && same(a.norm_2, b.norm_2) && same(a.R_out, b.R_out)));
    }
    CHECK(one.norms.log_lipschitz.lower() == three.norms.log_lipschitz.lower());
    CHECK(one.norms.log_lipschitz.upper() == three.norms.log_lipschitz.upper());
    REQUIRE(one.prompt.size() == three.prompt.size());
    for (std::size_t l = 0; l < one.prompt.size(); ++l) {
      for (std::size_t h = 0; h < one.prompt[l].size(); ++h)
        CHECK(same(one.prompt[l][h].centred_score, three.prompt[l][h].centred_score));
    }
  }
}

TEST_CASE("without a prompt no limit of the precision is met") {
  const TemporaryFolder folder;
  write_small_model(folder, "gpt2", 733);
  const PrecisionLimit limit(30);
  const ModelSweep sweep = sweep_layers(LanguageModel(folder.path()), Matrix<double>(8, 0));
  CHECK(sweep.undecided.empty());
  CHECK(sweep.prompt.empty());
}

TEST_CASE("a size that is 0 ends the search for more bits: it is enclosed below 2^-200") {
  // The norm makes (r, r) of the token (1, 1), r a root; the value r - r is 0, and its enclosure no point.
  const Matrix<double> one = Matrix<double>::Identity(2, 2), difference{{1, -1}, {0, 0}};
  const Vector<double> zero = Vector<double>::Zero(2), ones = Vector<double>::Ones(2);
  TrainedLayer layer;
  layer.norm_1 = {NormKind::rms, Rational(1, 1000), ones, zero};
  layer.attention.output_bias = zero;
  layer.attention.groups = {{{one, zero}, {difference, zero}, {{{one, zero}, one}}}};
  const Matrix<double> token = Matrix<double>::Ones(2, 1);
  for (const long bits : {64L, 300L}) {
    CAPTURE(bits);
    PromptPass pass({}, token, bits);
    pass.add(layer, true);
    const PromptHead& head = pass.heads().front().front();
    CHECK(head.value.entry.lower() == 0);
    CHECK(head.value.entry.upper() > 0);
    CHECK(pass.is_tight() == (bits == 300));
    CHECK((head.value.entry.upper() < 0x1p-200) == (bits == 300));
  }
}
