/// Theory 5.10: one transformer for N distinct inputs, whose prompts reach every labelling of them by K
/// labels exactly, with as few tokens as theory 2.8 says.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/constructions/lookup/packed_blocks.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// How labels below K are put into payload entries: base-K digits, or where K > 2^b the bits of several
/// entries.
struct LabelLayout {
  Index labels_per_entry;   ///< J = max{j : K^j <= 2^b}; 0 where a label takes several entries
  Index entries_per_label;  ///< the least e with 2^{b e} >= K; 1 where it takes at most one
  Index labels_per_token;   ///< P J, or floor(P/e)
  Integer base;             ///< K, or 2
  Index digits_per_entry;   ///< J, or b
  Index digits_per_label;   ///< 1, or e b

  /// Chooses for K >= 2, b in 1 .. 4096 bits of an entry and P >= 1 entries. Throws InputError for others,
  /// and where a token holds no label.
  static LabelLayout choose(const Integer& K, unsigned long b, Index P);
};

/// Inputs in the order of <u, X>, the sum of u_o x_o over the coordinates o = i d + c of X.
struct InputOrder {
  Vector<Rational> u;
  std::vector<Index> inputs;   ///< the input with each number
  std::vector<Rational> sums;  ///< ascending

  /// Takes for u the powers of the least power of two (1, 2, 4, ...) that keep the sums distinct. Throws
  /// InputError where two inputs are equal (named), shapes differ or an entry is outside [0,1].
  static InputOrder of(const std::vector<Matrix<Rational>>& inputs);
};

/// @code
/// const std::vector<Matrix<Rational>> inputs = random_inputs(1, 2, 100, 1);
/// const PackedMemory memory(inputs, 10, 16, 8);
/// const std::vector<Integer> labels = random_labels(100, 10, 2);
/// const Matrix<Rational> prompt = memory.prompt(labels);         // 4 tokens
/// const bool is_right = memory.read_labels(labels) == labels;    // true: through the network
/// @endcode
class PackedMemory {
 public:
  /// Takes the inputs (d x L each), K, b and P as LabelLayout and InputOrder accept them.
  PackedMemory(std::vector<Matrix<Rational>> inputs, const Integer& K, unsigned long b, Index P);

  [[nodiscard]] const std::vector<Matrix<Rational>>& inputs() const { return inputs_; }
  [[nodiscard]] const PackedTokens& tokens() const { return blocks_.tokens(); }
  [[nodiscard]] Index width() const { return blocks_.width(); }
  [[nodiscard]] const InputOrder& order() const { return order_; }
  /// Returns the dense weights. Throws InputError where they have more than 2 * 10^7 entries.
  [[nodiscard]] Transformer<Rational> transformer() const;
  /// Returns the prompt that holds these labels, in the order of the inputs. Throws InputError for another
  /// number of them, or one outside 0 .. K - 1.
  [[nodiscard]] Matrix<Rational> prompt(const std::vector<Integer>& labels) const;
  /// Returns the labels that a prompt holds; nothing where it is not the prompt of any.
  [[nodiscard]] std::optional<std::vector<Integer>> labels_of(const Matrix<Rational>& prompt) const;
  [[nodiscard]] Matrix<Rational> input(const Matrix<Rational>& X) const { return blocks_.input(X); }

  /// Evaluates the network with the prompt of these labels at every input, by its register operations, in
  /// intervals where attention enters. Returns the numbers whose multiples by 1/(K - 1) it puts out: each is
  /// an exact integer. Throws Undecided where the limit of the precision does not show one.
  [[nodiscard]] std::vector<Integer> read_labels(const std::vector<Integer>& labels) const;

  [[nodiscard]] Record claim() const;

 private:
  /// Returns the blocks that compute the number of the input, and from it tok and slot.
  [[nodiscard]] std::vector<RegisterBlock> address() const;
  /// Returns the blocks behind the look-up, that read the label: each adds the digit that the block before
  /// has extracted.
  [[nodiscard]] std::vector<RegisterBlock> decoding() const;
  /// Returns the block that puts the label out.
  [[nodiscard]] RegisterBlock finish() const;
  /// Returns the digits that are read: those of the slots that inputs have.
  [[nodiscard]] Index digits() const;

  std::vector<Matrix<Rational>> inputs_;
  Integer K_;
  LabelLayout layout_;
  InputOrder order_;
  PackedBlocks blocks_;
  Index place_, slot_, digit_, bit_, label_;  ///< registers
};

/// Draws N distinct inputs with entries that are multiples of 1/Q, Q the least with (Q + 1)^{d L} >= 2 N.
[[nodiscard]] std::vector<Matrix<Rational>> random_inputs(Index d, Index L, Index N, unsigned long seed);
/// Draws N labels from 0 .. K - 1.
[[nodiscard]] std::vector<Integer> random_labels(Index N, const Integer& K, unsigned long seed);

}  // namespace promptbound
