#include <nlohmann/json.hpp>

#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/construct_target.hpp>
#include <promptbound/models/exact_json.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

Target table_from_file(const std::string& path, Index d, Index L, const Rational& C, const Number& alpha) {
  const Json json = parse_json(read_text_file(path), path);
  NodeTable table;
  const Integer cells = integer_from(member(json, "cells", path), path + ".cells");
  if (cells < 1 || cells > 1000000)
    throw InputError(path + ".cells: " + cells.str() + " (accepted: 1 to 1000000)");
  table.cells = cells.convert_to<long>();
  const Vector<Rational> values = vector_from(member(json, "values", path), path + ".values");
  table.values.assign(values.begin(), values.end());
  const Rational constant = json.contains("C") ? rational_from(json["C"], path + ".C") : C;
  Target target{d, L, std::move(table)};
  check_table(target, constant, alpha);
  return target;
}

}  // namespace

std::vector<ValueOption> TargetOptions::own() {
  return {{"target", &name, "NAME", "identity, reversal (default), mean, maximum, sine, random or table"},
          {"target-expression", &expression, "TEXT",
           "a target of your own in place of --target, such as \"0.5+0.5*sin(2*pi*x[0,1])\": x[c,i] is "
           "coordinate "
           "c of token i; one for all outputs, or d L of them separated by ';' (docs/guide/targets.md)"},
          {"frequency", &frequency, "NUMBER", "frequency of the sine field (default 2)"},
          {"table", &table, "FILE", "file of the target `table`: values at the nodes of a grid"},
          {"cells", &cells, "N", "cells per coordinate of the random table (default 2)", 1, 1000},
          {"seed", &seed, "N", "seed of the random table (default 1)"}};
}

void TargetOptions::add_to(Subcommand& subcommand) {
  add_options(subcommand, own());
  subcommand.get_option("--target-expression")->excludes("--target");
}

Target TargetOptions::make(Index d, Index L, const Rational& C, const Number& alpha) const {
  if (!expression.empty()) return {d, L, parse_expression(expression, d, L)};
  if (name == "identity") return {d, L, Identity{}};
  if (name == "reversal") return {d, L, Reversal{}};
  if (name == "mean") return {d, L, MeanPooling{}};
  if (name == "maximum") return {d, L, CoordinateMaximum{}};
  if (name == "sine") return {d, L, SineField{parse_rational(frequency, "frequency")}};
  if (name == "random") return random_table(d, L, cells, C, alpha, seed);
  if (name == "table") return table_from_file(table, d, L, C, alpha);
  throw InputError("target: '" + name.substr(0, 60) +
                   "' (accepted: identity, reversal, mean, maximum, sine, random, table)");
}

}  // namespace promptbound
