// What proves an answer, as every command says it, against proofs/theorems.txt.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "numbers.hpp"
#include "run.hpp"
#include "theorem_list.hpp"
#include "trained_model.hpp"

using nlohmann::json;

namespace {

json parsed(const std::string& arguments, int exit_code = 0) {
  CAPTURE(arguments);
  const Outcome outcome = run(arguments + " --format json");
  REQUIRE_MESSAGE(outcome.exit_code == exit_code, outcome.err);
  return json::parse(outcome.out);
}

/// Every name is listed; the theorem that proves a part is one of its item and of one of the ids.
void check_listed(const json& proofs, const std::set<std::string>& ids) {
  static const auto listed = listed_theorems();
  for (const json& proof : proofs) {
    CAPTURE(proof.dump());
    CHECK(proof["kind"] != "unproved");
    CHECK((proof["kind"] == "Coq") == !proof["theorems"].empty());
    for (const char* const names : {"theorems", "related"}) {
      for (const std::string name : proof[names]) CHECK_MESSAGE(listed.count(name) == 1, name);
    }
    if (proof["kind"] != "Coq") continue;
    const ListedTheorem& first = listed.at(proof["theorems"][0]);
    CHECK(first.item == proof["theory"]);
    CHECK(std::any_of(first.ids.begin(), first.ids.end(),
                      [&](const std::string& id) { return ids.count(id) == 1; }));
  }
}

/// What proves that part of an answer.
json proof_of(const json& answer, const std::string& part) {
  for (const json& proof : answer["proofs"]) {
    for (const std::string output : proof["outputs"]) {
      if (output == part) return proof;
    }
  }
  return {{"kind", "none"}, {"theorems", json::array()}};
}

void check_proved(const json& answer, const std::string& part, const std::vector<std::string>& theorems) {
  CAPTURE(part);
  CHECK(proof_of(answer, part)["kind"] == "Coq");
  CHECK(proof_of(answer, part)["theorems"] == json(theorems));
}

/// memorize on one-dimensional data: the model's single layer, and examples as (tokens, query 0, target).
json memorize(const std::string& layer, const std::string& examples, const std::string& accuracy,
              int exit_code) {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), R"({"schema":1,"d":1,"layers":[)" + layer + "]}");
  write_file(folder.file("data.json"), R"({"schema":1,"examples":)" + examples + "}");
  return parsed("memorize --descent-tokens 0 --accuracy " + accuracy + " --model " +
                    folder.file("model.json") + " --data " + folder.file("data.json"),
                exit_code);
}

std::string layer(const std::string& W_Q, const std::string& W_V, const std::string& ffn = "") {
  return R"({"heads":[{"W_Q":[[)" + W_Q + R"(]],"W_K":[[1]],"W_V":[[)" + W_V + "]]}]" + ffn + "}";
}

const char* const crossed =
    R"([{"tokens":[[1],[0.5]],"query":0,"target":[0.5]},{"tokens":[[1],[-0.5]],"query":0,"target":[1.5]}])";

const std::string two_rows = "algebra.memorization_floor.two_rows_certify";
const std::string block = "algebra.memorization_floor.floor_after_max_block";
const std::string empty = "analysis.shared_query.fits_empty";

}  // namespace

TEST_CASE("list: every form of every bound - construction and check names listed theorems or none") {
  const json catalogue = parsed("list");
  for (const json& bound : catalogue["bounds"]) {
    CAPTURE(bound["id"]);
    CHECK(!bound["forms"].empty());
    for (const json& form : bound["forms"]) check_listed(form["proofs"], {bound["id"]});
    for (const json& direction : bound["backwards"]) {
      CHECK(!direction["forms"].empty());
      for (const json& form : direction["forms"]) check_listed(form["proofs"], {bound["id"]});
    }
  }
  for (const char* const kind : {"constructions", "checks"}) {
    for (const json& entry : catalogue[kind]) {
      CAPTURE(entry["id"]);
      CHECK(!entry["forms"].empty());
      for (const json& form : entry["forms"]) {
        CHECK(!form["proofs"].empty());
        check_listed(form["proofs"], {entry["id"]});
      }
    }
  }
}

TEST_CASE("list ID shows each form with the full name of its theorem") {
  const std::string text = run("list entropy-lipschitz").out;
  CHECK(text.find("analysis.every_alpha.entropy_lipschitz_alpha") != std::string::npos);
  CHECK(text.find("norm = euclidean") != std::string::npos);
  CHECK(text.find("analysis.euclidean_form.entropy_lipschitz_euclidean_accuracy") != std::string::npos);
  CHECK(run("list context-separation").out.find("transcribed, not proved here") != std::string::npos);
  CHECK(run("list injectivity").out.find("analysis.injectivity.injectivity_causal") != std::string::npos);
  CHECK(run("list prompt-versus-lora").out.find("algebra.prompt_versus_lora.prompt_versus_lora") !=
        std::string::npos);
}

