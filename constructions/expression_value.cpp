// Expressions in every scalar, of expression.hpp. Over boxes each node has two enclosures that hold at once:
// a linear form, which knows how it depends on the box's coordinates, and a range, which knows that squares
// are not negative.
#include <algorithm>
#include <cmath>
#include <optional>

#include <promptbound/constructions/expression_parser.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/interval.hpp>

namespace promptbound {
namespace {

using Node = Expression::Node;

/// What two enclosures of one number have in common.
Interval common(const Interval& a, const Interval& b) { return intersection(a, b); }
FastInterval common(const FastInterval& a, const FastInterval& b) {
  return {std::max(a.lower(), b.lower()), std::min(a.upper(), b.upper())};
}

/// Is a less than half as wide as b? A hair's difference is not worth a form.
template <class S>
bool is_much_narrower(const S& a, const S& b) {
  if (!a.is_finite()) return false;
  if (!b.is_finite()) return true;
  const S width_a = a.upper_point() - a.lower_point(), width_b = b.upper_point() - b.lower_point();
  return certainly_less(S(2) * width_a, width_b);
}

/// Enclosures of one number over a box.
template <class S>
struct Enclosed {  // NOLINT(bugprone-exception-escape): as LinearForm
  LinearForm<S> form;
  S range;
  bool is_defined = true;  ///< certainly, all over the box

