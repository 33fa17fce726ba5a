/// Functions of F(C, alpha) to run the constructions on, each with a certified C and evaluable in every
/// scalar.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <promptbound/constructions/expression.hpp>
#include <promptbound/constructions/quantized_function.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {

/// Y = X.
struct Identity {};
/// The tokens in reverse order.
struct Reversal {};
/// Every token becomes the mean of all.
struct MeanPooling {};
/// Every entry becomes the largest of its coordinate over the tokens.
struct CoordinateMaximum {};
/// y_{c,i} = (1 + sin(w (x_{c,i} + x_{c,i+1})/2))/2, tokens taken cyclically. Irrational: not exact in
/// rationals.
struct SineField {
  Rational frequency;  ///< w
};
/// Multilinear interpolation of values at the nodes of the grid {0, 1/cells, ..., 1}^n. Node with digits
/// q_o in 0..cells has number sum_o q_o (cells+1)^o, o = i d + c; output (c, i) at node v stands at values[v
/// n + i d + c].
struct NodeTable {
  long cells = 1;
  std::vector<Rational> values;
};

/// f: [0,1]^{d x L} -> [0,1]^{d x L}.
struct Target {
  using Function =
      std::variant<Identity, Reversal, MeanPooling, CoordinateMaximum, SineField, NodeTable, Expression>;

  Index d = 1, L = 1;
  Function function;

  [[nodiscard]] Index n() const { return d * L; }
  /// Does the function take rational points to rational points?
  [[nodiscard]] bool is_rational() const {
    if (const auto* expression = std::get_if<Expression>(&function))
      return promptbound::is_rational(*expression);
    return !std::holds_alternative<SineField>(function);
  }
};

/// Returns f(X); X may be a box. InputError for a sine in rationals.
template <class Scalar>
[[nodiscard]] Matrix<Scalar> evaluate(const Target& target, const Matrix<Scalar>& X);

/// Returns a rational C with f in F(C, alpha): exact where that is rational and simple, otherwise rounded up.
///
/// identity, reversal, mean pooling: 1. Coordinate maximum: L^{1/alpha}. Sine field: w/2, the sine being
/// applied to a mean of two isometries. Table: within one cell |df_o/dx_i| <= D_{oi}, the steepest of the
/// cell's edges along i, and
/// ||D||_alpha <= ||D||_1^{1/alpha} ||D||_inf^{1 - 1/alpha} (Riesz-Thorin); the cube is convex, so the
/// largest cell decides. Expression: nothing is known, and it throws InputError.
[[nodiscard]] Rational lipschitz_constant(const Target& target, const Number& alpha);

/// Throws InputError if values are missing or outside [0,1], or if the table is not C-Lipschitz: the message
/// names two nodes whose values are too far apart, or the constant that can be certified.
void check_table(const Target& target, const Rational& C, const Number& alpha);

/// Returns a random table scaled about 1/2 to be C-Lipschitz in the alpha-norm.
[[nodiscard]] Target random_table(Index d, Index L, long cells, const Rational& C, const Number& alpha,
                                  unsigned long seed);

/// Returns the table that a prompt holds for f: the digits of f at the cell centres, |digit value - f| <=
/// 1/(2k).
[[nodiscard]] QuantizedFunction quantize(const Target& target, long k);

}  // namespace promptbound
