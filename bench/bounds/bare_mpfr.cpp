// The formulas of the `bounds` sweep in bench/bounds/run in plain MPFR at 256 bits, rounded to nearest and
// printed to 40 digits: no enclosures, no exact decisions, no records. What MPFR alone costs.
#include <mpfr.h>

#include <cstdio>

namespace {

constexpr mpfr_prec_t bits = 256;
constexpr mpfr_prec_t integer_bits = 2048;  // holds every integer of the sweep
constexpr mpfr_rnd_t nearest = MPFR_RNDN;

struct Real {
  mpfr_t value;
  explicit Real(mpfr_prec_t precision = bits) { mpfr_init2(value, precision); }
  ~Real() { mpfr_clear(value); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  operator mpfr_ptr() { return value; }  // NOLINT(google-explicit-constructor)
};

void print(mpfr_ptr x) { mpfr_printf("%.40Rg,", x); }
void print_integer(mpfr_ptr x) { mpfr_printf("%.0Rf,", x); }

void entropy_lipschitz(mpfr_ptr best, unsigned long n, unsigned long w, unsigned long top,
                       unsigned long bottom) {
  Real base, value, log2;
  mpfr_const_log2(log2, nearest);
  mpfr_set_zero(best, 1);
  for (unsigned long k = 1; 2 * k * top < bottom; ++k) {
    mpfr_set_ui(base, 20 * k * bottom, nearest);
    mpfr_div_ui(base, base, bottom - 2 * k * top, nearest);
    mpfr_log1p(base, base, nearest);
    mpfr_ui_pow_ui(value, k + 1, n, nearest);
    mpfr_mul(value, value, log2, nearest);
    mpfr_div(value, value, base, nearest);
    mpfr_div_ui(value, value, w, nearest);
    if (mpfr_greater_p(value, best) != 0) mpfr_set(best, value, nearest);
  }
}

void row(unsigned long d, unsigned long L, unsigned long top, unsigned long bottom) {
  const unsigned long n = d * L;
  std::printf("%lu,%lu,%lu/%lu,", d, L, top, bottom);
  Real x, y, k;
  Real integer(integer_bits);
  mpfr_sqrt_ui(x, n, nearest);
  mpfr_mul_ui(x, x, 2 * bottom, nearest);
  mpfr_div_ui(x, x, top, nearest);
  mpfr_ceil(k, x);
  mpfr_pow_ui(integer, k, n, nearest);
  mpfr_mul_ui(integer, integer, L, nearest);
  print_integer(integer);
  mpfr_set_ui(integer, (bottom + 2 * top - 1) / (2 * top), nearest);
  mpfr_pow_ui(integer, integer, n, nearest);
  mpfr_div_ui(integer, integer, 16 * d, nearest);
  mpfr_ceil(integer, integer);
  print_integer(integer);
  entropy_lipschitz(y, n, d, top, bottom);
  print(y);
  mpfr_ceil(y, y);
  print_integer(y);
  mpfr_div_ui(x, x, 4, nearest);
  mpfr_floor(k, x);
  mpfr_add_ui(k, k, 1, nearest);
  mpfr_pow_ui(integer, k, n, nearest);
  print_integer(integer);
  mpfr_mul_ui(x, x, 2, nearest);
  mpfr_floor(k, x);
  mpfr_add_ui(k, k, 1, nearest);
  mpfr_pow_ui(integer, k, n, nearest);
  mpfr_mul_ui(integer, integer, L, nearest);
  print_integer(integer);
  std::putchar('\n');
}

}  // namespace

int main() {
  for (unsigned long d = 1; d <= 10; ++d) {
    for (unsigned long L = 1; L <= 10; ++L) {
      for (unsigned long i = 0; i < 100; ++i) row(d, L, 11 + i, 1100);
    }
  }
  mpfr_free_cache();
  return 0;
}
