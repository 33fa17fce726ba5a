// Coq files of memorize: each states what was printed and compiles; altered claims and data do not.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run.hpp"
#include "text.hpp"

namespace {

// d = 1, A = V = 1.
const char* const scalar_model =
    R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[1]],"W_K":[[1]],"W_V":[[1]]}]}]})";
// A invertible, V of rank 1 with image spanned by (2, 1).
const char* const plane_model =
    R"({"schema":1,"d":2,"layers":[{"heads":[{"W_Q":[[-2,-2],[-2,1]],"W_K":[[1,0],[0,1]],"W_V":[[-2,0],[-1,0]]}]}]})";

struct Case {
  const char* model;
  std::string examples;
  std::string options;
  std::string claim;  ///< of the last theorem, without the instance
  std::vector<std::pair<std::string, std::string>> mutations;
};

const std::vector<Case> cases = {
    // S_P = 2 e^3 - e and rho = 40.27..: the lengths from 41 on.
    {scalar_model,
     R"({"tokens":[[0],[1]],"query":1,"target":[1]},{"tokens":[[3],[1]],"query":1,"target":[2]})",
     "",
     "(Pos.to_nat 41).",
     {{"Pos.to_nat 41", "Pos.to_nat 42"},
      {"Pos.to_nat 41", "Pos.to_nat 40"},
      {"_ 41 ", "_ 42 "},
      {"[:: 3]", "[:: 4]"}}},
    // Two rows of the floor.
    {plane_model,
     R"({"tokens":[[-1,1],[0.5,0.5]],"query":1,"target":[-0.5,0.5]},{"tokens":[[0,-1],[0.5,0.5]],"query":1,"target":[-0.5,-0.5]})",
     "--accuracy 3/10",
     " 3 10.",
     {{" 3333333333 10000000000.", " 3333333334 10000000000."},
      {" 3 10.", " 3334 10000."},
      {"(0, 1, 0, true)", "(0, 1, 0, false)"},
      {"[:: -1; -1]", "[:: -1; 0]"}}},
    // Equal targets, b_1 > b_0: no S_P >= 0, though the floor is 0.
    {scalar_model,
     R"({"tokens":[[0],[1]],"query":1,"target":[1]},{"tokens":[[3],[1]],"query":1,"target":[1]})",
     "",
     " 0 1.",
     {{"[:: 3]", "[:: 0]"}, {" 0 1.", " 1 100."}}},
    // A target off the image of V: |(1, -2) (1, 0)| / 3 > 1/4.
    {plane_model,
     R"({"tokens":[[-1,1],[0.5,0.5]],"query":1,"target":[1.5,0.5]})",
     "--accuracy 1/4",
     " 1 4.",
     {{" 1 4.", " 1 3."}, {"[:: 1; 0]", "[:: 2; 1]"}}},
    // S_P = 19, about, is too small for its mean token: rho < 1.
    {scalar_model,
     R"({"tokens":[[0],[1]],"query":1,"target":[4]},{"tokens":[[1],[1]],"query":1,"target":["39/10"]})",
     "",
     " 0 1.",
     {{"[:: 29]", "[:: 31]"}, {" 0 1.", " 1 1000."}}},
};

struct Files {
  TemporaryFolder folder;
  std::string arguments, coq;

  Files(const std::string& model, const std::string& examples, const std::string& options) {
    write_file(folder.file("model.json"), model);
    write_file(folder.file("data.json"), R"({"schema":1,"examples":[)" + examples + "]}");
    coq = folder.file("claim.v");
    arguments = "memorize --model " + folder.file("model.json") + " --data " + folder.file("data.json") +
                " " + options + " --coq " + coq;
  }
};

}  // namespace

TEST_CASE("Coq files of memorize compile and altered ones do not") {
  for (const Case& example : cases) {
    CAPTURE(example.examples);
    const Files files(example.model, example.examples, example.options);
    const Outcome printed = run(files.arguments);
    REQUIRE_MESSAGE(printed.exit_code != 2, printed.err);
    const std::string text = read_file(files.coq);
    CHECK(text.find(example.claim + "\n") != std::string::npos);
    const Outcome outcome = run("coq-check " + files.coq);
    CHECK_MESSAGE(outcome.exit_code == 0, outcome.out);
    for (const auto& mutation : example.mutations) {
      CAPTURE(mutation.second);
      write_file(files.coq, all_replaced(text, mutation.first, mutation.second));
      const Outcome mutated = run("coq-check " + files.coq);
      CHECK_MESSAGE(mutated.exit_code == 1, mutated.out);
    }
  }
}

TEST_CASE("the length and the floor that the Coq files state are the printed ones") {
  const Files lengths(cases[0].model, cases[0].examples, "--format json");
  const auto unknown = nlohmann::json::parse(run(lengths.arguments).out);
  CHECK(unknown["exact_lengths_from"] == "41");
  const Files floor(cases[1].model, cases[1].examples, "--format json --digits 12");
  const auto impossible = nlohmann::json::parse(run(floor.arguments).out);
  CHECK(impossible["floor"]["lower"] == "0.333333333333");
  CHECK(read_file(floor.coq).find(" 333333333333 1000000000000.\n") != std::string::npos);
}

TEST_CASE("answers without a Coq theorem are refused in one line and no file is written") {
  // The empty prompt fits within the accuracy.
  const Files possible(cases[0].model, cases[0].examples, "--accuracy 10");
  const Outcome outcome = run(possible.arguments);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.err.find("no Coq theorem covers this answer") != std::string::npos);
  CHECK(outcome.err.find("covered, without a feed-forward block") != std::string::npos);
  CHECK(run("coq-check " + possible.coq).exit_code == 2);
  const Files ffn(
      R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[1]],"W_K":[[1]],"W_V":[[1]]}],"ffn":{"W_1":[[0]],"b_1":[0],"W_2":[[0]],"b_2":[0]}}]})",
      cases[0].examples, "");
  CHECK(run(ffn.arguments).err.find("there is a feed-forward block") != std::string::npos);
}
