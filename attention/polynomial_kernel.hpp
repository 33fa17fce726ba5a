/// The vector kernels of polynomial attention; polynomial.hpp is the interface for everybody else.
#pragma once

#include <promptbound/attention/monomials.hpp>

namespace promptbound {

/// Keys whose products are summed in T before the sums go to binary64: with the lanes of a vector side by
/// side, the chains of additions have at most keys_per_group / 2 terms (2 lanes), and those of the lanes.
inline constexpr Index keys_per_group = 2048;

/// Monomials whose products are summed before the sum goes to the totals of a query.
inline constexpr Index monomials_per_block = 128;

/// Additions in one chain of the moment kernel for T on the instruction set in use.
template <class T>
[[nodiscard]] Index moment_chain();

/// What the kernels need to know of the polynomial.
struct MomentShape {
  const Monomials& monomials;
  Index d, d_v;
  Index degree;  ///< every monomial up to it has d_v + 1 moments: values, and 1
  Index moment;  ///< monomials of this degree have the moment of 1 alone; 0: none beyond `degree`

  [[nodiscard]] Index full() const { return monomials.end[static_cast<std::size_t>(degree)]; }
  [[nodiscard]] Index columns() const { return d_v + 1; }
  /// Monomials of the even moment: from .. to-1.
  [[nodiscard]] Index moment_from() const {
    return moment == 0 ? 0 : monomials.end[static_cast<std::size_t>(moment - 1)];
  }
  [[nodiscard]] Index moment_to() const {
    return moment == 0 ? 0 : monomials.end[static_cast<std::size_t>(moment)];
  }
  /// full() x columns() moments, then those of the even moment.
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(full() * columns() + moment_to() - moment_from());
  }
};

/// moments += sum over the keys of monomial(key - centre) * (value, 1).
template <class T>
void add_moments(const MomentShape& shape, const T* keys, const T* values, Index count, const T* centre,
                 double* moments);

/// For each query (rows of d, scaled already): d_v + 2 numbers to `sums`, which are sum_a weight * q^a for
/// the columns of the weights, and the even moment. Weights as the moments lie.
template <class T>
void read_moments(const MomentShape& shape, const T* weights, const T* queries, Index count, T* sums);

}  // namespace promptbound
