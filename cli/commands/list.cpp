// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/check_catalogue.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/construction.hpp>
#include <promptbound/cli/commands/construction_proofs.hpp>
#include <promptbound/cli/parameter_options.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/cli/theory_item.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

std::string backwards(const Bound& bound) {
  std::string text;
  for (const Inverse& inverse : bound.inverses)
    text += fmt::format("{}{}", text.empty() ? "" : " ", inverse.unknown);
  return text;
}

/// The outputs of a direction.
std::vector<std::string_view> output_names(const Bound& bound, const Inverse* inverse) {
  std::vector<std::string_view> names;
  if (inverse != nullptr) names.push_back(inverse->unknown);
  if (inverse == nullptr) {
    for (const OutputDescription& output : bound.outputs) names.push_back(output.name);
  }
  return names;
}

/// What proves the bound read forwards, by forms: `alpha = 1: Coq; other alpha: on paper`.
std::string proof_summary(const Bound& bound) {
  if (bound.forms.empty()) return std::string(name(ProofKind::unproved));
  std::string text;
  for (const Form& form : bound.forms) {
    if (!text.empty()) text += "; ";
    if (!form.when.empty()) text += form.when + ": ";
    text += proof_kinds(proofs_of(form.proof, output_names(bound, nullptr)));
  }
  return text;
}

/// The forms of a direction, each output with what proves it.
std::vector<ProvedForm> by_outputs(const std::vector<Form>& forms,
                                   const std::vector<std::string_view>& outputs) {
  std::vector<ProvedForm> result;
  result.reserve(forms.size());
  for (const Form& form : forms) {
    result.push_back({form.when.empty() ? "every form" : form.when, proofs_of(form.proof, outputs)});
  }
  return result;
}

/// The claim of a construction, which has one form.
std::vector<ProvedForm> construction_forms(std::string_view id) {
  return {{"every form", construction_proof(id)}};
}

nlohmann::ordered_json forms_json(const std::vector<ProvedForm>& forms) {
  auto json = nlohmann::ordered_json::array();
  for (const ProvedForm& form : forms) {
    json.push_back({{"form", form.when}, {"proofs", proofs_json(form.proof)}});
  }
  return json;
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
                                     {"reader", construction.reader},
                                     {"forms", forms_json(construction_forms(construction.id))}});
  }
  for (const CheckEntry& check : checks()) {
    if (!is_asked(check.id)) continue;
    json["checks"].push_back({{"id", check.id},
                              {"theory", check.theory},
                              {"source", check.source},
                              {"decides", check.decides},
                              {"command", check.command},
                              {"forms", forms_json(check.forms())}});
  }
  for (const Bound& bound : catalogue()) {
    if (!is_asked(bound.id)) continue;
    nlohmann::ordered_json entry = {
        {"id", bound.id},
        {"kind", name(bound.kind)},
        {"theory", bound.theory},
        {"source", bound.source},
        {"proof", proof_summary(bound)},
        {"forms", forms_json(by_outputs(bound.forms, output_names(bound, nullptr)))},
        {"claim", bound.claim},
        {"formula", bound.formula},
        {"parameters", uses_json(bound.uses)},
        {"outputs", nlohmann::ordered_json::object()},
        {"backwards", nlohmann::ordered_json::array()}};
    for (const OutputDescription& output : bound.outputs)
      entry["outputs"][std::string(output.name)] = output.meaning;
    for (const Inverse& inverse : bound.inverses) {
      entry["backwards"].push_back(
          {{"solve", inverse.unknown},
           {"meaning", inverse.meaning},
           {"forms", forms_json(by_outputs(inverse.forms, output_names(bound, &inverse)))},
           {"parameters", uses_json(inverse.uses)}});
    }
    json["bounds"].push_back(std::move(entry));
  }
  return json.dump(1) + "\n";
}

