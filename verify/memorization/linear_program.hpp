/// A small linear program in binary64: the largest least value of affine functions. Nothing is concluded from
/// it: what it proposes is bounded again in intervals.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// The functions constants_r + shares_r w - slopes_r v of v, |v_k| <= reach, and of w, ||w||_1 <= 1.
struct AffineFunctions {
  Vector<double> constants;
  Matrix<double> shares;  ///< may have no columns
  Matrix<double> slopes;
  double reach = 1;
};

struct LargestLeast {
  double value = 0;  ///< min_r constants_r + shares_r w - slopes_r v
  Vector<double> w, v;
  std::vector<Index> active;  ///< functions that attain it: of positive weight in the dual program
};

/// Returns where the least function is largest, by the simplex method on the dual program; nothing where that
/// does not end.
[[nodiscard]] std::optional<LargestLeast> largest_least(const AffineFunctions& functions);

}  // namespace promptbound
