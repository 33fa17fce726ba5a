// Every value of the independent reference computation (120 digits, another language, another author).
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

using namespace promptbound;
using nlohmann::json;

namespace {

const json& reference() {
  static const json data = json::parse(std::ifstream(PROMPTBOUND_REFERENCE_DIR "/bounds.json"));
  return data;
}

/// The reference's input names (`Lambda_W`, `r_min`) are the command's with underscores.
Record evaluate_reference(std::string_view id, const json& inputs) {
  Arguments arguments;
  for (const auto& [name, value] : inputs.items()) {
    std::string option = name;
    std::replace(option.begin(), option.end(), '_', '-');
    for (const Parameter* parameter : all_parameters()) {
      if (parameter->name == option) {
        arguments.set(parameter->name, parse_argument(*parameter, value.is_string() ? value.get<std::string>()
                                                                                    : value.dump()));
      }
    }
  }
  return evaluate(find_bound(id), arguments, 40);
}

void check_integer(const Record& record, const char* name, const json& expected) {
  CAPTURE(name);
  CHECK(record.output(name).exact() == expected.get<std::string>());
}

/// The reference decimal was rounded to nearest in its last digit: the enclosure must meet that rounding
/// interval, and be narrower than 1e-30 relative.
void check_enclosure(const Quantity& value, const json& expected) {
  const WorkingPrecision scope(1024);
  const std::string text = expected.get<std::string>();
  CAPTURE(text);
  const Rational printed = parse_number(text)->value;
  const auto mark = text.find('e');
  const std::string mantissa = text.substr(0, mark);
  const auto point = mantissa.find('.');
  REQUIRE(point != std::string::npos);
  const long exponent = mark == std::string::npos ? 0 : std::stol(text.substr(mark + 1));
  const long last_place = exponent - static_cast<long>(mantissa.size() - point - 1);
  const Integer ten_power = power(Integer(10), static_cast<unsigned long>(std::abs(last_place)));
  const Rational half_unit = (last_place < 0 ? Rational(Integer(1), ten_power) : Rational(ten_power)) / 2;
  const Interval enclosure = value.enclosure();
  const Interval rounding(Interval(Rational(printed - half_unit)), Interval(Rational(printed + half_unit)));
  CHECK(rounding.contains(enclosure));
  CHECK(enclosure.is_relatively_tight(100));  // 2^-100 < 1e-30
  const Rational lower = parse_number(value.lower(40))->value;
  const Rational upper = parse_number(value.upper(40))->value;
  CHECK(lower <= enclosure.lower());
  CHECK(upper >= enclosure.upper());
  CHECK(upper - lower < abs(lower) * Rational(Integer(1), power(Integer(10), 30)));
}

}  // namespace

TEST_CASE("prompt lengths equal the reference") {
  REQUIRE(reference()["prompt_length"].size() >= 9);
  for (const json& entry : reference()["prompt_length"]) {
    CAPTURE(entry["inputs"].dump());
    const Record capacity = evaluate_reference("quantized-capacity", entry["inputs"]);
    check_integer(capacity, "least_integer", entry["quantized_capacity"]["least_integer"]);
    check_enclosure(capacity.output("value"), entry["quantized_capacity"]["value"]);
    const json& exact = entry["quantized_capacity"]["exact"];
    CHECK(capacity.output("value").exact() == (exact.is_null() ? "" : exact.get<std::string>()));
    check_integer(capacity, "k", entry["quantized_capacity_grid"]["k"]);
    check_integer(capacity, "tokens", entry["quantized_capacity_grid"]["tokens"]);

    const Record bits = evaluate_reference("entropy-bits", entry["inputs"]);
    REQUIRE(bits.is_applicable() == entry["entropy_bits"]["applicable"].get<bool>());
    const Record lipschitz = evaluate_reference("entropy-lipschitz", entry["inputs"]);
    REQUIRE(lipschitz.is_applicable() == entry["entropy_lipschitz"]["applicable"].get<bool>());
    if (!bits.is_applicable()) continue;
    check_integer(bits, "k", entry["entropy_bits"]["k"]);
    check_integer(bits, "tokens", entry["entropy_bits"]["tokens"]);
    check_integer(lipschitz, "k", entry["entropy_lipschitz"]["k"]);
    check_integer(lipschitz, "tokens", entry["entropy_lipschitz"]["tokens"]);
    check_enclosure(lipschitz.output("value"), entry["entropy_lipschitz"]["value"]);
  }
}

