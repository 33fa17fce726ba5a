/// A model file with a prompt and the encoding of its inputs: what a construction writes and `run` evaluates.
#pragma once

#include <functional>

#include <promptbound/models/model_json.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {

/// JSON: the members of a small model and, all optional, "prompt" (tokens as rows), "input_offsets" (one row
/// of model width for each of L input tokens) and "data_width". An input X of L tokens with data_width
/// entries each enters the model as [X_i; 0] + offset_i, and the output is read from the first data_width
/// entries of the same positions.
struct Instance {
  Transformer<Rational> model;
  Matrix<Rational> prompt;         ///< tokens as columns; none: the empty prompt
  Matrix<Rational> input_offsets;  ///< tokens as columns; none: inputs of any length enter as they are
  Index data_width = 0;            ///< 1 .. model.width
};

/// Throws InputError naming `where` and the member that is malformed or does not fit.
[[nodiscard]] Instance instance_from(const Json& json, const std::string& where);
[[nodiscard]] Json to_json(const Instance& instance);

/// Returns the sequence that enters the model; throws InputError if X has another shape than the instance
/// asks for.
[[nodiscard]] Matrix<Rational> encoded_input(const Instance& instance, const Matrix<Rational>& X);

/// Returns the output at the input positions, data entries only.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> evaluate(const Instance& instance, const Matrix<Rational>& X) {
  const Matrix<Scalar> output =
      evaluate(from_rational<Scalar>(instance.model), from_rational<Scalar>(instance.prompt),
               from_rational<Scalar>(encoded_input(instance, X)));
  return output.topRows(instance.data_width);
}

/// Encloses the output at rising precision until every entry is known within 10^-digits max(1, |entry|).
/// `before_each` is called before each evaluation, and may throw. Throws Undecided at the limit of the
/// precision.
[[nodiscard]] Matrix<Interval> enclose_output(const Instance& instance, const Matrix<Rational>& X,
                                              long digits, const std::function<void()>& before_each = {});

}  // namespace promptbound
