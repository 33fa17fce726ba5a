/// Exact and multiple-precision number types (design: one definition, many scalars).
#pragma once

#include <boost/multiprecision/gmp.hpp>
#include <boost/multiprecision/mpfr.hpp>

namespace promptbound {

/// Integers of any size (GMP).
using Integer = boost::multiprecision::number<boost::multiprecision::gmp_int, boost::multiprecision::et_off>;
/// Exact rational numbers in lowest terms (GMP).
using Rational =
    boost::multiprecision::number<boost::multiprecision::gmp_rational, boost::multiprecision::et_off>;
/// Floating-point numbers of the working precision, rounded to nearest (MPFR). Never a certified value.
using Real = boost::multiprecision::number<boost::multiprecision::mpfr_float_backend<0>,
                                           boost::multiprecision::et_off>;

}  // namespace promptbound
