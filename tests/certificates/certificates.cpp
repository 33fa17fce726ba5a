// Emitted Coq certificates: they compile, and what differs from the claim does not.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run.hpp"
#include "text.hpp"

namespace {

/// An evaluation and the output whose printed integer the certificate must state.
struct Evaluation {
  std::string arguments;
  std::string output;
};

// Parameter sets of our own; integers of a hundred digits among them, and a magnitude beyond writing (d =
// 24).
const std::vector<Evaluation> evaluations = {
    {"quantized-capacity --d 1 --L 3 --eps 2/7 --C 3/2 --alpha inf", "least_integer"},
    {"quantized-capacity --d 2 --L 3 --eps 1/9 --alpha 3", "tokens"},
    {"quantized-capacity --d 3 --L 2 --eps 3/50 --C 5/4 --alpha 7/3", "least_integer"},
    {"quantized-capacity --d 2 --L 2 --eps 1e-25", "least_integer"},
    {"quantized-capacity --d 96 --L 50 --eps 1/1000", ""},
    {"entropy-bits --d 1 --L 5 --eps 1/14", "tokens"},
    {"entropy-bits --d 3 --L 2 --eps 2/23 --C 3 --alpha inf --b 8 --w 40", "tokens"},
    {"entropy-bits --d 2 --L 2 --eps 1e-26 --b 4", "tokens"},
    {"entropy-bits --d 4 --L 25 --eps 0.049 --b 16", "tokens"},
    {"entropy-bits --d 3 --L 1 --eps 1/9 --alpha 7/3", "tokens"},
    {"entropy-bits --d 2 --L 2 --eps 1/19 --alpha 1", "tokens"},
    {"lookup-upper --d 2 --L 2 --eps 1/9 --alpha 1", "tokens"},
    {"lookup-upper --d 3 --L 1 --eps 1/17 --C 2", "tokens"},
    {"lookup-upper --d 2 --L 2 --eps 1e-26 --alpha 3/2", "tokens"},
    {"lookup-upper --d 5 --L 2 --eps 0.013 --alpha inf", "tokens"},
    {"entropy-lipschitz --d 2 --L 1 --eps 1/11 --R 3 --Lambda 7 --norm max", "tokens"},
    {"entropy-lipschitz --d 3 --L 5 --eps 1/30 --R 2 --Lambda 9/2 --norm max --alpha inf", "tokens"},
    {"entropy-lipschitz --d 2 --L 2 --eps 1/11 --R 3 --Lambda 7 --norm max --alpha 1", "tokens"},
    {"memory-bits --m 9 --w 33 --b 7 --K 5", "max_examples"},
    {"memory-bits --m 1000000 --w 4096 --K 8", "max_examples"},
    {"memory-bits --N 1000000007 --w 100 --K 10 --solve m", "m"},
    {"accessible-length --m 12 --w 4096 --v 128256", "longest"},
    {"accessible-length --l 77 --w 10 --v 1000 --solve m", "m"},
    {"packed-memory --N 1000 --K 10 --P 64", "tokens"},
    // Difference form, at eps = 3 with values that need no digit (floor(k t/C + 1/2) = 0), then the direct
    // form.
    {"packed-upper --d 2 --L 2 --eps 1/10 --alpha inf --P 64", "tokens"},
    {"packed-upper --d 2 --L 1 --eps 1/1048576 --alpha inf --b 16 --P 4096", "tokens"},
    {"packed-upper --d 3 --L 2 --eps 1/7 --C 5/2 --alpha 7/3", "tokens"},
    {"packed-upper --d 1 --L 1 --eps 1/3 --b 4 --P 1", "tokens"},
    {"packed-upper --d 1 --L 1 --eps 3 --C 9 --alpha inf", "tokens"},
    {"packed-upper --d 1 --L 3 --eps 1/5 --alpha 3 --b 8", "tokens"},
    {"packed-upper --d 2 --L 2 --eps 2/5 --b 3 --P 8 --alpha 1", "tokens"},
    {"packed-memory --N 1000000007 --K 1000 --b 4 --P 100", "tokens"},
    {"memory-linear --m 17 --w 64 --R 3 --Lambda 20 --Delta 1/2 --eps 1/50 --K 3 --norm max", "max_examples"},
    {"memory-linear --N 100000 --w 64 --R 3 --Lambda 20 --Delta 1/2 --eps 1/50 --K 10 --norm max --solve m",
     "m"},
};

std::string evaluate(const std::string& arguments, const std::string& file) {
  const Outcome outcome = run("eval " + arguments + " --format json --coq " + file);
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.err);
  return outcome.out;
}

