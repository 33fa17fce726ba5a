// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/construction.hpp>
#include <promptbound/cli/commands/construction_proofs.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

void write_claim(const Record& claim, const ConstructOptions& options) {
  OutputFile file("");
  if (options.format == Format::json) {
    file.write(record_json(claim, options.shown_digits()).dump(1) + "\n");
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    writer->paragraph(std::string(claim.id) + " (theory " + std::string(claim.theory) + ") written to " +
                      options.output);
    writer->begin("", {{"output"}, {"value", true}});
    for (const Output& output : claim.outputs) writer->row({output.name, output.value});
    writer->end();
    for (const Assumption& assumption : claim.assumptions) writer->paragraph("  " + assumption.text);
    write_proof(claim.proofs(), claim.theory, *writer);
  }
  file.commit();
}

/// Refuses the options given that the construction does not use.
void refuse_unused(const Subcommand& subcommand, const Construction& construction) {
  std::istringstream used(std::string(construction.parameters) +
                          " id format output digits most-bits quiet threads help");
  const std::set<std::string> names(std::istream_iterator<std::string>{used}, {});
  for (const std::string& name : subcommand.given()) {
    if (names.count(name) > 0) continue;
    throw InputError("--" + name + ": " + std::string(construction.id) +
                     " does not use it (accepted: " + std::string(construction.parameters) + ")");
  }
}

/// The file, in the format that its name asks for, with the claim.
std::string file_text(Built built, const std::string& claim, const std::string& path) {
  const auto* instance = std::get_if<Instance>(&built.content);
  if (is_safetensors_name(path)) {
    if (instance == nullptr)
      throw InputError(path + ": " + std::string(built.claim.id) + " writes JSON only");
    return instance_safetensors(*instance, {{"claim", claim}});
  }
  Json json = instance != nullptr ? to_json(*instance) : std::move(std::get<Json>(built.content));
  json["claim"] = Json::parse(claim);
  return json.dump() + "\n";
}

int construct(const ConstructOptions& options) {
  if (options.output.empty())
    throw InputError("output: not given (accepted: -o FILE, the model file to write)");
  const WorkingPrecision scope(bits_for_digits(options.computed_digits()) + 64);
  Built built = find_construction(options.id).build(options);
  built.claim.proof = construction_proof(built.claim.id);
  const Record record = built.claim;
  const auto claim = record_json(record, options.computed_digits());
  OutputFile file(options.output);
  file.write(file_text(std::move(built), claim.dump(), options.output));
  file.commit();
  write_claim(record, options);
  return exit_done;
}

std::string summaries() {
  std::string text = "Constructions (promptbound list ID says more):\n";
  for (const Construction& construction : constructions()) {
    text += fmt::format("  {:<22} {}\n", construction.id, construction.summary);
  }
  return text;
}

}  // namespace

void add_construct(CommandLine& line, Action& action) {
  auto options = std::make_shared<ConstructOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "construct", "build a theorem's transformer, prompt or data set as a file that run reads");
  subcommand->footer(
      summaries() +
      "Examples:\n"
      "  promptbound construct lookup-transformer --d 1 --L 2 --eps 1/10 --target reversal -o reversal.json\n"
      "  promptbound construct universal-transformer --d 1 --L 1 --k 3 --target sine -o sine.json\n"
      "  promptbound construct softmax-universal --d 2 --k 2 --rank 2 -o softmax.safetensors\n"
      "  promptbound construct prompt-versus-lora --N 4 -o data.json\n"
      "  promptbound construct layer --d 3 --N 2 -o layer.json\n"
      "  promptbound construct impossible-pair --model layer.json -o pair.json");
  subcommand->add_option("id", options->id, "the construction, see below")->required();
  add_options(*subcommand, options->own());
  options->target.add_to(*subcommand);
  add_common_options(*subcommand, *options, OutputHolds::product);
  subcommand->callback([options, subcommand, &action] {
    action = [options, subcommand] {
      refuse_unused(*subcommand, find_construction(options->id));
      return construct(*options);
    };
  });
}

}  // namespace promptbound
