#include <vector>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/log_rational.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

Interval compute(const Rational& x) {
  const Interval rounded(x);
  const bool is_far_from_one =
      mpfr_cmp_d(&rounded.get()->right, 0.5) < 0 || mpfr_cmp_ui(&rounded.get()->left, 2) > 0;
  if (is_far_from_one) return log(rounded);
  return log1p(Interval(Rational(x - 1)));
}

/// The last logarithms of this thread: sweeps ask for the same ones at the same precisions again and again.
/// What is remembered is what would be computed, so that no result depends on what was asked before.
class Remembered {
 public:
  [[nodiscard]] const Interval& log_of(const Rational& x) {
    Slot& slot = slots_[(mpz_get_ui(mpq_numref(x.backend().data())) * 0x9e3779b97f4a7c15UL ^
                         mpz_get_ui(mpq_denref(x.backend().data())) * 0xc2b2ae3d27d4eb4fUL ^
                         static_cast<unsigned long>(working_precision())) %
                        slots_.size()];
    if (slot.precision != working_precision() || slot.x != x) slot = {x, working_precision(), compute(x)};
    return slot.log;
  }

 private:
  struct Slot {
    Rational x;
    long precision = 0;
    Interval log;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(1021);
};

}  // namespace

Interval log_rational(const Rational& x) {
  if (x == 2) return interval_log2();
  // Longer ones are rare and would fill the memory.
  constexpr long most_bits = 4096;
  if (working_precision() > most_bits || bit_size(x) > most_bits) return compute(x);
  thread_local Remembered remembered;
  return remembered.log_of(x);
}

}  // namespace promptbound
