/// A layer of a trained model, prepared for balls: whole matrices cut for exact products, and certified
/// norms.
#pragma once

#include <optional>
#include <string>

#include <promptbound/numeric/matrices/twofold_matrix.hpp>
#include <promptbound/transformer/trained_layer.hpp>

namespace promptbound {

/// x -> W (g * x) + b on tokens that a norm with gain g has left: W cut for products with tokens that carry
/// the gain, and how far balls before the gain, and errors behind it, are stretched.
struct BallMap {
  Slices rows;
  Vector<double> bias;
  double norm = 0;                ///< at least the spectral norm of W diag(g)
  double frobenius = 0;           ///< at least the Frobenius norm of W
  double bias_norm = 0;           ///< at least ||b||
  std::vector<double> head_norm;  ///< the same as norm, of the rows of each head
};

/// A norm's weights with what balls need of them.
struct BallNorm {
  NormWeights weights;
  double largest_gain = 0, bias_norm = 0;  ///< upper bounds
  double epsilon_below = 0;                ///< at most epsilon
};
[[nodiscard]] BallNorm ball_norm(const NormWeights& weights);

/// Z -> Z + attention(N_1(Z)), then Z -> Z + feed-forward(N_2(Z)), with causal attention.
struct BallLayer {
  BallNorm norm_1, norm_2;
  BallMap query, key, value, output;  ///< of all heads, one below the other; output: side by side
  std::size_t heads = 0, key_heads = 0;
  Index head_width = 0;
  Rational score_divisor;
  std::optional<RotaryPositions> rotary;
  BallMap up, down;
  std::optional<BallMap> gate;
  Activation activation = Activation::gelu;
  bool is_binary32 = true;  ///< are all weights binary32 numbers?
};

/// Returns what of this layer, or of what enters the first one, the balls do not model; empty where they
/// model all of it.
[[nodiscard]] std::string beyond_balls(const TrainedLayer& layer);
[[nodiscard]] std::string beyond_balls(const InputWeights& input);

/// Returns the layer, which balls model, prepared for them.
[[nodiscard]] BallLayer ball_layer(const TrainedLayer& layer, int threads);

/// Tells whether every entry is a binary32 number.
[[nodiscard]] bool is_binary32(const Eigen::Ref<const Matrix<double>>& M);

}  // namespace promptbound
