/// What the networks of theory 5.9 and 5.10 share: tokens whose payload entries hold many digits each, the
/// look-up of such a token by its number, and the reading of its digits.
#pragma once

#include <optional>

#include <promptbound/constructions/lookup/register_block.hpp>

namespace promptbound {

/// The prompt's tokens and their digits.
struct PackedTokens {
  Index d, L;
  unsigned long b;         ///< bits of an entry
  Index P;                 ///< payload entries of a token
  Integer base;            ///< of a digit, B >= 2
  Index digits_per_entry;  ///< J, B^J <= 2^b
  long count;              ///< tokens of the prompt, m
  Index index_digits;      ///< entries that hold the number of a token
  Rational Lambda_1 = 0;   ///< q_1 <= (m/L) e^{-Lambda_1}; unused for L = 1
  Rational Lambda_2 = 0;   ///< of other tokens than the one looked up
  Rational Lambda_3 = 0;   ///< of input keys
  Rational Lambda_4 = 0;   ///< of prompt queries on input keys; 0 where nothing is looked up a second time

  [[nodiscard]] Index n() const { return d * L; }
  /// Returns B^J, as many values as an entry takes.
  [[nodiscard]] Integer values_of_entry() const;
};

/// Returns the entries of b bits that the numbers 0 .. count - 1 need: at least 1.
[[nodiscard]] Index index_digits(const Integer& count, unsigned long b);
/// Returns the least multiple of 2^-10 that is at least ln x.
[[nodiscard]] Rational score_above_log(const Integer& x);

/// Token layout: data d, onehot L, flag 1, gather n (L > 1), number, its square and the number wanted (an
/// entry an index digit each), payload P; then registers.
class PackedBlocks {
 public:
  /// Adds that many registers behind the payload.
  PackedBlocks(PackedTokens tokens, Index registers);

  [[nodiscard]] const PackedTokens& tokens() const { return tokens_; }
  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] Index onehot() const { return onehot_; }
  [[nodiscard]] Index flag() const { return flag_; }
  [[nodiscard]] Index wanted() const { return wanted_; }
  [[nodiscard]] Index payload() const { return payload_; }
  [[nodiscard]] Index first_register() const { return payload_ + tokens_.P; }
  /// Returns the row of a coordinate (c, i), number i d + c, once it is gathered.
  [[nodiscard]] Index gathered(Index coordinate) const {
    return tokens_.L == 1 ? coordinate : gather_ + coordinate;
  }

  /// Begins a block whose constant is the sum of the onehot.
  [[nodiscard]] RegisterBlock new_block() const;
  /// Returns the blocks that bring all n coordinates to every token, x_o (1 - q) for one 0 <= q <= q_1: an
  /// attention head between `open` and `subtract`. For L > 1.
  struct Gather {
    RegisterBlock open;
    AttentionHead<Rational> head;
    RegisterBlock subtract;
  };
  [[nodiscard]] Gather gather() const;
  /// Adds tok = floor(place/per_token), by a staircase, digit by digit of its base 2^b, to the number wanted,
  /// and place - per_token tok to the slot; clears the place.
  void split_place(RegisterBlock& block, Index place, Index slot, long per_token) const;
  /// Returns the head that adds the payload of the token wanted, times 2^b B^{-J}.
  [[nodiscard]] AttentionHead<Rational> lookup_head() const;
  /// Adds the digit with that number of the payload read, most significant digits first, to a register that
  /// is 0: u -> (floor(B u), B u - floor(B u)), after 1/(2 B^J) has been added to a fresh entry.
  void extract_digit(RegisterBlock& block, Index digit, Index row) const;
  /// Adds [slot = value] to a register.
  void add_slot_bit(RegisterBlock& block, Index slot, long value, Index row) const;

  /// Returns the prompt token of that number with these digits, and zeros after them.
  [[nodiscard]] Vector<Rational> prompt_token(long number, const std::vector<Integer>& digits) const;
  /// Returns the digits of a token's payload, all P J; nothing where an entry is no code: not an integer from
  /// 0 to B^J - 1 times 2^-b.
  [[nodiscard]] std::optional<std::vector<Integer>> digits_of(const Vector<Rational>& token) const;
  /// Returns the input tokens: data x_i, onehot e_i.
  [[nodiscard]] Matrix<Rational> input(const Matrix<Rational>& X) const;

 private:
  [[nodiscard]] EntryForm own_gate(Index coordinate) const;

  PackedTokens tokens_;
  Index onehot_, flag_, gather_, number_, square_, wanted_, payload_, width_;
};

}  // namespace promptbound