  explicit Enclosed(LinearForm<S> enclosure) : form(std::move(enclosure)), range(form.range()) {}
  /// Of a number that is in `known` as well.
  Enclosed(LinearForm<S> enclosure, const S& known) : form(std::move(enclosure)), range(known) {
    const S by_form = form.range();
    if (is_much_narrower(known, by_form)) form = LinearForm<S>(known);
    if (!known.is_finite()) {
      range = by_form;
    } else if (by_form.is_finite()) {
      range = common(known, by_form);
    }
  }
};

/// A function f with its derivative f', applied to an enclosed number; both take and return Interval.
/// f(c' + v) = f(c') + f'(xi) v for the c' in the form's centre and the v of its slopes that make the number.
template <class S, class F, class D>
Enclosed<S> apply(const Enclosed<S>& x, const F& f, const D& derivative, bool is_smooth) {
  const S range(f(Interval(x.range)));
  if (x.form.is_constant() || !is_smooth) return {LinearForm<S>(range), range};
  const S slope(derivative(Interval(x.form.range())));
  LinearForm<S> form{S(f(Interval(x.form.centre())))};
  for (std::size_t i = 0; i < x.form.slopes().size(); ++i) form.add_slope(i, slope * x.form.slopes()[i]);
  return {std::move(form), range};
}

template <class S>
Enclosed<S> reciprocal(const Enclosed<S>& x) {
  const auto f = [](const Interval& t) { return Interval(1) / t; };
  const auto derivative = [](const Interval& t) { return -(Interval(1) / square(t)); };
  const S range = x.form.range();
  return apply(x, f, derivative, certainly_less(S(0), range) || certainly_less(range, S(0)));
}

template <class S>
Enclosed<S> function_of(const Node& node, const Enclosed<S>& x) {
  const S wide = x.form.range();
  switch (node.operation) {
    case Operation::negate:
      return {-x.form, -x.range};
    case Operation::power: {
      const unsigned long n = node.exponent;
      return apply(
          x, [n](const Interval& t) { return power(t, n); },
          [n](const Interval& t) { return Interval(static_cast<long>(n)) * power(t, n - 1); }, true);
    }
    case Operation::absolute: {
      if (certainly_less_equal(S(0), x.range)) return x;
      if (certainly_less_equal(x.range, S(0))) return {-x.form, -x.range};
      return {max(x.form, -x.form), abs(x.range)};
    }
    case Operation::square_root: {
      Enclosed<S> result = apply(
          x, [](const Interval& t) { return sqrt(t); },
          [](const Interval& t) { return Interval(Rational(1, 2)) / sqrt(t); }, certainly_less(S(0), wide));
      result.is_defined = certainly_less_equal(S(0), x.range);
      return result;
    }
    case Operation::exponential: {
      const auto f = [](const Interval& t) { return exp(t); };
      return apply(x, f, f, true);
    }
    case Operation::logarithm: {
      Enclosed<S> result = apply(
          x, [](const Interval& t) { return log(t); }, [](const Interval& t) { return Interval(1) / t; },
          certainly_less(S(0), wide));
      result.is_defined = certainly_less(S(0), x.range);
      return result;
    }
    case Operation::sine:
      return apply(
          x, [](const Interval& t) { return sin(t); }, [](const Interval& t) { return cos(t); }, true);
    case Operation::cosine:
      return apply(
          x, [](const Interval& t) { return cos(t); }, [](const Interval& t) { return -sin(t); }, true);
    default:  // tanh
      return apply(
          x, [](const Interval& t) { return tanh(t); },
          [](const Interval& t) { return Interval(1) - square(tanh(t)); }, true);
  }
}

template <class S>
Enclosed<S> combined(Operation operation, const Enclosed<S>& a, const Enclosed<S>& b) {
  switch (operation) {
    case Operation::add:
      return {a.form + b.form, a.range + b.range};
    case Operation::subtract:
      return {a.form - b.form, a.range - b.range};
    case Operation::multiply:
      return {a.form * b.form, a.range * b.range};
    case Operation::minimum:
      if (certainly_less_equal(a.range, b.range)) return a;
      if (certainly_less_equal(b.range, a.range)) return b;
      return {b.form - (b.form - a.form).positive_part(), min(a.range, b.range)};
    case Operation::maximum:
      if (certainly_less_equal(a.range, b.range)) return b;
      if (certainly_less_equal(b.range, a.range)) return a;
      return {max(a.form, b.form), max(a.range, b.range)};
    default: {
      const Enclosed<S> inverse = reciprocal(b);
      Enclosed<S> result(a.form * inverse.form, a.range / b.range);
      result.is_defined = certainly_less(S(0), b.range) || certainly_less(b.range, S(0));
      return result;
    }
  }
}

/// The outputs over a box, from the forms of its entries.
template <class S>
Matrix<LinearForm<S>> over_box(const Expression& expression, const Matrix<LinearForm<S>>& X) {
  std::vector<Enclosed<S>> values;
  values.reserve(expression.nodes.size());
  for (const Node& node : expression.nodes) {
    const int count = operands(node.operation);
    if (node.operation == Operation::constant) {
      values.emplace_back(LinearForm<S>(from_rational<S>(node.constant)));
    } else if (node.operation == Operation::pi) {
      values.emplace_back(LinearForm<S>(S(interval_pi())));
    } else if (node.operation == Operation::entry) {
      values.emplace_back(X(node.coordinate, node.token));
    } else if (count == 1) {
      Enclosed<S> value = function_of(node, values[node.a]);
      value.is_defined = value.is_defined && values[node.a].is_defined;
      values.push_back(std::move(value));
    } else {
      const bool is_square = node.operation == Operation::multiply && node.a == node.b;
      Node squared;
      squared.operation = Operation::power;
      squared.exponent = 2;
      Enclosed<S> value = is_square ? function_of(squared, values[node.a])
                                    : combined(node.operation, values[node.a], values[node.b]);
      value.is_defined = value.is_defined && values[node.a].is_defined && values[node.b].is_defined;
      values.push_back(std::move(value));
    }
  }
  Matrix<LinearForm<S>> result(X.rows(), X.cols());
  for (std::size_t o = 0; o < expression.outputs.size(); ++o) {
    const Enclosed<S>& value = values[expression.outputs[o]];
    const auto number = static_cast<Index>(o);
    result(number % X.rows(), number / X.rows()) =
        value.is_defined ? value.form : LinearForm<S>(S::whole_line());
  }
  return result;
}

/// Functions of scalars that are numbers: binary64 and MPFR round, rationals refuse what is not rational.
template <class Scalar>
struct Functions {
  static Scalar apply(Operation operation, const Scalar& x) {
    using std::cos, std::exp, std::log, std::sin, std::sqrt, std::tanh;
    switch (operation) {
      case Operation::square_root:
        return sqrt(x);
      case Operation::exponential:
        return exp(x);
      case Operation::logarithm:
        return log(x);
      case Operation::sine:
        return sin(x);
      case Operation::cosine:
        return cos(x);
      default:
        return tanh(x);
    }
  }
  static Scalar pi() {
    using std::atan;
    return Scalar(4) * atan(Scalar(1));
  }
  static Scalar quotient(const Scalar& a, const Scalar& b) { return a / b; }
};

[[noreturn]] void refuse(const char* what, const Rational& x) {
  throw InputError(std::string("target-expression: ") + what + " at " + x.str().substr(0, 60) +
                   " is not rational or not defined (accepted: another scalar, another input)");
}

template <>
struct Functions<Rational> {
  static Rational apply(Operation operation, const Rational& x) {
    if (operation == Operation::square_root) {
      const auto root = x < 0 ? std::nullopt : exact_root(x, 2);
      if (!root) refuse("sqrt", x);
      return *root;
    }
    // The only rational point of each whose value is rational (Lindemann).
    const Rational place = operation == Operation::logarithm ? 1 : 0;
    if (x != place) refuse("a function", x);
    return operation == Operation::exponential || operation == Operation::cosine ? 1 : 0;
  }
  static Rational pi() {
    throw InputError("target-expression: pi is not rational (accepted: another scalar)");
  }
  static Rational quotient(const Rational& a, const Rational& b) {
    if (b == 0) refuse("division", b);
    return a / b;
  }
};

template <class Scalar>
Scalar raised(const Scalar& x, unsigned long n) {
  Scalar result(1);
  for (unsigned long i = 0; i < n; ++i) result *= x;
  return result;
}

template <class Scalar>
Scalar value_of(const Node& node, const std::vector<Scalar>& values, const Matrix<Scalar>& X) {
  using F = Functions<Scalar>;
  const auto a = [&]() -> const Scalar& { return values[node.a]; };
  const auto b = [&]() -> const Scalar& { return values[node.b]; };
  switch (node.operation) {
    case Operation::constant:
      return from_rational<Scalar>(node.constant);
    case Operation::pi:
      return F::pi();
    case Operation::entry:
      return X(node.coordinate, node.token);
    case Operation::negate:
      return -a();
    case Operation::add:
      return a() + b();
    case Operation::subtract:
      return a() - b();
    case Operation::multiply:
      return a() * b();
    case Operation::divide:
      return F::quotient(a(), b());
    case Operation::power:
      return raised(a(), node.exponent);
    case Operation::minimum:
      return b() < a() ? b() : a();
    case Operation::maximum:
      return a() < b() ? b() : a();
    case Operation::absolute:
      return a() < Scalar(0) ? Scalar(-a()) : a();
    default:
      return F::apply(node.operation, a());
  }
}

template <class Scalar>
Matrix<Scalar> at_point(const Expression& expression, const Matrix<Scalar>& X) {
  if constexpr (std::is_same_v<Scalar, FastInterval> || std::is_same_v<Scalar, Interval>) {
    const Matrix<LinearForm<Scalar>> forms =
        X.unaryExpr([](const Scalar& x) { return LinearForm<Scalar>(x); });
    return over_box(expression, forms).unaryExpr([](const LinearForm<Scalar>& form) { return form.range(); });
  } else {
    std::vector<Scalar> values;
    for (const Node& node : expression.nodes) values.push_back(value_of(node, values, X));
    Matrix<Scalar> result(X.rows(), X.cols());
    for (std::size_t o = 0; o < expression.outputs.size(); ++o) {
      const auto number = static_cast<Index>(o);
      result(number % X.rows(), number / X.rows()) = values[expression.outputs[o]];
    }
    return result;
  }
}

}  // namespace

template <class Scalar>
Matrix<Scalar> evaluate(const Expression& expression, const Matrix<Scalar>& X) {
  return at_point(expression, X);
}
template <>
Matrix<LinearForm<FastInterval>> evaluate(const Expression& expression,
                                          const Matrix<LinearForm<FastInterval>>& X) {
  return over_box(expression, X);
}
template <>
Matrix<LinearForm<Interval>> evaluate(const Expression& expression, const Matrix<LinearForm<Interval>>& X) {
  return over_box(expression, X);
}

#define PROMPTBOUND_INSTANTIATE(Scalar) \
  template Matrix<Scalar> evaluate(const Expression&, const Matrix<Scalar>&);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound
