// Items of the theory as `list N.M` prints them: against the pages that they come from.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "run.hpp"
#include "text.hpp"

namespace fs = std::filesystem;

namespace {

const fs::path root = fs::path(__FILE__).parent_path().parent_path().parent_path();

std::string printed(const std::string& arguments) {
  const Outcome outcome = run(arguments);
  CHECK_MESSAGE(outcome.exit_code == 0, arguments << ": " << outcome.err);
  return outcome.out;
}

void check_refused_as(const std::string& arguments, const std::string& message) {
  const Outcome outcome = run(arguments);
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK_MESSAGE(outcome.err == "promptbound: " + message + "\n", outcome.err);
}

/// The headings of the pages: number and ids.
std::vector<std::pair<std::string, std::string>> headings() {
  std::vector<std::pair<std::string, std::string>> all;
  const std::regex heading("\n### ([0-9]\\.[0-9]+) ([^\n]+)");
  for (const auto& entry : fs::directory_iterator(root / "docs/theory")) {
    if (!std::isdigit(static_cast<unsigned char>(entry.path().filename().string().front()))) continue;
    const std::string text = read_file(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), heading), end; at != end; ++at)
      all.emplace_back((*at)[1], (*at)[2]);
  }
  return all;
}

/// The first line of an item.
std::string first_line(const std::string& number, const std::string& ids) {
  return number + " " + ids + "\n";
}

}  // namespace

TEST_CASE("list N.M prints every item of the theory whole") {
  const auto all = headings();
  CHECK(all.size() >= 26);
  for (const auto& heading : all) {
    const std::string& number = heading.first;
    const std::string text = printed("list " + number);
    CHECK(text.starts_with(first_line(number, heading.second) + "\nKind. "));
    for (const char* paragraph : {"Statement", "Proof", "Source", "Coq", "Command", "Code"})
      CHECK_MESSAGE(std::regex_search(text, std::regex("\n" + std::string(paragraph) + "\\b")),
                    number << ": " << paragraph);
    CHECK_FALSE(contains(text, "\n### "));
    CHECK_FALSE(contains(text, "```"));
    CHECK_FALSE(contains(text, "]("));
    CHECK_FALSE(contains(text, "**"));
  }
}

TEST_CASE("an item is as on its page: formulas, commands, words of links") {
  const std::string text = printed("list 1.2");
  CHECK(contains(text, "\n    m \\ge \\left\\lceil \\frac{s (k+1)^n}{b w} \\right\\rceil .\n"));
  CHECK(contains(text, "\n    promptbound eval entropy-bits --d 2 --L 2 --m 100 --solve eps\n"));
  CHECK(contains(text, "Kolmogorov and Tikhomirov's (KT59), the extensions"));
  CHECK(contains(text, "Any model whose prompts"));  // *Any*
  CHECK(text.ends_with("\ndocs/theory/1-prompt-length.md of the documentation\n"));
  CHECK_FALSE(contains(text, "1.3 entropy-lipschitz"));
  // Markdown is the page's own text, links replaced by their words.
  const std::string markdown = printed("list 1.2 --format markdown");
  CHECK(markdown.starts_with("### 1.2 entropy-bits, entropy-simplex\n\n**Kind.** necessary.\n"));
  CHECK(contains(markdown, "*Any* model whose prompts"));
}

TEST_CASE("every id leads to its item") {
  for (const auto& [number, ids] : headings()) {
    // An entry of the catalogue says how to read its item; another id is the item.
    const std::string id = ids.substr(0, ids.find(','));
    const std::string text = printed("list " + id);
    const bool is_item = text.starts_with(first_line(number, ids));
    CHECK_MESSAGE((is_item || contains(text, "promptbound list " + number)), id);
  }
  CHECK(printed("list concatenation").starts_with("2.1 concatenation\n"));
  CHECK(contains(printed("list accessible-length"), "\nstatement and proof: promptbound list 2.7\n"));
  CHECK(contains(printed("list hardness-instance"),
                 "\nstatement and proof: promptbound list 4.3, promptbound list 5.7\n"));
  CHECK_FALSE(contains(printed("list certificate"), "statement and proof"));
}

TEST_CASE("the text of a result says where its statement and proof are read") {
  const std::string line = "\nstatement and proof: promptbound list ";
  CHECK(contains(printed("eval entropy-bits --d 2 --L 2 --eps 1/10"), line + "1.2\n"));
  CHECK(contains(printed("bounds --d 2 --L 2 --eps 1/10"), "promptbound list N.M"));
}

TEST_CASE("a section's number prints what stands before its items") {
  const std::string notation = printed("list 0");
  CHECK(notation.starts_with("0 Notation\n"));
  CHECK(contains(notation, "\nKinds of claim\n"));
  const std::string section = printed("list 5");
  CHECK(contains(section, "\nWhole-cube verification: supremum\n"));
  CHECK_FALSE(contains(section, "\n5.1 universal-transformer\n"));
}

TEST_CASE("near misses of an item get the items there are, or the nearest id") {
  check_refused_as("list 1.9", "the theory has no item '1.9' (accepted: 1.1 to 1.6)");
  check_refused_as("list 1.20", "the theory has no item '1.20' (accepted: 1.1 to 1.6)");
  check_refused_as("list 0.1", "the theory has no item '0.1' (accepted: 0)");
  check_refused_as(
      "list 7",
      "the theory has no item '7' (accepted: 0, 1.1 to 1.6, 2.1 to 2.8, 3.1 to 3.5, 4.1 to 4.3, 5.1 to "
      "5.10)");
  check_refused_as(
      "list concatenatoin",
      "'concatenatoin' is no bound, construction, check or item of the theory: did you mean concatenation?");
  check_refused_as(
      "list entropy-bit",
      "'entropy-bit' is no bound, construction, check or item of the theory: did you mean entropy-bits?");
}

TEST_CASE(
    "an item goes to a file and to programs, and other formats are refused before the file is touched") {
  const TemporaryFolder folder;
  const std::string file = folder.file("item.md");
  printed("list 1.2 -o " + file);
  CHECK(read_file(file) == printed("list 1.2 --format markdown"));
  const auto json = nlohmann::json::parse(printed("list 2.7 --format json"));
  CHECK(json["item"] == "2.7");
  CHECK(json["ids"] == nlohmann::json({"memory-bits", "accessible-length"}));
  CHECK(json["page"] == "docs/theory/2-memorization.md");
  const std::string page = read_file(root / "docs/theory/2-memorization.md");
  CHECK(contains(page, json["markdown"].get<std::string>()));
  const std::string latex = folder.file("item.tex");
  const Outcome outcome = run("list 1.2 -o " + latex);
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.err, "text, markdown or json"));
  CHECK_FALSE(fs::exists(latex));
}
