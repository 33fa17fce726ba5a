/// Feed-forward blocks written as operations on registers: entries of a token that hold integers, bits and
/// fractions (theory 5.9 and 5.10). Every operation adds units to one block; all of them read the token as it
/// was before the block, and what they write is added to it.
#pragma once

#include <map>
#include <vector>

#include <promptbound/transformer/transformer.hpp>

namespace promptbound {

/// A linear form in the entries of a token. There is no constant: at input tokens the entries of the onehot
/// sum to 1, at prompt tokens to 0, so that a block whose every constant is a multiple of that sum leaves
/// prompt tokens alone.
class EntryForm {
 public:
  EntryForm() = default;
  /// Makes the entry of that row, times the factor.
  static EntryForm entry(Index row, const Rational& factor = 1);
  /// Makes the sum of `count` entries from that row on.
  static EntryForm sum(Index first_row, Index count);

  EntryForm& operator+=(const EntryForm& other);
  friend EntryForm operator+(EntryForm a, const EntryForm& b) { return a += b; }
  friend EntryForm operator-(EntryForm a, const EntryForm& b) { return a += Rational(-1) * b; }
  friend EntryForm operator*(const Rational& factor, EntryForm form);

  [[nodiscard]] const std::map<Index, Rational>& coefficients() const { return coefficients_; }
  friend bool operator==(const EntryForm& a, const EntryForm& b) = default;

 private:
  std::map<Index, Rational> coefficients_;
};

/// Says where a function goes from 0 up to 1.
struct Ramp {
  Rational start, end;
};

/// One feed-forward block in the making. Example, the bit [x >= 3] of an integer x, and x cleared:
///     block.add_step(x, 3, bit);
///     block.clear(row_of_x);
class RegisterBlock {
 public:
  /// Takes the token width, and the form that is 1 at input tokens and 0 at prompt tokens.
  RegisterBlock(Index width, EntryForm one) : width_(width), one_(std::move(one)) {}

  /// Adds relu(argument) times the target to the token: one unit.
  void add_relu(const EntryForm& argument, const EntryForm& target);
  /// Adds the ramp from 0 at `start` to 1 at `end`, as a function of `argument`, times the target: two units.
  void add_ramp(const EntryForm& argument, const Rational& start, const Rational& end,
                const EntryForm& target);
  /// Adds the sum of ramps, each of which ends before the next one starts, times the target: two units each.
  void add_staircase(const EntryForm& argument, std::vector<Ramp> ramps, const EntryForm& target);
  /// Adds the bit [argument >= bound] of an integer argument times the target: a ramp from bound - 1 to
  /// bound.
  void add_step(const EntryForm& argument, const Rational& bound, const EntryForm& target);
  /// Adds the product of bits and of a number in [0, most] times the target: relu(number - most sum (1 -
  /// bit)).
  void add_selected(const EntryForm& number, const Rational& most, const std::vector<EntryForm>& bits,
                    const EntryForm& target);
  /// Sets an entry that is at least 0 to 0.
  void clear(Index row);
  /// Sets an entry of either sign to 0.
  void clear_signed(Index row);

  [[nodiscard]] const EntryForm& one() const { return one_; }
  /// Returns the number of units so far, the block's hidden width.
  [[nodiscard]] Index units() const;
  /// Returns the weights; a block without operations has one unit that is 0, for files hold no empty matrix.
  [[nodiscard]] FeedForward<Rational> feed_forward() const;
  /// Returns the token that the block makes of one: the function of feed_forward(), in Rational or Interval.
  /// A ramp is one operation here: outside of it its value is exactly 0 or 1, so that registers stay exact
  /// integers in intervals too. Throws std::logic_error where the constant is neither 0 nor 1.
  template <class Scalar>
  [[nodiscard]] Vector<Scalar> after(Vector<Scalar> token) const;

 private:
  /// relu of the argument, or where there are ramps their sum, times the target.
  struct Operation {
    EntryForm argument;
    std::vector<Ramp> ramps;
    EntryForm target;
  };

  Index width_;
  EntryForm one_;
  std::vector<Operation> operations_;
};

}  // namespace promptbound
