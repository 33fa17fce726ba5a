/// Automatic working precision, one policy for everything: it is raised until an enclosure is tight, an
/// integer or a comparison decided, and where the limit is reached first the answer is "unknown", never a
/// guess.
#pragma once

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <promptbound/numeric/interval.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {

/// Neither more bits nor an algebraic argument decided: the caller's answer is "unknown".
class Undecided : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// Says that the subject ("the integer part") is not decided at so many bits, the limit.
  Undecided(const std::string& subject, long bits)
      : std::runtime_error(subject + " is not decided at " + std::to_string(bits) + " bits"),
        by_precision_(true) {}

  /// Tells whether a higher limit of the precision may decide.
  [[nodiscard]] bool by_precision() const { return by_precision_; }

 private:
  bool by_precision_ = false;
};

/// Room for an integer of 100,000 digits, 332,193 bits, and for what cancels.
inline constexpr long default_precision_limit = 1L << 20;

/// Returns the most bits of working precision that a question is given.
[[nodiscard]] long precision_limit();

/// Sets the limit for the whole process, for the life of the guard: the program sets it once, before it
/// computes.
class PrecisionLimit {
 public:
  /// Takes 2 .. 2^40 bits.
  explicit PrecisionLimit(long bits);
  ~PrecisionLimit();
  PrecisionLimit(const PrecisionLimit&) = delete;
  PrecisionLimit& operator=(const PrecisionLimit&) = delete;

 private:
  long former_bits_;
};

/// Calls `attempt` at rising working precision, from first_bits on and doubled each time, the limit last,
/// until its std::optional has a value, which is returned. Throws Undecided(subject, limit) where it never
/// has one. Example: at_rising_precision("the sign of x", 64, [&] { return sign_of(enclosure_of_x()); })
template <class Attempt>
[[nodiscard]] auto at_rising_precision(const std::string& subject, long first_bits, Attempt attempt) ->
    typename std::invoke_result_t<Attempt&>::value_type {
  const long limit = precision_limit();
  for (long bits = first_bits; true; bits *= 2) {
    const bool is_last = bits >= limit;
    const WorkingPrecision scope(is_last ? limit : bits);
    if (auto result = attempt()) return *std::move(result);
    if (is_last) throw Undecided(subject, limit);
  }
}

/// Computes an enclosure at the working precision in force.
using Enclosing = std::function<Interval()>;

/// Evaluates `value` at rising precision until upper - lower <= 10^-digits * |value|, digits >= 1.
/// Throws Undecided at the limit (the value is 0 without being a point, or undefined).
[[nodiscard]] Interval enclose(long digits, const Enclosing& value);

/// Tells whether the enclosed real number is exactly the integer given; called only for candidates that the
/// enclosure cannot separate from it. It must be right: precision alone can never decide equality.
using EqualsInteger = std::function<bool(const Integer&)>;

/// Decides the exact floor or ceiling of an enclosed real number, which must be small enough to be written
/// out. Throws Undecided at the limit.
[[nodiscard]] Integer decide_floor(const Enclosing& value, const EqualsInteger& equals);
[[nodiscard]] Integer decide_ceil(const Enclosing& value, const EqualsInteger& equals);
/// Does the same, when `known` already encloses the value: often that decides.
[[nodiscard]] Integer decide_ceil(const Interval& known, const Enclosing& value, const EqualsInteger& equals);

/// The sign of the enclosed real number minus the integer given, decided exactly by other means than `value`;
/// called only for a candidate that the enclosure cannot separate from it.
using CompareWithInteger = std::function<int(const Integer&)>;

/// Does the same, where a comparison with the one integer in question decides at once.
[[nodiscard]] Integer decide_floor_comparing(const Enclosing& value, const CompareWithInteger& compare);
[[nodiscard]] Integer decide_ceil_comparing(const Enclosing& value, const CompareWithInteger& compare);

/// Decides the sign of the enclosed real number, which is not 0: evaluated at rising precision. Throws
/// Undecided at the limit.
[[nodiscard]] int decide_sign(const Enclosing& value);

/// Decides whether x < y, from enclosures at rising precision; `equal` says whether x = y exactly.
[[nodiscard]] bool decide_less(const Enclosing& x, const Enclosing& y, const std::function<bool()>& equal);

}  // namespace promptbound
