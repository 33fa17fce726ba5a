#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <promptbound/bounds/search/packed_layout.hpp>
#include <promptbound/bounds/search/rounded_cells.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_ratio.hpp>
#include <promptbound/numeric/power_product.hpp>

// Theory 1.6. Difference form, t >= 1:
//   k = floor(C n^{1/alpha} (1 + 1/t)/(2 eps)) + 1, base B = 2t + 1, J = max{j : B^j <= 2^b},
//   A >= 1 the least with B^A > floor(k t/C + 1/2), r = floor(P J/n) - A + 1.
// Direct form, J in 1..b: M the largest with (M + 1)^J <= 2^b,
//   k = floor(C n^{1/alpha}/(2 eps - n^{1/alpha}/M)) + 1, r = floor(P J/n).
// In both m = ceil(k^n/r).

namespace promptbound {
namespace {

constexpr long few_steps = 64, multiples_of_n = 10;

/// The largest j with base^j <= 2^b; base >= 2.
Integer digits_of_entry(const Integer& base, unsigned long b) {
  return floor(LogRatio{Integer(b), Rational(2), 1, Rational(base)});
}

/// The codes of theory 1.6, in the order in which equally short prompts count.
std::vector<PackedCode> codes(const PackedProblem& problem) {
  const Integer values = power(Integer(2), problem.b);  // of an entry
  std::set<Integer> steps;
  for (long t = 1; t <= few_steps; ++t) steps.insert(t);
  for (long i = 1; i <= multiples_of_n; ++i) steps.insert(i * problem.n);
  std::vector<PackedCode> direct;
  for (unsigned long J = 1; J <= problem.b; ++J) {
    const Integer base = floor_root(values, J);  // >= 2
    steps.insert((base - 1) / 2);
    direct.push_back({PackedForm::direct, base - 1, J});
  }
  std::vector<PackedCode> result;
  for (const Integer& t : steps) {
    if (t >= 1 && 2 * t + 1 <= values)
      result.push_back({PackedForm::difference, t, digits_of_entry(2 * t + 1, problem.b)});
  }
  result.insert(result.end(), direct.begin(), direct.end());
  return result;
}

/// The cells that a token serves on a grid of k cells a coordinate; nothing where it is none.
std::optional<PackedLayout> layout_on_grid(const PackedProblem& problem, const PackedCode& code, Integer k) {
  PackedLayout result{code, std::move(k), 1, problem.P * code.digits_per_entry / problem.n};
  if (code.form == PackedForm::difference) {
    const Integer largest = floor(Rational(Rational(result.k * code.steps) / problem.C + Rational(1, 2)));
    // base^A > largest iff base^A >= largest + 1
    if (largest >= 1) {
      const LogRatio least{1, Rational(largest + 1), 1, Rational(code.base())};
      result.first_digits = std::get<Integer>(ceil_quantity(least, 1).value());
    }
    result.cells_per_token -= result.first_digits - 1;
  }
  if (result.cells_per_token < 1) return std::nullopt;
  return result;
}

/// The least grid that reaches eps; nothing where the entries are too coarse for it, or its number of cells a
/// coordinate is too long to write.
std::optional<Integer> cells_of(const PackedProblem& problem, const PackedCode& code, const Rational& eps) {
  const std::optional<PowerProduct> cells =
      code.form == PackedForm::difference
          ? least_cells(problem.C * Rational(code.steps + 1, code.steps), problem.n, problem.alpha, eps)
          : cells_for_rounded_entries(problem.C, problem.n, problem.alpha, eps, Rational(1, 2 * code.steps));
  const std::optional<Rational> exact = cells ? cells->exact() : std::nullopt;
  return exact ? std::optional(Integer(numerator(*exact))) : std::nullopt;
}

/// rough_log2 is off by at most this part of n + |log2(k^n/r)| + 128, log2 r being below 128: binary64 rounds
/// by 2^-53 a few times.
constexpr double rough_error = 0x1p-40;

/// About log2 of k^n/r.
double rough_log2(const PackedLayout& layout, const Integer& n) {
  const auto log2_of = [](const Integer& x) {
    long exponent = 0;
    const double mantissa = mpz_get_d_2exp(&exponent, x.backend().data());
    return std::log2(mantissa) + static_cast<double>(exponent);
  };
  return mpz_get_d(n.backend().data()) * log2_of(layout.k) - log2_of(layout.cells_per_token);
}

PowerProduct cells_over_tokens(const PackedLayout& layout, const Integer& n) {
  return PowerProduct().times(Rational(layout.k), n).times(Rational(layout.cells_per_token), -1);
}

/// Is the prompt of x certainly shorter than that of y? Where both lengths are written out they are compared,
/// otherwise the quotients k^n/r that are rounded to them.
bool is_shorter(const PackedLayout& x, const PackedLayout& y, const Integer& n) {
  const PowerProduct a = cells_over_tokens(x, n), b = cells_over_tokens(y, n);
  if (a.is_writable() && b.is_writable()) return ceil(a) < ceil(b);
  PowerProduct ratio;
  ratio.times(Rational(x.k, y.k), n).times(Rational(y.cells_per_token, x.cells_per_token));
  return compare(ratio, 1) < 0;
}

}  // namespace

Quantity PackedLayout::tokens(const Integer& n, long digits) const {
  return ceil_quantity(cells_over_tokens(*this, n), digits);
}

Integer PackedLayout::index_digits(const PackedProblem& problem) const {
  const PowerProduct tokens = cells_over_tokens(*this, problem.n);
  const Integer b = problem.b;
  // A power of two is at least k^n/r iff it is at least that rounded up.
  const auto value = [&] { return tokens.log() / (Interval(b) * log(Interval(2))); };
  const auto compared = [&](const Integer& candidate) {
    return compare(PowerProduct(tokens).times(Rational(2), -b * candidate), 1);
  };
  return std::max(Integer(1), decide_ceil_comparing(value, compared));
}

Integer overhead_width(const PackedProblem& problem, const PackedLayout& layout) {
  return 3 * problem.d + problem.L + 12 + (problem.L > 1 ? problem.n : Integer(0)) +
         3 * (layout.index_digits(problem) - 1);
}

std::optional<PackedLayout> best_packed_layout(const PackedProblem& problem, const Rational& eps) {
  std::vector<PackedLayout> layouts;
  for (const PackedCode& code : codes(problem)) {
    std::optional<Integer> k = cells_of(problem, code, eps);
    if (!k) continue;
    if (std::optional<PackedLayout> layout = layout_on_grid(problem, code, *std::move(k)))
      layouts.push_back(*std::move(layout));
  }
  if (layouts.empty()) return std::nullopt;
  // Binary64 leaves out what is certainly longer: its logarithm exceeds the least by more than the errors of
  // both, and its quotient k^n/r the least one by more than rounding up can hide, which is 1.
  std::vector<double> logs;
  logs.reserve(layouts.size());
  for (const PackedLayout& layout : layouts) logs.push_back(rough_log2(layout, problem.n));
  const double least = *std::min_element(logs.begin(), logs.end());
  const double margin = rough_error * (std::abs(least) + mpz_get_d(problem.n.backend().data()) + 128);
  const double most = least + std::log2(1 + std::exp2(-least)) + margin;
  std::optional<PackedLayout> best;
  for (std::size_t i = 0; i < layouts.size(); ++i) {
    if (logs[i] <= most && (!best || is_shorter(layouts[i], *best, problem.n))) best = layouts[i];
  }
  return best;
}

std::optional<PackedAccuracy> best_packed_accuracy(const PackedProblem& problem, const Integer& m) {
  const auto n = problem.n.convert_to<unsigned long>();
  std::optional<PackedAccuracy> best;
  for (const PackedCode& code : codes(problem)) {
    const Integer most_cells = m * (problem.P * code.digits_per_entry / problem.n);
    // A finer grid has more cells and no more of them in a token: the largest k that fits is found by
    // halving.
    const auto fitting = [&](const Integer& k) {
      std::optional<PackedLayout> layout = layout_on_grid(problem, code, k);
      return layout && power(k, n) <= m * layout->cells_per_token ? layout : std::nullopt;
    };
    std::optional<PackedLayout> finest;
    Integer low = 0, high = floor_root(most_cells, n);
    while (low < high) {
      const Integer middle = (low + high + 1) / 2;
      if (std::optional<PackedLayout> layout = fitting(middle)) {
        finest = *std::move(layout);
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    if (!finest) continue;
    const Rational cell = problem.C / (2 * finest->k);
    const Rational eps = code.form == PackedForm::difference
                             ? Rational(cell * Rational(code.steps + 1, code.steps))
                             : Rational(cell + Rational(1, 2 * code.steps));
    if (!best || eps < best->eps_over_root) best = {*std::move(finest), eps};
  }
  return best;
}

Interval log10_limit_factor(const PackedProblem& problem, const Interval& log2_choices) {
  const Interval n(problem.n);
  std::optional<Interval> least;
  for (const PackedCode& code : codes(problem)) {
    if (code.form != PackedForm::difference) continue;  // it ends at eps = n^{1/alpha}/(2M)
    const Interval grid = n * log10(Interval(Rational(code.steps + 1, code.steps)));
    const Interval cost = grid - log10(Interval(code.digits_per_entry));
    least = least ? min(*least, cost) : cost;
  }
  const Interval root = n * log10(n) * Interval(reciprocal(problem.alpha));
  return *least + root + log10(n * Interval(Integer(problem.b)) / log2_choices);
}

}  // namespace promptbound
