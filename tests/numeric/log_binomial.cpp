#include <promptbound/numeric/log_binomial.hpp>

#include <arb.h>
#include <doctest/doctest.h>
#include <flint/fmpz.h>

#include <cmath>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

using namespace promptbound;

TEST_CASE("small binomials agree with the exact integers") {
  const WorkingPrecision scope(160);
  for (unsigned long a = 0; a <= 40; ++a) {
    for (unsigned long b = 0; b <= 40; b += 3) {
      const Interval expected = log(Interval(binomial(Integer(a + b), a)));
      const Interval ours = log_binomial(a, b);
      CHECK(intersection(ours, expected).is_finite());
      if (a > 0 && b > 0) CHECK(ours.is_relatively_tight(110));
    }
    Integer factorial = 1;
    for (unsigned long i = 2; i <= a; ++i) factorial *= i;
    CHECK(intersection(log_factorial(a), log(Interval(factorial))).is_finite());
  }
}

TEST_CASE("astronomic binomials agree with Arb where lgamma in binary64 cancels to nothing") {
  const WorkingPrecision scope(200);
  const Integer huge = power(Integer(7), 300);  // 254 digits
  for (const Integer& a : {Integer(1), Integer(1000), power(Integer(10), 20), huge, Integer(3 * huge + 1)}) {
    const Interval ours = log_binomial(a, huge);
    CHECK(ours.is_relatively_tight(150));
    arb_t n, k, value;
    arb_init(n);
    arb_init(k);
    arb_init(value);
    constexpr slong bits = 4000;
    const auto log_gamma_plus_one = [&](const Integer& x) {
      fmpz_t integer;
      fmpz_init(integer);
      fmpz_set_str(integer, Integer(x + 1).str().c_str(), 10);
      arb_set_fmpz(n, integer);
      arb_lgamma(n, n, bits);
      fmpz_clear(integer);
    };
    log_gamma_plus_one(a + huge);
    arb_set(value, n);
    log_gamma_plus_one(a);
    arb_sub(value, value, n, bits);
    log_gamma_plus_one(huge);
    arb_sub(value, value, n, bits);
    mpfr_t middle;
    mpfr_init2(middle, 4000);
    arf_get_mpfr(middle, arb_midref(value), MPFR_RNDN);
    CHECK(mpfr_lessequal_p(&ours.get()->left, middle) != 0);
    CHECK(mpfr_greaterequal_p(&ours.get()->right, middle) != 0);
    mpfr_clear(middle);
    arb_clear(n);
    arb_clear(k);
    arb_clear(value);
  }
  // The known-hard case: in binary64 the difference of the log-gammas is 0, the true value is ln(1 + 1e20).
  const double wrong = std::lgamma(1e20 + 2) - std::lgamma(1e20 + 1) - std::lgamma(2.0);
  const Interval right = log_binomial(1, power(Integer(10), 20));
  CHECK(std::fabs(wrong - right.lower_double()) > 1);
  CHECK(right.contains(log(Interval(Integer(power(Integer(10), 20) + 1)))));
}
