// The checker, as a subcommand and as a program of its own: limits, inputs, reports that nobody can read.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "run.hpp"
#include "uniform_layer.hpp"

using nlohmann::json;

namespace {

struct ProofOfFit {
  TemporaryFolder folder;

  ProofOfFit() {
    write_file(folder.file("model.json"), uniform_model);
    write_file(folder.file("data.json"), fitting_data);
    REQUIRE(run("memorize --model " + folder.file("model.json") + " --data " + folder.file("data.json") +
                " --certificate " + folder.file("proof.json"))
                .exit_code == 0);
  }
  [[nodiscard]] std::string proof() const { return folder.file("proof.json"); }
};

/// The small program; run() puts ours first in the line.
Outcome check_alone(const std::string& arguments) {
  return run("--version > /dev/null; " PROMPTBOUND_CHECKER " " + arguments);
}

/// Both programs, which must agree.
Outcome checked(const std::string& arguments) {
  CAPTURE(arguments);
  const Outcome alone = check_alone(arguments);
  Outcome within = run("check " + arguments);
  CHECK(alone.exit_code == within.exit_code);
  CHECK(alone.out == within.out);
  return within;
}

}  // namespace

TEST_CASE("a certificate names its input files by their hashes and files given are compared") {
  const ProofOfFit files;
  const json certificate = json::parse(read_file(files.proof()));
  const std::string sum = run("--version > /dev/null; sha256sum " + files.folder.file("model.json") + " " +
                              files.folder.file("data.json"))
                              .out;
  CHECK(sum.starts_with(certificate["inputs"]["model"].get<std::string>() + " "));
  CHECK(sum.find("\n" + certificate["inputs"]["data"].get<std::string>() + " ") != std::string::npos);

  const Outcome bare = checked(files.proof());
  CHECK(bare.exit_code == 0);
  CHECK(bare.out.find("inputs: model SHA-256 " + certificate["inputs"]["model"].get<std::string>() +
                      ", not compared") != std::string::npos);
  CHECK(bare.out.find("that its data is the one in question") != std::string::npos);

  const std::string both = files.proof() + " --model " + files.folder.file("model.json") + " --data " +
                           files.folder.file("data.json");
  const Outcome compared = checked(both);
  CHECK(compared.exit_code == 0);
  CHECK(compared.out.find("which holds the same model; data SHA-256") != std::string::npos);
  CHECK(compared.out.find("in question") == std::string::npos);

  // Another file, and the same numbers in other bytes.
  write_file(files.folder.file("data.json"), fitting_data + "\n");
  const Outcome other = checked(both);
  CHECK(other.exit_code == 1);
  CHECK(other.out.find("its SHA-256 differs") != std::string::npos);
  CHECK(checked(files.proof() + " --table " + files.folder.file("model.json")).exit_code == 1);
  CHECK(checked(files.proof() + " --model " + files.folder.file("none.json")).exit_code == 2);
}

TEST_CASE("structure and verify name their files too") {
  const TemporaryFolder folder;
  const std::string small =
      R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[["1/8"]],"W_K":[["1/8"]],"W_V":[["1/8"]]}]}]})";
  write_file(folder.file("model.json"), small);
  write_file(folder.file("table.json"), R"({"schema":1,"cells":1,"values":[0,"1/2"],"C":1})");
  const std::string model_file = folder.file("model.json"), proof = folder.file("proof.json");
  CHECK(run("structure " + model_file + " --R 1/2 --certificate " + proof).exit_code == 0);
  CHECK(checked(proof + " --model " + model_file).exit_code == 0);
  CHECK(run("verify " + model_file + " --L 1 --target table --table " + folder.file("table.json") +
            " --eps 9/10 --certificate " + proof)
            .exit_code == 0);
  const std::string both = proof + " --model " + model_file + " --table " + folder.file("table.json");
  const Outcome compared = checked(both);
  CHECK(compared.exit_code == 0);
  CHECK(compared.out.find("which holds the same table") != std::string::npos);
  write_file(folder.file("table.json"), R"({"schema":1,"cells":1,"values":[0,"1/3"],"C":1})");
  CHECK(checked(both).exit_code == 1);
  CHECK(run("construct lookup-transformer --d 1 --L 1 --eps 1/4 --alpha inf --target identity -o " +
            folder.file("lookup.safetensors"))
            .exit_code == 0);
  CHECK(run("verify " + folder.file("lookup.safetensors") + " --target identity --eps 1/4 --certificate " +
            proof)
            .exit_code == 0);
  const Outcome tensors = checked(proof + " --model " + folder.file("lookup.safetensors"));
  CHECK(tensors.exit_code == 0);
  CHECK(tensors.out.find("compared by their hash alone") != std::string::npos);
}

