// Every value of the independent reference computation (120 digits, another language, another author).
#include <arb.h>
#include <doctest/doctest.h>
#include <flint/fmpq.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/chebyshev.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_binomial.hpp>
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

/// The reference rounded logarithms to 120 digits before it took the ceiling, so of a longer integer it has
/// only the leading 118 digits for certain; the integer itself is then compared with Arb's at twice its
/// length.
void check_rounded_up(const Record& record, const json& expected, const std::string& independent) {
  const std::string tokens = record.output("tokens").exact();
  const auto text = expected.get<std::string>();
  constexpr std::size_t reference_digits = 118;
  REQUIRE(tokens.size() == text.size());
  CHECK(tokens.substr(0, reference_digits) == text.substr(0, reference_digits));
  CHECK(tokens == independent);
}

/// ceil(s (k+1)^n ln 2/(w ln(1 + R/rho))) in Arb's ball arithmetic.
std::string entropy_lipschitz_by_arb(const json& inputs, const std::string& k_text) {
  const auto rational = [&](const char* name) {
    return parse_rational(inputs[name].get<std::string>(), name);
  };
  const Integer k(k_text);
  const unsigned long n = inputs["d"].get<unsigned long>() * inputs["L"].get<unsigned long>();
  const Rational height = std::min(Rational(1), Rational(rational("C") / k));
  const Rational base = 1 + rational("R") * 2 * rational("Lambda") / (height - 2 * rational("eps"));
  const unsigned long s = inputs["alpha"] == "inf" ? n : 1;
  constexpr slong bits = 4096;
  arb_t value, denominator;
  arb_init(value);
  arb_init(denominator);
  fmpz_t integer;
  fmpz_init(integer);
  fmpq_t fraction;
  fmpq_init(fraction);
  fmpq_set_str(fraction, base.str().c_str(), 10);
  arb_set_fmpq(denominator, fraction, bits);
  arb_log(denominator, denominator, bits);
  arb_mul_ui(denominator, denominator, inputs["w"].get<unsigned long>(), bits);
  fmpz_set_str(integer, Integer(k + 1).str().c_str(), 10);
  fmpz_pow_ui(integer, integer, n);
  fmpz_mul_ui(integer, integer, s);
  arb_const_log2(value, bits);
  arb_mul_fmpz(value, value, integer, bits);
  arb_div(value, value, denominator, bits);
  arb_ceil(value, value, bits);
  REQUIRE(arb_get_unique_fmpz(integer, value) != 0);
  char* text = fmpz_get_str(nullptr, 10, integer);
  std::string result(text);
  flint_free(text);
  fmpq_clear(fraction);
  fmpz_clear(integer);
  arb_clear(denominator);
  arb_clear(value);
  return result;
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
    REQUIRE(bits.applicable == entry["entropy_bits"]["applicable"].get<bool>());
    const Record lipschitz = evaluate_reference("entropy-lipschitz", entry["inputs"]);
    REQUIRE(lipschitz.applicable == entry["entropy_lipschitz"]["applicable"].get<bool>());
    if (!bits.applicable) continue;
    check_integer(bits, "k", entry["entropy_bits"]["k"]);
    check_integer(bits, "tokens", entry["entropy_bits"]["tokens"]);
    check_integer(lipschitz, "k", entry["entropy_lipschitz"]["k"]);
    check_rounded_up(lipschitz, entry["entropy_lipschitz"]["tokens"],
                     entropy_lipschitz_by_arb(entry["inputs"], lipschitz.output("k").exact()));
    check_enclosure(lipschitz.output("value"), entry["entropy_lipschitz"]["value"]);
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

// Where (1 + 8R/eta)^w is a whole number, a floor taken from rounded reals falls one short. The reference has
// this in its plateau entries: 31^2 = 961 appears as 960. The formula itself is then checked at the
// reference's own c'.
TEST_CASE("saturating memory equals the reference, but for its rounded floor of a whole number") {
  REQUIRE(reference()["memory_saturation"].size() >= 4);
  for (const json& entry : reference()["memory_saturation"]) {
    const json& inputs = entry["inputs"];
    CAPTURE(inputs.dump());
    const Record record = evaluate_reference("memory-saturation", inputs);
    check_enclosure(record.output("linear_bits"), entry["linear_bits"]);
    check_enclosure(record.output("multiset_bits"), entry["multiset_bits"]);
    check_integer(record, "c", entry["c"]);

    const auto rational = [&](const char* name) {
      return parse_rational(inputs[name].get<std::string>(), name);
    };
    const Rational eta = (rational("Delta") - 2 * rational("eps")) / rational("Lambda_W");
    const Rational volume = power(Rational(1 + 8 * rational("R") / eta), inputs["w"].get<unsigned long>());
    const Integer covering = floor(parse_rational(record.output("c_plateau").exact(), "c_plateau"));
    CHECK(covering == floor(volume));
    const Integer reference_covering(entry["c_plateau"].get<std::string>());
    if (reference_covering == covering) {
      check_integer(record, "q", entry["q"]);
      check_enclosure(record.output("plateau_bits"), entry["plateau_bits"]);
    } else {
      CHECK(is_integer(volume));
      CHECK(reference_covering == covering - 1);
      const Integer reference_q(entry["q"].get<std::string>());
      CHECK(reference_q == ceil(Rational(2 * rational("R") * reference_covering / eta)));
      const WorkingPrecision scope(256);
      check_enclosure(log_binomial(reference_q, reference_covering - 1) / log(Interval(2)),
                      entry["plateau_bits"]);
    }
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
