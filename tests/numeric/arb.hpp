/// Arb as the judge of what a function of intervals gives.
#pragma once

#include <gmp.h>

#include <arb.h>
#include <flint/fmpq.h>

#include <promptbound/numeric/interval.hpp>

namespace promptbound::ends {

/// A number of Arb's.
class Arb {
 public:
  Arb() { arb_init(value_); }
  explicit Arb(const Rational& exact, slong bits = 300) : Arb() {
    fmpq_t quotient;
    fmpq_init(quotient);
    fmpq_set_mpq(quotient, exact.backend().data());
    arb_set_fmpq(value_, quotient, bits);
    fmpq_clear(quotient);
  }
  explicit Arb(mpfr_srcptr end) : Arb() { arf_set_mpfr(arb_midref(value_), end); }
  Arb(const Arb& other) : Arb() { arb_set(value_, other.value_); }
  Arb& operator=(const Arb& other) {
    arb_set(value_, other.value_);
    return *this;
  }
  ~Arb() { arb_clear(value_); }

  [[nodiscard]] arb_srcptr get() const { return value_; }
  [[nodiscard]] arb_ptr get() { return value_; }

 private:
  arb_t value_;
};

/// Is the value certainly outside? Arb's balls are far narrower than what is judged.
inline bool certainly_outside(const Interval& enclosure, const Arb& value) {
  return arb_lt(value.get(), Arb(&enclosure.get()->left).get()) != 0 ||
         arb_gt(value.get(), Arb(&enclosure.get()->right).get()) != 0;
}

/// Marks the value as that of a function where it is undefined, and asks for the mark.
inline void set_undefined(Arb& value) { arb_indeterminate(value.get()); }
inline bool is_undefined(const Arb& value) { return arf_is_nan(arb_midref(value.get())) != 0; }

/// Does Arb know the value to some 60 bits, or that it is 0?
inline bool is_known(const Arb& value) {
  return arb_is_finite(value.get()) != 0 &&
         (arb_rel_accuracy_bits(value.get()) > 60 || arb_is_zero(value.get()) != 0);
}

}  // namespace promptbound::ends
