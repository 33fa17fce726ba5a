// construct writes a model file, run evaluates it: the two together on real constructions.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

namespace {

/// Runs the model in the folder on the input text and returns the JSON printed.
json output_of(const TemporaryFolder& folder, const std::string& input, const std::string& options) {
  write_file(folder.file("x.json"), input);
  const Outcome outcome = run("run " + folder.file("model.json") + " --input " + folder.file("x.json") +
                              " --format json " + options);
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
  return outcome.exit_code == 0 ? json::parse(outcome.out) : json();
}

}  // namespace

TEST_CASE("the universal transformer gives the quantized value exactly in rationals and in intervals") {
  const TemporaryFolder folder;
  const Outcome built =
      run("construct universal-transformer --d 1 --L 2 --k 2 --target reversal --form deep -o " +
          folder.file("model.json") + " --format json");
  REQUIRE(built.exit_code == 0);
  CHECK(json::parse(built.out)["outputs"]["tokens"]["exact"] == "8");
  // 0.1 lies in the first of two cells, 0.9 in the second: centres 1/4 and 3/4, reversed.
  const json exact = output_of(folder, R"([["0.1"], [0.9]])", "--scalar rational");
  CHECK(exact["output"][0][0]["exact"] == "3/4");
  CHECK(exact["output"][1][0]["exact"] == "1/4");
  CHECK(exact["certified"] == true);
  const json enclosed = output_of(folder, R"({"tokens": [["1/10"], ["9/10"]]})", "");
  CHECK(lower(enclosed["output"][0][0]) <= 0.75);
  CHECK(upper(enclosed["output"][0][0]) >= 0.75);
  const json plain = output_of(folder, R"([["0.1"], [0.9]])", "--scalar binary64");
  CHECK(plain["certified"] == false);
  CHECK(plain["output"][0][0].is_string());
}

TEST_CASE("the lookup transformer is within eps in every interval scalar") {
  const TemporaryFolder folder;
  const Outcome built =
      run("construct lookup-transformer --d 2 --L 1 --eps 1/5 --alpha inf --target identity -o " +
          folder.file("model.json"));
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  CHECK(built.out.find("lookup-transformer (theory 5.2)") != std::string::npos);
  for (const std::string scalar : {"interval", "fast-interval"}) {
    const json output = output_of(folder, R"([["1/3", "0.77"]])", "--scalar " + scalar);
    CHECK(lower(output["output"][0][0]) > 1.0 / 3 - 0.2);
    CHECK(upper(output["output"][0][0]) < 1.0 / 3 + 0.2);
    CHECK(lower(output["output"][0][1]) > 0.57);
    CHECK(upper(output["output"][0][1]) < 0.97);
  }
  write_file(folder.file("x.json"), R"([["1/3", "0.77"]])");
  const Outcome irrational =
      run("run " + folder.file("model.json") + " --input " + folder.file("x.json") + " --scalar rational");
  CHECK(irrational.exit_code == 2);
  CHECK(irrational.err.find("is not rational") != std::string::npos);
}

TEST_CASE("the memorization prompt reproduces every example within eps") {
  const TemporaryFolder folder;
  write_file(folder.file("data.json"),
             R"({"schema":1,"examples":[{"input":[["1/10"],["1/2"]],"target":[[1],[0]]},)"
             R"({"input":[["1/10"],["3/5"]],"target":[["1/3"],["1/4"]]},)"
             R"({"input":[["9/10"],[0]],"target":[[0],["2/3"]]}]})");
  const Outcome built = run("construct memorization-prompt --data " + folder.file("data.json") +
                            " --eps 1/1000 --alpha inf --format json -o " + folder.file("model.json"));
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  CHECK(json::parse(built.out)["outputs"]["tokens"]["exact"] == "3");
  CHECK(upper(json::parse(built.out)["outputs"]["error"]) < 0.001);
  const json output = output_of(folder, R"([["1/10"],["3/5"]])", "");
  CHECK(std::abs(upper(output["output"][0][0]) - 1.0 / 3) < 0.001);
  CHECK(std::abs(upper(output["output"][1][0]) - 0.25) < 0.001);
}

TEST_CASE("selective shift with the function in the weights or in the prompt is right at grid centres") {
  const TemporaryFolder folder;
  for (const std::string form : {"direct --L 2", "prompted"}) {
    CAPTURE(form);
    const Outcome built = run("construct selective-shift --k 2 --target reversal --format json --form " +
                              form + " -o " + folder.file("model.json"));
    REQUIRE_MESSAGE(built.exit_code == 0, built.err);
    const bool direct = form != "prompted";
    const json output = output_of(folder, direct ? R"([["1/4"],["3/4"]])" : R"([["3/4"]])", "");
    CHECK(lower(output["output"][0][0]) <= 0.75);
    CHECK(upper(output["output"][0][0]) >= 0.75);
    CHECK(upper(output["output"][0][0]) - lower(output["output"][0][0]) < 1e-30);
    if (direct) CHECK(std::abs(lower(output["output"][1][0]) - 0.25) < 1e-30);
  }
}

