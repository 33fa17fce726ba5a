// What memorize says of the least error: e* is what every prompt leaves at least, and not what some prompt
// reaches.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;

namespace {

std::string model(const std::string& W_Q, const std::string& W_V, const std::string& ffn = "") {
  return R"({"schema":1,"d":1,"causal":false,"layers":[{"heads":[{"W_Q":[[)" + W_Q +
         R"(]],"W_K":[[1]],"W_V":[[)" + W_V + "]]}]" + ffn + "}]}";
}

/// Example 1 sees 1 and 0, example 2 sees 1 and -1; both ask at the token 1.
std::string pair(const std::string& first, const std::string& second) {
  return R"({"schema":1,"examples":[{"tokens":[[1],[0]],"query":0,"target":[")" + first +
         R"("]},{"tokens":[[1],[-1]],"query":0,"target":[")" + second + R"("]}]})";
}

struct Case {
  TemporaryFolder folder;
  std::string files;

  Case(const std::string& model_text, const std::string& data_text) {
    write_file(folder.file("model.json"), model_text);
    write_file(folder.file("data.json"), data_text);
    files = " --model " + folder.file("model.json") + " --data " + folder.file("data.json");
  }
  [[nodiscard]] json answer(const std::string& options = "") const {
    return json::parse(run("memorize --format json" + files + " " + options).out);
  }
  [[nodiscard]] Outcome text(const std::string& options = "") const {
    return run("memorize" + files + " " + options);
  }
};

}  // namespace

TEST_CASE("V = 0: e* is 0 and every prompt leaves exactly the empty prompt's error") {
  const Case zero(
      model("1", "0"),
      R"({"schema":1,"examples":[{"tokens":[[1]],"query":0,"target":[5]},{"tokens":[["1/2"],[1]],"query":1,"target":[5]}]})");
  const json answer = zero.answer();
  CHECK(answer["verdict"] == "impossible");
  CHECK(answer["floor"] == json({{"lower", "0"}, {"upper", "0"}}));
  CHECK(answer["least_error"] == json({{"lower", "4"}, {"upper", "4"}}));
  const std::string text = zero.text().out;
  CHECK(text.find("least error of all prompts at the layer's output, at least") != std::string::npos);
  CHECK(text.find("floor e*, which prompts need not come close to, at most") != std::string::npos);
  CHECK(text.find("floor at the attention output, at most") == std::string::npos);
  // A block behind it that no criterion shows to be injective changes nothing of that: x - 2 relu(x - 100).
  const Case folded(model("1", "0", R"(,"ffn":{"W_1":[[1]],"b_1":[-100],"W_2":[[-2]],"b_2":[0]})"),
                    pair("5", "5"));
  CHECK(folded.answer()["floor"].is_null());
  CHECK(folded.answer()["least_error"] == json({{"lower", "4"}, {"upper", "4"}}));
}

TEST_CASE("a target off the image of V bounds the least error from below") {
  // V keeps the first coordinate; the second has to move by 3.
  const TemporaryFolder folder;
  write_file(
      folder.file("model.json"),
      R"({"schema":1,"d":2,"layers":[{"heads":[{"W_Q":[[1,0],[0,1]],"W_K":[[1,0],[0,1]],"W_V":[[1,0],[0,0]]}]}]})");
  write_file(folder.file("data.json"),
             R"({"schema":1,"examples":[{"tokens":[[1,2],[0,1]],"query":0,"target":[2,5]}]})");
  const json answer = json::parse(run("memorize --format json --model " + folder.file("model.json") +
                                      " --data " + folder.file("data.json"))
                                      .out);
  CHECK(answer["verdict"] == "impossible");
  CHECK(answer["floor"].is_null());  // one example alone has none
  CHECK(answer["least_error"]["lower"] == "3");
  CHECK(upper(answer["least_error"]) >= 3);
  CHECK(upper(answer["least_error"]) < 3.001);
}