TEST_CASE("eval: the form evaluated is labelled in JSON and in text") {
  const json box = parsed("eval memory-linear --m 3 --w 4 --R 1 --Lambda 10 --Delta 1 --eps 1/10 --norm max");
  CHECK(box["proof"] == "proved in Coq: algebra.memory_linear.memory_linear");
  check_proved(box, "max_examples", {"algebra.memory_linear.memory_linear"});
  const json ball = parsed("eval memory-linear --m 3 --w 4 --R 1 --Lambda 10 --Delta 1 --eps 1/10");
  CHECK(ball["proof"] == "proved in Coq: analysis.euclidean_form.memory_linear_euclidean");
  check_proved(ball, "max_examples", {"analysis.euclidean_form.memory_linear_euclidean"});
  const json rounded = parsed("eval lookup-upper --d 2 --L 2 --eps 1/10 --alpha inf --b 16");
  CHECK(proof_of(rounded, "width")["kind"] == "on paper");
  check_proved(rounded, "tokens", {"analysis.every_alpha.lookup_upper_bits_alpha"});
  const json none = parsed("eval entropy-bits --d 2 --L 2 --eps 3/4");
  CHECK(none["proof"] == "no claim");
  CHECK(none["proofs"].empty());
  const std::string text = run("eval entropy-bits --d 2 --L 2 --eps 1/10 --alpha inf").out;
  CHECK(text.find("\nproved in Coq: analysis.every_alpha.entropy_bits_alpha\n") != std::string::npos);
}

TEST_CASE("bounds: both ends of the bracket say what proves them") {
  const std::string text = run("bounds --d 2 --L 2 --eps 1/10 --alpha inf").out;
  CHECK(text.find("proved in Coq: analysis.every_alpha.entropy_bits_alpha") != std::string::npos);
  CHECK(text.find("proof on paper (theory 1.6); in Coq at function level") != std::string::npos);
  const json overview = parsed("bounds --d 2 --L 2 --eps 1/10 --alpha inf");
  for (const json& record : overview["bounds"]) {
    if (record["applicable"] == true) CHECK(!record["proofs"].empty());
  }
}

TEST_CASE("memorize: the theorem of the verdict's own reason with the block that stands behind") {
  const std::string contraction = R"(,"ffn":{"W_1":[["1/2"]],"b_1":[0],"W_2":[[1]],"b_2":[0]})";
  const std::string coupling = R"(,"ffn":{"W_1":[[0]],"b_1":[0],"W_2":[[1]],"b_2":[0]})";
  const std::string uniform = layer("0", "1");

  json answer = memorize(uniform, crossed, "0.4", 1);
  check_proved(answer, "verdict", {two_rows});
  check_proved(answer, "floor", {"algebra.memorization_floor.memorization_floor"});
  check_proved(answer, "output_floor", {"algebra.memorization_floor.memorization_floor"});
  check_listed(answer["proofs"], {"shared-query", "memorization-floor", "rank-lower"});
  answer = memorize(uniform, crossed, "0", 1);
  check_proved(answer, "verdict", {"analysis.shared_query.shared_query_impossible", empty});

  answer = memorize(layer("0", "1", contraction), crossed, "0.1", 1);
  check_proved(answer, "verdict", {two_rows, block});
  check_proved(answer, "output_floor", {"algebra.memorization_floor.memorization_floor", block});
  answer = memorize(layer("0", "1", coupling), crossed, "0.1", 1);
  check_proved(answer, "verdict", {two_rows, block});

  // V = 0: what is off its image.
  answer = memorize(layer("0", "0"), R"([{"tokens":[[1]],"query":0,"target":[5]}])", "1", 1);
  check_proved(answer, "verdict", {"certificates.impossible_claim.image_impossible"});
  // A x0 = 0 and S_P = 3/2.
  answer = memorize(
      uniform,
      R"([{"tokens":[[1]],"query":0,"target":[2]},{"tokens":[[1],[-1]],"query":0,"target":["10/7"]}])", "0",
      1);
  check_proved(answer, "verdict", {"analysis.shared_query.case_I_no_query", empty});
  // S_P = 2e/3, mean token 21: rho < 1.
  const std::string steep = layer("1", "1");
  answer = memorize(
      steep, R"([{"tokens":[[1]],"query":0,"target":[10]},{"tokens":[[1],[1]],"query":0,"target":[7]}])", "0",
      1);
  check_proved(answer, "verdict", {"analysis.shared_query.case_I_lengths", empty});
  // S_P = 2e, mean token -1/2: rho = 2 e^{3/2}, exact fits from 9 tokens on; no verdict on a rounded prompt.
  answer = memorize(
      steep, R"([{"tokens":[[1]],"query":0,"target":[1]},{"tokens":[[1],[1]],"query":0,"target":["5/4"]}])",
      "0", 3);
  CHECK(answer["exact_lengths_from"] == "9");
  check_proved(answer, "exact_lengths_from", {"analysis.shared_query.case_I_lengths"});
  CHECK(proof_of(answer, "verdict")["kind"] == "none");

  answer = memorize(
      uniform,
      R"([{"tokens":[[1],[-1]],"query":0,"target":["5/2"]},{"tokens":[[1]],"query":0,"target":["10/3"]}])",
      "0", 0);
  CHECK(proof_of(answer, "verdict")["kind"] == "computed");
  CHECK(proof_of(answer, "least_prompt_length")["kind"] == "on paper");
}

