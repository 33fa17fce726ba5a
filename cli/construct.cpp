#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/construct_target.hpp>
#include <promptbound/cli/render_json.hpp>
#include <promptbound/constructions/lookup_transformer.hpp>
#include <promptbound/constructions/softmax_universal.hpp>
#include <promptbound/models/instance.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

struct ConstructOptions : CommonOptions {
  std::string id;
  Index d = 1, L = 1, rank = 1;
  long k = 0;  ///< 0: not given
  std::string eta, C = "1", alpha = "2", eps, form = "wide";
  TargetOptions target;

  [[nodiscard]] Number alpha_number() const {
    const std::optional<Number> number = parse_number(alpha);
    if (!number || (!number->infinite && number->value < 1)) {
      throw InputError("alpha: '" + alpha.substr(0, 60) + "' (accepted: a number >= 1, or inf)");
    }
    return *number;
  }
  [[nodiscard]] Target make_target() const {
    return target.make(d, L, parse_rational(C, "C"), alpha_number());
  }
  [[nodiscard]] long cells() const {
    if (k < 1) throw InputError("k: not given (accepted: --k N, an integer >= 1)");
    return k;
  }
  [[nodiscard]] Rational ramp() const {
    return eta.empty() ? Rational(1, 1000 * cells()) : parse_rational(eta, "eta");
  }
};

/// A construction as built: what the file holds and what it claims.
struct Built {
  Instance instance;
  Record claim;
};

template <class Network>
Matrix<Rational> offsets(const Network& network, const ConstructOptions& options) {
  return network.input(Matrix<Rational>::Zero(options.d, options.L));
}

Built build_universal(const ConstructOptions& options) {
  if (options.form != "wide" && options.form != "deep") {
    throw InputError("form: '" + options.form.substr(0, 60) + "' (accepted: wide, deep)");
  }
  const Number alpha = options.alpha_number();
  if (alpha.infinite)
    throw InputError("alpha: inf (accepted: a finite number >= 1, the guarantee is in d_alpha)");
  const Target target = options.make_target();
  const UniversalTransformer network(options.d, options.L, options.cells(), options.ramp());
  return {{network.dense(options.form == "wide" ? UniversalForm::wide : UniversalForm::deep),
           network.prompt(quantize(target, options.k)), offsets(network, options), options.d},
          network.claim(lipschitz_constant(target, alpha), alpha.value)};
}

Built build_softmax(const ConstructOptions& options) {
  const Target target = options.make_target();
  const SoftmaxUniversal network(options.d, options.L, options.cells(), options.ramp(), options.rank);
  return {{network.transformer(), network.prompt(quantize(target, options.k)), offsets(network, options),
           options.d},
          network.claim()};
}

Built build_lookup(const ConstructOptions& options) {
  const Number alpha = options.alpha_number();
  const Rational C = parse_rational(options.C, "C");
  const Target target = options.make_target();
  const Rational certified = lipschitz_constant(target, alpha);
  if (certified > C) {
    throw InputError("C: the target is certified for C = " + certified.str() + " only, C = " + C.str() +
                     " was given (accepted: C >= " + certified.str() + ")");
  }
  if (options.eps.empty()) throw InputError("eps: not given (accepted: --eps, a number > 0)");
  const LookupTransformer lookup(
      LookupRecipe::choose(options.d, options.L, C, alpha, parse_rational(options.eps, "eps")));
  return {
      {lookup.blocks().transformer(), lookup.prompt(target), offsets(lookup.blocks(), options), options.d},
      lookup.claim()};
}

Built build(const ConstructOptions& options) {
  if (options.id == "universal-transformer") return build_universal(options);
  if (options.id == "softmax-universal") return build_softmax(options);
  if (options.id == "lookup-transformer") return build_lookup(options);
  throw InputError("construction: '" + options.id.substr(0, 60) +
                   "' (accepted: universal-transformer, softmax-universal, lookup-transformer)");
}

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
  }
  file.commit();
}

int construct(const ConstructOptions& options) {
  if (options.output.empty())
    throw InputError("output: not given (accepted: -o FILE, the model file to write)");
  const WorkingPrecision scope(bits_for_digits(options.computed_digits()) + 64);
  const Built built = build(options);
  Json json = to_json(built.instance);
  json["claim"] = record_json(built.claim, options.computed_digits());
  OutputFile file(options.output);
  file.write(json.dump() + "\n");
  file.commit();
  write_claim(built.claim, options);
  return exit_done;
}

}  // namespace

void add_construct(CLI::App& app, Action& action) {
  auto options = std::make_shared<ConstructOptions>();
  CLI::App* subcommand =
      app.add_subcommand("construct", "build a theorem's transformer and prompt as a model file");
  subcommand->footer(
      "Examples:\n"
      "  promptbound construct lookup-transformer --d 1 --L 2 --eps 1/10 --target reversal -o reversal.json\n"
      "  promptbound construct universal-transformer --d 1 --L 1 --k 3 --target sine -o sine.json\n"
      "  promptbound construct softmax-universal --d 2 --k 2 --rank 2 -o softmax.json");
  subcommand->add_option("id", options->id, "universal-transformer, softmax-universal or lookup-transformer")
      ->required();
  const auto small = CLI::Range(1L, 1000L);
  subcommand->add_option("--d", options->d, "token dimension (default 1)")->check(small)->type_name("N");
  subcommand->add_option("--L", options->L, "input tokens (default 1)")->check(small)->type_name("N");
  subcommand->add_option("--k", options->k, "grid cells per coordinate (universal forms)")
      ->check(CLI::Range(1L, 1000000L))
      ->type_name("N");
  subcommand->add_option("--eta", options->eta, "ramp width, below 1/(2k) (default 1/(1000k))")
      ->type_name("NUMBER");
  subcommand->add_option("--form", options->form, "wide (default) or deep (universal-transformer)");
  subcommand
      ->add_option("--rank", options->rank, "rank of the attention weights (softmax-universal, default 1)")
      ->check(small)
      ->type_name("N");
  subcommand->add_option("--eps", options->eps, "accuracy (lookup-transformer)")->type_name("NUMBER");
  subcommand
      ->add_option("--C", options->C, "Lipschitz constant (lookup-transformer; random table; default 1)")
      ->type_name("NUMBER");
  subcommand->add_option("--alpha", options->alpha, "norm exponent (default 2)")->type_name("NUMBER");
  options->target.add_to(*subcommand);
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return construct(*options); }; });
}

}  // namespace promptbound
