#include <promptbound/constructions/lookup/lookup_transformer.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

constexpr long most_lookup_entries = 100000000;
constexpr long value_bits = 100;

/// sum_{j >= first} term(j) for terms each at most half the one before: the tail is at most the last term
/// summed.
template <class Term>
Interval sum_of_halving_terms(long first, const Term& term) {
  Interval sum(0);
  Interval last(0);
  for (long j = first; j < first + 8; ++j) {
    last = term(j);
    sum += last;
  }
  return sum + hull(Interval(0), last);
}

/// f at a point, within 2^-value_bits and in [0,1] where f is. Throws Undecided where f has no such enclosure
/// at the limit of the precision: it may be undefined there.
Matrix<Rational> rounded_values(const Target& f, const Matrix<Rational>& X) {
  const Rational tolerance(Integer(1), power(Integer(2), value_bits));
  const auto attempt = [&]() -> std::optional<Matrix<Rational>> {
    const Matrix<Interval> y = evaluate(f, from_rational<Interval>(X));
    const bool is_tight = std::all_of(y.reshaped().begin(), y.reshaped().end(), [&](const Interval& entry) {
      return entry.is_finite() && entry.upper() - entry.lower() <= tolerance;
    });
    if (!is_tight) return std::nullopt;
    return Matrix<Rational>(y.unaryExpr([](const Interval& entry) {
      Rational middle = entry.midpoint().lower();
      // A value that may be 0 or 1 is taken there; one that is outside [0,1] stays outside.
      if (middle < 0 && entry.upper() >= 0) return Rational(0);
      if (middle > 1 && entry.lower() <= 1) return Rational(1);
      return middle;
    }));
  };
  return at_rising_precision("the target's value at the centre of a cell", value_bits + 28, attempt);
}

}  // namespace

Interval gaussian_spread_by_excess(Index n, const Number& alpha, const Rational& B) {
  const Interval width(B);
  const auto decay = [&](long exponent) { return exp(-width * Interval(exponent)); };
  // Ratios of successive terms, B >= 1: at most e^{2/(2j-1) - 2Bj} <= e^{-3} and e^{1/l - B(2l+1)} <= e^{-2}.
  const Interval x =
      Interval(1) / (Interval(2) * exp(Interval(1)) * width) +
      sum_of_halving_terms(2, [&](long j) { return Interval(Rational(2 * j - 1, 2)) * decay(j * j - j); }) +
      sum_of_halving_terms(1, [&](long j) { return Interval(Rational(2 * j + 1, 2)) * decay(j * j); });
  return (Interval(2L * n) / norm_factor(n, alpha) * x).upper_point();
}

Interval gaussian_spread(Index n, const Number& alpha, const Rational& B) {
  const Interval width(B);
  const auto decay = [&](long exponent) { return exp(-width * Interval(exponent)); };
  // Ratios of successive terms, a <= B: as above, with 2a for 2 and a for 1.
  const Rational a = alpha.infinite || alpha.value > B ? B : alpha.value;
  const Interval D =
      sum_of_halving_terms(2, [&](long j) { return power(Interval(2 * j - 1), a) * decay(j * j - j); }) +
      sum_of_halving_terms(1, [&](long l) { return power(Interval(2 * l), a) * decay(l * l); });
  const Interval second =
      power(Interval(static_cast<long>(n)) * (Interval(1) + D), Rational(1 / a)) / norm_factor(n, alpha) -
      Interval(1);
  return min(gaussian_spread_by_excess(n, alpha, B), second).upper_point();
}

LookupRecipe LookupRecipe::choose(Index d, Index L, const Rational& C, const Number& alpha,
                                  const Rational& eps) {
  if (d < 1 || L < 1) throw InputError("d, L: (accepted: integers >= 1)");
  if (C < 0) throw InputError("C: " + C.str() + " (accepted: C >= 0)");
  if (eps <= 0) throw InputError("eps: " + eps.str() + " (accepted: eps > 0)");
  if (!alpha.infinite && alpha.value < 1) {
    throw InputError("alpha: " + alpha.value.str() + " (accepted: 1 <= alpha <= inf)");
  }
  const Index n = d * L;
  LookupRecipe recipe{d, L, C, alpha, eps, 0, 1, 0, 0, 0};
  const Integer k = least_grid(C, n, alpha, eps);
  const Index width = 4 * n + d + L + 2;
  if (k > 1000000 || cell_count(k.convert_to<long>(), n) > most_lookup_entries / width) {
    throw InputError("eps: the prompt has k^n tokens of width " + std::to_string(width) +
                     " with k = " + k.str() + ", n = " + std::to_string(n) + " (accepted: at most " +
                     std::to_string(most_lookup_entries) + " entries)");
  }
  recipe.k = k.convert_to<long>();
  const Rational m(cell_count(recipe.k, n));
  // sigma > 0 by the choice of k; few bits may not show it.
  return at_rising_precision("the accuracy that the grid leaves", 64, [&]() -> std::optional<LookupRecipe> {
    const Interval factor = norm_factor(n, alpha);
    const Interval error_of_grid = Interval(C) * factor / Interval(2 * recipe.k);
    const Interval sigma = Interval(eps) - error_of_grid;
    if (!certainly_positive(sigma)) return std::nullopt;
    while (!certainly_less_equal(error_of_grid * gaussian_spread(n, alpha, recipe.B), sigma / Interval(2))) {
      recipe.B *= 2;
    }
    recipe.beta = recipe.B * recipe.k * recipe.k;
    if (C > 0 && L > 1) {
      const Interval needed = log(Interval(4) * Interval(Rational(C * m / L)) * factor / sigma);
      recipe.Lambda_1 = std::max(Rational(0), round_score_up(needed));
    }
    recipe.Lambda_2 = round_score_up(log(Interval(4) * factor * Interval(static_cast<long>(L)) / sigma));
    return recipe;
  });
}

