// bounds --N: the bracket for memory, alone and beside the one for functions, in every format.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "run.hpp"
#include "text.hpp"

using nlohmann::json;

namespace {

const std::string alone = "bounds --N 1000000 --K 10 --P 768";

}  // namespace

TEST_CASE("the bracket for memory in words: both ends at one width, its factor and what it tends to") {
  const Outcome outcome = run(alone);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.rfind(
            "267 <= m <= 326   the least number m of prompt tokens, 779 entries of 16 bits each, that "
            "reach all labellings of N = 1000000 inputs by K = 10 labels\n",
            0) == 0);
  CHECK(
      contains(outcome.out,
               "m >= 267: any model, prompt entries of 16 bits, token width 779 [memory-bits, theory 2.7]"));
  CHECK(contains(outcome.out,
                 "m <= 326: one fixed transformer, prompt tokens of 779 entries of 16 bits, 768 of them "
                 "payload [packed-memory, theory 2.8]"));
  CHECK(contains(outcome.out, "Coq: algebra.memory_bits.memory_bits"));
  CHECK(contains(outcome.out, "known up to a factor of 1.23."));
  CHECK(contains(outcome.out,
                 "Numbers to train: at most 253954; in bits: 3321929 <= m w b <= 4063264, up to a factor of "
                 "1.23 (in the limit K fixed, b, P and N/(P b) -> inf: 1)."));
  CHECK_FALSE(contains(outcome.out, "F(C, alpha)"));
}

TEST_CASE("both brackets stand in one answer, that for functions first") {
  const std::string text = run("bounds --d 2 --L 2 --eps 1/10 --alpha inf --N 1000").out;
  CHECK(text.rfind("2 <= m <= 21 ", 0) == 0);
  CHECK(contains(text, "that reach all labellings of N = 1000 inputs by K = 2 labels"));
  for (const char* format : {"markdown", "latex", "html"}) {
    const std::string other =
        run("bounds --d 2 --L 2 --eps 1/10 --alpha inf --N 1000 --format " + std::string(format)).out;
    CHECK(contains(other, "inputs by K = 2 labels"));
    CHECK(contains(other, format == std::string("latex") ? "% 2 <= m <= 21" : "= 21"));
  }
  const json overview =
      json::parse(run("bounds --d 2 --L 2 --eps 1/10 --alpha inf --N 1000 --format json").out);
  CHECK(overview["bracket"]["sufficient"]["tokens"] == "21");
  CHECK(overview["bracket"]["bits"]["limit"] == "P -> inf, then eps -> 0");
  CHECK(overview["memory"]["sufficient"]["id"] == "packed-memory");
  CHECK(json::parse(run("bounds --d 2 --L 2 --eps 1/10 --format json").out)["memory"].is_null());
}

TEST_CASE("programs read the bracket for memory") {
  const json memory = json::parse(run(alone + " --format json").out);
  CHECK(memory["bracket"].is_null());
  CHECK(memory["memory"]["necessary_at_equal_width"]["tokens"] == "267");
  CHECK(memory["memory"]["necessary"]["id"] == "memory-bits");
  CHECK(memory["memory"]["sufficient"]["width"] == "779");
  CHECK(memory["memory"]["bits"]["necessary"]["exact"] == "3321929");
  CHECK(memory["memory"]["bits"]["limit_factor"]["exact"] == "1");
  const std::string csv = run(alone + " --format csv").out;
  CHECK(contains(csv, "\nmemory: necessary at equal width,267,267,779,memory-bits,"));
  CHECK(contains(csv, "\nmemory: sufficient,326,326,779,packed-memory,"));
  const std::string sweep = run("bounds --N 1000:1000000:x10 --K 10 --P 768 --format csv").out;
  CHECK(contains(sweep, "memory necessary.lower"));
  CHECK(contains(sweep, ",267,267,326,326,326,326,"));
  CHECK(contains(sweep, "memory necessary: Coq; memory sufficient: on paper"));
  CHECK_FALSE(contains(sweep, ",sufficient.lower"));
}

TEST_CASE("what the bracket for memory needs is said") {
  const Outcome nothing = run("bounds --K 10");
  CHECK(nothing.exit_code == 2);
  CHECK(contains(nothing.err, "bounds needs --d"));
  CHECK(contains(nothing.err, "--N alone"));
  const TemporaryFolder folder;
  const Outcome coq = run(alone + " --coq " + folder.file("memory.v"));
  CHECK(coq.exit_code == 2);
  CHECK(contains(coq.err, "--coq certifies the bracket for functions"));
  const Outcome narrow = run("bounds --N 5 --K 70000 --P 1");
  CHECK(narrow.exit_code == 0);
  CHECK(contains(narrow.out, "packed-memory (theory 2.8) does not apply"));
}
