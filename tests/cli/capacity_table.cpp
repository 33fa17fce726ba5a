// The capacity table: our numbers beside every published figure, and beside each source where they disagree.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <promptbound/numeric/number.hpp>

#include "numbers.hpp"
#include "run.hpp"

using nlohmann::json;
using promptbound::parse_number;
using promptbound::Rational;

namespace {

const json& rows() {
  static const json all = json::parse(run("table --preset capacity --format json").out)["rows"];
  return all;
}

/// Half a unit in the last of the decimals given.
Rational half_unit(const std::string& decimal) {
  const auto point = decimal.find('.');
  const std::size_t places = point == std::string::npos ? 0 : decimal.size() - point - 1;
  return parse_number("1e-" + std::to_string(places))->value / 2;
}

/// Does our enclosure print so, rounded to as many places?
bool rounds_to(const json& ours, const std::string& published) {
  const Rational value = parse_number(published)->value, half = half_unit(published);
  return exact_number(ours["lower"]) >= value - half && exact_number(ours["upper"]) < value + half;
}

using Line = std::map<std::string, std::string>;

/// The lines of a CSV file without quotes, by column.
std::vector<Line> csv_lines(const std::string& path) {
  std::istringstream file(read_file(path));
  const auto fields = [](const std::string& line) {
    std::vector<std::string> result;
    std::istringstream in(line + ",");
    for (std::string field; std::getline(in, field, ',');) result.push_back(field);
    return result;
  };
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> header = fields(line);
  std::vector<Line> result;
  while (std::getline(file, line)) {
    const std::vector<std::string> values = fields(line);
    REQUIRE(values.size() == header.size());
    Line named;
    for (std::size_t i = 0; i < header.size(); ++i) named[header[i]] = values[i];
    result.push_back(named);
  }
  return result;
}

/// The first row of that model.
const json& row_of_model(const std::string& model) {
  const auto row =
      std::find_if(rows().begin(), rows().end(), [&](const json& one) { return one["model"] == model; });
  REQUIRE_MESSAGE(row != rows().end(), model);
  return *row;
}

/// A published figure stands in the table as it is in the reference.
void check_figure(const json& row, const char* column, const std::string& expected) {
  CAPTURE(column);
  REQUIRE(row[column].is_object());
  CHECK(exact_number(row[column]["exact"]) == parse_number(expected)->value);
}

}  // namespace

TEST_CASE("the table has every model of KAGDB25, and its capacities are ours to all digits given") {
  const std::vector<Line> models = csv_lines(PROMPTBOUND_REFERENCE_DIR "/kagdb25.csv");
  REQUIRE(models.size() == 10);
  for (const Line& model : models) {
    const json& row = row_of_model(model.at("model"));
    CAPTURE(row.dump());
    check_figure(row, "width", model.at("width"));
    check_figure(row, "vocabulary", model.at("vocabulary"));
    check_figure(row, "capacity published", model.at("capacity_tokens_published"));
    check_figure(row, "gain measured", model.at("pg19_gain_tokens"));
    check_figure(row, "gain random", model.at("random_gain_tokens"));
    CHECK(rounds_to(row["bits form"], model.at("capacity_tokens_published")));
  }
}

TEST_CASE("the ratio that was published to seven digits is ours") {
  const json& row = row_of_model("Pythia-1.4B");
  check_figure(row, "notebook published", "6.019802");
  CHECK(rounds_to(row["notebook ratio"], "6.019802"));
  CHECK(row["ball form"] == "-");  // its radius was not published
}