TEST_CASE("structure: the theorem of the model's mask - the preimage is on paper") {
  const TemporaryFolder folder;
  const auto structure = [&](const std::string& mask, const std::string& options) {
    write_file(folder.file("model.json"),
               R"({"schema":1,"d":1,"causal":)" + mask +
                   R"(,"layers":[{"heads":[{"W_Q":[["0"]],"W_K":[["0"]],"W_V":[["1/2"]]}]}]})");
    return parsed("structure " + folder.file("model.json") + options);
  };
  const json causal = structure("true", " --distance 1/10");
  check_proved(causal, "output_distance",
               {"analysis.injectivity.injectivity_causal", "analysis.injectivity.injective_causal"});
  check_proved(causal, "lipschitz", {"analysis.lipschitz_constants.lipschitz_constants"});
  check_listed(causal["proofs"], {"lipschitz-constants", "injectivity"});
  write_file(folder.file("outputs.json"), R"([["0.3"]])");
  const json both = structure("false", " --invert " + folder.file("outputs.json"));
  check_proved(
      both, "separation",
      {"analysis.injectivity.injectivity_bidirectional", "analysis.injectivity.injective_bidirectional"});
  CHECK(proof_of(both, "preimage")["kind"] == "on paper");
}

TEST_CASE("verify computes") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json");
  REQUIRE(run("construct lookup-transformer --d 1 --L 1 --eps 1/5 --alpha inf --target identity -o " + model)
              .exit_code == 0);
  CHECK(parsed("verify " + model + " --target identity --eps 1/5")["proofs"][0]["kind"] == "computed");
}

TEST_CASE("construct: the claim says what proves it in the file as well") {
  const TemporaryFolder folder;
  const std::string file = folder.file("built.json");
  const json lookup =
      parsed("construct lookup-transformer --d 1 --L 2 --eps 1/5 --alpha inf --target identity -o " + file);
  CHECK(proof_of(lookup, "error")["kind"] == "on paper");
  CHECK(proof_of(lookup, "error_x_form")["kind"] == "Coq");
  CHECK(proof_of(lookup, "error_x_form")["theory"] == "5.2");
  CHECK(json::parse(read_file(file))["claim"]["proofs"] == lookup["proofs"]);
  // The form that Coq proves is no sharper than the one on paper, but for the rounding of values.
  const auto upper_of = [&](const char* name) { return upper(lookup["outputs"][name]); };
  CHECK(upper_of("error") <= upper_of("error_x_form") + 1e-29);
  CHECK(upper_of("error_x_form") < 0.2);
  const json lora = parsed("construct prompt-versus-lora --N 3 -o " + file);
  check_proved(lora, "prompt_tokens", {"algebra.prompt_versus_lora.prompt_versus_lora"});
  check_proved(lora, "update_numbers", {"algebra.prompt_versus_lora.update_rank_one"});
  const json hard = parsed("construct hardness-instance --N 4 --D 16 -o " + file);
  check_proved(hard, "largest_entry",
               {"analysis.hardness_instance.hardness_instance_near",
                "analysis.hardness_instance.hardness_instance_far"});
  const json universal =
      parsed("construct universal-transformer --d 1 --L 1 --k 3 --alpha 1 --target sine -o " + file);
  CHECK(proof_of(universal, "error_off_ramps")["kind"] == "Coq");
  CHECK(proof_of(universal, "error")["kind"] == "on paper");
}

TEST_CASE("audit: rows that hold say what proves them - the others claim nothing") {
  const json audit = parsed("audit " + trained_model);
  for (const json& row : audit["theorems"]) {
    CAPTURE(row.dump());
    CHECK(row["proofs"].empty() == (row["applies"] == false));
    if (row["theory"] == "2.7") CHECK(row["proofs"][0]["kind"] == "Coq");
    if (row["theory"] == "2.5" || row["theory"] == "3.1") CHECK(row["proofs"][0]["kind"] == "on paper");
  }
}
