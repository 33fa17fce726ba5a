// One subcommand of cli/command.hpp.
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/check_proofs.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/construct_target.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/structure/injectivity_certificate.hpp>
#include <promptbound/verify/structure/preimage.hpp>

namespace promptbound {
namespace {

struct StructureOptions : CommonOptions {
  std::string model, R = "1", distance, invert, certificate;
};

struct StructureReport {
  std::vector<LayerConstants> layers;
  Injectivity injectivity;
  Rational lipschitz;
  std::optional<Rational> distance;  ///< of outputs, at least
  std::optional<Preimage> preimage;
  Mask mask = Mask::bidirectional;

  /// What proves the parts that are there.
  [[nodiscard]] std::vector<ProofStatus> proofs() const {
    std::vector<std::string_view> parts = {"lipschitz", "R", "c", "g", "R_out"};
    if (!injectivity.ratios.empty()) parts.emplace_back("ratio");
    if (injectivity.proved) parts.insert(parts.end(), {"verdict", "separation"});
    if (distance && injectivity.proved) parts.emplace_back("output_distance");
    if (preimage) parts.emplace_back("preimage");
    return proofs_of(structure_proof(mask), parts);
  }
};

/// The preimage of the outputs in a file.
Preimage invert(const Instance& instance, const std::vector<LayerConstants>& layers,
                const StructureOptions& options) {
  const Json json = parse_json(read_text_file(options.invert), options.invert);
  const Matrix<Rational> Y =
      matrix_from(json.is_object() ? member(json, "tokens", options.invert) : json, options.invert)
          .transpose();
  return enclose_preimage(instance.model, layers, instance.prompt, Y, options.computed_digits());
}

nlohmann::ordered_json report_json(const StructureReport& report, long digits) {
  const auto number = [&](const Rational& x) { return quantity_json(Quantity(x), digits); };
  nlohmann::ordered_json json = {{"schema", json_schema},
                                 {"verdict", report.injectivity.proved ? "proved" : "unknown"},
                                 {"why", report.injectivity.why},
                                 {"lipschitz", number(report.lipschitz)},
                                 {"separation", nullptr},
                                 {"output_distance", nullptr},
                                 {"layers", nlohmann::ordered_json::array()},
                                 {"preimage", nullptr}};
  add_proof(json, report.proofs());
  if (report.injectivity.proved) json["separation"] = number(report.injectivity.separation);
  if (report.distance) json["output_distance"] = number(*report.distance);
  for (std::size_t l = 0; l < report.layers.size(); ++l) {
    const LayerConstants& layer = report.layers[l];
    nlohmann::ordered_json entry = {{"R", number(layer.R)},
                                    {"c", number(layer.c)},
                                    {"g", number(layer.g)},
                                    {"R_out", number(layer.R_out)},
                                    {"ratio", nullptr}};
    if (l < report.injectivity.ratios.size()) entry["ratio"] = number(report.injectivity.ratios[l]);
    json["layers"].push_back(std::move(entry));
  }
  if (report.preimage) {
    auto tokens = nlohmann::ordered_json::array();
    for (Index token = 0; token < report.preimage->X.cols(); ++token) {
      auto row = nlohmann::ordered_json::array();
      for (const Interval& x : report.preimage->X.col(token))
        row.push_back(quantity_json(Quantity(x), digits));
      tokens.push_back(std::move(row));
    }
    json["preimage"] = {{"tokens", std::move(tokens)}, {"exists", report.preimage->exists}};
  }
  return json;
}

void write_report(const StructureReport& report, TableWriter& writer, long digits) {
  // One-sided bounds are shown from their side, not as enclosures.
  const auto at_most = [&](const Rational& x) { return Cell(decimal(x, digits, Direction::up)); };
  const auto at_least = [&](const Rational& x) { return Cell(decimal(x, digits, Direction::down)); };
  writer.paragraph(std::string(report.injectivity.proved ? "proved" : "unknown") +
                   ": injective in the input, for every prompt with tokens in the ball (theory 3.2)\n  " +
                   report.injectivity.why);
  writer.begin("Layers (theory 3.1, upper bounds)", {{"layer"}, {"R"}, {"c"}, {"g"}, {"R_out"}, {"ratio"}});
  for (std::size_t l = 0; l < report.layers.size(); ++l) {
    const LayerConstants& layer = report.layers[l];
    const bool has_ratio = l < report.injectivity.ratios.size();
    writer.row({std::to_string(l), at_most(layer.R), at_most(layer.c), at_most(layer.g), at_most(layer.R_out),
                has_ratio ? at_most(report.injectivity.ratios[l]) : Cell(Absent{"not reached"})});
  }
  writer.end();
  writer.begin("Whole model", {{"output"}, {"value"}});
  writer.row({"Lipschitz constant, at most", at_most(report.lipschitz)});
  if (report.injectivity.proved) {
    writer.row(
        {"outputs are apart at least, per distance of inputs", at_least(report.injectivity.separation)});
  }
  if (report.distance) writer.row({"outputs are apart at least", at_least(*report.distance)});
  writer.end();
  writer.paragraph("");
  write_proof(report.proofs(), writer);
  if (!report.preimage) return;
  std::vector<Column> columns = {{"token"}};
  for (Index row = 0; row < report.preimage->X.rows(); ++row) columns.push_back({std::to_string(row), true});
  writer.begin(report.preimage->exists ? "Preimage: exists, is the only one in the ball"
                                       : "Preimage: if there is one in the ball, it is here",
               columns);
  for (Index token = 0; token < report.preimage->X.cols(); ++token) {
    std::vector<Cell> cells = {std::to_string(token)};
    for (const Interval& x : report.preimage->X.col(token)) cells.emplace_back(Quantity(x));
    writer.row(cells);
  }
  writer.end();
}

int structure(const StructureOptions& options) {
  const Rational R = parse_rational(options.R, "--R");
  const Instance instance = read_instance(options.model);
  const std::vector<MapNorms> norms = map_norms(instance.model);
  StructureReport report;
  report.mask = instance.model.mask;
  report.layers = lipschitz_constants(norms, R);
  report.injectivity = injectivity(report.layers, instance.model.mask);
  report.lipschitz = lipschitz_constant(report.layers);
  if (!options.distance.empty()) {
    const Rational distance = parse_rational(options.distance, "--distance");
    if (distance < 0) throw InputError("distance: " + distance.str() + " (accepted: a number >= 0)");
    report.distance = distance * report.injectivity.separation;
  }
  if (!options.invert.empty() && report.injectivity.proved) {
    report.preimage = invert(instance, report.layers, options);
  }
  std::optional<OutputFile> certificate;
  if (!options.certificate.empty()) certificate.emplace(options.certificate);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    file.write(report_json(report, options.shown_digits()).dump(1) + "\n");
  } else {
    write_report(report, *make_table_writer(options.format, file, options.shown_digits()),
                 options.shown_digits());
  }
  if (certificate && report.injectivity.proved) {
    Json proof = injectivity_certificate(instance.model, R, norms, report.injectivity);
    name_inputs(proof, {{"model", options.model}});
    certificate->write(proof.dump(1) + "\n");
    certificate->commit();
  }
  file.commit();
  return report.injectivity.proved ? exit_done : exit_unknown;
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
