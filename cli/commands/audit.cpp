// One subcommand of cli/command.hpp.
#include <filesystem>
#include <memory>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/audit_checkpoint.hpp>
#include <promptbound/cli/progress.hpp>
#include <promptbound/cli/render/audit.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/recall/recall_tokens.hpp>

namespace promptbound {
namespace {

struct AuditOptions : CommonOptions {
  std::string model, prompt, context, eta = "1/100", Delta = "1", eps = "1/10";
  std::vector<std::string> assumed_inert;
  std::string text, radius = "1/1000000";
  bool config_only = false;
  std::string checkpoint;
};

Rational positive(const std::string& text, const char* option) {
  Rational value = parse_rational(text, option);
  if (value <= 0) throw InputError(std::string(option) + ": '" + text + "' (accepted: a number > 0)");
  return value;
}

/// The ids of each sequence, those of its start before them.
std::vector<std::vector<std::size_t>> texts(const std::string& path) {
  std::vector<std::vector<std::size_t>> result;
  for (TokenSequence& sequence : read_token_sequences(path)) {
    std::vector<std::size_t>& ids = result.emplace_back(std::move(sequence.start));
    ids.insert(ids.end(), sequence.tokens.begin(), sequence.tokens.end());
  }
  return result;
}

int audit(const AuditOptions& options) {
  AuditQuestion question{options.model,
                         options.prompt,
                         0,
                         positive(options.eta, "--eta"),
                         positive(options.Delta, "--Delta"),
                         positive(options.eps, "--eps"),
                         options.assumed_inert,
                         options.threads,
                         options.config_only};
  if (!options.context.empty()) {
    const Rational context = parse_rational(options.context, "--context");
    if (!is_integer(context) || context < 1) {
      throw InputError("--context: '" + options.context + "' (accepted: a whole number of tokens)");
    }
    question.context = numerator(context);
  }
  if (!options.text.empty()) {
    if (options.config_only)
      throw InputError("--text: needs the model's weights (accepted: without --config-only)");
    question.texts = texts(options.text);
    const Rational radius = parse_rational(options.radius, "--radius");
    if (radius < 0) throw InputError("--radius: '" + options.radius + "' (accepted: a number >= 0)");
    question.radius = FastInterval(radius).upper();
  }
  if (!options.checkpoint.empty()) {
    if (options.config_only)
      throw InputError("--checkpoint: keeps the norms of layers (accepted: without --config-only)");
    use_audit_checkpoint(options.checkpoint, options.quiet, question);
  }
  Progress progress("layers", options.quiet);
  const WorkWatch watch([&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); });
  // What cannot be written is refused before the audit.
  OutputFile file(options.output);
  const Audit result = audit_model(question);
  if (options.format == Format::json) {
    file.write(audit_json(result, question, options.shown_digits()));
  } else {
    write_audit(result, question,
                *make_table_writer(options.format, file, options.digits > 0 ? options.digits : 5));
  }
  file.commit();
  // Only now nothing can be lost any more.
  if (!options.checkpoint.empty()) std::filesystem::remove(options.checkpoint);
  return exit_code(result.verdict);
}

}  // namespace

void add_audit(CommandLine& line, Action& action) {
  auto options = std::make_shared<AuditOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "audit", "what the theorems say about real weights and a real soft prompt, certified");
  subcommand->footer(
      "Examples:\n"
      "  promptbound audit --model gpt2 --prompt my-prompt\n"
      "  promptbound audit --model tiny-gpt2 --prompt tiny-gpt2-prompt --context 128 --format html -o "
      "audit.html\n"
      "A model is a folder with config.json (model_type gpt2, llama, mistral, qwen2, qwen3, gemma, phi, "
      "gpt_neox, opt,\n"
      "bert, roberta, distilbert or the encoder of t5) and model.safetensors, in one file or in shards with "
      "model.safetensors.index.json;\n"
      "a prompt is a PEFT folder with adapter_config.json (PROMPT_TUNING, P_TUNING with the finished prompt, "
      "PREFIX_TUNING,\n"
      "LORA or MULTITASK_PROMPT_TUNING) and adapter_model.safetensors or adapter_model.bin, of which nothing "
      "is executed.\n"
      "What their files ask for is modelled or refused by name.");
  subcommand->add_option("--model", options->model, "folder of the model")->required()->type_name("DIR");
  subcommand->add_option("--prompt", options->prompt, "folder of the soft prompt or another PEFT adapter")
      ->type_name("DIR");
  subcommand->add_flag("--config-only", options->config_only,
                       "read no weights of the model: what its configuration and the adapter alone say");
  subcommand
      ->add_option("--context", options->context, "sequence length T (default: all positions of the model)")
      ->type_name("T");
  subcommand
      ->add_option("--eta", options->eta,
                   "relative accuracy of the polynomial for exp in 4.2 (default 1/100)")
      ->type_name("NUMBER");
  subcommand
      ->add_option("--Delta", options->Delta,
                   "labels are pairwise further apart than this, in normed outputs (2.5; default 1)")
      ->type_name("NUMBER");
  subcommand->add_option("--eps", options->eps, "accuracy at which labels must be met (2.5; default 1/10)")
      ->type_name("NUMBER");
  subcommand
      ->add_option(
          "--assume-inert", options->assumed_inert,
          "take it that this member of config.json, which is not known here, changes nothing: results "
          "are conditional on it (repeatable)")
      ->type_name("NAME")
      ->repeated();
  subcommand
      ->add_option("--text", options->text,
                   "token ids of texts behind the prompt, JSON or .npy: adds the Lipschitz constant near "
                   "this prompt on "
                   "them (3.4)")
      ->type_name("FILE");
  subcommand
      ->add_option(
          "--radius", options->radius,
          "with --text: of prompts whose tokens are all within this Euclidean distance (default 1/1000000)")
      ->type_name("NUMBER");
  subcommand
      ->add_option(
          "--checkpoint", options->checkpoint,
          "go on from this file if it exists, and keep the norms of the layers in it until the answer")
      ->type_name("FILE");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return audit(*options); }; });
}

}  // namespace promptbound
