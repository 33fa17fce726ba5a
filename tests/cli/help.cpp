// The command as a person meets it: its start, help, near misses, endings of files.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "run.hpp"
#include "text.hpp"

namespace {

/// The help of a line, which succeeds and says nothing else.
std::string help(const std::string& arguments) {
  const Outcome outcome = run(arguments);
  CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
  CHECK(outcome.err.empty());
  return outcome.out;
}

}  // namespace

TEST_CASE("the command alone says three things to try") {
  const std::string text = help("");
  for (const char* command : {"promptbound bounds --d 2 --L 2 --eps 1/10 ", "promptbound list ",
                              "promptbound audit --model DIR --prompt DIR ", "promptbound help SUBCOMMAND"}) {
    CHECK_MESSAGE(contains(text, command), command);
  }
}

TEST_CASE("help is a word as well as an option and -V is the version") {
  CHECK(help("help") == help("--help"));
  CHECK(help("help bounds") == help("bounds --help"));
  CHECK(help("help eval entropy-bits") == help("eval entropy-bits --help"));
  CHECK(help("-V") == help("--version"));
}

TEST_CASE("a near miss of a subcommand gets the subcommand") {
  const auto refused = [](const std::string& arguments, const std::string& message) {
    const Outcome outcome = run(arguments);
    CHECK(outcome.exit_code == 2);
    CHECK(outcome.out.empty());
    CHECK_MESSAGE(outcome.err == "promptbound: " + message + "\n", outcome.err);
  };
  refused("evla entropy-bits", "'evla' is not a subcommand of promptbound: did you mean eval?");
  refused("bound --d 2", "'bound' is not a subcommand of promptbound: did you mean bounds?");
  refused("help tabel", "'tabel' is not a subcommand of promptbound: did you mean table?");
  refused("--versoin", "'--versoin' is not an option of promptbound: did you mean --version?");
  refused("eval entropi-bits --help",
          "no bound is called 'entropi-bits': did you mean entropy-bits? (promptbound list shows all)");
}

TEST_CASE("eval ID --help has the parameters of that bound and direction with their defaults alone") {
  const std::string forwards = help("eval memory-bits --help");
  CHECK(contains(forwards, "--m X "));
  CHECK(contains(forwards, "(default: 16)"));
  CHECK_FALSE(contains(forwards, "--N X "));
  CHECK_FALSE(contains(forwards, "--eps X "));
  const std::string backwards = help("eval memory-bits --solve m --help");
  CHECK(contains(backwards, "--N X "));
  CHECK_FALSE(contains(backwards, "--m X "));
}

TEST_CASE(
    "eval --help lists the bounds with their parameters and the other helps name the bounds of each "
    "parameter") {
  const std::string eval = help("eval --help");
  CHECK(contains(eval, "  memory-bits                 m w [b=16] [K=2]\n"));
  CHECK_FALSE(contains(eval, "--Lambda X"));
  const std::string bounds = help("bounds --help");
  CHECK(contains(bounds, "[efficiency-threshold]"));
  const std::string table = help("table --of memory-bits,entropy-bits.tokens --help");
  CHECK(contains(table, "[memory-bits, entropy-bits]"));
  CHECK_FALSE(contains(table, "--Lambda X"));
}

TEST_CASE("the ending of the answer's file is its format unless one is given") {
  const TemporaryFolder folder;
  const auto written = [&](const std::string& name, const std::string& options) {
    const Outcome outcome = run("bounds --d 2 --L 2 --eps 1/10 -o " + folder.file(name) + " " + options);
    CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
    return read_file(folder.file(name));
  };
  CHECK(written("a.html", "").starts_with("<!DOCTYPE html>"));
  CHECK(nlohmann::json::parse(written("a.json", ""))["bracket"]["sufficient"]["id"] == "packed-upper");
  CHECK(contains(written("a.tex", ""), "\\toprule"));
  CHECK(contains(written("a.md", ""), "| bound |"));
  CHECK(written("a.csv", "") == written("a", "--format csv"));
  CHECK(written("b.json", "--format csv") == written("a.csv", ""));
  CHECK(written("a.txt", "").starts_with("2 <= m <= 312"));
  // A file that holds weights is no answer: what is printed stays text.
  const Outcome built = run("construct layer --d 2 -o " + folder.file("layer.json"));
  CHECK(built.out.starts_with("layer (theory 2.2) written to"));
}

TEST_CASE("table takes a bound's main output and the models that come with the program") {
  CHECK(run("table --of entropy-bits,lookup-upper --d 1:3 --L 2 --eps 1/10 --format csv").out ==
        run("table --of entropy-bits.tokens,lookup-upper.tokens --d 1:3 --L 2 --eps 1/10 --format csv").out);
  CHECK(contains(run("table --preset capacity --format csv").out, "Pythia-1.4B"));
}
