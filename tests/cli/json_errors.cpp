// Errors under --format json: one line of JSON on standard error, the same exit code, nothing else.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "run.hpp"

using nlohmann::json;

namespace {

/// What every command does not accept, and the kind of error that it is.
struct Refused {
  const char* arguments;
  const char* kind;
  const char* message;  ///< part of it
};

constexpr Refused refused[] = {
    {"list no-such-bound", "input", "did you mean"},
    {"bounds --d 2 --L 2 --eps 0", "input", "eps is a number > 0"},
    {"bounds --d 1:8:0 --L 2 --eps 1/10", "input", "a step must be > 0"},
    {"eval entropy-bit --d 2", "input", "did you mean entropy-bits?"},
    {"table --d 2", "input", "table needs --of"},
    {"verify none.json --eps 1/10 --target identity", "input", "none.json"},
    {"structure none.json", "input", "none.json"},
    {"construct universal-transforme -o x.json", "input", "did you mean universal-transformer?"},
    {"run none.json", "input", "none.json"},
    {"coq-check none.v", "usage", "--format"},
    {"memorize --model none.json --data none.json", "input", "none.json"},
    {"check none.json", "input", "none.json"},
    {"audit --model none", "input", "none"},
    {"plot nothing -o x.svg", "input", "did you mean"},
    {"paper", "usage", ""},
    {"attention --q none.npy --k none.npy --v none.npy", "input", "none.npy"},
    {"phase --ratios 0", "input", "--ratios"},
    {"bounds --epss 1", "usage", "did you mean --eps?"},
    {"bounds --digits 0", "usage", "--digits"},
    {"no-such-command", "usage", ""},
    {"evla", "usage", "did you mean eval?"},
};

}  // namespace

TEST_CASE("every command says under --format json why there is no answer") {
  for (const Refused& one : refused) {
    for (const char* format : {" --format json", " --format=json"}) {
      CAPTURE(one.arguments);
      const Outcome words = run(one.arguments);
      const Outcome outcome = run(std::string(one.arguments) + format);
      CHECK(outcome.out.empty());
      REQUIRE_MESSAGE(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1, outcome.err);
      const json document = json::parse(outcome.err);
      CHECK(document.size() == 2);
      CHECK(document["schema"] == 1);
      CHECK(document["error"].size() == 3);
      CHECK(document["error"]["kind"] == one.kind);
      CHECK(document["error"]["exit_code"] == outcome.exit_code);
      CHECK(outcome.exit_code == 2);
      CHECK(words.exit_code == 2);
      const std::string message = document["error"]["message"];
      CHECK_MESSAGE(message.find(one.message) != std::string::npos, message);
      // The words are those of the other formats.
      if (one.kind == std::string("input")) CHECK(words.err == "promptbound: " + message + "\n");
    }
  }
}

TEST_CASE("the last --format counts and other formats keep the line of words") {
  const std::string bad = "eval entropy-bits --d 2 --L 2 --eps 0 ";
  CHECK(run(bad + "--format csv").err.rfind("promptbound: ", 0) == 0);
  CHECK(run(bad + "--format text").err.rfind("promptbound: ", 0) == 0);
  CHECK(json::parse(run(bad + "--format json").err)["error"]["kind"] == "input");
}

TEST_CASE("a file's name that is no text does not break the document") {
  const Outcome outcome = run("check \"$(printf '\\377.json')\" --format json");
  CHECK(outcome.exit_code == 2);
  CHECK(json::parse(outcome.err)["error"]["kind"] == "input");
}

TEST_CASE("what is not decided and what cannot be written have kinds of their own") {
  const Outcome full = run("bounds --d 2 --L 2 --eps 1/10 --format json > /dev/full");
  CHECK(full.exit_code == 4);
  CHECK(json::parse(full.err)["error"]["kind"] == "output");
}

TEST_CASE("a verdict is no error") {
  const TemporaryFolder folder;
  write_file(folder.file("bad.json"), R"({"kind": "supremum", "schema": 1})");
  const Outcome outcome = run("check " + folder.file("bad.json") + " --format json");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.err.empty());
  CHECK(json::parse(outcome.out)["verdict"] == "rejected");
}
