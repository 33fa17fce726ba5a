/// Theory 5.9: one fixed transformer that prompts which use every bit of their entries make approximate any
/// given function of F(C, alpha) within eps in the supremum norm.
#pragma once

#include <promptbound/bounds/search/packed_layout.hpp>
#include <promptbound/constructions/lookup/packed_blocks.hpp>
#include <promptbound/constructions/targets.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// The choices of theory 5.9 for given d, L, C, alpha, eps, b, P.
struct PackedRecipe {
  Index d, L;
  Rational C;
  Number alpha;
  Rational eps;
  unsigned long b = 0;  ///< bits of an entry
  Index P = 0;          ///< payload entries of a token
  PackedForm form = PackedForm::difference;
  long steps = 0;              ///< t, or M
  long k = 0;                  ///< cells a coordinate
  Index digits_per_entry = 0;  ///< J
  Index first_digits = 0;      ///< A
  long cells_per_token = 0;    ///< r
  long tokens = 0;             ///< ceil(k^n/r)
  Index index_digits = 0;      ///< entries that hold the number of a token
  Rational eta = 0;            ///< half-width of the ramps at cell borders, below 1/(4 (n+1))
  Rational Lambda_1 = 0;       ///< q_1 <= (m/L) e^{-Lambda_1}; unused for L = 1
  Rational Lambda_2 = 0, Lambda_3 = 0, Lambda_4 = 0;

  [[nodiscard]] Index n() const { return d * L; }
  [[nodiscard]] Integer base() const;   ///< B = 2t + 1, or M + 1
  [[nodiscard]] Rational step() const;  ///< q: stored values are its multiples
  [[nodiscard]] long most() const;      ///< the largest multiple that is stored
  /// Returns the digits that a token holds: n (A + r - 1).
  [[nodiscard]] Index digits_per_token() const { return n() * (first_digits + cells_per_token - 1); }

  [[nodiscard]] PackedTokens packed_tokens() const;

  /// Chooses for d, L >= 1, C > 0, eps > 0, alpha >= 1, b in 1 .. 4096, P >= 1: the layout of the least
  /// prompt (theory 1.6), and weights that keep the error at most eps. Throws InputError where no cell fits a
  /// token, or model and prompt would have more than 10^8 entries.
  static PackedRecipe choose(Index d, Index L, const Rational& C, const Number& alpha, const Rational& eps,
                             unsigned long b, Index P);
};

/// Returns the raw digits of the cell at a place of the reflected base-k path through k^n cells, the most
/// significant first: a digit runs down where the sum of the raw digits before it is odd.
[[nodiscard]] std::vector<long> reflected_cell(long k, Index n, long place);

class PackedLookup {
 public:
  explicit PackedLookup(PackedRecipe recipe);

  [[nodiscard]] const PackedRecipe& recipe() const { return recipe_; }
  /// Returns P + 3d + L + 12 + n [L > 1] + 3 (index digits - 1).
  [[nodiscard]] Index width() const { return blocks_.width(); }
  [[nodiscard]] Transformer<Rational> transformer() const;
  /// Returns the stored multiples of q, one column of n entries (coordinate (c, i) at i d + c) a cell of the
  /// path: f at its centre, rounded. Throws InputError for a target of another shape or with a value outside
  /// [0, 1], Undecided where rounding a value is not decided.
  [[nodiscard]] Matrix<Integer> stored_values(const Target& f) const;
  /// Returns the prompt that holds these values. Throws InputError where neighbours differ by more than t.
  [[nodiscard]] Matrix<Rational> prompt(const Matrix<Integer>& values) const;
  /// Returns the values that a prompt holds, as prompt() takes them; nothing where it is not the prompt of
  /// any, or one is outside 0 .. most().
  [[nodiscard]] std::optional<Matrix<Integer>> values_of(const Matrix<Rational>& held) const;
  /// Returns the input tokens: data x_i, onehot e_i.
  [[nodiscard]] Matrix<Rational> input(const Matrix<Rational>& X) const { return blocks_.input(X); }
  /// Returns the data rows of an output.
  template <class Scalar>
  [[nodiscard]] Matrix<Scalar> output(const Sequence<Scalar>& Z) const {
    return Z.topRows(recipe_.d);
  }
  /// Returns an upper bound on q_1: a gathered coordinate is x_o (1 - q) for one 0 <= q <= q_1. 0 for L = 1.
  [[nodiscard]] Interval gather_error() const;
  /// Returns an upper bound on how far the payload that an input query reads, times 2^b, is from its token's:
  /// other tokens, inputs, and the drift of prompt tokens. Up to B^{-J}/4 all digits are exact.
  [[nodiscard]] Interval read_error() const;
  /// Returns C n^{1/alpha} (1/(2k) + 4 n eta/k + q_1) + n^{1/alpha} q/2, which bounds the error for every f
  /// in F(C, alpha).
  [[nodiscard]] Interval guarantee() const;
  [[nodiscard]] Record claim() const;

 private:
  void add_shift(Transformer<Rational>& model, Index shift) const;
  void read_digit(RegisterBlock& block, Index coordinate, Index shift) const;
  void fold_digit(RegisterBlock& block, Index coordinate) const;
  void weigh_shift(RegisterBlock& block) const;
  /// Returns the cells of a token: from the first up to the last one, excluded.
  [[nodiscard]] std::pair<Index, Index> cells_of(Index token, Index cells) const;
  /// Returns the cell of its token that a digit belongs to, 0 .. r - 1.
  [[nodiscard]] Index cell_of(Index digit) const;
  void prepare_digit(RegisterBlock& block, Index digit) const;
  void accumulate_digit(RegisterBlock& block, Index digit) const;
  void add_output(RegisterBlock& block) const;
  void finish(RegisterBlock& block) const;

  PackedRecipe recipe_;
  PackedBlocks blocks_;
  // Registers: the values and outputs of a token's own coordinates, a raw digit (later one of the payload),
  // its parity (later a bit), the parity of the digits before, the place on the path, the nearness to
  // borders, the sum of the weights so far, the shift's weight, the slot.
  Index value_, output_, digit_, bit_, odd_, place_, near_, total_, weight_, slot_;
};

}  // namespace promptbound
