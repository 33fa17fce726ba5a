#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/types.hpp>

namespace promptbound {

long working_precision() { return static_cast<long>(mpfr_get_default_prec()); }

WorkingPrecision::WorkingPrecision(long bits)
    : former_bits_(working_precision()), former_digits_(Real::thread_default_precision()) {
  mpfr_set_default_prec(bits);
  // Enclosures of numbers with billions of digits need MPFR's full exponent range.
  mpfr_set_emin(mpfr_get_emin_min());
  mpfr_set_emax(mpfr_get_emax_max());
  // Boost keeps a precision of its own, in decimal digits: at least as many as the bits hold.
  Real::thread_default_precision(static_cast<unsigned>(static_cast<double>(bits) * 0.30103) + 1);
}

WorkingPrecision::~WorkingPrecision() {
  mpfr_set_default_prec(former_bits_);
  Real::thread_default_precision(former_digits_);
}

long bits_for_digits(long digits) { return static_cast<long>(static_cast<double>(digits) * 3.3219281) + 16; }

}  // namespace promptbound
