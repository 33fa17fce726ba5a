#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/bounds/proof_status.hpp>
#include <promptbound/cli/check_catalogue.hpp>
#include <promptbound/cli/construction.hpp>
#include <promptbound/cli/render_json.hpp>
#include <promptbound/numeric/error.hpp>

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

/// Entries whose id is `one`, or all.
std::string catalogue_json(const std::string& one) {
  const auto is_asked = [&](std::string_view id) { return one.empty() || id == one; };
  nlohmann::ordered_json json = {{"schema", json_schema},
                                 {"bounds", nlohmann::ordered_json::array()},
                                 {"constructions", nlohmann::ordered_json::array()},
                                 {"checks", nlohmann::ordered_json::array()}};
  for (const Construction& construction : constructions()) {
    if (!is_asked(construction.id)) continue;
    json["constructions"].push_back({{"id", construction.id},
                                     {"theory", construction.theory},
                                     {"source", construction.source},
                                     {"summary", construction.summary},
                                     {"parameters", construction.parameters},
                                     {"reader", construction.reader}});
  }
  for (const CheckEntry& check : checks()) {
    if (!is_asked(check.id)) continue;
    json["checks"].push_back({{"id", check.id},
                              {"theory", check.theory},
                              {"source", check.source},
                              {"decides", check.decides},
                              {"command", check.command}});
  }
  for (const Bound& bound : catalogue()) {
    if (!is_asked(bound.id)) continue;
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
  std::string id;  ///< one entry in detail; empty: all
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

void describe(const Construction& construction, TableWriter& writer) {
  writer.paragraph(fmt::format("{} (construction, theory {}): {}", construction.id, construction.theory,
                               construction.summary));
  writer.paragraph(
      fmt::format("source: {}; the file is read by {}", construction.source, construction.reader));
  writer.paragraph(
      fmt::format("options: {} (promptbound construct --help says what they mean)", construction.parameters));
}

void describe(const CheckEntry& check, TableWriter& writer) {
  writer.paragraph(fmt::format("{} (check, theory {}): {}", check.id, check.theory, check.decides));
  writer.paragraph(fmt::format("source: {}; promptbound {}", check.source, check.command));
}

void describe_all(TableWriter& writer) {
  writer.begin("Bounds",
               {{"id"}, {"kind"}, {"theory"}, {"parameters"}, {"backwards"}, {"proof"}, {"source"}});
  for (const Bound& bound : catalogue()) {
    writer.row({std::string(bound.id), std::string(name(bound.kind)), std::string(bound.theory),
                parameter_list(bound.uses), backwards(bound), std::string(proof_status(bound.id, bound.kind)),
                std::string(bound.source)});
  }
  writer.end();
  writer.begin("Constructions (promptbound construct ID)",
               {{"id"}, {"theory"}, {"builds"}, {"options"}, {"read by"}, {"source"}});
  for (const Construction& construction : constructions()) {
    writer.row({std::string(construction.id), std::string(construction.theory),
                std::string(construction.summary), std::string(construction.parameters),
                std::string(construction.reader), std::string(construction.source)});
  }
  writer.end();
  writer.begin("Checks", {{"id"}, {"theory"}, {"decides"}, {"command"}, {"source"}});
  for (const CheckEntry& check : checks()) {
    writer.row({std::string(check.id), std::string(check.theory), std::string(check.decides),
                std::string(check.command), std::string(check.source)});
  }
  writer.end();
  writer.paragraph("");
  writer.paragraph("[name] is optional, [name=value] has a default; promptbound list ID explains one entry.");
}

/// The entry of that id, in words.
void describe_one(const std::string& id, TableWriter& writer) {
  for (const Construction& construction : constructions()) {
    if (construction.id == id) return describe(construction, writer);
  }
  for (const CheckEntry& check : checks()) {
    if (check.id == id) return describe(check, writer);
  }
  describe(find_bound(id), writer);
}

/// Throws InputError naming the nearest id.
void require_known(const std::string& id) {
  std::vector<std::string_view> known;
  for (const Bound& bound : catalogue()) known.push_back(bound.id);
  for (const Construction& construction : constructions()) known.push_back(construction.id);
  for (const CheckEntry& check : checks()) known.push_back(check.id);
  if (std::find(known.begin(), known.end(), id) != known.end()) return;
  throw InputError("'" + id.substr(0, 60) + "' is no bound, construction or check: did you mean " +
                   nearest(id, known) + "?");
}

int list(const ListOptions& options) {
  if (!options.id.empty()) require_known(options.id);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    file.write(catalogue_json(options.id));
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    if (options.id.empty()) {
      describe_all(*writer);
    } else {
      describe_one(options.id, *writer);
    }
  }
  file.commit();
  return exit_done;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* subcommand =
      app.add_subcommand("list", "every bound, construction and check: id, theory item, parameters, source");
  subcommand->footer(
      "Examples:\n  promptbound list entropy-bits\n  promptbound list --format json -o catalogue.json");
  subcommand->add_option("id", options->id, "explain this one only");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return list(*options); }; });
}

}  // namespace promptbound
