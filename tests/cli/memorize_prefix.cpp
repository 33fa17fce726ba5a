// memorize --prefix: verdict, lengths, certificate, and what it refuses.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "run.hpp"
#include "text.hpp"

using nlohmann::json;

namespace {

/// d = 1, scores 2 z: examples {1} and {1, 1} that ask for S = 5 e^2 and the value 3.
struct PrefixFiles {
  TemporaryFolder folder;
  std::string command;

  PrefixFiles() {
    write_file(
        folder.file("model.json"),
        R"({"schema": 1, "d": 1, "causal": false, "layers": [{"heads": [{"W_Q": [["2"]], "W_K": [["1"]],)"
        R"( "W_V": [["1"]]}]}]})");
    write_file(folder.file("data.json"),
               R"({"schema": 1, "examples": [{"tokens": [["1"]], "query": 0, "target": ["11/3"]},)"
               R"( {"tokens": [["1"], ["1"]], "query": 0, "target": ["24/7"]}]})");
    command = "memorize --prefix --model " + folder.file("model.json") + " --data " +
              folder.file("data.json") + " ";
  }
};

}  // namespace

TEST_CASE("memorize --prefix says which numbers of pairs fit, and its certificate is accepted") {
  const PrefixFiles files;
  const Outcome text = run(files.command + "--key-cap 1");
  CHECK(text.exit_code == 0);
  CHECK(contains(text.out, "possible"));
  CHECK(contains(text.out, "272"));
  CHECK(contains(text.out, "proof on paper (theory 2.2p)"));
  const json answer = json::parse(run(files.command + "--key-cap 1 --value-cap 3 --format json").out);
  CHECK(answer["verdict"] == "possible");
  CHECK(answer["prefix_lengths"] == json{{"least", "5"}, {"most", "272"}});
  CHECK(answer["empty_fits"] == false);
  const json free = json::parse(run(files.command + "--format json").out);
  CHECK(free["prefix_lengths"] == json{{"least", "1"}, {"most", "inf"}});
  CHECK(free["key_cap"] == "inf");
  const std::string proof = files.folder.file("proof.json");
  const Outcome none = run(files.command + "--key-cap 1 --value-cap 29/10 --certificate " + proof);
  CHECK(none.exit_code == 1);
  CHECK(contains(none.out, "impossible"));
  CHECK(run("check " + proof).exit_code == 0);
  CHECK(run("check " + proof + " --model " + files.folder.file("model.json")).exit_code == 0);
}

TEST_CASE("memorize --prefix refuses what it does not decide") {
  const PrefixFiles files;
  for (const char* options :
       {"--accuracy 1/10", "--coq a.v", "--descent-tokens 3", "--key-cap -1", "--value-cap x"}) {
    CAPTURE(options);
    CHECK(run(files.command + options).exit_code == 2);
  }
  const std::string plain =
      "memorize --model " + files.folder.file("model.json") + " --data " + files.folder.file("data.json");
  CHECK(run(plain + " --key-cap 1").exit_code == 2);
}
