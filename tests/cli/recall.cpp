// Recall as a user runs it. Its verdicts are compared with an independent evaluation in
// tests/verify/recall/recall.cpp.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "numbers.hpp"
#include "run.hpp"
#include "trained_model.hpp"

namespace {

const std::string trained_recall = "recall " + trained_model;

std::string tokens_text(const std::vector<int>& tokens) {
  return nlohmann::json({{"schema", 1}, {"sequences", {{{"tokens", tokens}}}}}).dump();
}

nlohmann::json answer_of(const std::string& arguments, int exit_code) {
  const Outcome outcome = run(arguments + " --format json");
  CHECK_MESSAGE(outcome.exit_code == exit_code, outcome.err << outcome.out);
  return nlohmann::json::parse(outcome.out);
}

/// "The", with which the trained model behind its prompt begins (code = ASCII - 32).
const std::vector<int> own_words = {52, 72, 69};

}  // namespace

TEST_CASE("what is recalled, what is not, and the certificate that both programs accept") {
  const TemporaryFolder folder;
  const std::vector<int>& said = own_words;
  const std::string ids = folder.write("ids.json", tokens_text(said)),
                    certificate = folder.file("certificate.json");
  const Outcome outcome = run(trained_recall + " --tokens " + ids + " --certificate " + certificate);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.find("proved: 1 of 1 sequence is recalled over the real numbers (theory 3.5).") !=
        std::string::npos);
  CHECK(outcome.out.find("say nothing of a prompt's capacity") != std::string::npos);
  CHECK(outcome.out.find("proof on paper (theory 3.5)") != std::string::npos);
  const std::string folders = " " + trained_model;
  CHECK(run("check " + certificate + folders).exit_code == 0);
  CHECK(run_in_shell(std::string(PROMPTBOUND_CHECKER) + " " + certificate + folders).exit_code == 0);
  CHECK(run("check " + certificate).exit_code == 3);
  std::vector<int> other = said;
  other[1] = (other[1] + 1) % 96;
  const Outcome refuted = run(trained_recall + " --tokens " + folder.write("other.json", tokens_text(other)));
  CHECK(refuted.exit_code == 1);
  CHECK(refuted.out.find("not recalled at token 2, where the logit of " + std::to_string(said[1]) +
                         " is as large") != std::string::npos);
}

TEST_CASE("tokens that are decided over the real numbers only are counted apart") {
  const TemporaryFolder folder;
  const std::string ids = " --tokens " + folder.write("ids.json", tokens_text(own_words));
  const auto first = answer_of(trained_recall + ids + " --arithmetic f32", 0);
  CHECK(first.at("sentences")[1].get<std::string>().find("real numbers only") == std::string::npos);
  // Of a longer text the last tokens see more rounding than derivatives at the midpoint can carry.
  const std::vector<int> longer = {52, 72, 69, 0, 65, 77, 79, 85, 78, 84, 0, 79};
  const std::string more = " --tokens " + folder.write("more.json", tokens_text(longer));
  const auto answer = answer_of(trained_recall + more + " --arithmetic f32 --threads 2", 3);
  int decided = 0;
  for (const auto& token : answer.at("sequences")[0].at("tokens")) {
    CHECK(token.at("verdict") == "recalled");
    if (token.at("in_binary32") == "recalled") ++decided;
    if (token.at("margin_binary32").is_null()) continue;
    CHECK(lower(token["margin_binary32"]) <= lower(token["margin"]));
  }
  CHECK(decided >= 6);
  const auto sentence = answer.at("sentences")[1].get<std::string>();
  CHECK(sentence.find("Of 12 tokens that are recalled over the real numbers, " + std::to_string(decided) +
                      " are recalled by every evaluation") == 0);
  CHECK(sentence.find("the other " + std::to_string(12 - decided) +
                      " are decided over the real numbers only") != std::string::npos);
  const auto wide = answer_of(trained_recall + ids + " --radius 100", 3);
  CHECK(wide.at("sequences")[0].at("in_radius") == "unknown");
  const auto near = answer_of(trained_recall + ids + " --radius 1e-12 --prompt-as f16 --largest-radius", 0);
  CHECK(near.at("sequences")[0].at("in_radius") == "recalled");
  CHECK(number(near.at("sequences")[0].at("largest_radius")) >= 1e-12);
}

TEST_CASE("drawn sequences: the share of which all speak is said only where all are recalled") {
  const auto none = answer_of(trained_recall + " --drawn 1:2:3", 1);
  CHECK(none.at("drawn").at("recalled") == 0);
  const auto words = none.at("sentences").dump();
  CHECK(words.find("Not all of them being recalled") != std::string::npos);
  CHECK(words.find("at least a share") == std::string::npos);
  CHECK(none.at("drawn").at("stored_bits") == "16384");  // 8 tokens of 64 entries of 32 bits
  // 16384/log2(96) = 2488.1...
  CHECK(none.at("drawn").at("accessible_length").at("exact") == "2488");
  CHECK(lower(none.at("drawn").at("bits")) == doctest::Approx(19.7549).epsilon(1e-5));
  // Of one token each, some seed draws what the model says first.
  const int first = own_words[0];
  for (int seed = 1; seed < 2000; ++seed) {
    std::uint64_t z = static_cast<std::uint64_t>(seed) + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    if ((z ^ (z >> 31)) % 96 != static_cast<std::uint64_t>(first)) continue;
    const auto all = answer_of(trained_recall + " --drawn " + std::to_string(seed) + ":1:1", 0);
    CHECK(
        all.at("sentences").dump().find("at least a share 0.05 of all sequences of 1 tokens is recallable") !=
        std::string::npos);
    return;
  }
  FAIL("no seed");
}

TEST_CASE("unusable questions end in one line") {
  const TemporaryFolder folder;
  const std::string ids = folder.write("ids.json", tokens_text({1}));
  check_refused(trained_recall, "one of --tokens FILE and --drawn SEED:N:LENGTH is needed");
  check_refused(trained_recall + " --drawn 1:0:3", "drawn: 0 sequences of 3 tokens (accepted: 1 to");
  check_refused(trained_recall + " --drawn 1:2", "accepted: SEED:N:LENGTH");
  check_refused(trained_recall + " --tokens " + ids + " --radius 0", "accepted: a number > 0");
  check_refused(trained_recall + " --tokens " + folder.write("far.json", tokens_text({96})),
                "token 96 (accepted: 0 to 95)");
  check_refused("recall --model " + models + "/tiny-gpt2 --tokens " + ids,
                "nothing stands before its first token");
  check_refused(trained_recall + " --pairs --drawn 1:2:3", "1 prompts and 2 sequences");
}
