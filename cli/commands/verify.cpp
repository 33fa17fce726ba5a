// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/construct_target.hpp>
#include <promptbound/cli/progress.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/supremum/integral.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>
#include <promptbound/verify/supremum/supremum_checkpoint.hpp>

namespace promptbound {
namespace {

using Clock = std::chrono::steady_clock;

struct VerifyOptions : CommonOptions {
  std::string model, eps, alpha = "inf", C = "1", ratio = "1/20", certificate, checkpoint;
  long checkpoint_seconds = 60;
  bool integral = false;
  Index L = 0;  ///< 0: as the model file says
  std::size_t memory = 1024;
  std::uint64_t boxes = 1000000000;
  TargetOptions target;
};

/// About what a waiting box takes: itself, its coordinates, and its share of the selected keys.
constexpr std::size_t bytes_per_box = 512;

/// What is known, while nobody can say how long it will take.
std::function<void(const SupremumProgress&)> progress_to(const VerifyOptions& options) {
  const auto progress = std::make_shared<Progress>("", options.quiet);
  return [progress](const SupremumProgress& state) {
    const std::string upper = std::isfinite(state.upper) ? fmt::format(" <= {:.6g}", state.upper) : "";
    progress->say(fmt::format("{:.6g} <= error{}, {} boxes done, {} waiting", state.lower, upper, state.boxes,
                              state.waiting));
  };
}

/// Both ends of an error. A norm is at least 0; nothing where no finite upper bound is known.
struct Ends {
  Rational lower = 0;
  std::optional<Rational> upper;
};

Ends ends(const SupremumAnswer& answer) {
  return {answer.witness ? answer.witness->error : Rational(0), answer.upper};
}

Ends ends(const IntegralAnswer& answer) {
  Ends result;
  if (answer.d_alpha.lower_point().is_finite()) result.lower = answer.d_alpha.lower();
  if (answer.d_alpha.upper_point().is_finite()) result.upper = answer.d_alpha.upper();
  return result;
}

/// The members that both questions have; `error` is the name of the number. Two more digits keep the printed
/// ends within 10^-digits of each other.
nlohmann::ordered_json error_json(const Ends& ends, const char* error, const VerifyOptions& options) {
  nlohmann::ordered_json json = {{"eps", options.eps}, {"alpha", options.alpha}};
  json[error] = ends_json(ends.lower, ends.upper, options.shown_digits() + 2);
  json[error]["exact"] = nullptr;
  return json;
}

nlohmann::ordered_json supremum_json(const SupremumAnswer& answer, const VerifyOptions& options) {
  nlohmann::ordered_json json = error_json(ends(answer), "supremum", options);
  json["witness"] = nlohmann::ordered_json::array();
  if (answer.witness) {
    const Matrix<Rational>& X = answer.witness->X;
    for (Index token = 0; token < X.cols(); ++token) {
      auto row = nlohmann::ordered_json::array();
      for (const Rational& x : X.col(token)) row.push_back(exact_text(x));
      json["witness"].push_back(std::move(row));
    }
  }
  json["boxes"] = *answer.spent.boxes;
  json["most_waiting"] = *answer.spent.most_waiting;
  return answer_json(answer, name(answer.verdict), json);
}

nlohmann::ordered_json integral_json(const IntegralAnswer& answer, const VerifyOptions& options) {
  nlohmann::ordered_json json = error_json(ends(answer), "d_alpha", options);
  json["boxes"] = *answer.spent.boxes;
  return answer_json(answer, name(answer.verdict), json);
}

void write_ends(const Ends& ends, TableWriter& writer, long digits) {
  writer.row(
      {"at most", ends.upper ? decimal(*ends.upper, digits, Direction::up) : "no finite bound was found"});
  writer.row({"at least", decimal(ends.lower, digits, Direction::down)});
}

void write_answer(const SupremumAnswer& answer, double seconds, TableWriter& writer, long digits) {
  writer.paragraph(fmt::format("{}: {}", name(answer.verdict), answer.why));
  writer.begin("Supremum of the error over [0,1]^{d x L}", {{"output"}, {"value"}});
  write_ends(ends(answer), writer, digits);
  writer.row({"boxes", std::to_string(*answer.spent.boxes)});
  writer.row({"boxes waiting at once", std::to_string(*answer.spent.most_waiting)});
  writer.end();
  if (answer.witness) {
    const Matrix<Rational>& X = answer.witness->X;
    std::string witness;
    for (Index token = 0; token < X.cols(); ++token) {
      witness += witness.empty() ? "(" : ", (";
      for (Index c = 0; c < X.rows(); ++c) witness += (c > 0 ? ", " : "") + exact_text(X(c, token));
      witness += ")";
    }
    writer.paragraph("the lower bound is reached at the tokens " + witness);
  }
  write_proof(answer.proof.statuses(), answer.packed ? "5.9" : "5", writer);
  writer.paragraph(
      fmt::format("{:.2f} s, {:.0f} boxes/s", seconds, static_cast<double>(*answer.spent.boxes) / seconds));
}

/// Goes on from the file where it is there, and has the search written to it from time to time.
void use_checkpoint(const VerifyOptions& options, const ApproximationProblem& problem,
                    SupremumOptions& search) {
  // What cannot be written is refused before the search.
  (void)OutputFile(options.checkpoint, OverInput::accepted);
  const Json identity = problem_json(problem, *search.eps);
  if (std::filesystem::exists(options.checkpoint)) {
    search.resume = checkpoint_from(parse_json(read_text_file(options.checkpoint), options.checkpoint),
                                    identity, search.ratio, options.checkpoint);
    if (!options.quiet) {
      fmt::print(stderr, "promptbound: going on after {} boxes, which are bounded again first\n",
                 search.resume->tree.size());
    }
  }
  const auto pause = std::chrono::seconds(options.checkpoint_seconds);
  search.wants_checkpoint = [pause, last = Clock::now()]() mutable {
    if (Clock::now() - last < pause) return false;
    last = Clock::now();
    return true;
  };
  search.checkpoint = [&options, identity, ratio = search.ratio](const SupremumState& state) {
    OutputFile file(options.checkpoint, OverInput::accepted);
    file.write(checkpoint_json(state, identity, ratio).dump(1) + "\n");
    file.commit();
  };
}

int verify_integral(const VerifyOptions& options, const ApproximationProblem& problem) {
  if (!options.certificate.empty() || !options.checkpoint.empty()) {
    throw InputError("integral: --certificate and --checkpoint are for the supremum");
  }
  IntegralOptions search;
  search.eps = parse_rational(options.eps, "eps");
  search.ratio = parse_rational(options.ratio, "ratio");
  search.threads = options.threads;
  search.most_boxes =
      std::min<std::size_t>(options.boxes, options.memory * (std::size_t(1) << 20) / bytes_per_box);
  search.progress = progress_to(options);
  OutputFile file(options.output);
  const IntegralAnswer answer = enclose_integral(problem, search);
  if (options.format == Format::json) {
    file.write(document(integral_json(answer, options)));
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    writer->paragraph(fmt::format("{}: {}", name(answer.verdict), answer.why));
    writer->begin("Error d_alpha over [0,1]^{d x L}", {{"output"}, {"value"}});
    write_ends(ends(answer), *writer, options.shown_digits());
    writer->row({"boxes", std::to_string(*answer.spent.boxes)});
    writer->end();
    write_proof(answer.proof.statuses(), "5", *writer);
  }
  file.commit();
  return exit_code(answer.verdict);
}

int verify(const VerifyOptions& options) {
  const Number alpha = parse_norm_exponent(options.alpha, "alpha");
  const Instance instance = read_instance(options.model);
  const Index L = options.L > 0 ? options.L : instance.input_offsets.cols();
  if (L == 0) throw InputError("L: the model file has no input_offsets (accepted: --L N, the input tokens)");
  const Target target = options.target.make(instance.data_width, L, parse_rational(options.C, "C"), alpha);
  const ApproximationProblem problem = approximation_problem(instance, target, alpha);

  if (options.integral) return verify_integral(options, problem);

  SupremumOptions search;
  search.eps = parse_rational(options.eps, "eps");
  search.ratio = parse_rational(options.ratio, "ratio");
  search.threads = options.threads;
  search.most_waiting = options.memory * (std::size_t(1) << 20) / bytes_per_box;
  search.most_boxes = options.boxes;
  search.progress = progress_to(options);
  // A search may take days: what cannot be written is refused before it.
  OutputFile file(options.output);
  std::optional<OutputFile> certificate;
  if (!options.certificate.empty()) certificate.emplace(options.certificate);
  if (!options.checkpoint.empty()) use_checkpoint(options, problem, search);
  const auto start = Clock::now();
  const SupremumAnswer answer = enclose_supremum(problem, search);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();

  const bool is_decided = answer.verdict != Verdict::unknown;
  if (!is_decided) certificate.reset();
  if (certificate && answer.verdict == Verdict::proved && answer.tree.empty() && !answer.packed) {
    // The answer stands without it.
    fmt::print(
        stderr,
        "promptbound: no certificate is written: those of proved claims have at most 62 coordinates\n");
    certificate.reset();
  }
  if (certificate) {
    Json proof = supremum_certificate(problem, *search.eps, answer);
    std::map<std::string, std::string> inputs = {{"model", options.model}};
    if (options.target.name == "table") inputs["table"] = options.target.table;
    name_inputs(proof, inputs);
    certificate->write(proof.dump(1) + "\n");
    certificate->flush();
  }
  if (options.format == Format::json) {
    file.write(document(supremum_json(answer, options)));
  } else {
    write_answer(answer, seconds, *make_table_writer(options.format, file, options.shown_digits()),
                 options.shown_digits());
  }
  file.commit();
  if (certificate) certificate->commit();
  // Only now nothing can be lost any more.
  if (!options.checkpoint.empty() && is_decided) std::filesystem::remove(options.checkpoint);
  return exit_code(answer.verdict);
}

}  // namespace

void add_verify(CommandLine& line, Action& action) {
  auto options = std::make_shared<VerifyOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "verify", "is a model file's error within eps for every input of the cube? both bounds, witness");
  subcommand->footer(
      "Examples:\n"
      "  promptbound construct lookup-transformer --d 2 --eps 1/20 --alpha inf --target identity -o "
      "model.json\n"
      "  promptbound verify model.json --target identity --eps 1/20 --threads 2 --certificate proof.json\n"
      "  promptbound verify model.json --target identity --eps 1/20 --alpha 2 --integral\n"
      "  promptbound construct packed-lookup --d 1 --L 1 --eps 1/20 --alpha inf --P 8 --target sine -o "
      "packed.json\n"
      "  promptbound verify packed.json --target sine --eps 1/20 --certificate packed-proof.json");
  subcommand->add_option("model", options->model, "model file, JSON or .safetensors, as construct writes it")
      ->required();
  subcommand->add_option("--eps", options->eps, "the error that is claimed")->required()->type_name("NUMBER");
  subcommand->add_option("--alpha", options->alpha, "norm exponent (default inf)")->type_name("NUMBER");
  subcommand->add_option("--C", options->C, "Lipschitz constant of the random table (default 1)")
      ->type_name("NUMBER");
  subcommand
      ->add_option("--ratio", options->ratio, "stop when upper <= (1 + ratio) lower as well (default 1/20)")
      ->type_name("NUMBER");
  subcommand->add_option("--L", options->L, "input tokens, where the model file does not say")
      ->range(1L, 1000L)
      ->type_name("N");
  subcommand->add_option("--memory", options->memory, "MiB for waiting boxes (default 1024)")
      ->range(1L, 1L << 20)
      ->type_name("MIB");
  subcommand->add_option("--boxes", options->boxes, "boxes bounded at most (default 1000000000)")
      ->type_name("N");
  subcommand
      ->add_option("--certificate", options->certificate,
                   "write the certificate of a proved or refuted verdict here")
      ->type_name("FILE");
  subcommand
      ->add_option("--checkpoint", options->checkpoint,
                   "go on from this file if it exists, and keep the search in it until a verdict")
      ->type_name("FILE");
  subcommand->add_option("--checkpoint-every", options->checkpoint_seconds, "seconds (default 60)")
      ->range(1L, 1000000L)
      ->type_name("N");
  subcommand->add_flag("--integral", options->integral,
                       "enclose d_alpha, the mean error, instead of the supremum (--alpha finite)");
  options->target.add_to(*subcommand);
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace promptbound