LookupTransformer::LookupTransformer(LookupRecipe recipe)
    : recipe_(std::move(recipe)),
      blocks_(recipe_.d, recipe_.L, recipe_.beta, recipe_.Lambda_1, recipe_.Lambda_2),
      prompt_tokens_(cell_count(recipe_.k, recipe_.d * recipe_.L)) {}

Matrix<Rational> LookupTransformer::prompt(const Target& f) const {
  if (f.d != recipe_.d || f.L != recipe_.L) {
    throw InputError("target: for d = " + std::to_string(f.d) + ", L = " + std::to_string(f.L) +
                     " (accepted: the d and L of the construction)");
  }
  const Index n = f.n();
  const Rational shift(n, 4 * recipe_.k * recipe_.k);
  Matrix<Rational> result(blocks_.width(), prompt_tokens_);
  for (long cell = 0; cell < prompt_tokens_; ++cell) {
    const Matrix<Rational> centre = cell_centre(f.d, f.L, recipe_.k, cell);
    Matrix<Rational> value;
    if (f.is_rational()) {
      value = evaluate(f, centre);
    } else {
      value = rounded_values(f, centre);
    }
    for (const Rational& y : value.reshaped()) {
      if (y < 0 || y > 1)
        throw InputError("target: a value outside [0,1] at the centre of a cell (accepted: f into [0,1])");
    }
    const Vector<Rational> g = centre.reshaped();
    const Rational square = multiply(Matrix<Rational>(g.transpose()), Matrix<Rational>(g))(0, 0);
    result.col(cell) = blocks_.prompt_token(g, square - shift, value.reshaped());
  }
  return result;
}

Interval LookupTransformer::error_of(const Interval& spread) const {
  const Interval factor = norm_factor(recipe_.d * recipe_.L, recipe_.alpha);
  const Interval scale = Interval(recipe_.C) * factor;
  const Interval L(static_cast<long>(recipe_.L));
  const Interval q1 =
      recipe_.L == 1 ? Interval(0) : Interval(prompt_tokens_) / L * exp(-Interval(recipe_.Lambda_1));
  const Interval q2 = L * exp(-Interval(recipe_.Lambda_2));
  return scale * (Interval(1) + spread) / Interval(2 * recipe_.k) + scale * q1 + factor * q2;
}

Interval LookupTransformer::guarantee() const {
  const Index n = recipe_.d * recipe_.L;
  const Interval rounding(Rational(Integer(1), power(Integer(2), value_bits)));
  return error_of(gaussian_spread(n, recipe_.alpha, recipe_.B)) + norm_factor(n, recipe_.alpha) * rounding;
}

Interval LookupTransformer::guarantee_by_excess() const {
  return error_of(gaussian_spread_by_excess(recipe_.d * recipe_.L, recipe_.alpha, recipe_.B));
}

Record LookupTransformer::claim() const {
  Record record;
  record.id = "lookup-transformer";
  record.kind = Kind::sufficient;
  record.theory = "5.2";
  record.source = "own";
  record.inputs = {
      {"d", recipe_.d}, {"L", recipe_.L}, {"C", recipe_.C}, {"alpha", recipe_.alpha}, {"eps", recipe_.eps}};
  record.add("k", Integer(recipe_.k));
  record.add("tokens", Integer(prompt_tokens_));
  record.add("width", Integer(blocks_.width()));
  record.add("beta", recipe_.beta);
  record.add("Lambda_1", recipe_.Lambda_1);
  record.add("Lambda_2", recipe_.Lambda_2);
  record.add("error", guarantee());
  if (recipe_.L > 1) {
    record.add("error_x_form", guarantee_by_excess());
    record.holds("error_x_form is for prompts that hold the values of f exactly");
  }
  record.holds("the error is the supremum over X of ||output - f(X)||_alpha, for any f in F(C, alpha)");
  return record;
}

}  // namespace promptbound
