// What the command prints, in every format.
#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/number.hpp>

#include "run.hpp"

using nlohmann::json;
using promptbound::parse_number;
using promptbound::Rational;

TEST_CASE("bounds leads with the bracket") {
  const Outcome outcome = run("bounds --d 2 --L 2 --eps 1/10 --alpha inf");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err.empty());
  CHECK(outcome.out.rfind("2 <= m <= 21 ", 0) == 0);
  CHECK(outcome.out.find('\033') == std::string::npos);
}

TEST_CASE("numbers are taken as the exact decimal written") {
  const json tenth = json::parse(run("eval quantized-capacity --d 1 --L 1 --eps 0.1 --format json").out);
  CHECK(tenth["inputs"]["eps"] == "1/10");
  CHECK(tenth["outputs"]["least_integer"]["exact"] == "20");
}

TEST_CASE("eval prints the documented JSON record") {
  const json record = json::parse(
      run("eval entropy-lipschitz --d 1 --L 3 --eps 1/100 --C 2 --R 1 --Lambda 10 --format json").out);
  CHECK(record["schema"] == 1);
  CHECK(record["id"] == "entropy-lipschitz");
  CHECK(record["kind"] == "necessary");
  CHECK(record["theory"] == "1.3");
  CHECK(record["applicable"] == true);
  CHECK(record["outputs"]["tokens"] == json({{"lower", "62827"}, {"upper", "62827"}, {"exact", "62827"}}));
  CHECK(record["outputs"]["value"]["exact"].is_null());
  const Rational lower = parse_number(record["outputs"]["value"]["lower"].get<std::string>())->value;
  const Rational upper = parse_number(record["outputs"]["value"]["upper"].get<std::string>())->value;
  CHECK(lower < upper);
  CHECK((upper - lower) * parse_number("1e40")->value < lower);
  for (const json& assumption : record["assumptions"]) {
    const std::string status = assumption["status"];
    const bool known = status == "holds" || status == "assumed";
    CHECK(known);
  }
}

TEST_CASE("digits asked for are digits given") {
  for (const long digits : {1L, 7L, 100L, 1000L}) {
    CAPTURE(digits);
    const json record = json::parse(
        run("eval accessible-length --w 768 --v 50304 --format json --digits " + std::to_string(digits)).out);
    const Rational lower = parse_number(record["outputs"]["tokens"]["lower"].get<std::string>())->value;
    const Rational upper = parse_number(record["outputs"]["tokens"]["upper"].get<std::string>())->value;
    CHECK(lower < upper);
    CHECK((upper - lower) * parse_number("1e" + std::to_string(digits))->value < lower);
  }
}

TEST_CASE("what is not applicable says why and gives no number") {
  for (const char* arguments :
       {"eval entropy-bits --d 1 --L 1 --eps 1/2", "eval entropy-bits --d 1 --L 1 --eps 1/4 --C 1/2",
        "eval memory-linear --m 1 --w 1 --R 1 --Lambda 1 --Delta 1/5 --eps 1/10",
        "eval universality-size --d 1 --L 1 --eps 1/10 --alpha inf",
        "eval quantized-capacity --d 1 --L 1 --eps 3", "eval lookup-upper --d 1 --L 1 --eps 1/100 --b 2"}) {
    CAPTURE(arguments);
    const Outcome outcome = run(std::string(arguments) + " --format json");
    CHECK(outcome.exit_code == 0);
    const json record = json::parse(outcome.out);
    CHECK(record["applicable"] == false);
    CHECK(record["outputs"].empty());
    CHECK_FALSE(record["reason"].get<std::string>().empty());
  }
}

TEST_CASE("a sweep gives one row a point in every format whatever the number of threads") {
  const std::string sweep = "eval lookup-upper --d 1:3 --L 1:4:x2 --eps 1/10,1/20 ";
  const json rows = json::parse(run(sweep + "--format json").out);
  REQUIRE(rows.size() == 18);
  CHECK(rows[17]["inputs"]["d"] == "3");
  CHECK(rows[17]["inputs"]["eps"] == "1/20");
  const std::string csv = run(sweep + "--format csv").out;
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 19);
  CHECK(csv.rfind("d,L,eps,C (default),alpha (default),k.lower,k.upper,tokens.lower,tokens.upper,", 0) == 0);
  CHECK(csv == run(sweep + "--format csv --threads 2").out);
  const std::string markdown = run(sweep + "--format markdown").out;
  CHECK(std::count(markdown.begin(), markdown.end(), '|') == 20 * 10);
}

