#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>

#include <promptbound/bounds/overview.hpp>
#include <promptbound/cli/render/figure_presets.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

constexpr long digits = 12;
using FixedValues = std::map<std::string_view, Argument>;

Record record_of(std::string_view id, const FixedValues& values, std::string_view only = "") {
  Arguments arguments;
  for (const auto& [name, value] : values) arguments.set(name, value);
  return evaluate(find_bound(id), arguments, digits, only);
}

/// Adds the point unless the bound does not apply there.
void add_log10(Series& series, double x, const Record& record, std::string_view output) {
  if (record.is_applicable()) series.points.emplace_back(x, log10_of(record.output(output)));
}

/// 2.6: the three regimes of a prompt's capacity.
Figure capacity() {
  const FixedValues fixed = {{"w", 2},        {"R", 1},     {"Lambda", 2},
                             {"Lambda-W", 3}, {"Delta", 1}, {"eps", Rational(1, 10)}};
  Figure figure{
      "capacity",
      "Capacity of a prompt (theory 2.6)\nw = 2, R = 1, Lambda = 2, Lambda_W = 3, Delta = 1, eps = 1/10",
      {"prompt length m (tokens)", true},
      {"capacity, at most (bits)", true},
      {{"linear: m w log2(1 + R/rho)", {}},
       {"multiset: log2 binom(c + m - 1, m)", {}},
       {"plateau, independent of m", {}}}};
  constexpr const char* outputs[] = {"linear_bits", "multiset_bits", "plateau_bits"};
  for (int quarter = 0; quarter <= 60; ++quarter) {
    FixedValues values = fixed;
    const double m = std::round(std::pow(10, quarter / 4.0));
    values.emplace("m", Rational(m));
    const Record record = record_of("memory-saturation", values);
    for (std::size_t i = 0; i < 3; ++i) {
      figure.series[i].points.emplace_back(m, value_of(record.output(outputs[i])));
    }
    if (quarter == 0) {
      figure.marks = {{fmt::format("multiset takes over: m = {}", record.output("m_multiset").exact()),
                       value_of(record.output("m_multiset"))},
                      {fmt::format("plateau takes over: m = {}", record.output("m_plateau").exact()),
                       value_of(record.output("m_plateau"))}};
    }
  }
  return figure;
}

struct Curve {
  const char* id;
  const char* label;
  FixedValues more;
  bool has_width_of_lookup = false;  ///< tokens as wide as the lookup transformer's
};

/// 1.2 and 1.4 are about the same models and tokens of one width; 1.3 is about other models.
const std::vector<Curve>& length_curves() {
  static const std::vector<Curve> curves = {
      {"quantized-capacity", "published: quantized capacity (1.1)", {}},
      {"lookup-upper", "sufficient: lookup transformer, 16-bit entries (1.4)", {{"b", 16}}},
      {"entropy-bits", "necessary: 16-bit entries, tokens of equal width (1.2)", {{"b", 16}}, true},
      {"entropy-lipschitz",
       "necessary for Lipschitz models: R = 1, Lambda = 10, max norm (1.3)",
       {{"R", 1}, {"Lambda", 10}, {"norm", "max"}}}};
  return curves;
}

/// 4 n + d + L + 2, the width of the lookup transformer's tokens.
Integer width_of_lookup(const FixedValues& values) {
  const Integer d = values.at("d").integer(), L = values.at("L").integer();
  return 4 * d * L + d + L + 2;
}

Figure lengths(Figure figure, const std::vector<std::pair<double, FixedValues>>& points) {
  for (const Curve& curve : length_curves()) {
    Series series{curve.label, {}};
    for (const auto& [x, values] : points) {
      FixedValues all = values;
      all.insert(curve.more.begin(), curve.more.end());
      if (curve.has_width_of_lookup) all.emplace("w", width_of_lookup(values));
      add_log10(series, x, record_of(curve.id, all, "tokens"), "tokens");
    }
    figure.series.push_back(std::move(series));
  }
  return figure;
}

/// 1.2-1.4: the bracket against the accuracy, with the published length.
Figure bracket_figure() {
  std::vector<std::pair<double, FixedValues>> points;
  for (int i = 4; i <= 30; ++i) {
    const Argument eps = parse_argument(parameters::eps, fmt::format("{:.4g}", std::pow(10, -i / 10.0)));
    points.emplace_back(
        eps.number().value.convert_to<double>(),
        FixedValues{{"d", 2}, {"L", 2}, {"C", 1}, {"alpha", Number::infinity()}, {"eps", eps}});
  }
  return lengths({"bracket",
                  "Prompt tokens that serve all of F(C, alpha) (theory 1.1 - 1.4)\nd = L = 2, C = 1, alpha = "
                  "inf, supremum error",
                  {"accuracy eps", true},
                  {"log10 of prompt tokens", false},
                  {}},
                 points);
}

