// The first lines of `bounds`, in every format and at every size, and what no line may say.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include <promptbound/numeric/number.hpp>

#include "numbers.hpp"
#include "run.hpp"
#include "text.hpp"

using nlohmann::json;
using promptbound::Rational;

namespace {

const std::string huge = "bounds --d 768 --L 512 --eps 0.1 --alpha inf";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("the first line compares the ends at equal token width") {
  const std::vector<std::string> lines = lines_of(run("bounds --d 2 --L 2 --eps 1/10 --alpha inf").out);
  CHECK(lines[0].rfind("2 <= m <= 21 ", 0) == 0);
  CHECK(contains(lines[0], "88 entries of 16 bits"));
}

TEST_CASE("every output begins with all parameters and says which were not given") {
  const std::string all =
      "d = 2, L = 2, eps = 1/10, C = 1 (default), alpha = 2 (default), b = 16 (default), "
      "w = 2 (default: d), P = 64 (default: 16 d L)";
  const std::string command = "bounds --d 2 --L 2 --eps 0.1 --format ";
  for (const std::string format : {"text", "markdown", "latex", "html"}) {
    CAPTURE(format);
    const std::string out = run(command + format).out;
    CHECK(out.find(all) < out.find("quantized"));
  }
  const std::vector<std::string> csv = lines_of(run(command + "csv").out);
  CHECK(csv[0] == "parameter,value,default");
  CHECK(csv[1] == "d,2,false");
  CHECK(csv[5] == "alpha,2,true");
  CHECK(csv[7] == "w,2,true");
  const json parameters = json::parse(run(command + "json").out)["parameters"];
  REQUIRE(parameters.size() == 8);
  CHECK(parameters[4] == json({{"name", "alpha"}, {"value", "2"}, {"default", true}}));
}

TEST_CASE("the rows of a sweep begin with all parameters in CSV - the head of one in other formats") {
  const std::string eval = run("eval lookup-upper --d 1:3 --L 2 --eps 1/10 --format csv").out;
  CHECK(eval.rfind("d,L,eps,C (default),alpha (default),k.lower,", 0) == 0);
  CHECK(contains(eval, "\n3,2,1/10,1,2,"));
  const std::string bounds = run("bounds --d 1:3 --L 2 --eps 1/10 --format csv").out;
  CHECK(bounds.rfind(
            "d,L,eps,C (default),alpha (default),b (default),w (default),P (default),necessary.lower,", 0) ==
        0);
  CHECK(contains(bounds, "\n3,2,1/10,1,2,16,3,"));  // w = d, row by row
  const std::string table = "table --of entropy-bits.tokens,lookup-upper.tokens --d 1:3 --L 2 --eps 1/10 ";
  CHECK(contains(run(table + "--format csv").out, "C (default),alpha (default)"));
  for (const std::string format : {"text", "markdown", "latex", "html"}) {
    CAPTURE(format);
    CHECK(contains(run_in_format(table, format).out, "alpha = 2 (default)"));
    CHECK(contains(run("eval lookup-upper --d 1:3 --L 2 --eps 1/10 --format " + format).out,
                   "d = 1:3, L = 2, eps = 1/10, C = 1 (default), alpha = 2 (default)"));
  }
  const json rows = json::parse(run(table + "--format json").out);
  CHECK(rows["parameters"][0] == json({{"name", "d"}, {"value", "1:3"}, {"default", false}}));
  const json records = json::parse(run("eval lookup-upper --d 1:3 --L 2 --eps 1/10 --format json").out);
  CHECK(records[0]["defaults"] == json({"C", "alpha"}));
}

TEST_CASE("a parameter that no bound uses is named") {
  CHECK(contains(run("bounds --d 2 --L 2 --eps 1/10 --R 3").out, "R = 3 (used by no bound here)"));
}

TEST_CASE("ends too large to write out are powers of ten in every format") {
  const std::string first = lines_of(run(huge).out)[0];
  CHECK(first.rfind("10^274843.74 <= m <= 10^305979.73 ", 0) == 0);
  CHECK(contains(run(huge).out, "m >= 10^274847.69"));
  for (const std::string format : {"text", "markdown", "latex", "html"}) {
    CAPTURE(format);
    const std::string out = run_in_format(huge, format).out;
    CHECK(contains(out, "274847.69"));
    CHECK_FALSE(contains(out, "no lower bound"));
  }
  const json bracket = json::parse(run(huge + " --format json").out)["bracket"];
  for (const char* end : {"necessary", "sufficient", "necessary_at_equal_width"}) {
    CAPTURE(end);
    REQUIRE(bracket[end].is_object());
    CHECK(bracket[end]["tokens"].is_null());
    CHECK(exact_number(bracket[end]["log10"]["lower"]) < exact_number(bracket[end]["log10"]["upper"]));
  }
  CHECK(exact_number(bracket["necessary"]["log10"]["lower"]) > exact_number("274847.69"));
  CHECK(exact_number(bracket["necessary"]["log10"]["upper"]) < exact_number("274847.70"));
  // CSV: the bracket of one point, and the columns of a sweep.
  const std::string csv = run(huge + " --format csv").out;
  CHECK(contains(csv, "\nsufficient,"));
  CHECK(contains(csv, "e+305979,"));
  const std::vector<std::string> sweep =
      lines_of(run("bounds --d 768 --L 256,512 --eps 0.1 --alpha inf --format csv").out);
  REQUIRE(sweep.size() == 3);
  CHECK(contains(sweep[2], "e+274843,"));
}

TEST_CASE("every allowed size is answered with numbers and without infinities") {
  for (const std::string parameters :
       {"--d 1000000 --L 1000 --eps 0.001", "--d 1000000000 --L 1000000000 --eps 1e-9",
        "--d 1000000000 --L 1000000000 --eps 1/3 --alpha 137/100", "--d 2 --L 1 --eps 1e-99999",
        "--d 2 --L 2 --eps 1e-3 --C 1e99999 --alpha 3"}) {
    CAPTURE(parameters);
    for (const std::string format : {"text", "csv", "latex"}) {
      const Outcome outcome = run_in_format("bounds " + parameters, format);
      CHECK(outcome.exit_code == 0);
      CHECK_FALSE(contains(outcome.out, "undecided"));
      CHECK_FALSE(contains(outcome.out, "\\num{inf}"));
      CHECK_FALSE(contains(outcome.out, ",inf,"));
    }
    const json overview = json::parse(run("bounds " + parameters + " --format json").out);
    CHECK(overview["bracket"]["necessary"].is_object());
    for (const json& record : overview["bounds"]) {
      CAPTURE(record["id"]);
      // The simplex packing is of alpha = 2, and grids of more digits are not searched for packed prompts.
      const bool may_say_why = record["id"] == "entropy-simplex" || record["id"] == "packed-upper";
      CHECK((record["applicable"] == true || (may_say_why && !record["reason"].get<std::string>().empty())));
    }
  }
}

TEST_CASE("log10 stands beside every integer of more than 15 digits") {
  const auto tokens = [](const std::string& eps) {
    return json::parse(run("eval lookup-upper --d 2 --L 2 --alpha inf --eps " + eps + " --format json")
                           .out)["outputs"]["tokens"];
  };
  // k = 5000 and k = 6000: 625 000 000 000 000 has 15 digits, 1 296 000 000 000 000 has 16.
  CHECK(tokens("1/9999")["exact"] == "625000000000000");
  CHECK_FALSE(tokens("1/9999").contains("log10"));
  const json longer = tokens("1/11999");
  CHECK(longer["exact"] == "1296000000000000");
  // 10^15.1126... lies within the enclosure: 15 + log10(1.296)
  const Rational lower = exact_number(longer["log10"]["lower"]),
                 upper = exact_number(longer["log10"]["upper"]);
  CHECK(lower < upper);
  CHECK(lower > exact_number("15.11260500153"));
  CHECK(upper < exact_number("15.11260500154"));
  CHECK(upper - lower < exact_number("1e-38"));
}

TEST_CASE("a lower bound for Lipschitz models stands beside the bracket with the models named") {
  const std::string command = "bounds --d 1 --L 2 --eps 1/10 --R 1 --Lambda 1/1000000";
  const std::string text = run(command).out;
  CHECK(lines_of(text)[0].rfind("1 <= m <= 2 ", 0) == 0);
  CHECK(contains(text, "beside      m >= 1109037: models that are 1/1000000-Lipschitz in the prompt"));
  CHECK_FALSE(contains(text, "85311 .. 64"));
  const json bracket = json::parse(run(command + " --format json").out)["bracket"];
  CHECK(bracket["necessary"]["id"] == "entropy-simplex");
  REQUIRE(bracket["beside"].size() == 1);
  CHECK(bracket["beside"][0]["id"] == "entropy-lipschitz");
  CHECK(bracket["beside"][0]["tokens"] == "1109037");
  CHECK(bracket["beside"][0]["kind"] == "necessary");
  CHECK(bracket["beside"][0]["models"] != bracket["models"]);
  for (const std::string format : {"markdown", "latex", "html", "csv"}) {
    CAPTURE(format);
    CHECK(contains(run_in_format(command, format).out, "Lipschitz in the prompt"));
  }
  // Where no length suffices, that is said of these models alone.
  const std::string none = run("bounds --d 1 --L 2 --eps 1/10 --R 1 --Lambda 1/1000000 --norm max").out;
  CHECK(contains(none, "beside      no length suffices: models that are"));
}

TEST_CASE("no bound applies only where none does with the reason") {
  const std::string constant = run("bounds --d 2 --L 2 --eps 1/2 --alpha inf").out;
  CHECK(contains(constant,
                 "necessary: entropy-bits (theory 1.2) does not apply: eps >= n^(1/alpha)/2: the "
                 "constant 1/2 is within eps of every function, no prompt is needed"));
  const json bracket =
      json::parse(run("bounds --d 2 --L 2 --eps 1/2 --alpha inf --format json").out)["bracket"];
  CHECK(bracket["necessary"].is_null());
  CHECK(contains(bracket["no_necessary"].get<std::string>(), "no prompt is needed"));
  const std::string coarse = run("bounds --d 2 --L 2 --eps 1e-6 --P 1").out;
  CHECK(
      contains(coarse, "sufficient: lookup-upper (theory 1.4) does not apply: eps <= n^(1/alpha) 2^(-b-1)"));
  CHECK(contains(coarse, "one fixed transformer, real prompt entries"));
}

TEST_CASE("an answer that exists is not undecided") {
  const char* const saturated =
      "eval memory-saturation --m 1000 --w 1 --R 1e-99999 --Lambda 1/5 --Lambda-W 1/10 --Delta 1e9 --eps 2";
  for (const char* arguments :
       {"eval entropy-lipschitz --solve eps --d 2 --L 2 --m 10 --R 1/10 --Lambda 3",
        "eval entropy-lipschitz --solve eps --d 1 --L 1 --m 1 --R 1 --Lambda 1 --norm max",
        "eval lookup-upper --d 3 --L 2 --eps 1e-30 --C 1e99999",
        "eval universality-size --d 2 --L 2 --eps 1e-30 --C 1/4 --alpha 1e99999", saturated}) {
    CAPTURE(arguments);
    const Outcome outcome = run(std::string(arguments) + " --format json");
    CHECK(outcome.exit_code == 0);
    CHECK(json::parse(outcome.out)["applicable"] == true);
  }
}
