// Prompts that construct makes for a given model, read again by run and memorize.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

namespace {

const std::string model_text =
    R"({"schema":1,"d":2,"layers":[{"heads":[{"W_Q":[[1,"1/2"],[0,1]],"W_K":[[1,0],[0,1]],)"
    R"("W_V":[[1,0],[1,"1/3"]]}]}],"causal":false)";

/// Prints the outputs of the model file at the tokens.
json outputs(const TemporaryFolder& folder, const std::string& model, const std::string& tokens) {
  write_file(folder.file("x.json"), tokens);
  const Outcome outcome =
      run("run " + folder.file(model) + " --input " + folder.file("x.json") + " --format json --digits 30");
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return json::parse(outcome.out)["output"];
}

}  // namespace

TEST_CASE("least-length-prompt: the file holds a prompt that run finds to reach the targets") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), model_text + "}");
  // Targets made from a known prompt of two tokens, by run itself.
  write_file(folder.file("known.json"), model_text + R"(,"prompt":[["1/2",1],[-1,"1/4"]]})");
  const std::string first = R"([["1/5","2/5"],["1/2","1/2"]])", second = R"([[1,0],["1/2","1/2"]])";
  json examples = json::array();
  for (const std::string& tokens : {first, second}) {
    const json output = outputs(folder, "known.json", tokens)[1];
    examples.push_back({{"tokens", json::parse(tokens)},
                        {"query", 1},
                        {"target", {output[0]["lower"], output[1]["lower"]}}});
  }
  write_file(folder.file("data.json"), json({{"schema", 1}, {"examples", examples}}).dump());
  const Outcome built =
      run("construct least-length-prompt --model " + folder.file("model.json") + " --data " +
          folder.file("data.json") + " --accuracy 1e-20 --format json -o " + folder.file("made.json"));
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  const json claim = json::parse(built.out);
  CHECK(std::stol(claim["outputs"]["tokens"]["exact"].get<std::string>()) <= 2);
  CHECK(claim["outputs"]["tokens"]["exact"] == claim["outputs"]["least_tokens"]["exact"]);
  for (std::size_t i = 0; i < 2; ++i) {
    const json output = outputs(folder, "made.json", i == 0 ? first : second)[1];
    for (std::size_t c = 0; c < 2; ++c) {
      const double target = number(examples[i]["target"][c]);
      CHECK(lower(output[c]) == doctest::Approx(target).epsilon(1e-12));
    }
  }
  const Outcome impossible = run("construct least-length-prompt --model " + folder.file("model.json") +
                                 " --data " + folder.file("data.json") + " -o " + folder.file("none.json"));
  CHECK(impossible.exit_code == 2);
  CHECK(impossible.err.find("no prompt was built") != std::string::npos);
}

TEST_CASE("compressed-prompt: fewer tokens - the same output at the query for every input") {
  const TemporaryFolder folder;
  // Tokens with widely spread scores: few of them matter, and rho is small.
  json prompt = json::array();
  for (int j = 0; j < 12; ++j) prompt.push_back({j % 5 - 2, j % 3});
  write_file(folder.file("long.json"), model_text + R"(,"prompt":)" + prompt.dump() + "}");
  const Outcome built = run("construct compressed-prompt --model " + folder.file("long.json") +
                            " --query 1/2,3/2 --format json -o " + folder.file("short.json"));
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  const json claim = json::parse(built.out)["outputs"];
  const json made = json::parse(read_file(folder.file("short.json")));
  CHECK(std::to_string(made["prompt"].size()) == claim["tokens"]["exact"]);
  CHECK(made["prompt"].size() < 12);
  CHECK(upper(claim["sum_change"]) < 1e-30);
  CHECK(upper(claim["mean_change"]) < 1e-30);
  for (const std::string tokens : {R"([["1/2","3/2"]])", R"([[3,-1],[0,1],["1/2","3/2"]])"}) {
    const json before = outputs(folder, "long.json", tokens).back();
    const json after = outputs(folder, "short.json", tokens).back();
    for (std::size_t c = 0; c < 2; ++c) {
      CHECK(lower(before[c]) == doctest::Approx(lower(after[c])).epsilon(1e-14));
    }
  }
}

TEST_CASE("separated-prompts: run measures at least the separation that is claimed") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), model_text + "}");
  write_file(folder.file("tokens.json"), R"([[1,0],["1/2","1/2"]])");
  const Outcome built =
      run("construct separated-prompts --model " + folder.file("model.json") + " --tokens " +
          folder.file("tokens.json") + " --m 3 --q 4 --format json -o " + folder.file("family.json"));
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  const json claim = json::parse(built.out)["outputs"];
  CHECK(claim["prompts"]["exact"] == "4");
  const Outcome measured = run("run " + folder.file("family.json") + " --format json");
  REQUIRE_MESSAGE(measured.exit_code == 0, measured.err);
  const json answer = json::parse(measured.out)["outputs"];
  CHECK(answer["prompts"]["exact"] == "4");
  CHECK(lower(answer["least_distance"]) >= lower(claim["separation"]));
}

TEST_CASE("prompts: bad input is one line and leaves nothing behind") {
  const TemporaryFolder folder, results;
  write_file(folder.file("model.json"), model_text + "}");
  write_file(folder.file("wide.json"), "[[1,2,3]]");
  const auto refused = [&](const std::string& arguments, const std::string& expected) {
    CAPTURE(arguments);
    const Outcome outcome = run("construct " + arguments + " -o " + results.file("made.json"));
    CHECK(outcome.exit_code == 2);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    CHECK_MESSAGE(outcome.err.find(expected) != std::string::npos, outcome.err);
  };
  const std::string model = " --model " + folder.file("model.json");
  refused("compressed-prompt --query 1,1", "model: not given");
  refused("compressed-prompt --query 1,1" + model, "a prompt of at least one token");
  refused("compressed-prompt --query 1" + model, "query: 1 entries");
  refused("compressed-prompt --query 1,x" + model, "query");
  refused("separated-prompts" + model, "tokens: not given");
  refused("separated-prompts --tokens " + folder.file("wide.json") + model, "tokens of 3 entries");
  refused("least-length-prompt" + model, "data: not given");
  refused("separated-prompts --k 3" + model, "--k: separated-prompts does not use it");
  CHECK(results.is_empty());
}