struct ListOptions : CommonOptions {
  std::string id;  ///< one entry in detail, or an item of the theory; empty: all
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

/// A row for each proof of a form.
void describe_forms(const std::vector<ProvedForm>& forms, TableWriter& writer) {
  writer.begin("What is proved", {{"form"}, {"outputs"}, {"proof"}});
  for (const ProvedForm& form : forms) {
    std::string when = form.when;
    for (const ProofStatus& proof : form.proof) {
      const std::string outputs =
          proof.outputs.empty() ? "all others" : fmt::format("{}", fmt::join(proof.outputs, ", "));
      writer.row({std::exchange(when, ""), form.proof.size() == 1 && proof.outputs.empty() ? "all" : outputs,
                  proof.text()});
    }
    if (form.proof.empty()) writer.row({when, std::string("all"), ProofStatus().text()});
  }
  if (forms.empty()) writer.row({std::string("every form"), std::string("all"), ProofStatus().text()});
  writer.end();
}

/// The items of an entry, for its head.
std::string theory_words(std::string_view theory) {
  return theory == "-" ? "no theory item" : fmt::format("theory {}", theory);
}

void describe_theory(std::string_view theory, TableWriter& writer) {
  const std::string pointer = statement_and_proof(theory);
  if (!pointer.empty()) writer.paragraph(pointer);
}

void describe(const Bound& bound, TableWriter& writer) {
  writer.paragraph(
      fmt::format("{} ({}, {}): {}", bound.id, name(bound.kind), theory_words(bound.theory), bound.claim));
  writer.paragraph(fmt::format("  {}", bound.formula));
  writer.paragraph(fmt::format("source: {}", bound.source));
  describe_theory(bound.theory, writer);
  describe_uses("Parameters", bound.uses, writer);
  writer.begin("Outputs", {{"output"}, {"meaning"}});
  for (const OutputDescription& output : bound.outputs) {
    writer.row({std::string(output.name), std::string(output.meaning)});
  }
  writer.end();
  describe_forms(by_outputs(bound.forms, output_names(bound, nullptr)), writer);
  for (const Inverse& inverse : bound.inverses) {
    describe_uses(fmt::format("Backwards, --solve {}: {}", inverse.unknown, inverse.meaning), inverse.uses,
                  writer);
    describe_forms(by_outputs(inverse.forms, output_names(bound, &inverse)), writer);
  }
}

void describe(const Construction& construction, TableWriter& writer) {
  writer.paragraph(fmt::format("{} (construction, {}): {}", construction.id,
                               theory_words(construction.theory), construction.summary));
  writer.paragraph(
      fmt::format("source: {}; the file is read by {}", construction.source, construction.reader));
  writer.paragraph(
      fmt::format("options: {} (promptbound construct --help says what they mean)", construction.parameters));
  describe_theory(construction.theory, writer);
  describe_forms(construction_forms(construction.id), writer);
}

void describe(const CheckEntry& check, TableWriter& writer) {
  writer.paragraph(fmt::format("{} (check, {}): {}", check.id, theory_words(check.theory), check.decides));
  writer.paragraph(fmt::format("source: {}; promptbound {}", check.source, check.command));
  describe_theory(check.theory, writer);
  describe_forms(check.forms(), writer);
}

void describe_all(TableWriter& writer) {
  writer.begin("Bounds",
               {{"id"}, {"kind"}, {"theory"}, {"parameters"}, {"backwards"}, {"proof"}, {"source"}});
  for (const Bound& bound : catalogue()) {
    writer.row({std::string(bound.id), std::string(name(bound.kind)), std::string(bound.theory),
                parameter_list(bound.uses), backwards(bound), proof_summary(bound),
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
  writer.paragraph(
      "[name] is optional, [name=value] has a default; promptbound list ID explains one entry, promptbound "
      "list N.M has statement and proof of item N.M.");
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

/// The ids of all entries.
std::vector<std::string_view> entry_ids() {
  std::vector<std::string_view> ids;
  ids.reserve(catalogue().size() + constructions().size() + checks().size());
  for (const Bound& bound : catalogue()) ids.push_back(bound.id);
  for (const Construction& construction : constructions()) ids.push_back(construction.id);
  for (const CheckEntry& check : checks()) ids.push_back(check.id);
  return ids;
}

int list(const ListOptions& options) {
  const std::vector<std::string_view> ids = entry_ids();
  const bool is_entry = std::find(ids.begin(), ids.end(), options.id) != ids.end();
  const TheoryItem* item = is_entry || options.id.empty() ? nullptr : find_theory_item(options.id);
  if (!options.id.empty() && !is_entry && item == nullptr) refuse_unknown_item(options.id, ids);
  const std::string text = item == nullptr ? "" : item_document(*item, options.format);
  OutputFile file(options.output);
  if (item != nullptr) {
    file.write(text);
  } else if (options.format == Format::json) {
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

void add_list(CommandLine& line, Action& action) {
  auto options = std::make_shared<ListOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "list", "every bound, construction and check, and every item of the theory with its proof");
  subcommand->footer(
      "Examples:\n"
      "  promptbound list entropy-bits\n"
      "  promptbound list 1.2\n"
      "  promptbound list 0\n"
      "  promptbound list --format json -o catalogue.json");
  subcommand->add_option("id", options->id,
                         "explain this one only; N.M: statement and proof of item N.M of the theory, N: what "
                         "stands before the items "
                         "of section N (0: notation)");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return list(*options); }; });
}

}  // namespace promptbound
