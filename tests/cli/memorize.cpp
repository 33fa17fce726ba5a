// memorize and check, as a user runs them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "numbers.hpp"
#include "run.hpp"
#include "uniform_layer.hpp"

namespace {

// The targets ask for each other's values.
const char* const crossed_data =
    R"({"schema":1,"examples":[{"tokens":[[1],[0.5]],"query":0,"target":[0.5]},{"tokens":[[1],[-0.5]],"query":0,"target":[1.5]}]})";

}  // namespace

TEST_CASE("the floor and the best prompt found by gradient descent stand side by side") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), uniform_model);
  write_file(folder.file("data.json"), crossed_data);
  const std::string files = " --model " + folder.file("model.json") + " --data " + folder.file("data.json");
  const auto answer = nlohmann::json::parse(run("memorize --format json" + files).out);
  const auto& found = answer["found_by_descent"];
  CHECK(found["prompt_length"] == 32);
  CHECK(found["prompt"].size() == 32);
  CHECK(lower(answer["floor"]) <= upper(found["error"]));
  CHECK(upper(found["error"]) < 2 * lower(answer["floor"]));
  CHECK(run("memorize" + files).out.find("gradient descent finds") != std::string::npos);
  CHECK(
      nlohmann::json::parse(run("memorize --format json --descent-tokens 0" + files).out)["found_by_descent"]
          .is_null());
}

TEST_CASE("a fitting prompt is printed with its length and its certificate is accepted") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), uniform_model);
  write_file(folder.file("data.json"), fitting_data);
  const std::string files = " --model " + folder.file("model.json") + " --data " + folder.file("data.json");
  const Outcome outcome =
      run("memorize --format json" + files + " --certificate " + folder.file("proof.json"));
  CHECK(outcome.exit_code == 0);
  const auto answer = nlohmann::json::parse(outcome.out);
  CHECK(answer["verdict"] == "possible");
  CHECK(answer["least_prompt_length"] == "2");
  CHECK(answer["prompt"] == nlohmann::json::parse(R"([["3"],["3"]])"));

  const Outcome check = run("check " + folder.file("proof.json"));
  CHECK(check.exit_code == 0);
  CHECK(check.out.starts_with("accepted\n"));
  CHECK(check.out.find("trusted: ") != std::string::npos);
  CHECK(nlohmann::json::parse(run("check --format json " + folder.file("proof.json")).out)["accepted"] ==
        true);

  std::string proof = read_file(folder.file("proof.json"));
  proof.replace(proof.find("\"10/3\""), 6, "\"11/3\"");
  write_file(folder.file("forged.json"), proof);
  const Outcome forged = run("check " + folder.file("forged.json"));
  CHECK(forged.exit_code == 1);
  CHECK(forged.out.starts_with("rejected: "));
}

TEST_CASE("impossible data end with exit code 1 and the floor in text as in JSON") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), uniform_model);
  write_file(folder.file("data.json"), crossed_data);
  const std::string files = " --model " + folder.file("model.json") + " --data " + folder.file("data.json");
  const Outcome text = run("memorize --accuracy 0.4" + files);
  CHECK(text.exit_code == 1);
  CHECK(text.out.find("impossible") != std::string::npos);
  const auto answer = nlohmann::json::parse(run("memorize --accuracy 0.4 --format json" + files).out);
  CHECK(answer["verdict"] == "impossible");
  CHECK(lower(answer["floor"]) > 0.4999);
  CHECK(answer["prompt"].is_null());
}

TEST_CASE("files that cannot be used are named in one line") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), uniform_model);
  write_file(folder.file("data.json"), "{\"schema\":1}");
  const Outcome missing = run("memorize --model " + folder.file("none.json") + " --data x");
  CHECK(missing.exit_code == 2);
  CHECK(missing.err.find("none.json: cannot be read") != std::string::npos);
  const Outcome malformed =
      run("memorize --model " + folder.file("model.json") + " --data " + folder.file("data.json"));
  CHECK(malformed.exit_code == 2);
  CHECK(malformed.err.find("data.json: the member \"examples\" is missing") != std::string::npos);
  CHECK(run("check " + folder.file("data.json")).exit_code == 2);
  CHECK(run("memorize --model a --data b --accuracy -x").exit_code == 2);
}
