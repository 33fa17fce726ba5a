#include <promptbound/constructions/targets.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_form.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

template <class Scalar>
Scalar sine(const Scalar& x) {
  using std::sin;
  return sin(x);
}
template <>
FastInterval sine(const FastInterval& x) {
  return FastInterval(sin(Interval(x)));
}
template <>
Rational sine(const Rational& x) {
  if (x == 0) return Rational(0);
  throw InputError("target: the sine of " + x.str().substr(0, 60) +
                   " is not rational (accepted: another scalar)");
}

template <class Scalar>
Matrix<Scalar> apply(const Identity&, const Matrix<Scalar>& X) {
  return X;
}

template <class Scalar>
Matrix<Scalar> apply(const Reversal&, const Matrix<Scalar>& X) {
  return X.rowwise().reverse();
}

template <class Scalar>
Matrix<Scalar> apply(const MeanPooling&, const Matrix<Scalar>& X) {
  Matrix<Scalar> result(X.rows(), X.cols());
  for (Index c = 0; c < X.rows(); ++c) {
    Scalar sum(0);
    for (Index i = 0; i < X.cols(); ++i) sum += X(c, i);
    result.row(c).setConstant(sum / from_rational<Scalar>(Rational(X.cols())));
  }
  return result;
}

template <class Scalar>
Matrix<Scalar> apply(const CoordinateMaximum&, const Matrix<Scalar>& X) {
  Matrix<Scalar> result(X.rows(), X.cols());
  for (Index c = 0; c < X.rows(); ++c) {
    Scalar largest = X(c, 0);
    for (Index i = 1; i < X.cols(); ++i) largest = maximum(largest, X(c, i));
    result.row(c).setConstant(largest);
  }
  return result;
}

template <class Scalar>
Matrix<Scalar> apply(const SineField& field, const Matrix<Scalar>& X) {
  const Scalar half = from_rational<Scalar>(Rational(1, 2));
  const Scalar half_frequency = from_rational<Scalar>(Rational(field.frequency / 2));
  return Matrix<Scalar>::NullaryExpr(X.rows(), X.cols(), [&](Index c, Index i) -> Scalar {
    const Scalar argument = half_frequency * (X(c, i) + X(c, (i + 1) % X.cols()));
    return half * (Scalar(1) + sine(argument));
  });
}

/// sum_v value_v prod_o hat(cells x_o - q_o(v)), hat(t) = relu(1 - |t|): the same without a case distinction,
/// so that boxes across cells are covered.
template <class Scalar>
Matrix<Scalar> apply(const NodeTable& table, const Matrix<Scalar>& X) {
  const Index n = X.size();
  const long nodes_per_axis = table.cells + 1;
  Matrix<Scalar> hats(nodes_per_axis, n);
  for (Index o = 0; o < n; ++o) {
    for (long q = 0; q < nodes_per_axis; ++q) {
      const Scalar t = from_rational<Scalar>(Rational(table.cells)) * X(o % X.rows(), o / X.rows()) -
                       from_rational<Scalar>(Rational(q));
      hats(q, o) = relu(Scalar(Scalar(1) - maximum(t, Scalar(-t))));
    }
  }
  Matrix<Scalar> result = Matrix<Scalar>::Zero(X.rows(), X.cols());
  const long nodes = static_cast<long>(table.values.size()) / n;
  for (long v = 0; v < nodes; ++v) {
    Scalar weight(1);
    for (long rest = v, o = 0; o < n; rest /= nodes_per_axis, ++o) weight *= hats(rest % nodes_per_axis, o);
    for (Index o = 0; o < n; ++o) {
      const Rational& value = table.values[static_cast<std::size_t>(v * n + o)];
      result(o % X.rows(), o / X.rows()) += weight * from_rational<Scalar>(value);
    }
  }
  return result;
}

template <class Scalar>
Matrix<Scalar> apply(const Expression& expression, const Matrix<Scalar>& X) {
  return evaluate(expression, X);
}

}  // namespace

template <class Scalar>
Matrix<Scalar> evaluate(const Target& target, const Matrix<Scalar>& X) {
  if (X.rows() != target.d || X.cols() != target.L) {
    throw InputError("target: input of shape " + std::to_string(X.rows()) + "x" + std::to_string(X.cols()) +
                     " (accepted: " + std::to_string(target.d) + "x" + std::to_string(target.L) + ")");
  }
  return std::visit([&](const auto& function) { return apply(function, X); }, target.function);
}

#define PROMPTBOUND_INSTANTIATE(Scalar) \
  template Matrix<Scalar> evaluate(const Target&, const Matrix<Scalar>&);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
PROMPTBOUND_INSTANTIATE(LinearForm<FastInterval>)
PROMPTBOUND_INSTANTIATE(LinearForm<Interval>)
#undef PROMPTBOUND_INSTANTIATE

QuantizedFunction quantize(const Target& target, long k) {
  const long cells = cell_count(k, target.n());
  QuantizedFunction result{target.d, target.L, k, {}};
  result.digits.reserve(static_cast<std::size_t>(cells * target.n()));
  const auto digit = [&](const Integer& floor_of_ky) {
    return std::min(floor_of_ky.convert_to<long>(), k - 1) + 1;
  };
  for (long cell = 0; cell < cells; ++cell) {
    const Matrix<Rational> centre = cell_centre(target.d, target.L, k, cell);
    if (target.is_rational()) {
      const Matrix<Rational> values = evaluate(target, centre);
      for (const Rational& y : values.reshaped()) {
        result.digits.push_back(digit(floor(Rational(k * y))));
      }
      continue;
    }
    for (Index o = 0; o < target.n(); ++o) {
      // The sine of a rational number other than 0 is transcendental (Lindemann), so that k y is no integer;
      // the sine of 0 is enclosed by a point. An expression whose value is k y exactly, and no point, is
      // undecided.
      result.digits.push_back(digit(decide_floor(
          [&] {
            return Interval(static_cast<int>(k)) * evaluate(target, from_rational<Interval>(centre))(o);
          },
          [](const Integer&) { return false; })));
    }
  }
  return result;
}

}  // namespace promptbound
