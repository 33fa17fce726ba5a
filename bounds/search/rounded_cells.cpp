#include <cmath>

#include <promptbound/bounds/search/rounded_cells.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

/// About floor(C r/(2 (eps - r q))); nothing where binary64 cannot tell.
std::optional<Integer> guessed_cells(const Rational& C, const Integer& n, const Number& alpha,
                                     const Rational& eps, const Rational& q) {
  const auto nearly = [](const Rational& x) { return mpq_get_d(x.backend().data()); };
  const double r = std::pow(mpz_get_d(n.backend().data()), nearly(reciprocal(alpha)));
  const double room = nearly(eps) - r * nearly(q);
  const double cells = nearly(C) * r / (2 * room);
  constexpr double most = 1e12;
  if (!(room > 0) || !(cells < most)) return std::nullopt;
  return Integer(static_cast<long>(cells));
}

}  // namespace

std::optional<PowerProduct> cells_for_rounded_entries(const Rational& C, const Integer& n,
                                                      const Number& alpha, const Rational& eps,
                                                      const Rational& q) {
  const PowerProduct root = PowerProduct().times_root(Rational(n), reciprocal(alpha));
  // At least 0 iff r x/y >= 1.
  const auto root_times = [&](const Rational& x, const Rational& y) {
    if (const auto whole = whole_part_in_words(x, y, n, alpha)) return whole->floor >= 1 ? 1 : -1;
    return compare(root.multiplied(x / y), 1);
  };
  if (root_times(q, eps) >= 0) return std::nullopt;
  // C r/(2 (eps - r q)) >= K  iff  r (C + 2 K q) >= 2 K eps
  const auto reaches = [&](const Integer& K) { return K <= 0 ? 1 : root_times(C + 2 * K * q, 2 * K * eps); };
  // Nearly always binary64 is near enough to guess, and exact arithmetic confirms.
  if (const auto guess = guessed_cells(C, n, alpha, eps, q);
      guess && reaches(*guess) >= 0 && reaches(*guess + 1) < 0)
    return PowerProduct().times(Rational(*guess + 1));
  if (const auto r = root.exact()) {
    return least_above(PowerProduct().times(Rational(C * *r / (2 * (eps - *r * q)))));
  }
  const auto value = [&] {
    const Interval r = root.value();
    return Interval(C) * r / (Interval(2) * (Interval(eps) - r * Interval(q)));
  };
  // An enclosure within 2^-150000 decides where rounding no longer matters.
  const Interval rough = enclose(1, value);
  if (certainly_less(Interval(Integer(longest_exact_integer)), log10(rough))) {
    constexpr long ample_digits = 46000;
    return PowerProduct().times(enclose(ample_digits, value).lower()).rounded_beyond_writing();
  }
  const Integer below = decide_floor_comparing(value, reaches);
  return PowerProduct().times(Rational(below + 1));
}

}  // namespace promptbound