TEST_CASE("the table has all of MMCT26's Table 1, and its ball row is ours but for one model") {
  const std::vector<Line> models = csv_lines(PROMPTBOUND_REFERENCE_DIR "/mmct26_table1.csv");
  REQUIRE(models.size() == 7);
  std::set<std::string> others;
  for (const Line& model : models) {
    const json& row = row_of_model(model.at("model"));
    CAPTURE(row.dump());
    for (const auto& [column, name] : {std::pair{"width", "width"},
                                       {"vocabulary", "vocabulary"},
                                       {"r", "r"},
                                       {"slope measured", "slope_measured"},
                                       {"ball published", "ball_ratio_published"},
                                       {"ellipsoid published", "ellipsoid_ratio_published"},
                                       {"non-uniform published", "nonuniform_ratio_published"}})
      check_figure(row, column, model.at(name));
    CHECK(row["slope source"] == "repository");
    if (!rounds_to(row["ball ratio"], model.at("ball_ratio_published"))) others.insert(model.at("model"));
    // Counting bits is below the ball form for all but one model, above the two other rows for all.
    CHECK(row["bits beside ball"] == (model.at("model") == "Gemma-3-270m" ? "above" : "below"));
    CHECK(exact_number(row["bits ratio"]["lower"]) >
          parse_number(model.at("ellipsoid_ratio_published"))->value);
    CHECK(exact_number(row["bits ratio"]["lower"]) >
          parse_number(model.at("nonuniform_ratio_published"))->value);
  }
  CHECK(others == std::set<std::string>{"Qwen2.5-1.5B"});
  CHECK(rounds_to(row_of_model("Qwen2.5-1.5B")["ball ratio"], "20.47"));  // published: 20.4
}

TEST_CASE("a slope on which the sources disagree has a row for each") {
  std::map<std::string, std::string> slopes;
  for (const json& row : rows()) {
    if (row["model"] == "Pythia-1B") slopes[row["slope source"]] = row["slope measured"]["exact"];
  }
  CHECK(slopes == std::map<std::string, std::string>{{"repository", "1437/5"}, {"figure", "13071/50"}});
  // For people: a capacity once, both slopes, and what the comparison came to.
  const std::string text = run("table --preset capacity").out;
  std::size_t lines = 0;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines += line.find("Pythia-1B ") != std::string::npos ? 1 : 0;
  CHECK(lines == 3);
  CHECK(text.find("The bits form is below the ball form for 6 of 7 models (not Gemma-3-270m).") !=
        std::string::npos);
  CHECK(text.find("above the published ellipsoid and non-uniform rows for 7 of 7 models.") !=
        std::string::npos);
}

TEST_CASE("a ratio has all digits asked for") {
  const json exact =
      json::parse(run("table --preset capacity --format json --digits 60").out)["rows"][0]["ball ratio"];
  const Rational lower = exact_number(exact["lower"]), upper = exact_number(exact["upper"]);
  CHECK(upper - lower < parse_number("1e-58")->value);
  CHECK(upper > lower);
}

TEST_CASE("a models file may hold no more than sizes, or a radius of its own") {
  const TemporaryFolder folder;
  const std::string models = folder.file("models.csv");
  const std::string table = "table --preset capacity --models " + models;
  write_file(models, "model,width,vocabulary\nA,3,64\n");
  const Outcome sizes = run(table);
  CHECK(sizes.exit_code == 0);
  CHECK(sizes.out.find("Forms over measured slopes") == std::string::npos);
  CHECK(sizes.out.find("The bits form is") == std::string::npos);
  // 1 + 2 r 2^10 = 2^12: 6 symbols; as many bits as a cell has would be at r = 65535/2048.
  write_file(models, "model,width,vocabulary,r,slope_measured\nA,3,64,4095/2048,2\nB,3,64,65535/2048,2\n");
  const json rows = json::parse(run(table + " --format json").out)["rows"];
  CHECK(rows[0]["ball form"]["exact"] == "6");
  CHECK(rows[0]["ball ratio"]["lower"] == "3");
  CHECK(rows[0]["ball ratio"]["upper"] == "3");
  CHECK(rows[0]["bits beside ball"] == "above");
  CHECK(rows[1]["ball form"]["exact"] == rows[1]["bits form"]["exact"]);
  CHECK(rows[1]["bits beside ball"] == "equal");
}

TEST_CASE("a figure of a models file that cannot be is refused with its place") {
  const TemporaryFolder folder;
  const std::string models = folder.file("models.csv");
  const auto check = [&](const std::string& text, const std::string& message) {
    write_file(models, text);
    const Outcome outcome = run("table --preset capacity --models " + models);
    CHECK(outcome.exit_code == 2);
    CHECK_MESSAGE(outcome.err.find(message) != std::string::npos, outcome.err);
  };
  check("model,width,vocabulary\nA,3,64\nB,1/2,64\n", "line 3: width: --w '1/2' is not accepted");
  check("model,width,vocabulary,slope_measured\nA,3,64,0\n",
        "line 2: slope_measured: '0' is not a number > 0");
  check("model,width,vocabulary,r\nA,3,64,-1\n", "line 2: r: '-1' is not a number > 0");
}