/// 1.2, 1.4 and 1.6: the bits of a whole prompt, tokens times width times b, whatever the width.
Figure bracket_in_bits() {
  Figure figure{
      "bracket-bits",
      "Bits of a prompt that serves all of F(C, alpha) (theory 1.2, 1.4, 1.6)\nd = L = 2, C = 1, alpha = "
      "inf, 16-bit entries, supremum error",
      {"accuracy eps", true},
      {"log10 of bits", false},
      {{"sufficient: lookup prompt, one token a cell (1.4)", {}},
       {"sufficient: packed prompt, P = 64 (1.6)", {}},
       {"sufficient: packed prompt, P = 4096 (1.6)", {}},
       {"necessary, times the limit factor of P -> inf, eps -> 0", {}},
       {"necessary for any model (1.2)", {}}}};
  constexpr long bits_of_entry = 16;
  for (int i = 4; i <= 40; ++i) {
    const Argument eps = parse_argument(parameters::eps, fmt::format("{:.4g}", std::pow(10, -i / 10.0)));
    Arguments arguments;
    for (const auto& [name, value] :
         FixedValues{{"d", 2}, {"L", 2}, {"alpha", Number::infinity()}, {"eps", eps}, {"b", bits_of_entry}})
      arguments.set(name, value);
    const double x = eps.number().value.convert_to<double>();
    const auto add = [&](Series& series, std::string_view id, const Arguments& at) {
      const Record record = evaluate(find_bound(id), at, digits);
      if (!record.is_applicable()) return;
      const double width = log10_of(record.output("width")) + std::log10(static_cast<double>(bits_of_entry));
      series.points.emplace_back(x, log10_of(record.output("tokens")) + width);
    };
    add(figure.series[0], "lookup-upper", arguments);
    for (const long payload : {64L, 4096L}) {
      Arguments packed = arguments;
      packed.set("P", payload);
      add(figure.series[payload == 64 ? 1 : 2], "packed-upper", packed);
    }
    const Overview point = overview(arguments, digits);
    if (!point.bits) continue;
    const double necessary = log10_of(point.bits->necessary);
    if (point.bits->limit_factor)
      figure.series[3].points.emplace_back(x, necessary + log10_of(*point.bits->limit_factor));
    figure.series[4].points.emplace_back(x, necessary);
  }
  return figure;
}

/// 1.1 against 1.2-1.4 as the input grows.
Figure length() {
  std::vector<std::pair<double, FixedValues>> points;
  for (int n = 1; n <= 24; ++n) {
    points.emplace_back(
        n,
        FixedValues{{"d", n}, {"L", 1}, {"C", 1}, {"alpha", Number::infinity()}, {"eps", Rational(1, 10)}});
  }
  return lengths(
      {"length",
       "Published and certified prompt length (theory 1.1 - 1.4)\nL = 1, C = 1, alpha = inf, eps = 1/10",
       {"input dimension n = d (coordinates)", false},
       {"log10 of prompt tokens", false},
       {}},
      points);
}

/// 4.2: how fast the accuracy is lost as the entries grow.
Figure polynomial_error() {
  Figure figure{"polynomial-error",
                "Error of polynomial attention (theory 4.1, 4.2)\nscores up to S = B^2",
                {"largest entry B of queries and keys", false},
                {"error of an output (units of the values' range)", true},
                {}};
  constexpr double least_error = 1e-18;  // below it no picture is needed
  for (const int g : {2, 4, 8, 16, 32}) {
    Series series{fmt::format("degree {}", g), {}};
    for (int i = 1; i <= 40; ++i) {
      const Rational B(i, 10);
      const Record record = record_of("polynomial-degree", {{"S", B * B}, {"g", g}});
      // Where the polynomial may vanish there is no bound on the output.
      for (const Output& output : record.outputs) {
        if (output.name != "output_error") continue;
        const double error = value_of(output.value);
        if (error >= least_error) series.points.emplace_back(i / 10.0, error);
      }
    }
    figure.series.push_back(std::move(series));
  }
  return figure;
}

/// 4.1 and 4.2: where the low-rank form is cheaper.
Figure polynomial_cost() {
  Figure figure{"polynomial-cost",
                "Modelled cost of polynomial attention (theory 4.1, 4.2)\nd = 8, relative accuracy eta = "
                "1/100, scores up to S = B^2",
                {"largest entry B of queries and keys", false},
                {"cost / cost of exact attention (below 1: cheaper)", true},
                {}};
  for (const int exponent : {4, 6, 8}) {
    const Integer T = power(Integer(10), static_cast<unsigned long>(exponent));
    Series series{fmt::format("T = 10^{} tokens", exponent), {}};
    for (int i = 2; i <= 30; ++i) {
      const Rational B(i, 10);
      const Record record =
          record_of("polynomial-degree", {{"S", B * B}, {"eta", Rational(1, 100)}, {"d", 8}, {"T", T}});
      series.points.emplace_back(
          i / 10.0, value_of(record.output("polynomial_cost")) / value_of(record.output("exact_cost")));
    }
    figure.series.push_back(std::move(series));
  }
  figure.series.push_back({"equal cost", {{0.2, 1}, {3, 1}}});
  return figure;
}

}  // namespace

const std::vector<FigurePreset>& figure_presets() {
  static const std::vector<FigurePreset> presets = {
      {"capacity", "capacity against prompt length, three regimes (2.6)", capacity},
      {"bracket", "necessary and sufficient prompt length against eps (1.1-1.4)", bracket_figure},
      {"bracket-bits", "necessary and sufficient bits of a prompt against eps (1.2, 1.4, 1.6)",
       bracket_in_bits},
      {"length", "published against certified prompt length, by input dimension (1.1-1.4)", length},
      {"polynomial-error", "error of polynomial attention across B (4.1, 4.2)", polynomial_error},
      {"polynomial-cost", "cost of polynomial attention across B (4.1, 4.2)", polynomial_cost}};
  return presets;
}

double log10_of(const Quantity& quantity) { return quantity.log10().midpoint().lower_double(); }

double value_of(const Quantity& quantity) { return quantity.enclosure().midpoint().lower_double(); }

}  // namespace promptbound