TEST_CASE("equal targets and other sums: e* = 0 is approached and not attained") {
  const Case equal(model("1", "1"), pair("2", "2"));
  const json answer = equal.answer();
  CHECK(answer["verdict"] == "impossible");
  CHECK(answer["floor"] == json({{"lower", "0"}, {"upper", "0"}}));
  CHECK(
      answer["why"] ==
      "the memorization floor e* = 0 is approached as S_P grows, but not attained; so is the least error at "
      "the attention output, by ever longer prompts");
  CHECK(answer["least_error"] == json({{"lower", "0"}, {"upper", "0"}}));
  // However small the accuracy, some prompt has it.
  CHECK(equal.answer("--accuracy 1/1000")["verdict"] == "possible");
  CHECK(equal.answer("--accuracy 1/1000000")["verdict"] != "impossible");

  // The same where the common target is off the image of V is refuted by that, with no such claim.
  const Case off(
      R"({"schema":1,"d":2,"layers":[{"heads":[{"W_Q":[[1,0],[0,1]],"W_K":[[1,0],[0,1]],"W_V":[[1,0],[0,0]]}]}]})",
      R"({"schema":1,"examples":[{"tokens":[[1,2],[0,1]],"query":0,"target":[2,3]},{"tokens":[[1,2],[-1,1]],"query":0,"target":[2,3]}]})");
  CHECK(off.answer()["why"] == "a target is further from the image of V than the accuracy allows");
  CHECK(off.answer()["least_error"]["lower"] == "1");
  // At the accuracy 1 the image allows it; e* at that level is above nothing.
  CHECK(off.answer("--accuracy 1")["verdict"] != "impossible");
}

TEST_CASE("an accuracy that e* equals is refused as not attained - one below it as below the floor") {
  // Targets 2 and 3: half their distance, 1/2, is the limit as S_P grows; the sums keep every s above it.
  const Case apart(model("1", "1"), pair("3", "2"));
  const json answer = apart.answer("--accuracy 1/2");
  if (answer["verdict"] == "impossible") {
    CHECK(answer["why"].get<std::string>().find("approached as S_P grows, but not attained") !=
          std::string::npos);
    CHECK(upper(answer["floor"]) >= 0.5);
  }
  const json below = apart.answer("--accuracy 1/10");
  CHECK(below["verdict"] == "impossible");
  CHECK(below["why"] == "the memorization floor is above the accuracy");
  CHECK(lower(below["floor"]) > 0.1);
}

TEST_CASE("where nothing bounds e* - nothing is printed for it") {
  // One example; and two queries of one example each.
  for (
      const char* data :
      {R"({"schema":1,"examples":[{"tokens":[[1],[0]],"query":0,"target":[3]}]})",
       R"({"schema":1,"examples":[{"tokens":[[1],[0]],"query":0,"target":[3]},{"tokens":[[2],[0]],"query":0,"target":[3]}]})"}) {
    const Case none(model("1", "1"), data);
    CHECK(none.answer()["floor"].is_null());
    CHECK(none.answer()["least_error"]["lower"] == "0");
    CHECK_FALSE(none.answer()["least_error"]["upper"].is_null());
    CHECK(none.text().out.find("e*") == std::string::npos);
  }
  // Two heads, two examples: theory 2.3H says nothing, the empty prompt is a prompt all the same.
  const Case heads(
      R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[0]],"W_K":[[1]],"W_V":[[1]]},{"W_Q":[[0]],"W_K":[[1]],"W_V":[[1]]}]}]})",
      pair("3", "2"));
  const json answer = heads.answer("--descent-tokens 0");
  CHECK(answer["verdict"] == "unknown");
  CHECK(answer["floor"].is_null());
  CHECK(answer["least_error"]["lower"] == "0");
  // Means 1/2 and 0, twice each, plus 1: outputs 2 and 1 for the targets 3 and 2.
  CHECK(answer["least_error"]["upper"] == "1");
}

TEST_CASE("lengths of exact fits are only told where outputs determine attention outputs") {
  // x - 2 relu(x - 100) maps 5 and 195 to 5: exact lengths of fits of one preimage say nothing.
  const std::string folding = R"(,"ffn":{"W_1":[[1]],"b_1":[-100],"W_2":[[-2]],"b_2":[0]})";
  const std::string data = R"({"schema":1,"examples":[{"tokens":[[1],[0]],"query":0,"target":[5]}]})";
  const json plain = Case(model("1", "1"), data).answer();
  CHECK(plain["exact_lengths_from"] == "1");
  const json folded = Case(model("1", "1", folding), data).answer();
  CHECK(folded["verdict"] == "unknown");
  CHECK(folded["exact_lengths_from"].is_null());
  CHECK(folded["why"].get<std::string>().find("exactly") == std::string::npos);
}