TEST_CASE("the catalogue lists every bound with its parameters - every construction and every check") {
  const json catalogue = json::parse(run("list --format json").out);
  CHECK(catalogue["bounds"].size() >= 13);
  for (const json& bound : catalogue["bounds"]) {
    const std::string id = bound["id"];
    CAPTURE(id);
    CHECK(run("list " + id).exit_code == 0);
    CHECK_FALSE(bound["parameters"].empty());
    CHECK_FALSE(bound["outputs"].empty());
  }
  CHECK(catalogue["constructions"].size() == 14);
  CHECK(catalogue["checks"].size() == 11);
  for (const std::string part : {"constructions", "checks"}) {
    for (const json& entry : catalogue[part]) {
      const std::string id = entry["id"];
      const Outcome one = run("list " + id);
      CHECK(one.exit_code == 0);
      CHECK(one.out.find(id) == 0);
      CHECK(json::parse(run("list --format json " + id).out)[part].size() == 1);
    }
  }
}

TEST_CASE("every row of a LaTeX table has every column - empty cells included") {
  const std::string text = run("bounds --d 2 --L 2 --eps 1/10 --format latex").out;
  std::size_t rows = 0;
  std::size_t start = text.find("\\toprule\n") + 9;
  const std::size_t stop = text.find("\\bottomrule");
  while (start < stop) {
    const std::size_t end = text.find('\n', start);
    const std::string line = text.substr(start, end - start);
    if (line != "\\midrule" && line != "\\endhead") {
      CAPTURE(line);
      CHECK(std::count(line.begin(), line.end(), '&') == 6);
      ++rows;
    }
    start = end + 1;
  }
  CHECK(rows == 32);  // the headings, and one row an output
}

TEST_CASE(
    "tables compile in LaTeX with booktabs - siunitx and longtable (skipped where pdflatex is absent)") {
  if (std::system("command -v pdflatex > /dev/null 2>&1") != 0) {
    MESSAGE("pdflatex is not installed: nothing was compiled");
    return;
  }
  const TemporaryFolder folder;
  CHECK(run("bounds --d 2 --L 2 --eps 1/10 --format latex -o " + folder.file("a.tex")).exit_code == 0);
  CHECK(run("bounds --d 1:3 --L 2 --eps 1/10,3/7,1/2 --format latex -o " + folder.file("b.tex")).exit_code ==
        0);
  CHECK(run("table --preset capacity --format latex -o " + folder.file("c.tex")).exit_code == 0);
  CHECK(run("list --format latex -o " + folder.file("d.tex")).exit_code == 0);
  CHECK(run("eval quantized-capacity --d 4096 --L 8192 --eps 1e-6 --format latex -o " + folder.file("e.tex"))
            .exit_code == 0);
  write_file(
      folder.file("paper.tex"),
      "\\documentclass{article}\\usepackage{booktabs,siunitx,longtable}\\begin{document}\n"
      "\\input{a}\\clearpage\\input{b}\\clearpage\\input{c}\\clearpage\\input{d}\\clearpage\\input{e}\n"
      "\\end{document}\n");
  const Outcome latex = run("list > /dev/null; cd " + folder.file("") +
                            " && pdflatex -interaction=nonstopmode -halt-on-error paper.tex");
  CHECK_MESSAGE(latex.exit_code == 0, latex.out);
}

TEST_CASE("sweeps say for programs what proves each number in their last column") {
  const std::string sweep = "bounds --d 1:2 --L 2 --eps 1/10,1/2 ";
  const json rows =
      json::parse(run("table --of entropy-bits.tokens,lookup-upper.width --d 1:2 --L 2 --eps 1/10 "
                      "--format json")
                      .out)["rows"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["proof"] == "entropy-bits.tokens: Coq; lookup-upper.width: on paper");
  const std::string csv = run(sweep + "--format csv").out;
  CHECK(csv.substr(0, csv.find('\n')).ends_with(",proof"));
  CHECK(csv.find(",necessary: on paper; sufficient: on paper; quantized-capacity: Coq; entropy-bits: Coq; "
                 "entropy-simplex: on paper; lookup-upper: Coq; universality-size: on paper; packed-upper: "
                 "on paper\n") != std::string::npos);
  // Where a bound does not apply there is nothing to prove.
  CHECK(csv.find(",sufficient: on paper; ") != std::string::npos);
  // Tables for people keep their columns.
  CHECK(run(sweep).out.find("proof") == std::string::npos);
}

TEST_CASE("a row of a sweep says what the single point says") {
  const json rows =
      json::parse(run("table --of entropy-lipschitz.tokens,entropy-lipschitz.value,lookup-upper.tokens --d "
                      "1:3 --L 2 --eps "
                      "1/100 --R 1 --Lambda 10 --format json")
                      .out)["rows"];
  REQUIRE(rows.size() == 3);
  for (int d = 1; d <= 3; ++d) {
    const json point = json::parse(run("eval entropy-lipschitz --d " + std::to_string(d) +
                                       " --L 2 --eps 1/100 --R 1 --Lambda 10 --format json")
                                       .out)["outputs"];
    const json& row = rows[static_cast<std::size_t>(d - 1)];
    CHECK(row["entropy-lipschitz.tokens"] == point["tokens"]);
    CHECK(row["entropy-lipschitz.value"] == point["value"]);
  }
}