TEST_CASE("the sparse form gives what the dense one gives and serves 20000 prompt tokens") {
  const TemporaryFolder folder;
  const std::string construct =
      "construct universal-transformer --target mean -o " + folder.file("model.json");
  REQUIRE(run(construct + " --L 2 --k 2").exit_code == 0);
  const std::string input = R"([["0.4998"],[0.9]])";  // on a ramp
  const json dense = output_of(folder, input, "--scalar rational");
  REQUIRE(run(construct + " --L 2 --k 2 --form sparse").exit_code == 0);
  CHECK(output_of(folder, input, "--scalar rational") == dense);
  const Outcome large = run(construct + " --d 2 --L 2 --k 10 --form sparse --format json");
  REQUIRE(large.exit_code == 0);
  CHECK(json::parse(large.out)["outputs"]["tokens"]["exact"] == "20000");
  const json output = output_of(folder, R"([[0.05,0.15],[0.45,0.95]])", "--scalar rational");
  CHECK(output["output"][0][0]["exact"] == "1/4");    // the mean of the centres 1/20 and 9/20
  CHECK(output["output"][0][1]["exact"] == "11/20");  // of 3/20 and 19/20
}

TEST_CASE("safetensors and JSON hold the same model: run - verify and construct read either") {
  const TemporaryFolder folder;
  const std::string construct = "construct softmax-universal --k 2 --target identity -o ";
  REQUIRE(run(construct + folder.file("model.json")).exit_code == 0);
  REQUIRE(run(construct + folder.file("model.safetensors")).exit_code == 0);
  write_file(folder.file("x.json"), R"([["1/3"]])");
  const auto printed = [&](const std::string& command, const std::string& options) {
    const Outcome json = run(command + folder.file("model.json") + options);
    const Outcome tensors = run(command + folder.file("model.safetensors") + options);
    CHECK_MESSAGE(json.exit_code == tensors.exit_code, tensors.err);
    CHECK(json.out == tensors.out);
    CHECK_FALSE(json.out.empty());
  };
  printed("run ", " --input " + folder.file("x.json") + " --digits 60 --format json");
  printed("verify ", " --eps 1/2 --target identity --boxes 20 --format json");
  const Outcome points = run("construct hardness-instance -o " + folder.file("h.safetensors"));
  CHECK(points.exit_code == 2);
  CHECK(points.err.find("writes JSON only") != std::string::npos);
}

TEST_CASE("a table file serves as target and one that is too steep is refused with the pair of nodes") {
  const TemporaryFolder folder;
  write_file(folder.file("table.json"), R"({"schema": 1, "cells": 1, "values": ["0", 0.5]})");
  const std::string construct = "construct lookup-transformer --eps 1/5 --target table --table " +
                                folder.file("table.json") + " -o " + folder.file("model.json");
  CHECK(run(construct).exit_code == 0);
  const Outcome steep = run(construct + ".steep --C 1/4");
  CHECK(steep.exit_code == 2);
  CHECK(steep.err.find("between the nodes (1) and (0)") != std::string::npos);
}

TEST_CASE("bad input is one line - exit code 2 and leaves nothing behind") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& arguments, const std::string& expected) {
    CAPTURE(arguments);
    const Outcome outcome = run(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK_MESSAGE(outcome.err.find(expected) != std::string::npos, outcome.err);
  };
  const std::string to_file = " -o " + folder.file("model.json");
  refused("construct universal --k 2" + to_file, "did you mean universal-transformer?");
  refused("construct lookup-transformer --eps 1/5 --k 2" + to_file,
          "--k: lookup-transformer does not use it");
  refused("construct memorization-prompt --eps 1/5" + to_file, "data: not given");
  refused("construct selective-shift --d 3 --L 7 --k 2" + to_file, "more than 2^20 codes");
  refused("construct selective-shift --L 2 --k 2 --form both" + to_file, "accepted: direct, prompted");
  refused("construct universal-transformer" + to_file, "k: not given");
  refused("construct universal-transformer --k 2", "-o FILE");
  refused("construct universal-transformer --d 2 --L 2 --k 10" + to_file, "the dense weights take about");
  refused("construct universal-transformer --k 2 --eta 1/4" + to_file, "eta: 1/4");
  refused("construct lookup-transformer --L 4 --eps 1/5 --target maximum" + to_file, "accepted: C >= 2");
  refused("construct lookup-transformer --eps 0" + to_file, "eps: 0");
  refused("construct lookup-transformer --eps 1/5 --target sin" + to_file, "target: 'sin'");
  refused("run " + folder.file("absent.json") + " --input x.json", "cannot be read");
  CHECK(folder.is_empty());
}