TEST_CASE("a certificate with a member twice is refused with its place") {
  const ProofOfFit files;
  std::string text = read_file(files.proof());
  const std::size_t place = text.find("\"accuracy\"");
  text.insert(place, "\"accuracy\": \"7\", ");
  write_file(files.proof(), text);
  const Outcome outcome = checked(files.proof());
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err.find("proof.json: the member \"accuracy\" occurs twice") != std::string::npos);
}

TEST_CASE("precision above the limit is unknown not rejected and an option admits it") {
  const ProofOfFit files;
  // An honest certificate whose targets need many digits: accuracy 1e-4000.
  const std::string proof = files.folder.file("precise.json");
  const std::string memorize = "memorize --model " + files.folder.file("model.json") + " --data " +
                               files.folder.file("data.json") + " --descent-tokens 0 --accuracy 1e-4000";
  REQUIRE(run(memorize + " --certificate " + proof).exit_code == 0);
  const long bits = json::parse(read_file(proof))["bits"].get<long>();
  REQUIRE(bits > 16384);
  const Outcome refused = checked(proof);
  CHECK(refused.exit_code == 3);
  CHECK(refused.out.starts_with("unknown: bits: the certificate asks for a precision of " +
                                std::to_string(bits) +
                                " bits, above the limit of 16384 (--bits N admits more)\n"));
  CHECK(refused.out.find("recomputed") == std::string::npos);
  const json report = json::parse(run("check --format json " + proof).out);
  CHECK(report["verdict"] == "unknown");
  CHECK(report["accepted"] == false);
  CHECK(checked(proof + " --bits 1000000").exit_code == 0);
  CHECK(checked(proof + " --bits 63").exit_code == 2);
}

TEST_CASE("a check answers within the seconds that it is given") {
  // An honest statement about a huge model: its norms alone take far longer than a second.
  const TemporaryFolder folder;
  json matrix = json::array();
  for (int row = 0; row < 400; ++row) {
    json entries = json::array();
    for (int column = 0; column < 400; ++column)
      entries.push_back("1/" + std::to_string(1000003 + row * 400 + column));
    matrix.push_back(entries);
  }
  json certificate =
      json::parse(R"({"schema":1,"kind":"injectivity","theorem":"3.2","R":"1","separation":"1/2",
      "lipschitz":"2","norms":[{"heads":[{"A":"1","V":"1/8"}]}],
      "model":{"schema":1,"d":400,"causal":true,"layers":[{"heads":[{}]}]}})");
  for (const char* name : {"W_Q", "W_K", "W_V"}) certificate["model"]["layers"][0]["heads"][0][name] = matrix;
  write_file(folder.file("text"), certificate.dump());
  const std::string sum = run("--version > /dev/null; sha256sum " + folder.file("text")).out.substr(0, 64);
  certificate["sha256"] = sum;
  write_file(folder.file("proof.json"), certificate.dump());
  const Outcome outcome = checked(folder.file("proof.json") + " --seconds 1");
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.out == "unknown: seconds: no answer within the limit of 1 s\n");
  const Outcome written =
      run("check " + folder.file("proof.json") + " --seconds 1 --format json -o " + folder.file("report"));
  CHECK(written.exit_code == 3);
  CHECK(json::parse(read_file(folder.file("report")))["verdict"] == "unknown");
  CHECK(checked(folder.file("proof.json") + " --seconds 0").exit_code == 2);
  const ProofOfFit quick;
  CHECK(checked(quick.proof() + " --seconds 1000").exit_code == 0);
}

TEST_CASE("a proof over the cube is checked on the threads that are asked for") {
  const TemporaryFolder folder;
  const std::string model = folder.file("model.json"), proof = folder.file("proof.json");
  REQUIRE(run("construct lookup-transformer --d 1 --L 2 --eps 1/5 --alpha inf --target reversal -o " + model)
              .exit_code == 0);
  REQUIRE(run("verify " + model + " --target reversal --eps 1/5 --certificate " + proof).exit_code == 0);
  const Outcome one = checked(proof);
  CHECK(one.exit_code == 0);
  CHECK(checked(proof + " --threads 2").out == one.out);
  CHECK(checked(proof + " --threads 0").exit_code == 2);
}

TEST_CASE("a report that cannot be written is no acceptance") {
  const ProofOfFit files;
  const Outcome full = check_alone(files.proof() + " > /dev/full");
  CHECK(full.exit_code == 4);
  CHECK(full.err == "promptbound-check: cannot write standard output: No space left on device\n");
  CHECK(check_alone("--help > /dev/full").exit_code == 4);
  CHECK(check_alone(files.proof() + " >&-").exit_code == 4);
}

TEST_CASE("the small program says what it takes") {
  const ProofOfFit files;
  for (const std::string& arguments :
       {std::string(), files.proof() + " " + files.proof(), files.proof() + " --seconds",
        files.proof() + " --seconds x", files.proof() + " --fast", files.folder.file("none.json")}) {
    CAPTURE(arguments);
    const Outcome outcome = check_alone(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  }
  CHECK(check_alone("--help").out.starts_with("promptbound-check [--seconds N]"));
}
