// One subcommand of cli/command.hpp.
#include <fmt/format.h>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include <promptbound/attention/choice/exact_scale.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/command_line.hpp>
#include <promptbound/cli/progress.hpp>
#include <promptbound/cli/render/record_view.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/npy.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/work.hpp>

namespace promptbound {
namespace {

struct AttentionOptions : CommonOptions {
  std::string q, k, v, prompt_k, prompt_v;
  std::string accuracy, scale = "1", method = "auto", rounding = "auto";
  bool causal = false;
};

/// An array of shape (rows, columns) or (heads, rows, columns) with the file that holds its bytes.
struct Array {
  TensorFile file;
  Tensor tensor;
  Index heads = 1, rows = 0, columns = 0;
};

/// FILE, or FILE:NAME for one of several arrays of a file.
Array read_array(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Array array{read_tensors(text.substr(0, colon)), {}};
  array.tensor = colon == std::string::npos ? array.file.only() : array.file.at(text.substr(colon + 1));
  const std::vector<std::size_t>& shape = array.tensor.shape;
  if (shape.size() != 2 && shape.size() != 3) {
    throw InputError(array.tensor.where + ": shape " + shape_text(shape) +
                     " (accepted: (rows, columns) or (heads, rows, columns))");
  }
  if (shape.size() == 3) array.heads = static_cast<Index>(shape[0]);
  array.rows = static_cast<Index>(shape[shape.size() - 2]);
  array.columns = static_cast<Index>(shape[shape.size() - 1]);
  return array;
}

void require_shape(const Array& array, const Array& like, Index rows, Index columns, const char* what) {
  if (array.heads != like.heads || array.rows != rows || array.columns != columns) {
    throw InputError(array.tensor.where + ": shape " + shape_text(array.tensor.shape) + " does not fit " +
                     what + " of " + like.tensor.where + ", " + shape_text(like.tensor.shape));
  }
}

struct Arrays {
  Array q, k, v;
  std::optional<Array> prompt_k, prompt_v;

  explicit Arrays(const AttentionOptions& options)
      : q(read_array(options.q)), k(read_array(options.k)), v(read_array(options.v)) {
    require_shape(k, q, k.rows, q.columns, "the heads and columns");
    require_shape(v, k, k.rows, v.columns, "the heads and rows");
    if (options.prompt_k.empty() != options.prompt_v.empty())
      throw InputError("--prompt-k and --prompt-v: only one is given (accepted: both or none)");
    if (options.prompt_k.empty()) return;
    prompt_k = read_array(options.prompt_k);
    prompt_v = read_array(options.prompt_v);
    require_shape(*prompt_k, k, prompt_k->rows, k.columns, "the heads and columns");
    require_shape(*prompt_v, v, prompt_k->rows, v.columns, "the heads and columns");
  }

  [[nodiscard]] bool any_binary64() const {
    const auto is_wide = [](const Array& array) { return array.tensor.type == ElementType::F64; };
    return is_wide(q) || is_wide(k) || is_wide(v) || (prompt_k && (is_wide(*prompt_k) || is_wide(*prompt_v)));
  }
};

/// The answer, and how it is printed.
struct AttentionReport {
  const AttentionAnswer& answer;
  std::vector<std::size_t> shape;
  double operations;  ///< of the exact method: 2 (d + d_v) for each query and key

