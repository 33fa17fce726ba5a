// Data sets and instances, theory 4.3, 5.4, 5.5 and 5.7: a part of construction.hpp.
#include <fmt/format.h>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include <promptbound/cli/commands/construction.hpp>
#include <promptbound/constructions/hardness_instance.hpp>
#include <promptbound/constructions/impossible_pair.hpp>
#include <promptbound/constructions/lora_data_set.hpp>
#include <promptbound/constructions/random_entries.hpp>
#include <promptbound/constructions/random_layer.hpp>
#include <promptbound/models/instance.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>

namespace promptbound {
namespace {

/// Some 400 MB of JSON.
constexpr long most_lora_examples = 2000;
/// About half a second; from here on the command says what it is at.
constexpr long slow_lora_examples = 250;

/// A file that is a model and, in "examples", memorization data for it.
Json model_with_data(const Transformer<Rational>& model, const MemorizationData& data) {
  Json file = to_json(model);
  file["examples"] = to_json(data)["examples"];
  return file;
}

Json rows_json(const Matrix<int>& columns) {
  Json rows = Json::array();
  for (Index column = 0; column < columns.cols(); ++column) {
    Json row = Json::array();
    for (const int entry : columns.col(column)) row.push_back(entry);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

Built build_layer(const ConstructOptions& options) {
  const Index tokens = options.m > 0 ? static_cast<Index>(options.m) : 2;
  const RandomLayer layer =
      random_layer(options.d, static_cast<Index>(options.N), tokens, options.target.seed);
  MemorizationData data;
  for (std::size_t i = 0; i < layer.inputs.size(); ++i)
    data.push_back({layer.inputs[i], 1, layer.targets[i]});
  Record record;
  record.id = "layer";
  record.kind = Kind::exact;
  record.theory = "2.2";
  record.source = "own";
  record.inputs = {{"d", options.d}, {"N", options.N}, {"m", tokens}, {"seed", options.target.seed}};
  record.add("accuracy", layer.unit);
  record.holds("a prompt of m tokens, which is not written, meets every example within the accuracy");
  return {model_with_data(layer.model, data), std::move(record)};
}

Built build_impossible_pair(const ConstructOptions& options) {
  const Instance instance = options.read_model();
  const ImpossiblePair pair = impossible_pair(instance.model);
  const MemorizationData data = {{pair.first, 1, pair.first_output}, {pair.second, 1, pair.second_output}};
  Record record;
  record.id = "impossible-pair";
  record.kind = Kind::impossible;
  record.theory = "5.4";
  record.source = "WCWH23";
  record.add("floor", pair.floor);
  record.add("output_floor", pair.output_floor);
  record.holds(
      "no prompt of any length fits both examples; floor is the infimum of the maximum errors at the "
      "attention output, approached by ever longer prompts and attained by none, output_floor a lower bound "
      "at "
      "the layer's output");
  record.holds("outputs determine attention outputs: " + pair.block.reason);
  return {model_with_data(instance.model, data), std::move(record)};
}

Built build_lora_data_set(const ConstructOptions& options) {
  const bool updated = options.form == "updated";
  if (!updated && !options.form.empty() && options.form != "original") {
    throw InputError("form: '" + options.form.substr(0, 60) + "' (accepted: original, updated)");
  }
  if (options.N > most_lora_examples) {
    throw InputError("N: the matrices of this model have 16 N^2 entries (accepted: at most " +
                     std::to_string(most_lora_examples) + ")");
  }
  const auto N = static_cast<Index>(options.N);
  if (!options.quiet && N >= slow_lora_examples)
    fmt::print(stderr, "promptbound: matrices of {} entries, the time and the file grow with N^2\n",
               16 * N * N);
  std::mt19937_64 random(options.target.seed);
  const Matrix<Rational> A = random_sevenths(2 * N, 2 * N, random);
  const Matrix<Rational> M = random_sevenths(N, N, random);
  const LoraDataSet set = lora_data_set(A, M);
  MemorizationData data;
  for (Index i = 0; i < N; ++i) data.push_back({set.inputs.col(i), 0, set.outputs.col(i)});
  Json file = model_with_data(updated ? set.updated() : set.model, data);
  file["update"] = {{"u", to_json(set.u)}, {"v", to_json(set.v)}};
  Record record;
  record.id = "prompt-versus-lora";
  record.kind = Kind::necessary;
  record.theory = "5.5";
  record.source = "WCWH23";
  record.inputs = {
      {"N", options.N}, {"seed", options.target.seed}, {"form", updated ? "updated" : "original"}};
  record.add("prompt_tokens", Integer(set.prompt_tokens));
  record.add("prompt_numbers", Integer(set.prompt_numbers));
  record.add("update_numbers", Integer(set.update_numbers));
  record.holds("prompts of fewer than prompt_tokens tokens fit no such data (rank, theory 2.4)");
  record.holds("the model with W_1 + u v^T gives every target exactly");
  return {std::move(file), std::move(record)};
}

Built build_hardness_instance(const ConstructOptions& options) {
  const NearestPoints points = planted_points(options.N, options.D, static_cast<int>(options.t),
                                              static_cast<int>(options.gap), options.target.seed);
  const HardnessInstance instance = hardness_instance(points);
  Json file = {{"schema", 1},
               {"kind", "hardness-instance"},
               {"t", options.t},
               {"gap", options.gap},
               {"a", rows_json(points.a)},
               {"b", rows_json(points.b)},
               {"root_beta", to_json(instance.root_beta)},
               {"query_signs", rows_json(instance.query_signs)},
               {"key_signs", rows_json(instance.key_signs)},
               {"real_keys", static_cast<std::int64_t>(instance.real_keys)}};
  Record record;
  record.id = "hardness-instance";
  record.kind = Kind::exact;
  record.theory = "5.7";
  record.source = "AS23";
  record.inputs = {{"N", options.N},
                   {"D", options.D},
                   {"t", options.t},
                   {"gap", options.gap},
                   {"seed", options.target.seed}};
  record.add("queries", Integer(instance.query_signs.cols()));
  record.add("keys", Integer(instance.key_signs.cols()));
  record.add("dimension", Integer(instance.key_signs.rows()));
  record.add("largest_entry", instance.root_beta);
  record.holds(
      "queries are root_beta query_signs, keys root_beta key_signs, values 1 for real keys and 0 for "
      "the others; scores are inner products");
  record.holds("the attention output at query i is >= 3/4 if some b_j lies within t of a_i, else <= 1/4");
  return {std::move(file), std::move(record)};
}

}  // namespace promptbound
