#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/check/model.hpp>

namespace promptbound::checker {
namespace {

/// Multilinear interpolation of values at the nodes {0, 1/cells, ..., 1}^n at one point.
Vector<Rational> interpolated(const Json& target, const Vector<Rational>& x) {
  const Integer cells = integer_from(member(target, "cells", "target"), "cells");
  require(cells >= 1 && cells <= 1000000, "target.cells: a number from 1 to 1000000 is needed");
  const Vector<Rational> values = vector_from(member(target, "values", "target"), "values");
  const Index n = x.size();
  Integer nodes = 1;
  for (Index o = 0; o < n; ++o) nodes *= cells + 1;
  require(Integer(values.size()) == nodes * n, "target.values: one for each node and output is needed");
  Vector<Rational> result = Vector<Rational>::Zero(n);
  for (Index v = 0; v < values.size() / n; ++v) {
    Rational weight = 1;
    Integer rest = v;
    for (Index o = 0; o < n; ++o) {
      const Rational distance = abs(Rational(Rational(cells) * x(o) - Rational(Integer(rest % (cells + 1)))));
      weight *= distance < 1 ? Rational(1 - distance) : Rational(0);
      rest /= cells + 1;
    }
    if (weight != 0) result += weight * values.segment(v * n, n);
  }
  return result;
}

/// f(X), tokens as columns.
Matrix<Interval> target_at(const Json& target, const Matrix<Rational>& X) {
  const Json& name = member(target, "name", "target");
  const Index L = X.cols();
  Matrix<Rational> value = X;
  if (name == "sine") {
    const Rational frequency = rational_from(member(target, "frequency", "target"), "frequency");
    return Matrix<Interval>::NullaryExpr(X.rows(), L, [&](Index c, Index i) -> Interval {
      const Interval angle{Rational(frequency * (X(c, i) + X(c, (i + 1) % L)) / 2)};
      return (Interval(1) + sin(angle)) / Interval(2);
    });
  }
  if (name == "reversal") {
    for (Index i = 0; i < L; ++i) value.col(i) = X.col(L - 1 - i);
  } else if (name == "mean") {
    for (Index c = 0; c < X.rows(); ++c) value.row(c).setConstant(Rational(X.row(c).sum() / L));
  } else if (name == "maximum") {
    for (Index c = 0; c < X.rows(); ++c) value.row(c).setConstant(Rational(X.row(c).maxCoeff()));
  } else if (name == "table") {
    value.reshaped() = interpolated(target, X.reshaped());
  } else {
    require(name == "identity", "target: the name is not known");
  }
  return value.unaryExpr([](const Rational& y) { return Interval(y); });
}

/// ||E||_alpha > eps? For finite alpha the sum of powers is compared with eps^alpha.
bool is_above(const Matrix<Interval>& E, const Number& alpha, const Rational& eps) {
  Interval sum(0);
  for (const Interval& entry : E.reshaped()) {
    if (alpha.infinite) {
      if (certainly_less(Interval(eps), abs(entry))) return true;
    } else if (certainly_positive(abs(entry))) {
      sum += power(abs(entry), alpha.value);
    }
  }
  return !alpha.infinite && certainly_less(eps == 0 ? Interval(0) : power(Interval(eps), alpha.value), sum);
}

}  // namespace

void check_supremum(const Json& certificate, CheckReport& report) {
  check_envelope(certificate, "supremum");
  require(member(certificate, "claim", "certificate") == "above", "claim: above is needed");
  const Integer bits = integer_from(member(certificate, "bits", "certificate"), "bits");
  require(bits >= 64 && bits <= 131072, "bits: a precision from 64 to 131072 is needed");
  const WorkingPrecision scope(bits.convert_to<long>());
  const Rational eps = rational_from(member(certificate, "eps", "certificate"), "eps");
  require(eps >= 0, "eps: a number >= 0 is needed");
  const Json& alpha_text = member(certificate, "alpha", "certificate");
  const auto alpha = alpha_text.is_string() ? parse_number(alpha_text.get<std::string>()) : std::nullopt;
  require(alpha && (alpha->infinite || alpha->value >= 1), "alpha: a number >= 1 or inf is needed");

  const Json& instance = member(certificate, "instance", "certificate");
  const Model model = read_layers(instance);
  const Matrix<Rational> X =
      matrix_from(member(certificate, "witness", "certificate"), "witness").transpose();
  const Matrix<Rational> offsets =
      matrix_from(member(instance, "input_offsets", "instance"), "input_offsets");
  Integer data_width = model.width;
  if (instance.contains("data_width")) data_width = integer_from(instance["data_width"], "data_width");
  require(data_width == Integer(X.rows()) && offsets.cols() == model.width && offsets.rows() == X.cols() &&
              X.rows() <= model.width,
          "witness: the shape does not fit the instance");
  for (const Rational& entry : X.reshaped()) {
    require(entry >= 0 && entry <= 1, "witness: an entry is outside [0,1]");
  }
  std::vector<std::vector<Interval>> tokens;
  if (instance.contains("prompt")) {
    const Matrix<Rational> prompt = matrix_from(instance["prompt"], "prompt");
    require(prompt.cols() == model.width, "prompt: the width does not fit");
    for (Index j = 0; j < prompt.rows(); ++j) {
      auto& token = tokens.emplace_back();
      for (Index r = 0; r < model.width; ++r) token.emplace_back(prompt(j, r));
    }
  }
  const std::size_t first = tokens.size();
  for (Index i = 0; i < X.cols(); ++i) {
    auto& token = tokens.emplace_back();
    for (Index r = 0; r < model.width; ++r) {
      token.emplace_back(Rational(offsets(i, r) + (r < X.rows() ? X(r, i) : Rational(0))));
    }
  }
  const auto output = output_of(model, std::move(tokens));
  Matrix<Interval> E = target_at(member(certificate, "target", "certificate"), X);
  for (Index i = 0; i < X.cols(); ++i) {
    for (Index c = 0; c < X.rows(); ++c) {
      E(c, i) = output[first + static_cast<std::size_t>(i)][static_cast<std::size_t>(c)] - E(c, i);
    }
  }
  require(is_above(E, *alpha, eps), "witness: the error is not shown to be above eps");
  report.object = "the model, prompt and target in the certificate: width " + std::to_string(model.width) +
                  ", " + std::to_string(first) + " prompt tokens";
  report.statement =
      "the error at the witness is above " + eps.str() + " in the alpha-norm, alpha = " + exact_text(*alpha);
}

}  // namespace promptbound::checker
