// memorize and check on a layer of several heads, as a user runs them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "numbers.hpp"
#include "run.hpp"

TEST_CASE("a layer of two heads: floor - verdict - certificate") {
  const TemporaryFolder folder;
  // The scores of the heads at the query 1 are z and -z; examples of two tokens.
  const std::string file = folder.file("layer.json"), proof = folder.file("proof.json");
  write_file(file, R"({"schema":1,"d":1,"causal":false,"layers":[{"heads":[
    {"W_Q":[["1"]],"W_K":[["1"]],"W_V":[["1"]]},{"W_Q":[["-1"]],"W_K":[["1"]],"W_V":[["1"]]}]}],
    "examples":[{"tokens":[["1"],["0"]],"query":0,"target":["3"]},{"tokens":[["1"],["2"]],"query":0,"target":["-3"]},
    {"tokens":[["1"],["-1"]],"query":0,"target":["3"]},{"tokens":[["1"],["4"]],"query":0,"target":["3"]}]})");
  const std::string files = " --model " + file + " --data " + file + " --descent-tokens 8";
  const Outcome refused = run("memorize --format json --accuracy 1/10" + files + " --certificate " + proof);
  CHECK(refused.exit_code == 1);
  const auto answer = nlohmann::json::parse(refused.out);
  CHECK(answer["verdict"] == "impossible");
  CHECK(answer["why"] == "the floor of several heads is above the accuracy");
  REQUIRE(answer["floor"].is_object());
  CHECK(answer["least_prompt_length"].is_null());
  CHECK(refused.out.find("2.3H") != std::string::npos);
  // The best prompt of the descent is above the floor.
  const double floor = lower(answer["floor"]);
  CHECK(floor > 0.1);
  CHECK(lower(answer["found_by_descent"]["error"]) >= floor);
  const Outcome accepted = run("check " + proof + " --model " + file + " --data " + file);
  CHECK(accepted.exit_code == 0);
  CHECK(accepted.out.find("no prompt of any length has an error of at most 1/10") != std::string::npos);
  CHECK(accepted.out.find("2.3H") != std::string::npos);
  CHECK(run_in_shell(std::string(PROMPTBOUND_CHECKER) + " " + proof).exit_code == 0);

  const Outcome possible = run("memorize --format json --accuracy 4" + files + " --certificate " + proof);
  CHECK(possible.exit_code == 0);
  CHECK(nlohmann::json::parse(possible.out)["verdict"] == "possible");
  CHECK(run_in_shell(std::string(PROMPTBOUND_CHECKER) + " " + proof).exit_code == 0);
  const Outcome text = run("memorize --accuracy 4" + files);
  CHECK(text.out.find("proof on paper (theory 2.3H)") != std::string::npos);
  CHECK(run("memorize --coq " + folder.file("claim.v") + files).exit_code == 2);
}
