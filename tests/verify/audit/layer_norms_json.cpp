// Norms of layers on file, and audits that go on from them.
#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/audit/audit.hpp>
#include <promptbound/verify/audit/layer_norms_json.hpp>
#include <promptbound/verify/certificate.hpp>

#include "models/small_language_model.hpp"
#include "verify/mutate.hpp"

using namespace promptbound;

namespace {

/// The norms that a sweep computes, as it tells them.
KnownNorms told_norms(const LanguageModel& model) {
  KnownNorms norms;
  (void)sweep_layers(model, Matrix<double>(8, 0), 1, {},
                     [&](std::size_t layer, const LayerMatrixNorms& of_layer) { norms[layer] = of_layer; });
  return norms;
}

AuditQuestion small_question(const std::string& model) {
  AuditQuestion question;
  question.model = model;
  question.eta = Rational(1, 100);
  question.Delta = 1;
  question.eps = Rational(1, 10);
  return question;
}

}  // namespace

TEST_CASE("a layer's norms come back from their file as they were - alone or in a sweep") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    write_small_model(folder, family, 735);
    const LanguageModel model(folder.path());
    const KnownNorms norms = told_norms(model);
    REQUIRE(norms.size() == 2);
    for (const auto& [layer, of_layer] : norms) {
      const Json json = layer_norms_json(of_layer);
      CHECK(layer_norms_json(layer_norms_from(parse_json(json.dump(), "norms"), "norms")) == json);
      CHECK(layer_norms_json(norms_of_layer(model, layer)) == json);
    }
    CHECK_THROWS_WITH_AS((void)norms_of_layer(model, 2), "layer: 2 (accepted: 0 to 1)", InputError);
  }
  LayerMatrixNorms wide;
  wide.c = FastInterval::whole_line();
  wide.g = FastInterval(-0x1p-1074, std::numeric_limits<double>::max());
  const LayerMatrixNorms read = layer_norms_from(layer_norms_json(wide), "norms");
  CHECK((read.c.lower() == wide.c.lower() && read.c.upper() == wide.c.upper()));
  CHECK((read.g.lower() == wide.g.lower() && read.g.upper() == wide.g.upper()));
}

TEST_CASE("a sweep takes the norms that are known and computes the others") {
  for (const std::string family : {"gpt2", "llama", "bert"}) {
    CAPTURE(family);
    const TemporaryFolder folder;
    write_small_model(folder, family, 736);
    const LanguageModel model(folder.path());
    const KnownNorms all = told_norms(model);
    const Interval expected = sweep_layers(model, Matrix<double>(8, 0)).norms.log_lipschitz;
    for (const std::size_t known : {0, 1}) {
      for (const Index tokens : {0, 1}) {
        std::vector<std::size_t> computed;
        const ModelSweep sweep =
            sweep_layers(model, Matrix<double>::Zero(8, tokens), 1, {{known, all.at(known)}},
                         [&](std::size_t layer, const LayerMatrixNorms& of_layer) {
                           computed.push_back(layer);
                           CHECK(layer_norms_json(of_layer) == layer_norms_json(all.at(layer)));
                         });
        CHECK(computed == std::vector<std::size_t>{1 - known});
        CHECK(sweep.norms.log_lipschitz.lower() == expected.lower());
        CHECK(sweep.norms.log_lipschitz.upper() == expected.upper());
      }
    }
    // What is known is taken, whatever it says.
    KnownNorms false_norms = all;
    false_norms[0].c = FastInterval(1000);
    const ModelSweep told = sweep_layers(model, Matrix<double>(8, 0), 1, false_norms);
    CHECK(told.norms.log_lipschitz.lower() > expected.upper());
  }
}

TEST_CASE("an audit that goes on from a file says so and has the numbers of one that does not") {
  const TemporaryFolder folder;
  write_small_model(folder, "gpt2", 737);
  AuditQuestion question = small_question(folder.path());
  const Audit whole = audit_model(question);
  question.known = {told_norms(LanguageModel(folder.path())), "audit.json", 2};
  const Audit resumed = audit_model(question);
  CHECK(whole.assumptions.empty());
  REQUIRE(resumed.assumptions.size() == 1);
  CHECK(resumed.assumptions[0].text ==
        "audit.json says the norms of 2 of the layers as this version computes them");
  CHECK(resumed.norms.log_lipschitz.upper() == whole.norms.log_lipschitz.upper());
  REQUIRE(resumed.theorems.size() == whole.theorems.size());
  for (std::size_t i = 0; i < whole.theorems.size(); ++i) {
    CHECK(resumed.theorems[i].why == whole.theorems[i].why);
    CHECK(resumed.theorems[i].verdict == whole.theorems[i].verdict);
  }
  for (const Record& record : resumed.records) CHECK(record.assumptions.back().status == Status::assumed);
}

TEST_CASE("checkpoints of audits: damaged ones and those of other models are refused") {
  const TemporaryFolder folder, other;
  write_small_model(folder, "gpt2", 738);
  write_small_model(other, "gpt2", 739);
  const Json model = audited_model(folder.path(), {}), another = audited_model(other.path(), {});
  CHECK(model != another);
  CHECK(model != audited_model(folder.path(), {"member"}));
  const KnownNorms norms = told_norms(LanguageModel(folder.path()));
  const Json written = audit_checkpoint_json(norms, model);
  const KnownNorms read = known_norms_from(written, model, 2, "file");
  CHECK(audit_checkpoint_json(read, model) == written);
  CHECK_THROWS_WITH_AS((void)known_norms_from(written, another, 2, "file"),
                       "file: a checkpoint of another model or version", InputError);
  CHECK_THROWS_WITH_AS((void)known_norms_from(written, model, 1, "file"),
                       "file.layers.1: the model has no such layer", InputError);
  for (const Json& none : {Json(), Json::array(), Json::object(), Json("audit-checkpoint")})
    CHECK_THROWS_AS((void)known_norms_from(none, model, 2, "file"), InputError);
  // Without a new seal every change is seen; with one, what is no number or no layer.
  Json changed = written;
  std::size_t leaves = 0;
  mutate(changed, changed, [&] {
    ++leaves;
    CHECK_THROWS_AS((void)known_norms_from(changed, model, 2, "file"), InputError);
  });
  CHECK(leaves > 60);
  const auto check_sealed = [&](const Json& end) {
    Json file = written;
    file["layers"]["0"]["c"] = end;
    seal(file);
    CHECK_THROWS_AS((void)known_norms_from(file, model, 2, "file"), InputError);
  };
  for (const Json& end : {Json(), Json(1), Json::array({"1p+0"}), Json::array({"nan", "1p+0"}),
                          Json::array({"1p+1", "1p+0"}), Json::array({"1p+0", "2x"}), Json::array({1, 2})})
    check_sealed(end);
}
