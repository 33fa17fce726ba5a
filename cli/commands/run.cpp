// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/commands/run_family.hpp>
#include <promptbound/cli/commands/run_memory.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

struct RunOptions : CommonOptions {
  std::string model, input, scalar = "interval";
  long bits = 0;  ///< 0: raised until the outputs have the digits asked for
};

/// A certified or exact value as a quantity; an uncertified one as its text, which cannot be mistaken for
/// one.
Cell cell(const Rational& value, long) { return Quantity(value); }
Cell cell(const Interval& value, long) { return Quantity(value); }
Cell cell(const FastInterval& value, long) { return Quantity(Interval(value)); }
Cell cell(double value, long) { return fmt::format("{}", value); }
Cell cell(const Real& value, long digits) { return value.str(digits); }

/// The output as cells, tokens as rows.
using Cells = std::vector<std::vector<Cell>>;

template <class Scalar>
Cells cells(const Matrix<Scalar>& output, long digits) {
  Cells result;
  for (Index token = 0; token < output.cols(); ++token) {
    std::vector<Cell>& row = result.emplace_back();
    for (Index c = 0; c < output.rows(); ++c) row.push_back(cell(output(c, token), digits));
  }
  return result;
}

Cells compute(const Instance& instance, const Matrix<Rational>& X, const RunOptions& options) {
  const long digits = options.computed_digits();
  if (options.scalar == "binary64") return cells(evaluate<double>(instance, X), digits);
  if (options.scalar == "fast-interval") return cells(evaluate<FastInterval>(instance, X), digits);
  if (options.scalar == "interval" && options.bits == 0)
    return cells(enclose_output(instance, X, digits), digits);
  if (options.scalar == "rational") return cells(evaluate<Rational>(instance, X), digits);
  const WorkingPrecision scope(options.bits > 0 ? options.bits : bits_for_digits(digits) + 64);
  if (options.scalar == "interval") return cells(evaluate<Interval>(instance, X), digits);
  if (options.scalar == "mpfr") return cells(evaluate<Real>(instance, X), digits);
  throw InputError("scalar: '" + options.scalar.substr(0, 60) +
                   "' (accepted: binary64, fast-interval, interval, mpfr, rational)");
}

/// Input tokens as rows: an array, or {"tokens": array}.
Matrix<Rational> read_input(const std::string& path) {
  if (path.empty()) throw InputError("input: not given (accepted: --input FILE, tokens as rows)");
  const Json json = parse_json(read_text_file(path), path);
  const Json& rows = json.is_object() ? member(json, "tokens", path) : json;
  return matrix_from(rows, path).transpose();
}

void write_json(const Cells& output, const RunOptions& options, OutputFile& file) {
  const bool certified = options.scalar != "binary64" && options.scalar != "mpfr";
  nlohmann::ordered_json json = {{"schema", json_schema},
                                 {"scalar", options.scalar},
                                 {"certified", certified},
                                 {"output", nlohmann::ordered_json::array()}};
  for (const std::vector<Cell>& token : output) {
    auto row = nlohmann::ordered_json::array();
    for (const Cell& value : token) {
      if (const auto* quantity = std::get_if<Quantity>(&value)) {
        row.push_back(quantity_json(*quantity, options.shown_digits()));
      } else {
        row.push_back(std::get<std::string>(value));
      }
    }
    json["output"].push_back(std::move(row));
  }
  file.write(json.dump(1) + "\n");
}

/// The output at the input, for a model or a sparse form.
Cells output_at(const Json& json, const RunOptions& options) {
  const Matrix<Rational> X = read_input(options.input);
  if (!is_sparse_universal(json)) return compute(instance_from(json, options.model), X, options);
  if (options.scalar != "rational") {
    throw InputError("scalar: " + options.scalar + " (accepted: rational, the sparse form is exact)");
  }
  return cells(run_sparse_universal(json, options.model, X), options.computed_digits());
}

int run(const RunOptions& options) {
  Cells output;
  if (is_safetensors_name(options.model)) {
    output = compute(read_instance(options.model), read_input(options.input), options);
  } else {
    const Json json = parse_json(read_text_file(options.model), options.model);
    if (is_hardness_instance(json)) return run_hardness_instance(json, options.model, options);
    if (is_prompt_family(json) && options.input.empty())
      return run_prompt_family(json, options.model, options);
    if (is_memory(json) && options.input.empty()) return run_memory(json, options.model, options);
    output = output_at(json, options);
  }
  OutputFile file(options.output);
  if (options.format == Format::json) {
    write_json(output, options, file);
  } else {
    const auto writer = make_table_writer(options.format, file, options.shown_digits());
    writer->begin("", {{"token"}, {"coordinate"}, {"value", true}});
    for (std::size_t token = 0; token < output.size(); ++token) {
      for (std::size_t c = 0; c < output[token].size(); ++c) {
        writer->row({std::to_string(token), std::to_string(c), output[token][c]});
      }
    }
    writer->end();
  }
  file.commit();
  return exit_done;
}

}  // namespace

void add_run(CommandLine& line, Action& action) {
  auto options = std::make_shared<RunOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "run", "evaluate a file that construct wrote: a model with its prompt on an input, or an instance");
  subcommand->footer(
      "Examples:\n"
      "  promptbound run reversal.json --input x.json   (x.json holds tokens as rows: [[\"1/3\"], [0.25]])\n"
      "  promptbound run sine.json --input x.json --scalar rational --format json");
  subcommand
      ->add_option("model", options->model,
                   "model file, JSON or .safetensors (promptbound construct writes one)")
      ->required();
  subcommand
      ->add_option("--input", options->input,
                   "JSON file with the input tokens as rows; hardness-instance, separated-prompts and "
                   "packed-memory-network files need none")
      ->type_name("FILE");
  subcommand->add_option("--scalar", options->scalar,
                         "binary64, fast-interval, interval (default), mpfr or rational");
  subcommand
      ->add_option("--bits", options->bits, "fixed precision of interval and mpfr (default: as digits ask)")
      ->range(2L, default_precision_limit)
      ->type_name("N");
  add_common_options(*subcommand, *options);
  subcommand->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace promptbound