  [[nodiscard]] std::string bound_text(long digits) const {
    return answer.verdict == Verdict::computed ? decimal(Rational(answer.error_bound), digits, Direction::up)
                                               : "unbounded";
  }
  [[nodiscard]] double gflops() const { return operations / *answer.spent.seconds * 1e-9; }
};

const char* rounding_name(Rounding rounding) { return rounding == Rounding::prior ? "prior" : "running"; }

nlohmann::ordered_json report_json(const AttentionReport& report, long digits) {
  const AttentionAnswer& answer = report.answer;
  nlohmann::ordered_json json = {
      {"method", name(answer.method)},
      {"degree", nullptr},
      {"rank", nullptr},
      {"rounding", nullptr},
      {"error_bound", nullptr},
      {"shape", report.shape},
      {"precision", answer.is_binary64() ? "binary64" : "binary32"},
      {"seconds", *answer.spent.seconds},
      {"gflops", report.gflops()},
      {"expected_seconds", {{"exact", nullptr}, {"polynomial", nullptr}, {"cholesky", nullptr}}},
      {"calibration", nullptr}};
  if (answer.verdict == Verdict::computed) json["error_bound"] = report.bound_text(digits);
  if (answer.method == Method::polynomial) json["degree"] = answer.degree;
  if (answer.method != Method::exact) json["rank"] = answer.rank;
  if (answer.method == Method::exact) json["rounding"] = rounding_name(*answer.rounding);
  if (answer.expected.exact) json["expected_seconds"]["exact"] = *answer.expected.exact;
  if (answer.expected.polynomial) json["expected_seconds"]["polynomial"] = *answer.expected.polynomial;
  if (answer.expected.cholesky) json["expected_seconds"]["cholesky"] = *answer.expected.cholesky;
  if (answer.rates) {
    json["calibration"] = {{"exact_pair", answer.rates->exact_pair},
                           {"running_pair", answer.rates->running_pair},
                           {"token", answer.rates->token},
                           {"monomial", answer.rates->monomial},
                           {"pivot", answer.rates->pivot}};
  }
  return answer_json(answer, verdict_name(answer), json);
}

void write_report(const AttentionReport& report, TableWriter& writer, long digits) {
  const AttentionAnswer& answer = report.answer;
  writer.begin("Attention", {{"item"}, {"value"}});
  writer.row({"verdict", std::string(verdict_name(answer))});
  writer.row({"method", name(answer.method)});
  writer.row({"why", answer.why});
  if (answer.method == Method::polynomial) writer.row({"degree", std::to_string(answer.degree)});
  if (answer.method != Method::exact) writer.row({"rank", std::to_string(answer.rank)});
  if (answer.method == Method::exact) writer.row({"rounding analysis", rounding_name(*answer.rounding)});
  writer.row({"output", shape_text(report.shape) + (answer.is_binary64() ? ", binary64" : ", binary32")});
  writer.row({"error of every entry, at most", report.bound_text(digits)});
  writer.row({"seconds", fmt::format("{:.3g}", *answer.spent.seconds)});
  writer.row({"GF/s, of the exact method's operations", fmt::format("{:.3g}", report.gflops())});
  const auto expected = [&](const char* item, const std::optional<double>& seconds) {
    if (seconds) writer.row({item, fmt::format("{:.3g}", *seconds)});
  };
  expected("seconds expected of exact", answer.expected.exact);
  expected("seconds expected of polynomial", answer.expected.polynomial);
  expected("seconds expected of cholesky", answer.expected.cholesky);
  writer.end();
  writer.paragraph("");
  write_proof(answer.proof.statuses(), "4.2", writer);
}

void write_refusal(const Refusal& refusal, Format format) {
  const auto& reached = refusal.reachable;
  std::optional<std::string> reachable;
  if (reached && std::isfinite(*reached)) reachable = decimal(Rational(*reached), 3, Direction::up);
  OutputFile file("");
  if (format == Format::json) {
    nlohmann::ordered_json json = {{"reachable_accuracy", nullptr}};
    if (reachable) json["reachable_accuracy"] = *reachable;
    file.write(document(answer_json(refusal, verdict_name(refusal), json)));
  } else {
    const std::string number = reached ? " " + reachable.value_or("no finite bound") : "";
    file.write(std::string(verdict_name(refusal)) + ": " + refusal.why + number + "\n");
  }
  file.commit();
}

template <class T>
int attend_arrays(const Arrays& files, const AttentionOptions& options) {
  const auto numbers = [](const Array& array) { return values<T>(array.tensor); };
  const std::vector<T> q = numbers(files.q), k = numbers(files.k), v = numbers(files.v);
  const std::vector<T> prompt_k = files.prompt_k ? numbers(*files.prompt_k) : std::vector<T>();
  const std::vector<T> prompt_v = files.prompt_v ? numbers(*files.prompt_v) : std::vector<T>();
  AttentionArrays<T> arrays;
  arrays.heads = files.q.heads;
  arrays.n = files.q.rows;
  arrays.m = files.k.rows;
  arrays.prompt = files.prompt_k ? files.prompt_k->rows : 0;
  arrays.d = files.q.columns;
  arrays.d_v = files.v.columns;
  arrays.q = q.data();
  arrays.k = k.data();
  arrays.v = v.data();
  arrays.prompt_k = prompt_k.data();
  arrays.prompt_v = prompt_v.data();
  arrays.mask = options.causal ? Mask::causal : Mask::bidirectional;

  AttentionRequest request;
  request.method = parse_method(options.method);
  request.rounding = parse_rounding(options.rounding);
  request.threads = options.threads;
  std::optional<Rational> accuracy;
  if (!options.accuracy.empty()) accuracy = parse_rational(options.accuracy, "--accuracy");
  Progress progress("parts", options.quiet);
  const WorkWatch watch([&](std::uint64_t done, std::uint64_t total) { progress.update(done, total); });
  const auto outcome = attend_at_scale(arrays, parse_rational(options.scale, "--scale"), request, accuracy);
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
    write_refusal(*refusal, options.format);
    return exit_code(refusal->verdict);
  }
  const auto& answer = std::get<AttentionAnswer>(outcome);
  const double pairs =
      static_cast<double>(arrays.heads) * static_cast<double>(arrays.n) * static_cast<double>(arrays.keys());
  AttentionReport report{answer, files.q.tensor.shape,
                         2 * static_cast<double>(arrays.d + arrays.d_v) * pairs};
  report.shape.back() = static_cast<std::size_t>(arrays.d_v);
  if (!options.output.empty()) {
    OutputFile file(options.output);
    std::visit([&](const auto& result) { file.write(npy_text(view(result.output, report.shape))); },
               answer.result);
    file.commit();
  }
  OutputFile file("");
  if (options.format == Format::json) {
    file.write(document(report_json(report, 6)));
  } else {
    write_report(report, *make_table_writer(options.format, file, 6), 6);
  }
  file.commit();
  return exit_code(answer.verdict);
}

int attention(const AttentionOptions& options) {
  const Arrays files(options);
  return files.any_binary64() ? attend_arrays<double>(files, options) : attend_arrays<float>(files, options);
}

}  // namespace

