#include <promptbound/constructions/error_integral.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

/// Calls visit with every n-digit number in the base given, as its digits.
template <class Visit>
void for_each_digits(long base, Index n, const Visit& visit) {
  std::vector<long> digits(static_cast<std::size_t>(n), 0);
  for (;;) {
    visit(digits);
    std::size_t place = 0;
    while (place < digits.size() && ++digits[place] == base) digits[place++] = 0;
    if (place == digits.size()) return;
  }
}

}  // namespace

Interval enclose_error_integral(const UniversalTransformer& network, const Target& f, const Rational& alpha,
                                long pieces) {
  const Grid& grid = network.grid();
  const Index n = f.n();
  const QuantizedFunction table = quantize(f, grid.k);
  const auto side = [&](long digit) {
    return digit + 1 < grid.k ? Rational(Rational(1, grid.k) - grid.eta) : Rational(1, grid.k);
  };
  Interval integral(0);
  long cell = 0;
  for_each_digits(grid.k, n, [&](const std::vector<long>& cell_digits) {
    const Matrix<Interval> output = from_rational<Interval>(cell_value(table, cell++));
    for_each_digits(pieces, n, [&](const std::vector<long>& piece_digits) {
      Matrix<FastInterval> box(f.d, f.L);
      Rational volume = 1;
      for (Index o = 0; o < n; ++o) {
        const long q = cell_digits[static_cast<std::size_t>(o)];
        const long p = piece_digits[static_cast<std::size_t>(o)];
        const Rational length = side(q) / pieces;
        const Rational start = Rational(q, grid.k) + p * length;
        box(o) = hull(FastInterval(start), FastInterval(Rational(start + length)));
        volume *= length;
      }
      const Matrix<FastInterval> value = evaluate(f, box);
      Interval density(0);
      for (Index o = 0; o < n; ++o) {
        density += nonnegative_power(abs(Interval(value(o)) - output(o)), alpha);
      }
      integral += Interval(volume) * density;
    });
  });
  const Rational off_ramps = power(Rational(1 - (grid.k - 1) * grid.eta), static_cast<unsigned long>(n));
  integral += hull(Interval(0), Interval(Rational(n * (1 - off_ramps))));
  return nonnegative_power(integral, Rational(1 / alpha));
}

}  // namespace promptbound
