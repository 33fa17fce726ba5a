// One subcommand of cli/command.hpp.
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/construct_target.hpp>
#include <promptbound/cli/progress.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/structure/injectivity_certificate.hpp>
#include <promptbound/verify/structure/structure.hpp>

namespace promptbound {
namespace {

struct StructureOptions : CommonOptions {
  std::string model, R = "1", D, distance, invert, certificate;
};

/// Outputs in a file, tokens as rows.
Matrix<Rational> read_outputs(const std::string& path) {
  const Json json = parse_json(read_text_file(path), path);
  return matrix_from(json.is_object() ? member(json, "tokens", path) : json, path).transpose();
}

nlohmann::ordered_json structure_json(const StructureAnswer& answer, long digits) {
  const auto number = [&](const Rational& x) { return quantity_json(Quantity(x), digits); };
  nlohmann::ordered_json json = {{"lipschitz", number(answer.lipschitz)},
                                 {"separation", nullptr},
                                 {"output_distance", nullptr},
                                 {"layers", nlohmann::ordered_json::array()},
                                 {"preimage", nullptr}};
  if (answer.verdict == Verdict::proved) json["separation"] = number(answer.separation);
  if (answer.output_distance) json["output_distance"] = number(*answer.output_distance);
  for (std::size_t l = 0; l < answer.layers.size(); ++l) {
    const LayerConstants& layer = answer.layers[l];
    nlohmann::ordered_json entry = {{"R", number(layer.R)},         {"D", number(layer.D)},
                                    {"c", number(layer.c)},         {"g", number(layer.g)},
                                    {"R_out", number(layer.R_out)}, {"ratio", nullptr}};
    if (l < answer.ratios.size()) entry["ratio"] = number(answer.ratios[l]);
    json["layers"].push_back(std::move(entry));
  }
  if (answer.preimage) {
    auto tokens = nlohmann::ordered_json::array();
    for (Index token = 0; token < answer.preimage->X.cols(); ++token) {
      auto row = nlohmann::ordered_json::array();
      for (const Interval& x : answer.preimage->X.col(token))
        row.push_back(quantity_json(Quantity(x), digits));
      tokens.push_back(std::move(row));
    }
    json["preimage"] = {{"tokens", std::move(tokens)}, {"exists", answer.preimage->exists}};
  }
  return answer_json(answer, name(answer.verdict), json);
}

void write_answer(const StructureAnswer& answer, TableWriter& writer, long digits) {
  // One-sided bounds are shown from their side, not as enclosures.
  const auto at_most = [&](const Rational& x) { return Cell(decimal(x, digits, Direction::up)); };
  const auto at_least = [&](const Rational& x) { return Cell(decimal(x, digits, Direction::down)); };
  writer.paragraph(std::string(name(answer.verdict)) +
                   ": injective in the input, for every prompt with such tokens (theory 3.2)\n  " +
                   answer.why);
  writer.begin("Layers (theory 3.1, upper bounds)",
               {{"layer"}, {"R"}, {"D"}, {"c"}, {"g"}, {"R_out"}, {"ratio"}});
  for (std::size_t l = 0; l < answer.layers.size(); ++l) {
    const LayerConstants& layer = answer.layers[l];
    const bool has_ratio = l < answer.ratios.size();
    writer.row({std::to_string(l), at_most(layer.R), at_most(layer.D), at_most(layer.c), at_most(layer.g),
                at_most(layer.R_out), has_ratio ? at_most(answer.ratios[l]) : Cell(Absent{"not reached"})});
  }
  writer.end();
  writer.begin("Whole model", {{"output"}, {"value"}});
  writer.row({"Lipschitz constant, at most", at_most(answer.lipschitz)});
  if (answer.verdict == Verdict::proved) {
    writer.row({"outputs are apart at least, per distance of inputs", at_least(answer.separation)});
  }
  if (answer.output_distance) writer.row({"outputs are apart at least", at_least(*answer.output_distance)});
  writer.end();
  writer.paragraph("");
  write_proof(answer.proof.statuses(), "3.1, 3.2", writer);
  if (!answer.preimage) return;
  std::vector<Column> columns = {{"token"}};
  for (Index row = 0; row < answer.preimage->X.rows(); ++row) columns.push_back({std::to_string(row), true});
  writer.begin(answer.preimage->exists ? "Preimage: exists, is the only one in the ball"
                                       : "Preimage: if there is one in the ball, it is here",
               columns);
  for (Index token = 0; token < answer.preimage->X.cols(); ++token) {
    std::vector<Cell> cells = {std::to_string(token)};
    for (const Interval& x : answer.preimage->X.col(token)) cells.emplace_back(Quantity(x));
    writer.row(cells);
  }
  writer.end();
}

int structure(const StructureOptions& options) {
  StructureQuestion question{
      .tokens = {.R = parse_rational(options.R, "--R")}, .distance = {}, .outputs = {}};
  if (!options.D.empty()) question.tokens.D = parse_rational(options.D, "--D");
  const Instance instance = read_instance(options.model);
  question.prompt = instance.prompt;
  question.digits = options.computed_digits();
  if (!options.distance.empty()) question.distance = parse_rational(options.distance, "--distance");
  if (!options.invert.empty()) question.outputs = read_outputs(options.invert);
  Progress progress("layers", options.quiet);
  const WorkWatch watch([&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); });
  const StructureAnswer answer = structure_of(instance.model, question);
  std::optional<OutputFile> certificate;
  if (!options.certificate.empty()) certificate.emplace(options.certificate);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    file.write(document(structure_json(answer, options.shown_digits())));
  } else {
    write_answer(answer, *make_table_writer(options.format, file, options.shown_digits()),
                 options.shown_digits());
  }
  if (certificate && answer.verdict == Verdict::proved) {
    Json proof = injectivity_certificate(instance.model, question.tokens, answer.norms, answer);
    name_inputs(proof, {{"model", options.model}});
    certificate->write(proof.dump(1) + "\n");
    certificate->commit();
  }
  file.commit();
  return exit_code(answer.verdict);
}

}  // namespace

void add_structure(CommandLine& line, Action& action) {
  auto options = std::make_shared<StructureOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "structure", "norms, Lipschitz constants, injectivity and the inverse of a model, certified");
  subcommand->footer(
      "Examples:\n"
      "  promptbound structure model.json --R 1 --certificate proof.json\n"
      "  promptbound structure model.json --R 1 --invert outputs.json --digits 30");
  subcommand->add_option("model", options->model, "model file (JSON)")->required();
  subcommand->add_option("--R", options->R, "Euclidean norm of all tokens, at most (default 1)")
      ->type_name("NUMBER");
  subcommand
      ->add_option(
          "--D", options->D,
          "distance of two tokens of one sequence, prompt included, at most: smaller constants where tokens "
          "are alike (default 2 R)")
      ->type_name("NUMBER");
  subcommand
      ->add_option("--distance", options->distance,
                   "max-token distance of two inputs: how far are their outputs apart, at least?")
      ->type_name("NUMBER");
  subcommand
      ->add_option("--invert", options->invert,
                   "file of outputs (JSON, tokens as rows) whose input is enclosed to --digits decimals")
      ->type_name("FILE");
  subcommand->add_option("--certificate", options->certificate, "write a proved verdict's certificate here")
      ->type_name("FILE");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return structure(*options); }; });
}

}  // namespace promptbound
