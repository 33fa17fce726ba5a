/// How the kernels of polynomial attention make the monomials, and the order that moments lie in.
#pragma once

#include <algorithm>

#include <promptbound/attention/polynomial/monomials.hpp>

namespace promptbound {

/// Monomials, and tails of the even moment, whose sums for a query are one chain of additions.
inline constexpr Index monomials_per_block = 192;
/// Blocks whose sums for a query are added up before they go to its totals.
inline constexpr Index blocks_per_sum = 64;
/// Heads of one block of the even moment.
inline constexpr Index heads_per_block = 8;

/// Few monomials, the features, are kept for a stretch of points; each of the others is the product of two of
/// them, made in a register where it is needed. The even moment's, which are needed for 1 alone, are a head
/// times a tail in variables that do not come before the head's last one: matrix products of the two.
struct MomentLayout {
  /// A monomial is features left * right.
  struct Pair {
    std::int32_t left, right;
  };
  /// Heads of the even moment with the same last variable and some tails.
  struct Block {
    Index head, heads;  ///< features head .. head+heads-1
    Index tail, tails;  ///< the features tails[tail .. tail+tails-1]
    Index at;           ///< where its tails x heads moments begin
  };

  MomentLayout(Index d, Index d_v, Index degree, Index moment);

  Monomials monomials;
  Index d, d_v;
  Index degree;  ///< every monomial up to it has d_v + 1 moments: values, and 1
  Index moment;  ///< monomials of this degree have the moment of 1 alone; 0: none beyond `degree`

  /// Features: monomials of up to half the degree, by degree and then by last variable; each but the first is
  /// an earlier one times a variable.
  std::vector<std::int32_t> parent, variable;
  std::vector<Pair> pairs;  ///< of each monomial up to `degree`
  std::vector<std::int32_t> tails;
  std::vector<Block> moment_blocks;
  std::vector<std::int32_t> singles;  ///< monomials in the order of the even moment's

  [[nodiscard]] Index features() const { return static_cast<Index>(parent.size()); }
  [[nodiscard]] Index columns() const { return d_v + 1; }
  [[nodiscard]] Index full() const { return static_cast<Index>(pairs.size()); }
  /// Returns full() x columns() moments, then those of the even moment.
  [[nodiscard]] std::size_t size() const {
    return pairs.size() * static_cast<std::size_t>(columns()) + singles.size();
  }
  /// Counts the blocks of monomials, or of the even moment where there are more.
  [[nodiscard]] Index blocks() const {
    return std::max((full() + monomials_per_block - 1) / monomials_per_block,
                    static_cast<Index>(moment_blocks.size()));
  }
  /// Counts the additions in one chain when monomials are summed for a query.
  [[nodiscard]] Index chain() const;
};

/// Returns what MomentLayout::chain is expected to be for this number of monomials.
[[nodiscard]] Index expected_chain(Index monomials);

}  // namespace promptbound
