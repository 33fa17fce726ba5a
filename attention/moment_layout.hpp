/// How the kernels of polynomial attention go through the monomials, and the order that moments lie in.
#pragma once

#include <promptbound/attention/monomials.hpp>

namespace promptbound {

/// Most tails of one block: their features, and those of few vectors of points, stay in the L1 cache.
inline constexpr Index tails_per_block = 192;
/// Blocks whose sums for a query are added up before they go to its totals.
inline constexpr Index blocks_per_sum = 64;
/// Heads of one block of the even moment.
inline constexpr Index heads_per_block = 8;

/// Each monomial is a head times a tail in variables that do not come before the head's last one. All tails
/// have low degree, so that few features serve all monomials: with k features of tails, sums over points of
/// head * tail * value are matrix products of the k tails and of head * value, and sums over monomials of
/// weight * head * tail are heads times matrix products of weights and tails.
struct MomentLayout {
  /// One head and some tails, or heads of the even moment with the same last variable and some tails.
  struct Block {
    Index head, heads;  ///< features head .. head+heads-1
    Index tail, tails;  ///< the features tails[tail .. tail+tails-1]
    Index at;           ///< where its moments begin: tails x columns(), or tails x heads
  };

  MomentLayout(Index d, Index d_v, Index degree, Index moment);

  Monomials monomials;
  Index d, d_v;
  Index degree;  ///< every monomial up to it has d_v + 1 moments: values, and 1
  Index moment;  ///< monomials of this degree have the moment of 1 alone; 0: none beyond `degree`

  /// Features: monomials of low degree, by degree and then by last variable; each but the first is an earlier
  /// one times a variable.
  std::vector<std::int32_t> parent, variable;
  std::vector<std::int32_t> tails;
  std::vector<Block> blocks, moment_blocks;
  std::vector<std::int32_t> rows, singles;  ///< monomials in the order of their moments
  std::vector<std::int32_t> row_of;         ///< by monomial, where it is in `rows`

  [[nodiscard]] Index features() const { return static_cast<Index>(parent.size()); }
  [[nodiscard]] Index columns() const { return d_v + 1; }
  [[nodiscard]] Index full() const { return static_cast<Index>(rows.size()); }
  /// full() x columns() moments, then those of the even moment.
  [[nodiscard]] std::size_t size() const {
    return rows.size() * static_cast<std::size_t>(columns()) + singles.size();
  }
  /// Additions in one chain when monomials are summed for a query.
  [[nodiscard]] Index chain() const;
};

/// What MomentLayout::chain is expected to be for this number of monomials.
[[nodiscard]] Index expected_chain(Index monomials);

}  // namespace promptbound
