// Where the limit of the working precision is reached the answer is "unknown": exit code 3, what is not
// decided and at how many bits. --most-bits lowers the limit, so that every command gets there at once.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "run.hpp"
#include "trained_model.hpp"

namespace {

const char* const halving_model =
    R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[1]],"W_K":[[1]],"W_V":[["1/2"]]}]}]})";

void check_unknown(const std::string& command, int bits, const std::string& subject) {
  CAPTURE(command);
  const std::string limited = command + " --most-bits " + std::to_string(bits);
  const Outcome outcome = run(limited);
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.out.empty());
  CHECK(outcome.err == "promptbound: unknown: " + subject + " is not decided at " + std::to_string(bits) +
                           " bits (--most-bits N admits more)\n");
  CHECK(run(command + " > /dev/null").exit_code != 3);
}

}  // namespace

TEST_CASE("commands that meet the limit of the precision say what it leaves undecided") {
  const TemporaryFolder folder;
  const auto write = [&](const char* name, const std::string& text) {
    write_file(folder.file(name), text);
    return folder.file(name);
  };
  const std::string file = write("model.json", halving_model),
                    input = write("x.json", R"([["1/3"],["1/7"]])");
  const std::string flat =
      write("flat.json",
            R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[["0"]],"W_K":[["0"]],"W_V":[["1/2"]]}]}]})");
  check_unknown("run " + file + " --input " + input, 64, "the output to 40 digits");
  check_unknown("structure " + flat + " --invert " + write("y.json", R"([["0.3"]])"), 64,
                "the preimage to 40 decimals");
  check_unknown("construct softmax-universal --d 1 --L 1 --k 2 --eta 1/8 -o /dev/null", 4,
                "the distance of the context codes");
}

TEST_CASE("a bound that the limit of the precision leaves undecided is not applicable and says so") {
  const std::string command = "eval polynomial-degree --S 3 --eta 1/100 --format json";
  CHECK(run(command).exit_code == 0);
  const Outcome outcome = run(command + " --most-bits 8");
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.out.find("is not decided at 8 bits") != std::string::npos);
  CHECK(nlohmann::json::parse(outcome.out)["applicable"] == false);
}

TEST_CASE("memorize: a verdict that the limit ends is unknown with its reason") {
  const TemporaryFolder folder;
  write_file(folder.file("model.json"), halving_model);
  write_file(
      folder.file("data.json"),
      R"({"schema":1,"examples":[{"tokens":[[1],[2]],"query":0,"target":["1/2"]},{"tokens":[[1],[3]],"query":0,"target":["3/4"]}]})");
  const std::string command = "memorize --descent-tokens 0 --accuracy 1/10 --format json --model " +
                              folder.file("model.json") + " --data " + folder.file("data.json");
  CHECK(run(command).exit_code != 3);
  const Outcome outcome = run(command + " --most-bits 2");
  CHECK(outcome.exit_code == 3);
  const auto answer = nlohmann::json::parse(outcome.out);
  CHECK(answer["verdict"] == "unknown");
  CHECK(answer["why"].get<std::string>().ends_with("is not decided at 2 bits"));
}

TEST_CASE("tables and sweeps: a cell that the limit leaves undecided says so in every format") {
  const std::string reason = "is not decided at 8 bits";
  const std::string table = "table --of polynomial-degree.degree --S 3 --eta 1/100 --most-bits 8 --format ";
  const auto json = nlohmann::json::parse(run(table + "json").out);
  const std::string cell = json["rows"][0]["polynomial-degree.degree"]["undecided"];
  CHECK(cell.find(reason) != std::string::npos);
  const Outcome text = run(table + "text");
  CHECK(text.out.find("undecided: ") != std::string::npos);
  CHECK(text.out.find(reason) != std::string::npos);
  CHECK(text.out.find("not applicable") == std::string::npos);
  CHECK(run(table + "latex").out.find("undecided (") != std::string::npos);
  CHECK(run("eval polynomial-degree --S 3 --eta 1/100 --most-bits 8").out.find("undecided: ") !=
        std::string::npos);
}

TEST_CASE("audit: what the limit leaves wide is unknown with its reason, and everything is printed") {
  const std::string command = "audit " + trained_model;
  const Outcome outcome = run(command + " --format json --most-bits 30");
  CHECK(outcome.exit_code == 3);
  const auto answer = nlohmann::json::parse(outcome.out);
  CHECK(answer["verdict"] == "unknown");
  CHECK(answer["why"] == "the size of the prompt's queries, keys and values is not decided at 30 bits");
  CHECK(answer["theorems"].size() == 8);
  const Outcome text = run(command + " --most-bits 30");
  CHECK(text.exit_code == 3);
  CHECK(text.out.find("unknown: the size of the prompt's queries") != std::string::npos);
  const Outcome whole = run(command + " --format json");
  CHECK(whole.exit_code == 0);
  CHECK(nlohmann::json::parse(whole.out)["verdict"] == "computed");
}

TEST_CASE("a limit that is no number of bits is refused") {
  for (const char* const text : {"0", "1", "-5", "many"}) {
    CAPTURE(text);
    CHECK(run(std::string("list --most-bits ") + text).exit_code == 2);
  }
}