TEST_CASE("simplex packings equal the reference") {
  int compared = 0;
  for (const json& entry : reference()["prompt_length"]) {
    if (!entry.contains("entropy_simplex")) continue;
    CAPTURE(entry["inputs"].dump());
    const Record record = evaluate_reference("entropy-simplex", entry["inputs"]);
    REQUIRE(record.is_applicable() == entry["entropy_simplex"]["applicable"].get<bool>());
    check_integer(record, "tokens", entry["entropy_simplex"]["tokens"]);
    ++compared;
  }
  CHECK(compared >= 3);
}

TEST_CASE("packed prompts equal the reference") {
  int applicable = 0;
  for (const json& entry : reference()["prompt_length"]) {
    for (const json& expected : entry["packed_upper"]) {
      json inputs = entry["inputs"];
      inputs["P"] = expected["P"];
      CAPTURE(inputs.dump());
      const Record record = evaluate_reference("packed-upper", inputs);
      REQUIRE(record.is_applicable() == expected["applicable"].get<bool>());
      if (!record.is_applicable()) continue;
      for (const char* name : {"tokens", "k", "cells_per_token"}) check_integer(record, name, expected[name]);
      CHECK(std::get<std::string>(record.output("form").value()) == expected["form"].get<std::string>());
      ++applicable;
    }
  }
  CHECK(applicable >= 16);
}

TEST_CASE("packed memory equals the reference") {
  REQUIRE(reference()["packed_memory"].size() >= 3);
  for (const json& entry : reference()["packed_memory"]) {
    CAPTURE(entry["inputs"].dump());
    check_integer(evaluate_reference("packed-memory", entry["inputs"]), "tokens", entry["tokens"]);
  }
}

TEST_CASE("linear memory equals the reference") {
  REQUIRE(reference()["memory_linear"].size() >= 2);
  for (const json& entry : reference()["memory_linear"]) {
    const Record record = evaluate_reference("memory-linear", entry["inputs"]);
    check_enclosure(record.output("bits"), entry["bits"]);
    check_integer(record, "max_examples", entry["max_examples"]);
  }
}

TEST_CASE("saturating memory equals the reference") {
  REQUIRE(reference()["memory_saturation"].size() >= 4);
  for (const json& entry : reference()["memory_saturation"]) {
    CAPTURE(entry["inputs"].dump());
    const Record record = evaluate_reference("memory-saturation", entry["inputs"]);
    check_enclosure(record.output("linear_bits"), entry["linear_bits"]);
    check_enclosure(record.output("multiset_bits"), entry["multiset_bits"]);
    check_enclosure(record.output("plateau_bits"), entry["plateau_bits"]);
    for (const char* name : {"c", "c_plateau", "q"}) check_integer(record, name, entry[name]);
  }
}

TEST_CASE("accessible lengths equal the reference") {
  for (const json& entry : reference()["accessible_length_published"]) {
    check_enclosure(evaluate_reference("accessible-length-published", entry["inputs"]).output("slope"),
                    entry["slope"]);
  }
  for (const json& entry : reference()["accessible_length_bits"]) {
    check_enclosure(evaluate_reference("accessible-length", entry["inputs"]).output("tokens"),
                    entry["tokens"]);
  }
}

TEST_CASE("polynomial degrees and ranks equal the reference") {
  for (const json& entry : reference()["polynomial_degree"]) {
    const Record record = evaluate_reference("polynomial-degree", entry["inputs"]);
    CHECK(record.output("degree").exact() == entry["degree"].dump());
    check_enclosure(record.output("eta_bound"), entry["eta_bound"]);
  }
  for (const json& entry : reference()["polynomial_rank"]) {
    check_integer(evaluate_reference("polynomial-degree", entry), "rank", entry["rank"]);
  }
}

TEST_CASE("the published context separation equals the reference") {
  for (const json& entry : reference()["ks24_log10_delta"]) {
    const Record record = evaluate_reference("context-separation", entry["inputs"]);
    check_enclosure(record.output("log10_delta"), entry["log10_delta"]);
  }
}
