// Local constants of a trained model as a user asks for them.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "run.hpp"

namespace {

const std::string data = PROMPTBOUND_MODELS_DIR;
const std::string local =
    "audit --model " + data + "/tiny-gpt2 --prompt " + data + "/tiny-gpt2-prompt --text ";
const std::string text = data + "/../../../docs/theory/examples/text.json";

nlohmann::json row_of(const nlohmann::json& audit, const std::string& what) {
  for (const auto& row : audit.at("theorems")) {
    if (row.at("what") == what) return row;
  }
  FAIL("no row " << what);
  return {};
}

nlohmann::json audit_at(const std::string& radius) {
  const Outcome outcome = run(local + text + " --format json --radius " + radius);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return nlohmann::json::parse(outcome.out);
}

double upper(const nlohmann::json& row) { return std::stod(row["value"]["upper"].get<std::string>()); }
double lower(const nlohmann::json& row) { return std::stod(row["value"]["lower"].get<std::string>()); }

const std::string constant = "Lipschitz constant near this prompt, on these texts";
const std::string derivative = "derivative at this prompt, on these texts";
const std::string capacity = "capacity of prompts near this one, on these texts";

}  // namespace

TEST_CASE("near the trained prompt: the constant, what no constant is below, and 2.5 on the ball") {
  const auto near = audit_at("1/1000000"), far = audit_at("1/1000"), vacuous = audit_at("1000");
  const double below = lower(row_of(near, derivative));
  CHECK(below > 200);
  CHECK(below <= upper(row_of(near, constant)));
  CHECK(upper(row_of(near, constant)) <= 10 * below);
  CHECK(upper(row_of(near, constant)) <= upper(row_of(far, constant)));
  CHECK(upper(row_of(far, constant)) < upper(row_of(far, "Lipschitz constant")));
  CHECK(lower(row_of(far, derivative)) == below);

  CHECK(upper(row_of(near, capacity)) < 16384);
  CHECK(row_of(near, capacity)["why"].get<std::string>().starts_with("holds"));
  CHECK(row_of(far, capacity)["why"].get<std::string>().starts_with("vacuous"));
  const double largest = upper(row_of(near, "largest ball on which 2.5 says less than the stored bits"));
  CHECK(largest >= 1e-6);
  CHECK(largest < 1e-3);

  // Where nothing is certified there is no number.
  CHECK(row_of(vacuous, constant)["verdict"] == "unknown");
  CHECK(row_of(vacuous, constant)["value"]["text"] == "-");
  CHECK(row_of(vacuous, capacity)["applies"] == false);
}

TEST_CASE("texts that cannot be audited are refused") {
  const auto refused = [](const std::string& arguments, const std::string& expected) {
    CAPTURE(arguments);
    const Outcome outcome = run(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
    CHECK_MESSAGE(outcome.err.find(expected) != std::string::npos, outcome.err);
  };
  const TemporaryFolder folder;
  folder.write("other.json", R"({"schema": 1, "sequences": [{"tokens": [1, 96]}]})");
  refused(local + folder.file("other.json"), "token 96 (accepted: 0 to 95)");
  refused(local + text + " --radius -1", "--radius");
  refused(local + text + " --context 20", "together at most 20");
  refused("audit --model " + data + "/tiny-gpt2 --text " + text, "with --prompt");
}
