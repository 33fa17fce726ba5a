/// The weights S_1, .., S_H that a prompt has at the heads of a layer, as points of a cube (theory 2.3H).
///
/// A chart is an order of the heads. A point x of [0,1]^H stands for w_1 = x_1, w_2 = x_1 x_2, .., and w_k
/// for the weight S = scale (1 - w_k) / w_k at the k-th head of the order: w = 1 at S = 0, w = 0 at S = inf.
/// The charts of all orders cover all weights. With r = S_i / scale, p = 1 - r, g = 1 / (1 - w p), the
/// directions (S / (S + S_i))_i of the heads span the same space as
///   b_1 = g_1,  b_k = (g_{k-1} - g_k) / w_{k-1} = (p_{k-1} - x_k p_k) g_{k-1} g_k,
/// which stays H-dimensional, generically, where several weights are infinite and all g are 1.
#pragma once

#include <vector>

#include <promptbound/numeric/eigen.hpp>

namespace promptbound {

/// The examples at one query as the heads of a layer meet them.
template <class Scalar>
struct LayerExamples {
  Matrix<Scalar> ratios;                ///< r = S_{i,h} / scale_h, examples by heads
  std::vector<Matrix<Scalar>> outputs;  ///< a_{i,h} of each head, examples by coordinates
  Matrix<Scalar> targets;               ///< t_i, examples by coordinates

  [[nodiscard]] Index examples() const { return ratios.rows(); }
  [[nodiscard]] Index heads() const { return ratios.cols(); }
  [[nodiscard]] Index coordinates() const { return targets.cols(); }
};

/// What one example has at a point of a chart, or over a box of it: b_k, and y = t - sum_h (1 - theta_h) a_h
/// in some coordinates. Where slopes are asked for, their derivatives by the coordinates x_j of the chart.
template <class Scalar>
struct ExampleAt {
  Vector<Scalar> b, y;
  Matrix<Scalar> b_slopes, y_slopes;  ///< by rows: k or coordinate, by columns: j
};

/// Evaluates in binary64, or encloses, the example over the box of the x_j.
template <class Scalar>
[[nodiscard]] ExampleAt<Scalar> example_at(const LayerExamples<Scalar>& layer,
                                           const std::vector<Index>& order, const Vector<Scalar>& x,
                                           Index example, const std::vector<Index>& coordinates,
                                           bool with_slopes);

}  // namespace promptbound
