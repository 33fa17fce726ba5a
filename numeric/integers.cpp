#include <algorithm>

#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

mpz_srcptr raw(const Integer& x) { return x.backend().data(); }
mpz_ptr raw(Integer& x) { return x.backend().data(); }

}  // namespace

unsigned long bit_size(const Integer& x) { return mpz_sizeinbase(raw(x), 2); }

unsigned long bit_size(const Rational& x) {
  return std::max(mpz_sizeinbase(mpq_numref(x.backend().data()), 2),
                  mpz_sizeinbase(mpq_denref(x.backend().data()), 2));
}

Integer floor(const Rational& x) {
  Integer result;
  mpz_fdiv_q(raw(result), mpq_numref(x.backend().data()), mpq_denref(x.backend().data()));
  return result;
}

Integer ceil(const Rational& x) {
  Integer result;
  mpz_cdiv_q(raw(result), mpq_numref(x.backend().data()), mpq_denref(x.backend().data()));
  return result;
}

bool is_integer(const Rational& x) { return mpz_cmp_ui(mpq_denref(x.backend().data()), 1) == 0; }

Integer power(const Integer& x, unsigned long n) {
  Integer result;
  mpz_pow_ui(raw(result), raw(x), n);
  return result;
}

Rational power(const Rational& x, unsigned long n) {
  // Powers of coprime numbers are coprime, so the pair is in lowest terms without a gcd.
  Rational result;
  mpz_pow_ui(mpq_numref(result.backend().data()), mpq_numref(x.backend().data()), n);
  mpz_pow_ui(mpq_denref(result.backend().data()), mpq_denref(x.backend().data()), n);
  return result;
}

std::size_t decimal_digits(const Integer& x) { return mpz_sizeinbase(raw(x), 10); }

std::optional<Integer> exact_root(const Integer& x, unsigned long n) {
  Integer result;
  if (mpz_root(raw(result), raw(x), n) == 0) return std::nullopt;
  return result;
}

std::optional<Rational> exact_root(const Rational& x, unsigned long n) {
  const auto top = exact_root(Integer(numerator(x)), n);
  const auto bottom = exact_root(Integer(denominator(x)), n);
  if (!top || !bottom) return std::nullopt;
  return Rational(*top, *bottom);
}

Integer floor_root(const Integer& x, unsigned long n) {
  if (n == 1) return x;
  Integer result;
  mpz_root(raw(result), raw(x), n);
  return result;
}

std::optional<Rational> exact_power(const Rational& x, const Rational& q, unsigned long max_bits) {
  if (x == 1 || q == 0) return Rational(1);
  if (q == 1) return x;
  const Integer top = abs(Integer(numerator(q)));
  const Integer bottom = denominator(q);
  // A rational number other than 1 has no rational root of higher order than its size in bits.
  if (bottom > bit_size(x)) return std::nullopt;
  const std::optional<Rational> root = bottom == 1 ? x : exact_root(x, bottom.convert_to<unsigned long>());
  if (!root || top * bit_size(*root) > max_bits) return std::nullopt;
  const Rational result = power(*root, top.convert_to<unsigned long>());
  return q > 0 ? result : Rational(1 / result);
}

Integer binomial(const Integer& n, unsigned long k) {
  Integer result;
  mpz_bin_ui(raw(result), raw(n), k);
  return result;
}

bool equal_powers(const Rational& x, const Integer& i, const Rational& y, const Integer& j) {
  if (x == 1 || y == 1) return x == y;
  const Integer common = gcd(i, j);
  const Integer i_reduced = i / common;
  const Integer j_reduced = j / common;
  // x^i = y^j with coprime i, j means x = z^j, y = z^i for a rational z other than 1.
  if (i_reduced > bit_size(y) || j_reduced > bit_size(x)) return false;
  const auto from_x = exact_root(x, j_reduced.convert_to<unsigned long>());
  const auto from_y = exact_root(y, i_reduced.convert_to<unsigned long>());
  return from_x && from_y && *from_x == *from_y;
}

}  // namespace promptbound
