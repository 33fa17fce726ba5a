/// The context codes of theory item 5.1: integers that hold a whole sequence and one of its positions.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/constructions/staircase.hpp>

namespace promptbound {

/// Digits in base K = k + 1, least significant first: digit d j + c is that of coordinate c of token j.
using Digits = std::vector<long>;

/// One code: the sequence's digits, all in 1..k, and a position j. Its integer is
/// t = (digits d j .. d j + d - 1 in their places) + K^{dT} (all digits).
struct Code {
  Digits digits;
  long position = 0;
};

/// All codes of sequences of T tokens at the positions first <= j < T, in the order of their integers: by
/// digits, then by position.
class CodeBook {
 public:
  CodeBook(const Grid& grid, long first);

  [[nodiscard]] Integer integer(const Code& code) const;
  /// Returns the code at or below z, the code above z; nothing where z lies outside.
  [[nodiscard]] std::optional<Code> at_or_below(const Rational& z) const;
  [[nodiscard]] std::optional<Code> above(const Rational& z) const;
  [[nodiscard]] Code lowest() const;
  /// Returns the next code in the order; nothing after the last.
  [[nodiscard]] std::optional<Code> next(const Code& code) const;

  /// Returns sum_p digits[p] K^p, and back: `count` digits of q < K^count. Both halve their argument, so that
  /// 10^5 digits take milliseconds.
  [[nodiscard]] Integer from_digits(const Digits& digits) const;
  [[nodiscard]] Digits to_digits(const Integer& q, std::size_t count) const;

  [[nodiscard]] const Integer& base() const { return powers_.front(); }            ///< K
  [[nodiscard]] const Integer& context_factor() const { return context_factor_; }  ///< K^{dT}
  [[nodiscard]] std::size_t digit_count() const { return digit_count_; }           ///< dT

 private:
  /// Returns the integer below K^{dT} that holds one token's digits in their places.
  [[nodiscard]] Integer own_code(const Digits& digits, long position) const;
  void add_digits(const Digits& digits, std::size_t begin, std::size_t count, Integer& sum) const;
  void take_digits(const Integer& q, std::size_t count, Digits& digits) const;

  Index d_;
  long tokens_, k_, first_;
  std::size_t digit_count_;
  std::vector<Integer> powers_;  ///< K^(2^i)
  Integer context_factor_;
};

}  // namespace promptbound
