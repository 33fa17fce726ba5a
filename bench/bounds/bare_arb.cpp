// The formulas of the `bounds` sweep in bench/bounds/run, evaluated directly in Arb at a fixed 256 bits and
// printed to 40 digits: no exact decisions, no records, no assumptions. What the arithmetic alone costs.
#include <arb.h>
#include <flint/fmpq.h>

#include <cstdio>

namespace {

constexpr slong bits = 256;

struct Real {
  arb_t value;
  Real() { arb_init(value); }
  ~Real() { arb_clear(value); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  operator arb_ptr() { return value; }  // NOLINT(google-explicit-constructor)
};

void print(arb_ptr x) {
  char* text = arb_get_str(x, 40, 0);
  std::fputs(text, stdout);
  std::putchar(',');
  flint_free(text);
}

void print_ceiling(arb_ptr x) {
  Real y;
  arb_ceil(y, x, bits * 8);
  print(y);
}

/// C n^{1/2} factor/eps with eps = top/bottom
void scaled_root(arb_ptr x, ulong n, ulong factor, ulong top, ulong bottom) {
  arb_sqrt_ui(x, n, bits);
  arb_mul_ui(x, x, factor * bottom, bits);
  arb_div_ui(x, x, top, bits);
}

void power_of_floor_plus_one(arb_ptr result, arb_ptr x, ulong n) {
  arb_floor(result, x, bits);
  arb_add_ui(result, result, 1, bits);
  arb_pow_ui(result, result, n, bits * 8);
}

void entropy_lipschitz(arb_ptr best, ulong n, ulong w, ulong top, ulong bottom) {
  Real base, value, log2;
  arb_const_log2(log2, bits);
  arb_zero(best);
  for (ulong k = 1; 2 * k * top < bottom; ++k) {
    // rho = (1/k - 2 eps)/20, base = 1 + 1/rho = 1 + 20 k bottom/(bottom - 2 k top)
    arb_set_ui(base, 20 * k * bottom);
    arb_div_ui(base, base, bottom - 2 * k * top, bits);
    arb_log1p(base, base, bits);
    arb_set_ui(value, k + 1);
    arb_pow_ui(value, value, n, bits);
    arb_mul(value, value, log2, bits);
    arb_div(value, value, base, bits);
    arb_div_ui(value, value, w, bits);
    if (arb_gt(value, best) != 0) arb_set(best, value);
  }
}

void row(ulong d, ulong L, ulong top, ulong bottom) {
  const ulong n = d * L;
  std::printf("%lu,%lu,%lu/%lu,", d, L, top, bottom);
  Real x, y, k, m;
  scaled_root(x, n, 2, top, bottom);
  arb_ceil(k, x, bits);
  arb_pow_ui(y, k, n, bits * 8);
  arb_mul_ui(y, y, L, bits * 8);
  print(y);
  arb_set_ui(y, (bottom + 2 * top - 1) / (2 * top));
  arb_pow_ui(y, y, n, bits * 8);
  arb_div_ui(y, y, 16 * d, bits);
  print_ceiling(y);
  entropy_lipschitz(y, n, d, top, bottom);
  print(y);
  print_ceiling(y);
  arb_div_ui(x, x, 4, bits);
  power_of_floor_plus_one(y, x, n);
  print(y);
  arb_mul_ui(x, x, 2, bits);
  arb_floor(k, x, bits);
  arb_add_ui(k, k, 1, bits);
  arb_pow_ui(m, k, n, bits * 8);
  arb_mul_ui(m, m, L, bits * 8);
  print(m);
  std::putchar('\n');
}

}  // namespace

int main() {
  for (ulong d = 1; d <= 10; ++d) {
    for (ulong L = 1; L <= 10; ++L) {
      for (ulong i = 0; i < 100; ++i) row(d, L, 11 + i, 1100);
    }
  }
  flint_cleanup();
  return 0;
}