TEST_CASE("what no precision encloses is decided by algebra or unknown: exit code 3 and what it is") {
  // Scores of 1e20 leave no finite enclosure of their exponentials. With X = 1e20 a prompt of both examples
  // has S_P = 1 - e^X - 3 e^-X < 0: there is none.
  const Case huge(model("1e20", "1"), pair("2", "3"));
  CHECK(huge.text("--descent-tokens 0").exit_code == 1);
  CHECK(huge.answer("--descent-tokens 0")["verdict"] == "impossible");

  write_file(
      huge.folder.file("prompted.json"),
      R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[["1e20"]],"W_K":[[1]],"W_V":[[1]]}]}],"prompt":[[1],["1/3"]]})");
  const Outcome outcome = run("construct compressed-prompt --query 1 --model " +
                              huge.folder.file("prompted.json") + " -o " + huge.folder.file("out.json"));
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.starts_with("promptbound: unknown: "));
  CHECK(outcome.err.find("bits") != std::string::npos);
  CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
  CHECK(run("list > /dev/null; ls " + huge.folder.file("")).out.find("out.json") == std::string::npos);
}

TEST_CASE("a prompt that would need more tokens than numbers reach is not built") {
  const Case huge(
      R"({"schema":1,"d":2,"layers":[{"heads":[{"W_Q":[["1/20","29/12"],["11/10","-28/3"]],"W_K":[[1,0],[0,1]],"W_V":[[10,"4/3"],[-7,0]]}]}]})",
      R"({"schema":1,"examples":[{"tokens":[["3/2",-4],[-6,4]],"query":1,"target":["-61/3","29/2"]}]})");
  const Outcome outcome = huge.text("--accuracy 1/40 --descent-tokens 0");
  CHECK(outcome.exit_code == 3);
  CHECK(outcome.out.find("too long to be written out") != std::string::npos);
  // At accuracy 0 the least length is decided all the same.
  CHECK(huge.answer("--descent-tokens 0")["exact_lengths_from"].get<std::string>().size() > 50);
}

TEST_CASE("algebra that excludes every prompt decides where enclosures cannot") {
  // Equal targets, b = 1 for one example and 2 e^-1e20 for the other; the sums have no finite enclosure.
  const Case huge(model("1e20", "1"), pair("2", "2"));
  const Outcome text = huge.text("--descent-tokens 0 --certificate " + huge.folder.file("proof.json"));
  CHECK(text.exit_code == 1);
  CHECK(text.out.find("exactly, no S_P > 0 has S_P (t_i - t_1) = b_1 - b_i for every i") !=
        std::string::npos);
  CHECK(text.err.find("no certificate") != std::string::npos);
}

TEST_CASE("the least length is printed as such only where it is decided") {
  const Case fits(
      R"({"schema":1,"d":1,"layers":[{"heads":[{"W_Q":[[0]],"W_K":[[1]],"W_V":[[1]]}]}]})",
      R"({"schema":1,"examples":[{"tokens":[[1],[-1]],"query":0,"target":["5/2"]},{"tokens":[[1]],"query":0,"target":["10/3"]}]})");
  const json answer = fits.answer();
  CHECK(answer["least_prompt_length"] == "2");
  CHECK(answer["no_prompt_shorter_than"] == "2");
  // The folding block shows no lower bound on lengths, so no least length either.
  const Case folded(model("1", "1", R"(,"ffn":{"W_1":[[1]],"b_1":[-100],"W_2":[[-2]],"b_2":[0]})"),
                    R"({"schema":1,"examples":[{"tokens":[[1],[0]],"query":0,"target":[5]}]})");
  const json found = folded.answer("--accuracy 1/1000");
  REQUIRE(found["verdict"] == "possible");
  CHECK(found["no_prompt_shorter_than"] == "0");
  CHECK(found["least_prompt_length"].is_null());
}
