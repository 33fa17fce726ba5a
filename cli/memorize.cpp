#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/coq_memorize.hpp>
#include <promptbound/cli/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/gradient_descent.hpp>
#include <promptbound/verify/memorize.hpp>

namespace promptbound {
namespace {

struct MemorizeOptions : CommonOptions {
  std::string model, data, certificate, coq;
  std::string accuracy = "0";
  Index descent_tokens = 32;
};

std::string name(Memorizable verdict) {
  switch (verdict) {
    case Memorizable::impossible:
      return "impossible";
    case Memorizable::possible:
      return "possible";
    case Memorizable::unknown:
      break;
  }
  return "unknown";
}

int exit_code(Memorizable verdict) {
  switch (verdict) {
    case Memorizable::impossible:
      return exit_refuted;
    case Memorizable::possible:
      return exit_done;
    case Memorizable::unknown:
      break;
  }
  return exit_unknown;
}

/// The least length of an exact fit, all longer ones fitting too, where theory 2.2 decided it.
std::optional<Integer> exact_lengths_from(const MemorizationAnswer& answer) {
  const auto& exact = answer.exact;
  if (!exact || exact->set != PromptLengths::Set::from || exact->least_lower != exact->least_upper)
    return std::nullopt;
  return exact->least_lower;
}

/// The best prompt that gradient descent finds, beside the floor; nothing when it is not asked for or the
/// model is not one layer of one head.
std::optional<FoundPrompt> found_prompt(const Transformer<Rational>& model, const MemorizationData& data,
                                        const MemorizeOptions& options) {
  const bool covered = model.layers.size() == 1 && model.layers.front().heads.size() == 1;
  if (options.descent_tokens == 0 || !covered) return std::nullopt;
  DescentOptions descent;
  descent.tokens = options.descent_tokens;
  const WorkingPrecision scope(bits_for_digits(options.computed_digits()) + 64);
  return descend(model, data, descent);
}

nlohmann::ordered_json answer_json(const MemorizationAnswer& answer, const std::optional<FoundPrompt>& found,
                                   const Rational& accuracy, long digits) {
  nlohmann::ordered_json json = {{"schema", json_schema},
                                 {"verdict", name(answer.verdict)},
                                 {"why", answer.why},
                                 {"accuracy", exact_text(accuracy)},
                                 {"least_prompt_length", nullptr},
                                 {"prompt_length", nullptr},
                                 {"prompt", nullptr},
                                 {"error", nullptr},
                                 {"floor",
                                  {{"lower", decimal(answer.floor_lower, digits, Direction::down)},
                                   {"upper", decimal(answer.floor_upper, digits, Direction::up)}}},
                                 {"output_floor", decimal(answer.output_floor, digits, Direction::down)},
                                 {"exact_lengths_from", nullptr},
                                 {"rank_lower", answer.rank_lower},
                                 {"found_by_descent", nullptr}};
  if (found) {
    json["found_by_descent"] = {
        {"prompt_length", found->prompt.cols()},
        {"prompt", to_json(Matrix<Rational>(found->prompt.transpose()))},
        {"error",
         {{"lower", lower_decimal(found->error, digits)}, {"upper", upper_decimal(found->error, digits)}}}};
  }
  if (const auto least = exact_lengths_from(answer)) json["exact_lengths_from"] = least->str();
  if (answer.prompt) {
    json["least_prompt_length"] = answer.least_length.str();
    json["prompt_length"] = answer.prompt->cols();
    json["prompt"] = to_json(Matrix<Rational>(answer.prompt->transpose()));
    json["error"] = {{"lower", lower_decimal(answer.error, digits)},
                     {"upper", upper_decimal(answer.error, digits)}};
  }
  return json;
}

void write_answer(const MemorizationAnswer& answer, const std::optional<FoundPrompt>& found,
                  const Rational& accuracy, TableWriter& writer) {
  writer.begin("Memorization", {{"item"}, {"value", true}});
  writer.row({"verdict", name(answer.verdict)});
  writer.row({"why", answer.why});
  writer.row({"accuracy", Quantity(accuracy)});
  if (answer.prompt) {
    writer.row({"prompt length", Quantity(Integer(answer.prompt->cols()))});
    writer.row({"no prompt is shorter than", Quantity(answer.least_length)});
    writer.row({"error of the prompt", Quantity(answer.error)});
  }
  if (const auto least = exact_lengths_from(answer))
    writer.row({"exact fits have any length of at least", Quantity(*least)});
  writer.row({"floor at the attention output, at least", Quantity(answer.floor_lower)});
  writer.row({"floor at the attention output, at most", Quantity(answer.floor_upper)});
  writer.row({"floor at the layer's output, at least", Quantity(answer.output_floor)});
  if (found) {
    writer.row({"error of the best prompt of " + std::to_string(found->prompt.cols()) +
                    " tokens that gradient descent finds",
                Quantity(found->error)});
  }
  writer.row({"tokens that an exact fit needs by rank, at least", Quantity(Integer(answer.rank_lower))});
  writer.end();
}

int run(const MemorizeOptions& options) {
  const Rational accuracy = parse_rational(options.accuracy, "--accuracy");
  const Transformer<Rational> model = read_instance(options.model).model;
  const MemorizationData data = memorization_data_from(parse_json(read_text_file(options.data), options.data),
                                                       model.width, options.data);
  const MemorizationAnswer answer = memorize(model, data, accuracy);
  const std::optional<FoundPrompt> found = found_prompt(model, data, options);

  std::optional<OutputFile> coq;
  if (!options.coq.empty()) {
    CoqCertificate certificate;
    memorize_in_coq(model, data, accuracy, answer, options.shown_digits(), certificate);
    coq.emplace(options.coq).write(certificate.text());
  }
  OutputFile file(options.output);
  if (options.format == Format::json) {
    file.write(answer_json(answer, found, accuracy, options.shown_digits()).dump(1) + "\n");
  } else {
    write_answer(answer, found, accuracy, *make_table_writer(options.format, file, options.shown_digits()));
  }
  if (!options.certificate.empty() && !answer.certificate.empty()) {
    OutputFile certificate(options.certificate);
    certificate.write(answer.certificate + "\n");
    certificate.commit();
  }
  if (coq) coq->commit();
  file.commit();
  return exit_code(answer.verdict);
}

}  // namespace

void add_memorize(CLI::App& app, Action& action) {
  auto options = std::make_shared<MemorizeOptions>();
  CLI::App* subcommand = app.add_subcommand(
      "memorize", "can a prompt make a one-layer model give these outputs? verdict, prompt, floor");
  subcommand->footer(
      "Example:\n  promptbound memorize --model model.json --data data.json --accuracy 1/1000 --certificate "
      "proof.json");
  subcommand->add_option("--model", options->model, "model file, JSON or .safetensors: one layer of one head")
      ->required();
  subcommand->add_option("--data", options->data, "data file (JSON: examples with tokens, query, target)")
      ->required();
  subcommand->add_option("--accuracy", options->accuracy,
                         "largest error allowed, in every coordinate (default 0)");
  subcommand
      ->add_option(
          "--descent-tokens", options->descent_tokens,
          "tokens of the prompt that gradient descent seeks, to set against the floor (default 32; 0: none)")
      ->check(CLI::Range(0L, 1000L))
      ->type_name("N");
  subcommand->add_option("--certificate", options->certificate,
                         "write the verdict's certificate to this file");
  add_coq_option(*subcommand, options->coq);
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace promptbound
