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
  const auto number = [&](const std::string& name, long& value, long least, long most,
                          const std::string& help) {
    subcommand->add_option("--" + name, value, help)->range(least, most)->type_name("N");
  };
  const auto text = [&](const std::string& name, std::string& value, const std::string& type,
                        const std::string& help) {
    subcommand->add_option("--" + name, value, help)->type_name(type);
  };
  subcommand->add_option("--d", options->d, "token dimension (default 1)")->range(1, 1000)->type_name("N");
  subcommand->add_option("--L", options->L, "input tokens (default 1)")->range(1, 1000)->type_name("N");
  number("k", options->k, 1, 1000000, "grid cells per coordinate");
  text("eta", options->eta, "NUMBER", "ramp width, below 1/(2k) (default 1/(1000k))");
  text("form", options->form, "NAME",
       "universal-transformer: wide (default), deep, sparse (the table alone); selective-shift: direct "
       "(default), prompted; "
       "prompt-versus-lora: original (default), updated");
  subcommand
      ->add_option("--rank", options->rank, "rank of the attention weights (softmax-universal, default 1)")
      ->range(1, 1000)
      ->type_name("N");
  text("eps", options->eps, "NUMBER", "accuracy (lookup-transformer, packed-lookup, memorization-prompt)");
  text("C", options->C, "NUMBER",
       "Lipschitz constant (lookup-transformer, packed-lookup; random table; default 1)");
  text("alpha", options->alpha, "NUMBER", "norm exponent (default 2)");
  text("model", options->model, "FILE", "model file, for what is built on a given model");
  text("data", options->data, "FILE",
       "examples (memorization-prompt: input and target; least-length-prompt: as memorize reads them)");
  text("accuracy", options->accuracy, "NUMBER", "largest error (least-length-prompt, default 0)");
  text("query", options->query, "LIST", "the query token, such as 1/2,0.3 (compressed-prompt)");
  text("tokens", options->tokens, "FILE", "input tokens as rows, the query last (separated-prompts)");
  text("radius", options->radius, "NUMBER", "largest entry of prompt tokens (separated-prompts, default 1)");
  number("m", options->m, 1, 1000000, "prompt tokens (separated-prompts, default 1; layer, default 2)");
  number("q", options->q, 2, 1000000, "values in each direction (separated-prompts, default 2)");
  number("N", options->N, 1, 100000, "examples or points (default 4)");
  number("D", options->D, 1, 100000, "dimension of the points (hardness-instance, default 16)");
  number("t", options->t, 0, 100000, "distance of near points (hardness-instance, default 1)");
  number("gap", options->gap, 1, 100000, "gap to far points (hardness-instance, default 2)");
  number("b", options->b, 1, 4096, "bits of a prompt entry (packed-lookup, default 16)");
  number("P", options->P, 1, 1000000, "payload entries of a prompt token (packed-lookup, default 16 d L)");
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
