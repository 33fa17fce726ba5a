/// The vector kernels of polynomial attention; polynomial.hpp is the interface for everybody else.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include <promptbound/attention/polynomial/moment_layout.hpp>

namespace promptbound {

/// Keys whose products are summed in T before the sums go to binary64: with the lanes of a vector side by
/// side, the chains of additions have at most keys_per_group / 2 terms (2 lanes), and those of the lanes.
inline constexpr Index keys_per_group = 2048;

/// Queries that share a bound.
inline constexpr Index queries_per_part = 2048;

/// Counts the additions in one chain of the moment kernel for T on the instruction set in use.
template <class T>
[[nodiscard]] Index moment_chain();

/// What a polynomial needs of some keys and their values: the sums that every query reads.
template <class T>
struct KeySums {
  std::vector<double> moments;    ///< sums over the keys of monomial(key - centre) * (value, 1)
  T square = 0;                   ///< largest squared norm of a centred key, computed in T
  double squares = 0;             ///< sum of those of all keys, each lane's computed in T
  std::vector<T> least, largest;  ///< of each column of the values

  explicit KeySums(const MomentLayout& layout);
};

/// Fills the sums, which are new, with those of at least one key. The moments of the even moment are left 0
/// where its degree is at most layout.degree: they are the sums of 1 there.
template <class T>
void add_moments(const MomentLayout& layout, const T* keys, const T* values, Index count, const T* centre,
                 KeySums<T>& sums);

/// A scale > 0 is exactly unit * rest: queries are multiplied by the unit, a normal power of two, and weights
/// of monomials of degree l by rest^l. The rest is in [1, 2) unless T has no such number as the scale.
template <class T>
struct QueryScale {
  T unit;
  double rest;

  explicit QueryScale(double scale) {
    using Limits = std::numeric_limits<T>;
    const int exponent = std::clamp(std::ilogb(scale), Limits::min_exponent - 1, Limits::max_exponent - 1);
    unit = std::ldexp(T(1), exponent);
    rest = std::ldexp(scale, -exponent);
  }
};

/// The largest sizes of a part of the queries times the unit of their scale; computed in T.
template <class T>
struct QuerySizes {
  T square = 0;                   ///< largest squared norm of a query
  T normaliser = 0;               ///< least of a query, or at most 0 where one is not finite
  T moment = 0;                   ///< largest even moment over normaliser, two roundings
  std::vector<T> least, largest;  ///< of each column of the outputs
};

/// Computes the outputs of the queries (rows of d) of the parts from .. to-1, and where they are wanted the
/// normalisers. `weights` as the moments lie; `unit` of their QueryScale.
template <class T>
void read_moments(const MomentLayout& layout, const T* weights, const T* queries, Index count, T unit,
                  T* output, T* normalisers, std::vector<QuerySizes<T>>& sizes, Index from, Index to);

}  // namespace promptbound
