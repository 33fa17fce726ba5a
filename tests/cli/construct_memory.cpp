// construct packed-memory-network, and run, which reads the labels back through the network of the file.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

namespace {

const std::string labelled_inputs =
    R"({"schema":1,"examples":[{"input":[[0],["1/3"]],"label":7},{"input":[["1/3"],[0]],"label":0},)"
    R"({"input":[[1],["0.5"]],"label":9}]})";

json labels_of(const std::string& path, int exit_code) {
  const Outcome outcome = run("run " + path + " --format json");
  CHECK_MESSAGE(outcome.exit_code == exit_code, outcome.err);
  return outcome.out.empty() ? json() : json::parse(outcome.out);
}

}  // namespace

TEST_CASE("packed-memory-network: given labels come back and changed files are refused or differ") {
  const TemporaryFolder folder;
  const std::string data_file = folder.file("data.json"), file = folder.file("memory.json");
  write_file(data_file, labelled_inputs);
  const Outcome built = run("construct packed-memory-network --data " + data_file +
                            " --K 10 --b 8 --P 1 --format json -o " + file);
  REQUIRE_MESSAGE(built.exit_code == 0, built.err);
  const json claim = json::parse(built.out);
  CHECK(claim["outputs"]["tokens"]["exact"] == "2");
  CHECK(claim["outputs"]["labels_per_entry"]["exact"] == "2");
  CHECK(claim["theory"] == "5.10");
  const json answer = labels_of(file, 0);
  CHECK(answer["read"] == json({"7", "0", "9"}));
  CHECK(answer["unlike_prompt"] == 0);
  CHECK(answer["unlike_examples"] == 0);
  // The network itself, on one input: 7/9 at every token.
  write_file(folder.file("x.json"), R"([[0],["1/3"]])");
  const Outcome at_point = run("run " + file + " --input " + folder.file("x.json") + " --format json");
  REQUIRE(at_point.exit_code == 0);
  const json outputs = json::parse(at_point.out);
  for (const json& token : outputs["output"]) {
    CHECK(lower(token[0]) == doctest::Approx(7.0 / 9).epsilon(1e-12));
  }

  const json whole = json::parse(read_file(file));
  const std::string altered = folder.file("altered.json");
  json other = whole;
  other["examples"][1]["label"] = "3";
  write_file(altered, other.dump());
  CHECK(labels_of(altered, 1)["unlike_examples"] == 1);
  // Payload: the entry of a token stands five registers before its end.
  const std::size_t payload = whole["d"].get<std::size_t>() - 6;
  other = whole;
  other["prompt"][0][payload] = "1/256";
  write_file(altered, other.dump());
  CHECK(labels_of(altered, 1)["unlike_prompt"] == 0);
  for (const char* entry : {"101/256", "1/512", "-1/256"}) {
    other = whole;
    other["prompt"][0][payload] = entry;
    write_file(altered, other.dump());
    const Outcome refused = run("run " + altered);
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.find("no code") != std::string::npos);
  }
  for (const char* place : {"/layers/0/ffn/W_1/0/0", "/layers/1/heads/0/W_K/0/3", "/layers/3/ffn/W_2/6/1",
                            "/input_offsets/0/1"}) {
    CAPTURE(place);
    other = whole;
    json& entry = other.at(json::json_pointer(place));
    entry = entry == "1/9" ? "2/9" : "1/9";
    write_file(altered, other.dump());
    const Outcome refused = run("run " + altered);
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.find("the weights are not those") != std::string::npos);
  }
}

TEST_CASE("packed-memory-network: drawn inputs and labels and what is refused") {
  const TemporaryFolder folder;
  const std::string file = folder.file("memory.json"), data_file = folder.file("data.json");
  const std::string construct = "construct packed-memory-network -o " + file;
  REQUIRE(run(construct + " --N 30 --K 7 --d 2 --L 2 --P 2 --seed 4").exit_code == 0);
  const std::string first = read_file(file);
  CHECK(labels_of(file, 0)["examples"] == 30);
  REQUIRE(run(construct + " --N 30 --K 7 --d 2 --L 2 --P 2 --seed 4").exit_code == 0);
  CHECK(read_file(file) == first);
  // One input: a staircase without steps.
  REQUIRE(run(construct + " --N 1").exit_code == 0);
  CHECK(labels_of(file, 0)["examples"] == 1);
  REQUIRE(run(construct + " --N 30 --K 7 --d 2 --L 2 --P 2 --seed 4").exit_code == 0);
  const std::string from_data = construct + " --data " + data_file;
  for (const auto& [text, options, sentence] :
       {std::tuple(R"({"examples":[{"input":[[0]],"label":2}]})", "", "examples[0].label: 2"),
        {R"({"examples":[{"input":[[0]],"label":1},{"input":[[1]]}]})", "", "a label in every example"},
        {R"({"examples":[{"input":[[0]]},{"input":[[1]],"label":1}]})", "", "a label in every example"},
        {R"({"examples":[{"input":[[0]]},{"input":[["0.0"]]}]})", "", "examples[1].input: equals"},
        {R"({"examples":[{"input":[[2]]}]})", "", "has an entry 2"},
        {R"({"examples":[]})", "", "at least one example"},
        {R"({"examples":[{"input":[[0]]}]})", " --K 5 --b 1 --P 2", "accepted: 3 or more"},
        {R"({"examples":[{"input":[[0]]}]})", " --d 2", "--data says"}}) {
    const std::string refused_text = text;
    CAPTURE(refused_text);
    write_file(data_file, text);
    const Outcome refused = run(from_data + options);
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.find(sentence) != std::string::npos);
    CHECK(read_file(file) == first);
  }
  const Outcome large = run(construct + " --N 100000 --P 1000");
  CHECK(large.exit_code == 2);
  CHECK(large.err.find("more than 20000000 weights") != std::string::npos);
}
