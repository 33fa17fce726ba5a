/// Rotary positions: queries and keys turn with their positions, so that scores depend on distances.
#pragma once

#include <optional>
#include <variant>

#include <promptbound/transformer/sequence.hpp>

namespace promptbound {

/// Every frequency divided by the factor.
struct LinearScaling {
  Rational factor = 1;
};

/// The scaling of Llama 3.1: waves of more than original_positions/low_frequency positions become longer by
/// the factor, waves of fewer than original_positions/high_frequency stay. Between them, with the wavelength
/// lambda and t = (original_positions/lambda - low_frequency)/(high_frequency - low_frequency), the
/// frequency f becomes f ((1 - t)/factor + t).
struct Llama3Scaling {
  Rational factor = 1, low_frequency, high_frequency;  ///< low_frequency < high_frequency
  Rational original_positions;
};

/// Position n turns the pair of entries (i, i + t/2) by the angle n f_i, t being how many entries of a head
/// turn: the first ones, all s of them where nothing else is said. Unscaled, f_i = base^(-2i/t).
struct RotaryPositions {
  Rational base;
  std::variant<std::monostate, LinearScaling, Llama3Scaling> scaling = {};
  std::optional<Index> entries = {};  ///< t, even

  [[nodiscard]] Index turned(Index s) const { return entries.value_or(s); }
};

/// Returns f_i, 0 <= i < t/2, in a head of width s.
template <class Scalar>
[[nodiscard]] Scalar rotary_frequency(const RotaryPositions& rotary, Index i, Index s);

/// cos(n f_i) and sin(n f_i): one row a pair, one column a position.
template <class Scalar>
struct Rotations {
  Matrix<Scalar> cosines, sines;
};

/// Returns Of the positions 0, ..., count - 1. Exact in rationals for one position whose frequencies are
/// rational, InputError otherwise.
template <class Scalar>
[[nodiscard]] Rotations<Scalar> rotations(const RotaryPositions& rotary, Index s, Index count);

/// Returns the tokens, column n turned by the n-th rotation; entries beyond those that turn stay.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> rotated(const Rotations<Scalar>& rotations, Sequence<Scalar> X);

}  // namespace promptbound
