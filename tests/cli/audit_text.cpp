// Local constants of a trained model as a user asks for them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"
#include "trained_model.hpp"

namespace {

const std::string local = "audit " + trained_model + " --text ";
const std::string text = models + "/../../../docs/theory/examples/text.json";

nlohmann::json theorem_row(const nlohmann::json& audit, const std::string& what) {
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

const std::string constant = "Lipschitz constant near this prompt, on these texts";
const std::string derivative = "derivative at this prompt, on these texts";
const std::string capacity = "capacity of prompts near this one, on these texts";

}  // namespace

TEST_CASE("near the trained prompt: the constant, what no constant is below, and 2.5 on the ball") {
  const auto near = audit_at("1/1000000"), far = audit_at("1/1000"), vacuous = audit_at("1000");
  const double below = lower(theorem_row(near, derivative)["value"]);
  CHECK(below > 200);
  CHECK(below <= upper(theorem_row(near, constant)["value"]));
  CHECK(upper(theorem_row(near, constant)["value"]) <= 10 * below);
  CHECK(upper(theorem_row(near, constant)["value"]) <= upper(theorem_row(far, constant)["value"]));
  CHECK(upper(theorem_row(far, constant)["value"]) < upper(theorem_row(far, "Lipschitz constant")["value"]));
  CHECK(lower(theorem_row(far, derivative)["value"]) == below);

  CHECK(upper(theorem_row(near, capacity)["value"]) < 16384);
  CHECK(theorem_row(near, capacity)["why"].get<std::string>().starts_with("holds"));
  CHECK(theorem_row(far, capacity)["why"].get<std::string>().starts_with("vacuous"));
  const double largest =
      upper(theorem_row(near, "largest ball on which 2.5 says less than the stored bits")["value"]);
  CHECK(largest >= 1e-6);
  CHECK(largest < 1e-3);

  // Where nothing is certified there is no number.
  CHECK(theorem_row(vacuous, constant)["verdict"] == "unknown");
  CHECK(theorem_row(vacuous, constant)["value"]["text"] == "-");
  CHECK(theorem_row(vacuous, capacity)["applies"] == false);
}

TEST_CASE("texts that cannot be audited are refused") {
  const TemporaryFolder folder;
  folder.write("other.json", R"({"schema": 1, "sequences": [{"tokens": [1, 96]}]})");
  check_one_line_refusal(local + folder.file("other.json"), "token 96 (accepted: 0 to 95)");
  check_one_line_refusal(local + text + " --radius -1", "--radius");
  check_one_line_refusal(local + text + " --context 20", "together at most 20");
  check_one_line_refusal("audit --model " + models + "/tiny-gpt2 --text " + text, "with --prompt");
}
