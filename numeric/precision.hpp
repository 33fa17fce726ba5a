/// The working precision: a per-thread number of bits that only a scope guard changes.
#pragma once

namespace promptbound {

/// Returns the bits of the significand of every Interval and Real that this thread creates.
[[nodiscard]] long working_precision();

/// Sets the working precision of this thread for the life of the guard. Worker threads set their own.
class WorkingPrecision {
 public:
  /// Takes 2 .. 2^40 bits; the former precision returns on destruction.
  explicit WorkingPrecision(long bits);
  ~WorkingPrecision();
  WorkingPrecision(const WorkingPrecision&) = delete;
  WorkingPrecision& operator=(const WorkingPrecision&) = delete;

 private:
  long former_bits_;
  unsigned former_digits_;
};

/// Returns the bits that carry `digits` significant decimal digits, with a few guard bits.
[[nodiscard]] long bits_for_digits(long digits);

}  // namespace promptbound
