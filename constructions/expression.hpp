/// Functions that users write: expressions of the input's entries, one for every output.
///
///   0.5 + 0.5*sin(2*pi*x[0,1]);  t = x[0,0]*x[0,1]; min(t, 1 - t)
///
/// Statements are separated by `;`. `NAME = EXPRESSION` names a part; the others are outputs, in the order
/// x[0,0], x[1,0], .., of the entries (coordinate, token) of the first token, the second and so on, or one
/// alone for all outputs. x[c,i] and x[c][i] are coordinate c of token i, from 0; `i` and `j` in a bracket
/// are the output's own coordinate and token. Numbers are exact (0.1 is 1/10); pi; + - * / and ^ or ** with a
/// whole exponent; min, max, abs, sqrt, exp, log, sin, cos, tanh.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <promptbound/numeric/linear_form.hpp>

namespace promptbound {

enum class Operation {
  constant,
  pi,
  entry,
  negate,
  add,
  subtract,
  multiply,
  divide,
  power,  ///< by a whole number >= 2
  minimum,
  maximum,
  absolute,
  square_root,
  exponential,
  logarithm,
  sine,
  cosine,
  hyperbolic_tangent
};

/// A graph of operations; equal parts are one node.
struct Expression {
  struct Node {
    Operation operation = Operation::constant;
    std::size_t a = 0, b = 0;         ///< operands: nodes before this one
    Rational constant = 0;            ///< of a constant
    Index coordinate = 0, token = 0;  ///< of an entry
    unsigned long exponent = 0;       ///< of a power

    friend bool operator==(const Node&, const Node&) = default;
  };
  std::vector<Node> nodes;
  std::vector<std::size_t> outputs;  ///< output (c, i) is number i d + c
};

/// Reads it for inputs of d coordinates and L tokens. Throws InputError with the place of the first fault.
[[nodiscard]] Expression parse_expression(std::string_view text, Index d, Index L);

/// Returns One text for each graph, which parse_expression reads back: every operation in brackets, constants
/// as whole numbers or (p/q), parts t1, t2, .. where they are used twice or deep.
[[nodiscard]] std::string canonical_text(const Expression& expression);

/// Does it take rational points to rational points, wherever it is defined?
[[nodiscard]] bool is_rational(const Expression& expression);

/// Returns the outputs (d x L) at X. Scalars that enclose give the whole line where an operation is not
/// certainly defined on its operands' enclosures (a divisor that may be 0, the logarithm of what may be <= 0,
/// the square root of what may be negative), also where a later operation would hide that. Rationals throw
/// InputError there, and where the value is not rational.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> evaluate(const Expression& expression, const Matrix<Scalar>& X);

}  // namespace promptbound
