// Data sets and instances that construct writes, read again by memorize and run.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

namespace {

json read_json(const TemporaryFolder& folder, const std::string& name) {
  return json::parse(read_file(folder.file(name)));
}

/// Writes tokens and returns the exact output of the model file at the first of them.
json exact_output(const TemporaryFolder& folder, const std::string& model, const json& tokens) {
  write_file(folder.file("x.json"), tokens.dump());
  const Outcome outcome = run("run " + folder.file(model) + " --input " + folder.file("x.json") +
                              " --scalar rational --format json");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  json result = json::array();
  const json output = json::parse(outcome.out)["output"][0];
  for (const json& entry : output) result.push_back(entry["exact"]);
  return result;
}

}  // namespace

TEST_CASE("impossible-pair: memorize finds the file impossible with the floor that is claimed") {
  const TemporaryFolder folder;
  write_file(
      folder.file("model.json"),
      R"({"schema":1,"d":2,"layers":[{"heads":[{"W_Q":[[1,2],[0,1]],"W_K":[[1,0],[1,1]],)"
      R"("W_V":[[1,0],[1,3]]}],"ffn":{"W_1":[["1/2",0]],"b_1":[0],"W_2":[[0],["1/3"]],"b_2":[0,1]}}]})");
  const std::string file = folder.file("pair.json");
  const Outcome built =
      run("construct impossible-pair --model " + folder.file("model.json") + " --format json -o " + file);
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  const json floor = json::parse(built.out)["outputs"]["floor"];
  const Outcome decided = run("memorize --model " + file + " --data " + file + " --format json");
  CHECK(decided.exit_code == 1);
  const json answer = json::parse(decided.out);
  CHECK(answer["verdict"] == "impossible");
  CHECK(lower(answer["floor"]) <= upper(floor));
  CHECK(upper(answer["floor"]) >= lower(floor));
}

TEST_CASE("prompt-versus-lora: the updated model gives the targets and memorize needs N tokens by rank") {
  const TemporaryFolder folder;
  const auto construct = [&](const std::string& form) {
    const Outcome built = run("construct prompt-versus-lora --N 3 --seed 5 --form " + form +
                              " --format json -o " + folder.file(form + ".json"));
    REQUIRE_MESSAGE(built.exit_code == 0, built.err);
    return json::parse(built.out)["outputs"];
  };
  const json claim = construct("original");
  CHECK(construct("updated") == claim);
  CHECK(claim["prompt_tokens"]["exact"] == "3");
  CHECK(claim["prompt_numbers"]["exact"] == "18");
  CHECK(claim["update_numbers"]["exact"] == "9");
  const json file = read_json(folder, "updated.json");
  for (const json& example : file["examples"]) {
    CHECK(exact_output(folder, "updated.json", example["tokens"]) == example["target"]);
    CHECK(exact_output(folder, "original.json", example["tokens"]) != example["target"]);
  }
  const std::string original = folder.file("original.json");
  const Outcome decided = run("memorize --model " + original + " --data " + original + " --format json");
  CHECK(json::parse(decided.out)["rank_lower"] == 3);
}

TEST_CASE("hardness-instance: run decides every query as brute force does and sees a wrong instance") {
  const TemporaryFolder folder;
  const std::string file = folder.file("points.json");
  const Outcome built =
      run("construct hardness-instance --N 24 --D 20 --t 2 --gap 2 --seed 3 --format json -o " + file);
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  CHECK(json::parse(built.out)["outputs"]["keys"]["exact"] == "48");
  const Outcome decided = run("run " + file + " --format json");
  CHECK(decided.exit_code == 0);
  const json answer = json::parse(decided.out);
  CHECK(answer["differing"] == 0);
  CHECK(answer["queries"].size() == 24);
  std::size_t near = 0;
  for (const json& query : answer["queries"]) near += query["by_attention"] == "near" ? 1 : 0;
  CHECK(near > 0);
  CHECK(near < 24);
  json wrong = json::parse(read_file(file));
  wrong["root_beta"] = "1/64";  // scores too small to tell near from far
  write_file(file, wrong.dump());
  CHECK(run("run " + file).exit_code == 1);
  wrong["a"][0][0] = 2;
  write_file(file, wrong.dump());
  const Outcome malformed = run("run " + file);
  CHECK(malformed.exit_code == 2);
  CHECK(malformed.err.find(".a: has an entry 2") != std::string::npos);
}

TEST_CASE("data sets: bad input is one line and leaves nothing behind") {
  const TemporaryFolder folder, results;
  write_file(folder.file("zero.json"),
             R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[1]],"W_K":[[1]],"W_V":[[0]]}]}]})");
  const auto refused = [&](const std::string& arguments, const std::string& expected) {
    CAPTURE(arguments);
    const Outcome outcome = run("construct " + arguments + " -o " + results.file("made.json"));
    CHECK(outcome.exit_code == 2);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    CHECK_MESSAGE(outcome.err.find(expected) != std::string::npos, outcome.err);
  };
  refused("impossible-pair", "model: not given");
  refused("impossible-pair --model " + folder.file("zero.json"), "it must have full rank");
  refused("prompt-versus-lora --N 0", "--N");
  refused("prompt-versus-lora --form both", "accepted: original, updated");
  refused("hardness-instance --N 50 --D 4 --t 2 --gap 2", "no point at distance");
  CHECK(results.is_empty());
}

TEST_CASE("prompt-versus-lora: what takes seconds says what it is at") {
  const std::string construct = "construct prompt-versus-lora -o /dev/null --N ";
  const Outcome slow = run(construct + "250");
  CHECK(slow.exit_code == 0);
  CHECK_MESSAGE(slow.err.find("matrices of 1000000 entries") != std::string::npos, slow.err);
  CHECK(run(construct + "250 --quiet").err.empty());
  CHECK(run(construct + "3").err.empty());
}