Outcome check(const std::string& text) {
  const TemporaryFolder folder;
  const std::string file = folder.file("certificate.v");
  write_file(file, text);
  return run("coq-check " + file);
}

void check_rejected(const std::string& text, const std::string& from, const std::string& to) {
  CAPTURE(from);
  CAPTURE(to);
  const Outcome outcome = check(all_replaced(text, from, to));
  CHECK_MESSAGE(outcome.exit_code == 1, outcome.out);
}

}  // namespace

TEST_CASE("emitted certificates state the printed integers and compile") {
  for (const Evaluation& evaluation : evaluations) {
    CAPTURE(evaluation.arguments);
    const TemporaryFolder folder;
    const std::string file = folder.file("certificate.v");
    const auto record = nlohmann::json::parse(evaluate(evaluation.arguments, file));
    if (!evaluation.output.empty()) {
      const std::string printed = record["outputs"][evaluation.output]["exact"];
      CHECK(read_file(file).find(" " + printed + ".\n") != std::string::npos);
    }
    const Outcome outcome = run("coq-check " + file);
    CHECK_MESSAGE(outcome.exit_code == 0, outcome.out);
  }
}

TEST_CASE("integers of a hundred digits are among them") {
  const TemporaryFolder folder;
  const auto record = nlohmann::json::parse(
      evaluate("quantized-capacity --d 2 --L 2 --eps 1e-25", folder.file("certificate.v")));
  CHECK(record["outputs"]["least_integer"]["exact"].get<std::string>().size() >= 100);
}

TEST_CASE("both ends of the bracket are certified") {
  const TemporaryFolder folder;
  const std::string file = folder.file("bracket.v");
  REQUIRE(run("bounds --d 2 --L 3 --eps 1/11 --alpha inf --coq " + file).exit_code == 0);
  const Outcome outcome = run("coq-check " + file);
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.out);
  // At the width of the packed tokens, 123: ceil(6 6^6/(16 123)) of them.
  CHECK(outcome.out.find("entropy_bits_necessary : every_model_needs 2 3 16 123 (1/11) (1/1) 0 1 143\n") !=
        std::string::npos);
  CHECK(outcome.out.find("packed_upper_sufficient : packed_sufficient 2 3 (1/11) (1/1) 0 1 16 96 993\n") !=
        std::string::npos);
  CHECK(outcome.out.find("lookup_upper_sufficient : lookup_sufficient 2 3 (1/11) (1/1) 0 1 6 46656") !=
        std::string::npos);
}

TEST_CASE("certificates of other integers and other inputs are rejected") {
  struct Mutation {
    std::string arguments;
    std::string output;
    std::string input, other_input;
  };
  const std::vector<Mutation> mutations = {
      {"quantized-capacity --d 2 --L 1 --eps 3/17 --alpha inf", "least_integer", "(3/17)", "(3/16)"},
      {"entropy-bits --d 2 --L 2 --eps 3/31", "tokens", "(3/31)", "(3/25)"},
      {"entropy-lipschitz --d 2 --L 1 --eps 1/11 --R 3 --Lambda 7 --norm max", "tokens", "(3/1)", "(4/1)"},
      {"lookup-upper --d 2 --L 2 --eps 3/31", "tokens", "(3/31)", "(3/25)"},
      {"packed-upper --d 2 --L 1 --eps 3/31 --P 7", "tokens", "(3/31)", "(3/25)"},
      {"packed-upper --d 1 --L 3 --eps 1/5 --alpha 3 --b 8", "tokens", "(1/5)", "(1/4)"},
      {"memory-bits --m 640 --w 331 --K 10", "max_examples", " 640 331 ", " 641 331 "},
      {"memory-linear --m 17 --w 64 --R 3 --Lambda 20 --Delta 1/2 --eps 1/50 --K 3 --norm max",
       "max_examples", "(1/50)", "(1/49)"},
  };
  for (const Mutation& mutation : mutations) {
    CAPTURE(mutation.arguments);
    const TemporaryFolder folder;
    const std::string file = folder.file("certificate.v");
    const auto record = nlohmann::json::parse(evaluate(mutation.arguments, file));
    const std::string text = read_file(file);
    const std::string printed = record["outputs"][mutation.output]["exact"];
    const long long integer = std::stoll(printed);
    check_rejected(text, " " + printed + ".\n", " " + std::to_string(integer + 1) + ".\n");
    check_rejected(text, " " + printed + ".\n", " " + std::to_string(integer - 1) + ".\n");
    check_rejected(text, mutation.input, mutation.other_input);
  }
}

