// One subcommand of cli/command.hpp.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/memorize_prefix.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/memorization/memorize_in_coq.hpp>

namespace promptbound {
namespace {

struct MemorizeOptions : CommonOptions {
  std::string model, data, certificate, coq;
  std::string accuracy = "0";
  PrefixOptions prefix;
  Index descent_tokens = 32;
};

nlohmann::ordered_json memorization_json(const MemorizationAnswer& answer, const Rational& accuracy,
                                         long digits) {
  nlohmann::ordered_json json = {
      {"accuracy", exact_text(accuracy)},
      {"least_prompt_length", nullptr},
      {"no_prompt_shorter_than", nullptr},
      {"prompt_length", nullptr},
      {"prompt", nullptr},
      {"error", nullptr},
      {"floor", nullptr},
      {"output_floor", decimal(answer.output_floor, digits, Direction::down)},
      {"least_error", ends_json(answer.least_error.lower, answer.least_error.upper, digits)},
      {"exact_lengths_from", nullptr},
      {"rank_lower", answer.rank_lower},
      {"found_by_descent", nullptr}};
  if (answer.floor) json["floor"] = ends_json(answer.floor->lower, answer.floor->upper, digits);
  if (const auto& found = answer.found) {
    json["found_by_descent"] = {{"prompt_length", found->prompt.cols()},
                                {"prompt", to_json(Matrix<Rational>(found->prompt.transpose()))},
                                {"error", ends_json(found->error, digits)}};
  }
  if (const auto least = answer.exact_lengths_from()) json["exact_lengths_from"] = least->str();
  if (answer.prompt) {
    if (const auto least = answer.least_prompt_length()) json["least_prompt_length"] = least->str();
    json["no_prompt_shorter_than"] = answer.least_length.str();
    json["prompt_length"] = answer.prompt->cols();
    json["prompt"] = to_json(Matrix<Rational>(answer.prompt->transpose()));
    json["error"] = ends_json(*answer.error, digits);
  }
  return answer_json(answer, verdict_name(answer), json);
}

void write_answer(const MemorizationAnswer& answer, const Rational& accuracy, bool has_several_heads,
                  TableWriter& writer, long digits) {
  // One-sided bounds are shown from their side, not as enclosures.
  const auto at_least = [&](const char* item, const Rational& x) {
    writer.row({std::string(item) + ", at least", decimal(x, digits, Direction::down)});
  };
  const auto at_most = [&](const char* item, const Rational& x) {
    writer.row({std::string(item) + ", at most", decimal(x, digits, Direction::up)});
  };
  writer.begin("Memorization", {{"item"}, {"value", true}});
  writer.row({"verdict", std::string(verdict_name(answer))});
  writer.row({"why", answer.why});
  writer.row({"accuracy", Quantity(accuracy)});
  if (answer.prompt) {
    writer.row({"prompt length", Quantity(Integer(answer.prompt->cols()))});
    writer.row({"no prompt is shorter than", Quantity(answer.least_length)});
    writer.row({"error of the prompt", Quantity(*answer.error)});
  }
  if (const auto least = answer.exact_lengths_from())
    writer.row({"exact fits have any length of at least", Quantity(*least)});
  if (answer.floor) {
    at_least("floor e*, which every prompt leaves at the attention output", answer.floor->lower);
    at_most("floor e*, which prompts need not come close to", answer.floor->upper);
    at_least("what e* forces at the layer's output", answer.output_floor);
  }
  at_least("least error of all prompts at the layer's output", answer.least_error.lower);
  if (answer.least_error.upper)
    at_most("least error of all prompts at the layer's output", *answer.least_error.upper);
  if (const auto& found = answer.found) {
    writer.row({"error of the best prompt of " + std::to_string(found->prompt.cols()) +
                    " tokens that gradient descent finds",
                Quantity(found->error)});
  }
  writer.row({"tokens that an exact fit needs by rank, at least", Quantity(Integer(answer.rank_lower))});
  writer.end();
  writer.paragraph("");
  write_proof(answer.proof.statuses(), has_several_heads ? "2.1, 2.3H" : "2.2, 2.3, 2.4", writer);
}

int run(const MemorizeOptions& options) {
  const Rational accuracy = parse_rational(options.accuracy, "--accuracy");
  const Transformer<Rational> model = read_instance(options.model).model;
  const MemorizationData data = memorization_data_from(parse_json(read_text_file(options.data), options.data),
                                                       model.width, options.data);
  // All outputs are opened before the work: one that cannot be written costs nothing.
  std::optional<OutputFile> coq, certificate;
  if (!options.coq.empty()) coq.emplace(options.coq);
  if (!options.certificate.empty()) certificate.emplace(options.certificate);
  OutputFile file(options.output);

  MemorizationAnswer answer = memorize(model, data, accuracy);
  if (options.descent_tokens > 0) {
    DescentOptions descent;
    descent.tokens = options.descent_tokens;
    const WorkingPrecision scope(bits_for_digits(options.computed_digits()) + 64);
    add_found_prompt(model, data, descent, answer);
  }
  if (coq) {
    CoqCertificate theorems;
    memorize_in_coq(model, data, accuracy, answer, options.shown_digits(), theorems);
    coq->write(theorems.text());
  }
  if (certificate && !answer.certificate.empty()) {
    Json proof = parse_json(answer.certificate, options.certificate);
    name_inputs(proof, {{"model", options.model}, {"data", options.data}});
    certificate->write(proof.dump(1) + "\n");
  }
  if (options.format == Format::json) {
    file.write(document(memorization_json(answer, accuracy, options.shown_digits())));
  } else {
    const bool has_several_heads = model.layers.size() == 1 && model.layers.front().heads.size() > 1;
    write_answer(answer, accuracy, has_several_heads,
                 *make_table_writer(options.format, file, options.shown_digits()), options.shown_digits());
  }
  if (certificate && answer.certificate.empty()) {
    std::fprintf(stderr, "promptbound: no certificate is written: %s\n",
                 answer.verdict == Verdict::unknown
                     ? "the verdict is unknown"
                     : "the verdict rests on exact algebra, which certificates do not hold");
    certificate.reset();
  }
  if (certificate) certificate->commit();
  if (coq) coq->commit();
  file.commit();
  return exit_code(answer.verdict);
}

}  // namespace

void add_memorize(CommandLine& line, Action& action) {
  auto options = std::make_shared<MemorizeOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "memorize", "can a prompt make a one-layer model give these outputs? verdict, prompt, floor");
  subcommand->footer(
      "The floor is an enclosure of e* (theory 2.3; 2.3H for 2 to 4 heads): every prompt of any length "
      "leaves at "
      "least e* at the\n"
      "attention output, and perhaps none comes close to it. The least error of all prompts at the layer's "
      "output is bounded "
      "beside it.\n"
      "Example:\n  promptbound memorize --model model.json --data data.json --accuracy 1/1000 --certificate "
      "proof.json");
  subcommand->add_option("--model", options->model, "model file, JSON or .safetensors: one layer with heads")
      ->required();
  subcommand->add_option("--data", options->data, "data file (JSON: examples with tokens, query, target)")
      ->required();
  subcommand->add_option("--accuracy", options->accuracy,
                         "largest error allowed, in every coordinate (default 0)");
  subcommand
      ->add_option(
          "--descent-tokens", options->descent_tokens,
          "tokens of the prompt that gradient descent seeks, to set against the floor (default 32; 0: none)")
      ->range(0L, 1000L)
      ->type_name("N");
  subcommand->add_option("--certificate", options->certificate,
                         "write the verdict's certificate to this file");
  add_coq_option(*subcommand, options->coq);
  add_common_options(*subcommand, *options);
  subcommand
      ->add_flag("--prefix", options->prefix.prefix,
                 "decide exact fits by key-value pairs of the head's own (theory 2.2p)")
      ->excludes("--accuracy")
      ->excludes("--descent-tokens")
      ->excludes("--coq");
  subcommand->add_option("--key-cap", options->prefix.key_cap, "largest norm of a key (default inf)")
      ->needs("--prefix")
      ->type_name("X");
  subcommand->add_option("--value-cap", options->prefix.value_cap, "largest norm of a value (default inf)")
      ->needs("--prefix")
      ->type_name("X");
  subcommand->callback([options, &action] {
    action = [options] {
      if (!options->prefix.prefix) return run(*options);
      return memorize_prefix(options->prefix, *options, options->model, options->data, options->certificate);
    };
  });
}

}  // namespace promptbound
