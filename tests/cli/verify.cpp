#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <vector>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

TEST_CASE("verify: a lookup transformer is proved - with a corrupted value refuted with a certificate") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), bad = folder.file("bad.json");
  REQUIRE(run("construct lookup-transformer --d 1 --L 2 --eps 1/5 --alpha inf --target reversal -o " + model)
              .exit_code == 0);
  const Outcome proved = run("verify " + model + " --target reversal --eps 1/5 --format json");
  CHECK(proved.exit_code == 0);
  const json answer = json::parse(proved.out);
  CHECK(answer["verdict"] == "proved");
  CHECK(answer["witness"].size() == 2);

  json document = json::parse(read_file(model));
  document["prompt"][0].back() = "1";
  write_file(bad, document.dump());
  const std::string certificate = folder.file("certificate.json");
  const Outcome refuted = run("verify " + bad + " --target reversal --eps 1/5 --certificate " + certificate);
  CHECK(refuted.exit_code == 1);
  CHECK(refuted.out.find("refuted") != std::string::npos);
  CHECK(json::parse(read_file(certificate))["kind"] == "supremum");

  const Outcome unknown = run("verify " + model + " --target reversal --eps 1/5 --boxes 2");
  CHECK(unknown.exit_code == 3);
  // Another target: the model is not within eps of it.
  CHECK(run("verify " + model + " --target identity --eps 1/5").exit_code == 1);
}

TEST_CASE("structure: constants - verdict - preimage and certificate") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), outputs = folder.file("outputs.json"),
                    certificate = folder.file("certificate.json");
  write_file(model,
             R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[["0"]],"W_K":[["0"]],"W_V":[["1/2"]]}]}]})");
  // One token: the output is 3/2 of the input.
  write_file(outputs, R"([["0.3"]])");
  const Outcome proved = run("structure " + model + " --R 1 --distance 1/10 --invert " + outputs +
                             " --certificate " + certificate + " --format json");
  CHECK(proved.exit_code == 0);
  const json answer = json::parse(proved.out);
  CHECK(answer["verdict"] == "proved");
  CHECK(answer["preimage"]["exists"] == true);
  const json entry = answer["preimage"]["tokens"][0][0];
  CHECK(lower(entry) == doctest::Approx(0.2));
  CHECK(json::parse(read_file(certificate))["kind"] == "injectivity");

  write_file(model,
             R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[["0"]],"W_K":[["0"]],"W_V":[["1"]]}]}]})");
  const Outcome unknown = run("structure " + model);
  CHECK(unknown.exit_code == 3);
  CHECK(unknown.out.find("not below 1") != std::string::npos);
}

TEST_CASE("verify: certificates of proved claims and searches that go on from their checkpoint") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), certificate = folder.file("certificate.json"),
                    checkpoint = folder.file("checkpoint.json");
  REQUIRE(run("construct lookup-transformer --L 2 --eps 1/10 --alpha inf --target reversal -o " + model)
              .exit_code == 0);
  const std::string verify = "verify " + model + " --target reversal --eps 1/10 --checkpoint " + checkpoint;
  CHECK(run(verify + " --boxes 200").exit_code == 3);
  CHECK(json::parse(read_file(checkpoint))["kind"] == "supremum-checkpoint");
  const Outcome other = run("verify " + model + " --target reversal --eps 1/9 --checkpoint " + checkpoint);
  CHECK(other.exit_code == 2);
  CHECK(other.err.find("of another model, target, alpha, eps or ratio") != std::string::npos);
  const Outcome resumed = run(verify + " --certificate " + certificate);
  CHECK(resumed.exit_code == 0);
  CHECK(resumed.err.find("going on after") != std::string::npos);
  CHECK(run("list > /dev/null; test -e " + checkpoint).exit_code == 1);
  CHECK(run("check " + certificate).exit_code == 0);
  json forged = json::parse(read_file(certificate));
  forged["eps"] = "1/11";
  write_file(certificate, forged.dump());
  CHECK(run("check " + certificate).exit_code == 1);
}

TEST_CASE("verify and structure: unusable input is one line and exit code 2") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json");
  write_file(model, R"({"schema":1,"d":1,"layers":[]})");
  for (const std::string& arguments : std::vector<std::string>{
           "verify " + model + " --eps x --L 1", "verify " + model + " --eps 1",
           "verify missing.json --eps 1", "verify " + model + " --eps 1 --L 1 --alpha 1/2",
           "verify " + model + " --eps 1 --L 1 --ratio -1", "structure " + model + " --R -1",
           "structure missing.json", "structure " + model + " --distance -1"}) {
    CAPTURE(arguments);
    const Outcome outcome = run(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.find('\n') == outcome.err.size() - 1);
  }
}
