#include <nlohmann/json.hpp>

#include <promptbound/models/instance.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

/// Tokens as rows in the file, as columns in memory.
Matrix<Rational> tokens_from(const Json& json, const std::string& name, Index width,
                             const std::string& where) {
  if (!json.contains(name)) return Matrix<Rational>(width, 0);
  const Matrix<Rational> rows = matrix_from(json[name], where + "." + name);
  if (rows.cols() != width) {
    throw InputError(where + "." + name + ": tokens of " + std::to_string(rows.cols()) +
                     " entries (accepted: d = " + std::to_string(width) + ")");
  }
  return rows.transpose();
}

}  // namespace

Instance instance_from(const Json& json, const std::string& where) {
  Instance instance;
  instance.model = model_from(json, where);
  const Index width = instance.model.width;
  instance.prompt = tokens_from(json, "prompt", width, where);
  instance.input_offsets = tokens_from(json, "input_offsets", width, where);
  instance.data_width = width;
  if (json.contains("data_width")) {
    const Integer data_width = integer_from(json["data_width"], where + ".data_width");
    if (data_width < 1 || data_width > width) {
      throw InputError(where + ".data_width: " + data_width.str() +
                       " (accepted: 1 to d = " + std::to_string(width) + ")");
    }
    instance.data_width = data_width.convert_to<Index>();
  }
  return instance;
}

Json to_json(const Instance& instance) {
  Json json = to_json(instance.model);
  if (instance.prompt.cols() > 0) json["prompt"] = to_json(Matrix<Rational>(instance.prompt.transpose()));
  if (instance.input_offsets.cols() > 0) {
    json["input_offsets"] = to_json(Matrix<Rational>(instance.input_offsets.transpose()));
  }
  if (instance.data_width != instance.model.width) json["data_width"] = instance.data_width;
  return json;
}

Matrix<Rational> encoded_input(const Instance& instance, const Matrix<Rational>& X) {
  const Index tokens = instance.input_offsets.cols();
  if (X.rows() != instance.data_width || X.cols() == 0 || (tokens > 0 && X.cols() != tokens)) {
    throw InputError("input: " + std::to_string(X.cols()) + " tokens of " + std::to_string(X.rows()) +
                     " entries (accepted: " + (tokens > 0 ? std::to_string(tokens) : "one or more") +
                     " tokens of " + std::to_string(instance.data_width) + " entries)");
  }
  Matrix<Rational> result = Matrix<Rational>::Zero(instance.model.width, X.cols());
  result.topRows(X.rows()) = X;
  if (tokens > 0) result += instance.input_offsets;
  return result;
}

Matrix<Interval> enclose_output(const Instance& instance, const Matrix<Rational>& X, long digits,
                                const std::function<void()>& before_each) {
  const Interval tolerance(Rational(Integer(1), power(Integer(10), static_cast<unsigned long>(digits))));
  const auto is_tight = [&](const Interval& x) {
    return certainly_less_equal(x.upper_point() - x.lower_point(),
                                tolerance * max(Interval(1), abs(x).lower_point()));
  };
  return at_rising_precision(
      "the output to " + std::to_string(digits) + " digits", bits_for_digits(digits) + 64, [&] {
        if (before_each) before_each();
        Matrix<Interval> output = evaluate<Interval>(instance, X);
        const bool is_done = std::all_of(output.reshaped().begin(), output.reshaped().end(), is_tight);
        return is_done ? std::optional(std::move(output)) : std::nullopt;
      });
}

}  // namespace promptbound
