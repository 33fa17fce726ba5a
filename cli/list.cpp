#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/bounds/proof_status.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/render_json.hpp>

namespace promptbound {
namespace {

std::string parameter_list(const std::vector<Use>& uses) {
  std::string text;
  for (const Use& use : uses) {
    if (!text.empty()) text += " ";
    const std::string_view name = use.parameter->name;
    if (use.required) {
      text += name;
    } else if (!use.has_default()) {
      text += fmt::format("[{}]", name);
    } else {
      text += fmt::format("[{}={}]", name, use.fallback);
    }
  }
  return text;
}

std::string backwards(const Bound& bound) {
  std::string text;
  for (const Inverse& inverse : bound.inverses)
    text += fmt::format("{}{}", text.empty() ? "" : " ", inverse.unknown);
  return text;
}

nlohmann::ordered_json uses_json(const std::vector<Use>& uses) {
  auto json = nlohmann::ordered_json::array();
  for (const Use& use : uses) {
    json.push_back({{"name", use.parameter->name},
                    {"meaning", use.parameter->meaning},
                    {"unit", use.parameter->unit},
                    {"accepted", use.parameter->accepted()},
                    {"required", use.required},
                    {"default", use.fallback}});
  }
  return json;
}

std::string catalogue_json(const Bound* one) {
  nlohmann::ordered_json json = {{"schema", json_schema}, {"bounds", nlohmann::ordered_json::array()}};
  for (const Bound& bound : catalogue()) {
    if (one != nullptr && &bound != one) continue;
    nlohmann::ordered_json entry = {{"id", bound.id},
                                    {"kind", name(bound.kind)},
                                    {"theory", bound.theory},
                                    {"source", bound.source},
                                    {"proof", proof_status(bound.id, bound.kind)},
                                    {"claim", bound.claim},
                                    {"formula", bound.formula},
                                    {"parameters", uses_json(bound.uses)},
                                    {"outputs", nlohmann::ordered_json::object()},
                                    {"backwards", nlohmann::ordered_json::array()}};
    for (const OutputDescription& output : bound.outputs)
      entry["outputs"][std::string(output.name)] = output.meaning;
    for (const Inverse& inverse : bound.inverses) {
      entry["backwards"].push_back({{"solve", inverse.unknown},
                                    {"meaning", inverse.meaning},
                                    {"parameters", uses_json(inverse.uses)}});
    }
    json["bounds"].push_back(std::move(entry));
  }
  return json.dump(1) + "\n";
}

struct ListOptions : CommonOptions {
  std::string id;  ///< one bound in detail; empty: all
};

void describe_uses(const std::string& title, const std::vector<Use>& uses, TableWriter& writer) {
  writer.begin(title, {{"parameter"}, {"default"}, {"accepted"}, {"unit"}, {"meaning"}});
  for (const Use& use : uses) {
    const Parameter& parameter = *use.parameter;
    const std::string fallback = use.required         ? "required"
                                 : !use.has_default() ? "optional"
                                                      : std::string(use.fallback);
    writer.row({fmt::format("--{}", parameter.name), fallback, parameter.accepted(),
                std::string(parameter.unit), std::string(parameter.meaning)});
  }
  writer.end();
}

void describe(const Bound& bound, TableWriter& writer) {
  writer.paragraph(
      fmt::format("{} ({}, theory {}): {}", bound.id, name(bound.kind), bound.theory, bound.claim));
  writer.paragraph(fmt::format("  {}", bound.formula));
  writer.paragraph(fmt::format("source: {}; {}", bound.source, proof_status(bound.id, bound.kind)));
  describe_uses("Parameters", bound.uses, writer);
  writer.begin("Outputs", {{"output"}, {"meaning"}});
  for (const OutputDescription& output : bound.outputs) {
    writer.row({std::string(output.name), std::string(output.meaning)});
  }
  writer.end();
  for (const Inverse& inverse : bound.inverses) {
    describe_uses(fmt::format("Backwards, --solve {}: {}", inverse.unknown, inverse.meaning), inverse.uses,
                  writer);
  }
}

int list(const ListOptions& options) {
  const Bound* const one = options.id.empty() ? nullptr : &find_bound(options.id);
  OutputFile file(options.output);
  if (one != nullptr && options.format != Format::json) {
    describe(*one, *make_table_writer(options.format, file, options.shown_digits()));
    file.commit();
    return exit_done;
  }
  if (options.format == Format::json) {
    file.write(catalogue_json(one));
    file.commit();
    return exit_done;
  }
  const auto writer = make_table_writer(options.format, file, options.shown_digits());
  writer->begin("Bounds",
                {{"id"}, {"kind"}, {"theory"}, {"parameters"}, {"backwards"}, {"proof"}, {"source"}});
  for (const Bound& bound : catalogue()) {
    writer->row({std::string(bound.id), std::string(name(bound.kind)), std::string(bound.theory),
                 parameter_list(bound.uses), backwards(bound),
                 std::string(proof_status(bound.id, bound.kind)), std::string(bound.source)});
  }
  writer->end();
  writer->paragraph("");
  writer->paragraph(
      "[name] is optional, [name=value] has a default; promptbound list ID explains one bound.");
  file.commit();
  return exit_done;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* subcommand =
      app.add_subcommand("list", "every bound: id, kind, theory item, parameters, proof, source");
  subcommand->footer(
      "Examples:\n  promptbound list entropy-bits\n  promptbound list --format json -o catalogue.json");
  subcommand->add_option("id", options->id, "explain this bound only");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return list(*options); }; });
}

}  // namespace promptbound
