#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/run_family.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/constructions/hardness_instance.hpp>
#include <promptbound/constructions/separated_prompts.hpp>
#include <promptbound/constructions/universal_transformer.hpp>
#include <promptbound/models/instance.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// Pairs of prompts that are compared.
constexpr std::size_t most_prompts = 4000;

/// Rows of small integers in the file, columns in memory.
Matrix<int> signs_from(const Json& json, const std::string& name, int least, int most,
                       const std::string& where) {
  const std::string place = where + "." + name;
  const Matrix<Rational> rows = matrix_from(member(json, name, where), place);
  Matrix<int> result(rows.cols(), rows.rows());
  for (Index row = 0; row < rows.rows(); ++row) {
    for (Index column = 0; column < rows.cols(); ++column) {
      const Rational& entry = rows(row, column);
      if (!is_integer(entry) || entry < least || entry > most) {
        throw InputError(place + ": has an entry " + entry.str().substr(0, 60) +
                         " (accepted: " + std::to_string(least) + " to " + std::to_string(most) + ", whole)");
      }
      result(column, row) = numerator(entry).convert_to<int>();
    }
  }
  return result;
}

int small_from(const Json& json, const std::string& name, const std::string& where) {
  const Integer value = integer_from(member(json, name, where), where + "." + name);
  if (value < 0 || value > 1000000)
    throw InputError(where + "." + name + ": " + value.str().substr(0, 60) + " (accepted: 0 to 1000000)");
  return value.convert_to<int>();
}

const char* decision_name(bool is_near) { return is_near ? "near" : "far"; }

bool is_kind(const Json& json, const char* kind) {
  return json.is_object() && json.contains("kind") && json["kind"] == kind;
}

}  // namespace

bool is_hardness_instance(const Json& json) { return is_kind(json, "hardness-instance"); }
bool is_sparse_universal(const Json& json) { return is_kind(json, "sparse-universal"); }

Matrix<Rational> run_sparse_universal(const Json& json, const std::string& where, const Matrix<Rational>& X) {
  QuantizedFunction table{
      small_from(json, "d", where), small_from(json, "L", where), small_from(json, "k", where), {}};
  const UniversalTransformer network(table.d, table.L, table.k,
                                     rational_from(member(json, "eta", where), where + ".eta"));
  const Vector<Rational> digits = vector_from(member(json, "digits", where), where + ".digits");
  if (digits.size() != table.d * network.prompt_tokens()) {
    throw InputError(where + ".digits: " + std::to_string(digits.size()) + " entries (accepted: L k^n d = " +
                     std::to_string(table.d * network.prompt_tokens()) + ")");
  }
  for (const Rational& digit : digits) {
    if (!is_integer(digit) || digit < 1 || digit > table.k) {
      throw InputError(where + ".digits: has an entry " + digit.str().substr(0, 60) +
                       " (accepted: whole, 1 to k)");
    }
    table.digits.push_back(numerator(digit).convert_to<long>());
  }
  if (X.rows() != table.d || X.cols() != table.L) {
    throw InputError("input: " + std::to_string(X.cols()) + " tokens of " + std::to_string(X.rows()) +
                     " entries (accepted: " + std::to_string(table.L) + " tokens of " +
                     std::to_string(table.d) + " entries)");
  }
  return network.evaluate_sparse(UniversalForm::wide, network.prompt(table), network.input(X));
}

int run_hardness_instance(const Json& json, const std::string& where, const CommonOptions& options) {
  NearestPoints points;
  points.a = signs_from(json, "a", 0, 1, where);
  points.b = signs_from(json, "b", 0, 1, where);
  points.t = small_from(json, "t", where);
  HardnessInstance instance;
  instance.query_signs = signs_from(json, "query_signs", -1, 1, where);
  instance.key_signs = signs_from(json, "key_signs", -1, 1, where);
  instance.root_beta = rational_from(member(json, "root_beta", where), where + ".root_beta");
  instance.real_keys = small_from(json, "real_keys", where);
  const Index M = points.a.cols();
  if (points.a.rows() != points.b.rows() || M != instance.query_signs.cols() ||
      points.b.cols() != instance.real_keys || instance.key_signs.rows() != instance.query_signs.rows() ||
      instance.key_signs.cols() != 2 * instance.real_keys) {
    throw InputError(where + ": a, b, query_signs, key_signs and real_keys do not fit together");
  }
  OutputFile file(options.output);
  auto rows = nlohmann::ordered_json::array();
  const bool as_json = options.format == Format::json;
  const auto writer = as_json ? nullptr : make_table_writer(options.format, file, options.shown_digits());
  if (writer) writer->begin("", {{"query"}, {"output", true}, {"by attention"}, {"by brute force"}});
  Index differing = 0;
  for (Index i = 0; i < M; ++i) {
    const bool by_attention = is_near_by_attention(instance, i), by_force = is_near_by_force(points, i);
    if (by_attention != by_force) ++differing;
    const Quantity value{Interval(hardness_output<FastInterval>(instance, i))};
    if (writer) {
      writer->row({std::to_string(i), value, decision_name(by_attention), decision_name(by_force)});
    } else {
      rows.push_back({{"output", quantity_json(value, options.shown_digits())},
                      {"by_attention", decision_name(by_attention)},
                      {"by_brute_force", decision_name(by_force)}});
    }
  }
  if (writer) {
    writer->end();
    writer->paragraph(std::to_string(differing) + " of " + std::to_string(M) + " decisions differ");
  } else {
    const nlohmann::ordered_json answer = {
        {"schema", json_schema}, {"queries", std::move(rows)}, {"differing", differing}};
    file.write(answer.dump(1) + "\n");
  }
  file.commit();
  return differing == 0 ? exit_done : exit_refuted;
}

bool is_prompt_family(const Json& json) { return json.is_object() && json.contains("prompts"); }

int run_prompt_family(const Json& json, const std::string& where, const CommonOptions& options) {
  const Instance instance = instance_from(json, where);
  const Matrix<Rational> tokens = matrix_from(member(json, "tokens", where), where + ".tokens").transpose();
  const Json& prompts = member(json, "prompts", where);
  if (instance.model.layers.size() != 1 || instance.model.layers.front().heads.size() != 1) {
    throw InputError(where + ": the model must have one layer with one attention head");
  }
  if (!prompts.is_array() || prompts.size() < 2 || prompts.size() > most_prompts) {
    throw InputError(where + ".prompts: an array of 2 to " + std::to_string(most_prompts) +
                     " prompts is needed");
  }
  std::vector<Matrix<Rational>> family;
  family.reserve(prompts.size());
  for (std::size_t k = 0; k < prompts.size(); ++k)
    family.push_back(matrix_from(prompts[k], where + ".prompts[" + std::to_string(k) + "]").transpose());
  const WorkingPrecision scope(bits_for_digits(options.computed_digits()) + 64);
  const Interval least = least_output_distance(instance.model, tokens, family);
  Record record;
  record.id = "separated-prompts";
  record.kind = Kind::sufficient;
  record.theory = "5.8";
  record.proof = {computed("the outputs under every prompt are enclosed")};
  record.source = "own";
  record.add("prompts", Integer(family.size()));
  record.add("least_distance", least);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    file.write(record_json(record, options.shown_digits()).dump(1) + "\n");
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    writer->begin("Attention outputs at the last token, max norm", {{"output"}, {"value", true}});
    for (const Output& output : record.outputs) writer->row({output.name, output.value});
    writer->end();
  }
  file.commit();
  return exit_done;
}

}  // namespace promptbound