TEST_CASE("every integer of a packed prompt is certified") {
  for (const std::string arguments : {"packed-upper --d 2 --L 2 --eps 1/10 --alpha inf --P 64",
                                      "packed-upper --d 1 --L 3 --eps 1/5 --alpha 3 --b 8"}) {
    CAPTURE(arguments);
    const TemporaryFolder folder;
    const std::string file = folder.file("certificate.v");
    const auto record = nlohmann::json::parse(evaluate(arguments, file));
    const std::string text = read_file(file);
    // The claim ends with steps, k, digits_per_entry, first_digits (difference form), cells_per_token,
    // tokens.
    const std::size_t claim = text.find("_claim ", text.find("Theorem ")), end = text.find(".\n", claim);
    std::vector<std::string> words;
    for (const std::string output :
         {"steps", "k", "digits_per_entry", "first_digits", "cells_per_token", "tokens"}) {
      if (output != "first_digits" || record["outputs"]["form"]["text"] == "difference")
        words.push_back(record["outputs"][output]["exact"]);
    }
    std::string numbers;
    for (const std::string& word : words) numbers += " " + word;
    REQUIRE(text.substr(end - numbers.size(), numbers.size()) == numbers);
    // The theorem that follows from it states the tokens alone, so each change is of the claim.
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::string changed;
      for (std::size_t j = 0; j < words.size(); ++j)
        changed += " " + (i == j ? std::to_string(std::stoll(words[j]) + 1) : words[j]);
      CAPTURE(changed);
      std::string other = text;
      other.replace(end - numbers.size(), numbers.size(), changed);
      CHECK(check(other).exit_code == 1);
      // nor with the same number in the checker's arguments
      const std::size_t checker = text.find(numbers, end);
      REQUIRE(checker != std::string::npos);
      other = text;
      other.replace(checker, numbers.size(), changed);
      other.replace(end - numbers.size(), numbers.size(), changed);
      CHECK(check(other).exit_code == 1);
    }
  }
}

TEST_CASE("a certificate speaks of the alpha that was asked for") {
  // 1/alpha = 1/2; at alpha = inf the claim would be s times as large, and 1/alpha = 2 is no norm.
  for (const std::string arguments : {"entropy-bits --d 2 --L 2 --eps 3/31",
                                      "entropy-lipschitz --d 2 --L 1 --eps 1/11 --R 3 --Lambda 7 --norm max",
                                      "lookup-upper --d 2 --L 2 --eps 3/31"}) {
    CAPTURE(arguments);
    const TemporaryFolder folder;
    const std::string file = folder.file("certificate.v");
    evaluate(arguments, file);
    const std::string text = read_file(file);
    const std::size_t statement = text.rfind("(1/1) 1 2 ");
    REQUIRE(statement != std::string::npos);
    for (const std::string other : {"(1/1) 0 1 ", "(1/1) 2 1 "}) {
      CAPTURE(other);
      CHECK(check(std::string(text).replace(statement, other.size(), other)).exit_code == 1);
    }
  }
}

TEST_CASE("coq-check without an answer is unknown and leaves no folder behind") {
  const TemporaryFolder folder;
  const std::string file = folder.file("certificate.v");
  evaluate("entropy-bits --d 2 --L 2 --eps 3/31", file);
  CHECK(run("coq-check --proofs " + folder.file("nowhere") + " " + file).exit_code == 3);
  write_file(file, "Theorem t : True.\nProof. do 2000000000 idtac. easy. Qed.\n");
  CHECK(run("coq-check --time-limit 1 " + file).exit_code == 3);
  CHECK(run("coq-check " + folder.file("none.v")).exit_code == 2);
}
