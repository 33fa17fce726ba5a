// One subcommand of cli/command.hpp.
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/models_file.hpp>
#include <promptbound/cli/progress.hpp>
#include <promptbound/cli/render/recall.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/cli/shipped.hpp>
#include <promptbound/models/model_config.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/recall/recall_certificate.hpp>

namespace promptbound {
namespace {

struct RecallOptions : CommonOptions {
  std::string model, tokens, drawn, prompt_as, arithmetic = "real", radius, certificate;
  std::vector<std::string> prompts, start, assumed_inert;
  bool largest_radius = false, pairs = false;
};

std::size_t whole_number(const std::string& text, const std::string& option, const char* accepted) {
  const Rational value = parse_rational(text, option);
  if (!is_integer(value) || value < 0 || value > Rational(Integer(1) << 62)) {
    throw InputError(option + ": '" + text + "' (accepted: " + accepted + ")");
  }
  return numerator(value).convert_to<std::size_t>();
}

/// SEED:N:LENGTH.
Drawn drawn_from(const std::string& text) {
  std::vector<std::size_t> parts;
  std::size_t begin = 0;
  const char* const accepted = "SEED:N:LENGTH, whole numbers, N and LENGTH from 1 on";
  for (;;) {
    const std::size_t end = text.find(':', begin);
    parts.push_back(whole_number(text.substr(begin, end - begin), "--drawn", accepted));
    if (end == std::string::npos) break;
    begin = end + 1;
  }
  if (parts.size() != 3) throw InputError("--drawn: '" + text + "' (accepted: " + accepted + ")");
  return {parts[0], parts[1], parts[2]};
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// What others measured for a model whose name is that of the folder, with these sizes.
std::vector<std::string> published_of(const std::string& folder, const ModelConfig& config) {
  const std::filesystem::path path = std::filesystem::path(folder).lexically_normal();
  const std::string name = lower_case((path.has_filename() ? path : path.parent_path()).filename().string());
  std::vector<std::string> lines;
  for (const PublishedModel& model : read_models(shipped("published_models.csv").string())) {
    if (lower_case(model.model) != name || model.width != config.width ||
        model.vocabulary != config.vocabulary)
      continue;
    const auto line = [&](const std::optional<Rational>& value, const std::string& what) {
      if (value) lines.push_back("Published for " + model.model + ": " + what + " " + value->str() + ".");
    };
    line(model.gain_random, "output tokens of random texts that one trained vector stores (KAGDB25)");
    line(model.slope, "output tokens a prompt token (MMCT26)");
  }
  return lines;
}

RecallQuestion question_of(const RecallOptions& options, std::optional<Drawn>& drawn) {
  RecallQuestion question;
  question.model = options.model;
  question.prompts = options.prompts;
  std::vector<std::size_t> start;
  start.reserve(options.start.size());
  for (const std::string& id : options.start) start.push_back(whole_number(id, "--start", "token ids"));
  if (drawn) {
    const std::string config = options.model + "/config.json";
    const ModelConfig model = read_model_config(config, options.assumed_inert);
    question.sequences = drawn_sequences(drawn->seed, drawn->count, drawn->length, model.vocabulary, start);
    drawn->published = published_of(options.model, model);
  } else {
    question.sequences = read_token_sequences(options.tokens, start);
  }
  if (!options.prompt_as.empty()) question.prompt_as = prompt_format(options.prompt_as);
  question.binary32 = options.arithmetic == "f32";
  if (!options.radius.empty()) {
    const Rational radius = parse_rational(options.radius, "--radius");
    if (radius <= 0 || radius > Rational(Integer(1) << 40)) {
      throw InputError("--radius: '" + options.radius + "' (accepted: a number > 0)");
    }
    question.radius = FastInterval(radius).upper();
  }
  question.largest_radius = options.largest_radius;
  question.paired = options.pairs;
  question.assumed_inert = options.assumed_inert;
  question.threads = options.threads;
  return question;
}

int recall(const RecallOptions& options) {
  if (options.tokens.empty() == options.drawn.empty()) {
    throw InputError("recall: one of --tokens FILE and --drawn SEED:N:LENGTH is needed");
  }
  std::optional<Drawn> drawn;
  if (!options.drawn.empty()) drawn = drawn_from(options.drawn);
  const RecallQuestion question = question_of(options, drawn);
  std::optional<OutputFile> certificate;
  if (!options.certificate.empty()) {
    require_certifiable(question);
    certificate.emplace(options.certificate);
  }
  Progress progress("layers", options.quiet);
  const WorkWatch watch([&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); });
  const Recall answer = recall_sequences(question);
  OutputFile file(options.output);
  if (options.format == Format::json) {
    file.write(recall_json(question, answer, drawn, options.shown_digits()));
  } else {
    write_recall(question, answer, drawn,
                 *make_table_writer(options.format, file, options.digits > 0 ? options.digits : 5));
  }
  if (certificate && is_decided(answer)) {
    certificate->write(recall_certificate(question, answer).dump(1) + "\n");
    certificate->commit();
  }
  file.commit();
  return exit_code(answer.verdict);
}

}  // namespace

void add_recall(CommandLine& line, Action& action) {
  auto options = std::make_shared<RecallOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "recall", "does a real model with a soft prompt say exactly these tokens? certified margins");
  subcommand->footer(
      "Exit codes: 0 every sequence is recalled, 1 one is not, 3 unknown.\n"
      "Examples:\n"
      "  promptbound recall --model tiny-gpt2 --prompt tiny-gpt2-prompt --tokens ids.json\n"
      "  promptbound recall --model gpt2 --prompt my-prompt --tokens ids.npy --prompt-as bf16 --threads 2\n"
      "Files of tokens: {\"schema\":1,\"sequences\":[{\"start\":[..],\"tokens\":[..]}]}, or a .npy array (N, "
      "l) of "
      "int64.\n"
      "Every sequence is asked of every prompt, unless --pairs says otherwise. Without --prompt it is the "
      "model's own greedy continuation of its "
      "start.");
  subcommand->add_option("--model", options->model, "folder of the model")->required()->type_name("DIR");
  subcommand->add_option("--prompt", options->prompts, "folder of a soft prompt (PEFT adapter; repeatable)")
      ->type_name("DIR")
      ->repeated();
  subcommand->add_option("--tokens", options->tokens, "the sequences to be said (JSON or .npy)")
      ->type_name("FILE");
  subcommand
      ->add_option("--drawn", options->drawn,
                   "instead: N sequences of LENGTH tokens drawn uniformly from the vocabulary")
      ->type_name("SEED:N:LENGTH")
      ->excludes("--tokens");
  subcommand->add_flag("--pairs", options->pairs,
                       "ask each sequence of one prompt: the first of the first, and so on");
  subcommand
      ->add_option("--start", options->start,
                   "token that stands between prompt and sequence (repeatable; a sequence's own start wins)")
      ->type_name("ID")
      ->repeated();
  subcommand
      ->add_option("--prompt-as", options->prompt_as,
                   "round the prompts first, to nearest: f16, bf16, f8e4m3 (saturating) or int8 (one scale)")
      ->one_of({"f16", "bf16", "f8e4m3", "int8"});
  subcommand
      ->add_option("--arithmetic", options->arithmetic,
                   "f32: also of every evaluation in binary32, in any order of summation (default real)")
      ->one_of({"real", "f32"});
  subcommand
      ->add_option("--radius", options->radius,
                   "also of every prompt whose tokens are within this Euclidean distance of the prompt's")
      ->type_name("NUMBER");
  subcommand->add_flag("--largest-radius", options->largest_radius, "find the largest such distance");
  subcommand
      ->add_option("--certificate", options->certificate,
                   "write a certificate here, over the real numbers, where every token is decided")
      ->type_name("FILE");
  subcommand
      ->add_option(
          "--assume-inert", options->assumed_inert,
          "take it that this member of config.json, which is not known here, changes nothing: results "
          "are conditional on it (repeatable)")
      ->type_name("NAME")
      ->repeated();
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return recall(*options); }; });
}

}  // namespace promptbound
