/// Layouts of packed prompts (theory 1.6): how many steps a stored value takes, how many digits an entry
/// holds, how many grid cells a token serves. The bound and construction 5.9 read the same layout.
#pragma once

#include <optional>

#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/quantity.hpp>

namespace promptbound {

/// Says what a digit of a packed prompt is: the change of an output value from one cell of the path to the
/// next, or the value itself.
enum class PackedForm { difference, direct };

/// What a packed prompt must serve, and what its tokens offer.
struct PackedProblem {
  Integer d, L, n;  ///< n = d L
  Rational C;       ///< Lipschitz constant, > 0
  Number alpha;     ///< exponent of the norm
  unsigned long b;  ///< bits of an entry, 1 .. most_bits_of_packed_entry
  Integer P;        ///< payload entries of a token
};

/// Returns the payload that is taken where none is given, 16 n: room for 16 entries beside every output
/// value.
[[nodiscard]] inline Integer default_payload(const Integer& n) { return 16 * n; }

/// Entries of more bits are not searched.
inline constexpr unsigned long most_bits_of_packed_entry = 4096;

/// What is stored, whatever the grid: theory 1.6 takes the best of a few hundred of these.
struct PackedCode {
  PackedForm form = PackedForm::difference;
  Integer steps;             ///< t, the most that a difference can be, or M, the steps of a value in [0, 1]
  Integer digits_per_entry;  ///< J

  /// Returns the base of its digits: 2t + 1, or M + 1.
  [[nodiscard]] Integer base() const {
    return form == PackedForm::difference ? Integer(2 * steps + 1) : Integer(steps + 1);
  }
};

/// A code on a grid of k cells a coordinate.
struct PackedLayout {
  PackedCode code;
  Integer k;                ///< grid cells per coordinate
  Integer first_digits;     ///< A: digits of a value in the first cell of a token; 1 in the direct form
  Integer cells_per_token;  ///< r

  /// Returns ceil(k^n/r), the tokens of a prompt: exact, or by its logarithm.
  [[nodiscard]] Quantity tokens(const Integer& n, long digits) const;
  /// Returns n (A + r - 1), the digits that a token holds.
  [[nodiscard]] Integer digits_per_token(const Integer& n) const {
    return n * (first_digits + cells_per_token - 1);
  }
  /// Returns the entries that hold the index of a token: ceil(log2(tokens)/b), at least 1.
  [[nodiscard]] Integer index_digits(const PackedProblem& problem) const;
};

/// Returns the entries of a token beside its payload, w_0 of construction 5.9.
[[nodiscard]] Integer overhead_width(const PackedProblem& problem, const PackedLayout& layout);

/// Returns the layout of the least prompt that serves the accuracy eps: over t in 1..64, in n, 2n, ..., 10n
/// and the largest t of each J, and over every J of the direct form. Of equally long prompts the difference
/// form and the least t count first, then the least J. Codes whose k
/// has more than longest_exact_integer digits are left out. Nothing where no code is left: no token holds the
/// values of a cell, or entries are too coarse.
[[nodiscard]] std::optional<PackedLayout> best_packed_layout(const PackedProblem& problem,
                                                             const Rational& eps);

/// A layout that m tokens hold, and the accuracy that it reaches.
struct PackedAccuracy {
  PackedLayout layout;
  Rational eps_over_root;  ///< every eps above this times n^{1/alpha} is reached
};

/// Returns the best accuracy of m tokens over the same codes; nothing where no code fits.
[[nodiscard]] std::optional<PackedAccuracy> best_packed_accuracy(const PackedProblem& problem,
                                                                 const Integer& m);

/// Encloses the decimal logarithm of the factor between the bits of packed prompts and the s (C/(2 eps))^n
/// that are necessary (theory 1.2), for P -> inf, then eps -> 0, at the working precision: the least over the
/// same codes of (1 + 1/t)^n n^{n/alpha} n b/(J s). `log2_choices` encloses s.
[[nodiscard]] Interval log10_limit_factor(const PackedProblem& problem, const Interval& log2_choices);

}  // namespace promptbound
