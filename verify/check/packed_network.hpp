/// The network of theory 5.9 as the checker of supremum certificates writes it down again, block by block, to
/// compare it with a certificate's model. Shares rationals and intervals with the producers; layout, blocks,
/// path and code are its own.
#pragma once

#include <map>

#include <promptbound/verify/check/model.hpp>

namespace promptbound::checker {

class PackedNetwork {
 public:
  /// Takes a recipe, for inputs d x L and that many prompt tokens. Throws InputError, the reason for
  /// rejection, where a size or ramp is none that theory 5.9 allows.
  PackedNetwork(const Json& recipe, Index d, Index L, Index tokens);

  /// Throws InputError unless every weight is the network's, and the tokens (as rows) those that inputs are
  /// added to.
  void require_weights(const Model& model, const Matrix<Rational>& offsets) const;
  /// Throws InputError unless the noise of attention, enclosed at the working precision, leaves every digit
  /// exact.
  void require_exact_digits() const;
  /// Decodes the prompt (tokens as rows): the stored multiples of the step, n of them a cell of the path.
  /// Throws InputError where an entry is no code, or a token is not what the code of its values is.
  [[nodiscard]] std::vector<std::vector<Integer>> values_of(const Matrix<Rational>& prompt) const;

  [[nodiscard]] const Rational& step() const { return step_; }
  /// Returns where inputs are whose output the value of a cell may be part of: both ends for every
  /// coordinate, perhaps outside of [0,1].
  [[nodiscard]] std::vector<std::pair<Rational, Rational>> inputs_of(std::size_t cell) const;

 private:
  using Row = std::map<Index, Rational>;
  struct Unit {
    Row in, out;
  };
  using Units = std::vector<Unit>;

  [[nodiscard]] Row ones(const Rational& factor) const;
  void ramp(Units& units, const Row& in, const Rational& start, const Rational& end, const Row& out) const;
  void clear(Units& units, Index row, Index count = 1) const;
  [[nodiscard]] Units gates(const Rational& sign) const;
  [[nodiscard]] Units raw_digit(Index coordinate, Index shift) const;
  void reflected_digit(Units& units, Index coordinate) const;
  [[nodiscard]] Units address() const;
  void payload_digit(Units& units, Index digit) const;
  void use_digit(Units& units, Index digit) const;
  [[nodiscard]] Units weighting() const;
  [[nodiscard]] Units ending() const;
  void require_gather(const Head& head) const;
  void require_look_up(const Head& head) const;
  void require_block(const LayerWeights& layer, const Units& units) const;
  void require_rows(const Matrix<Rational>& M, const std::vector<Row>& rows) const;

  Index d_, L_, n_, m_;  ///< m: prompt tokens
  bool differences_ = true;
  Integer base_, radix_, entry_values_;  ///< B, 2^b, B^J
  Index t_ = 0, k_ = 0, P_ = 0, J_ = 0, A_ = 0, r_ = 0, numbers_ = 0, digits_ = 0, cells_ = 0, most_ = 0;
  Rational step_, eta_;
  std::vector<Rational> Lambda_;
  // Rows of a token.
  Index hot_, flag_, gather_, number_, square_, wanted_, payload_, value_, output_, digit_, bit_, odd_,
      place_, near_, total_, weight_, slot_, width_;
};

}  // namespace promptbound::checker