void add_attention(CommandLine& line, Action& action) {
  auto options = std::make_shared<AttentionOptions>();
  Subcommand* subcommand = line.add_subcommand(
      "attention", "softmax(scale Q K^T) V with a certified bound on the error of every entry");
  subcommand->footer(
      "Arrays have shape (rows, columns) or (heads, rows, columns), float32 or float64. A file of several "
      "arrays\n"
      "(.safetensors, .npz) is followed by a colon and the name. Outputs are computed in binary32 unless an "
      "array\n"
      "is float64 or the accuracy asks for more.\n"
      "Examples:\n"
      "  promptbound attention --q q.npy --k k.npy --v v.npy --scale 1/8 -o out.npy\n"
      "  promptbound attention --q x.safetensors:q --k x.safetensors:k --v x.safetensors:v --accuracy 1e-3");
  const auto file = [&](const char* flag, std::string& path, const char* what) {
    return subcommand->add_option(flag, path, what)->type_name("FILE[:NAME]");
  };
  file("--q", options->q, "queries")->required();
  file("--k", options->k, "keys")->required();
  file("--v", options->v, "values, one row a key")->required();
  file("--prompt-k", options->prompt_k, "keys of a soft prompt, before the others");
  file("--prompt-v", options->prompt_v, "values of the soft prompt");
  subcommand->add_option(
      "--accuracy", options->accuracy,
      "largest error allowed, as a part of the largest |value| (default: as the exact method gives)");
  subcommand->add_option("--method", options->method, "auto (default), exact, polynomial or cholesky");
  subcommand->add_option("--scale", options->scale, "factor of the scores (default 1)");
  subcommand->add_option(
      "--rounding", options->rounding,
      "bound of rounding errors of the exact method: prior (from norms), running (sharp, "
      "slower) or auto (default: running where it is needed, or takes at most about 1 ms)");
  subcommand->add_flag("--causal", options->causal,
                       "query i sees the prompt and the keys up to its own position");
  add_common_options(*subcommand, *options, OutputHolds::product);
  subcommand->get_option("--output")->description("write the outputs to this .npy file");
  subcommand->callback([options, &action] { action = [options] { return attention(*options); }; });
}

}  // namespace promptbound
