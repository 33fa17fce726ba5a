/// Layers of trained models, for every scalar: theory section 0's layer with norms, biases, positions, keys
/// that queries share, scaled scores, and gates.
///
/// A layer says everything about itself, so that layers of one model may differ, and is what stands in a
/// file: weights are exact binary64 numbers, tokens are of any scalar.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/transformer/activation.hpp>
#include <promptbound/transformer/affine.hpp>
#include <promptbound/transformer/attention.hpp>
#include <promptbound/transformer/norm.hpp>
#include <promptbound/transformer/relative_biases.hpp>
#include <promptbound/transformer/rotary.hpp>

namespace promptbound {

/// What enters the first layer: tokens, scaled where the model does that, plus the code of each position
/// (none: rotary) plus one code for all, and the norm of that sum where the model has one.
struct InputWeights {
  std::optional<Matrix<double>> position_codes;  ///< d x count, of the positions 0, 1, ...
  std::optional<Vector<double>> common_code;
  std::optional<NormWeights> norm;
  std::optional<double> scale;  ///< by which every token is multiplied, those of prompts too
};

/// A head of keys and values, and the heads of queries that share it.
struct KeyGroup {
  struct QueryHead {
    Affine query;           ///< s x d
    Matrix<double> output;  ///< d x s: its columns of the output projection
  };
  Affine key, value;  ///< s x d
  std::vector<QueryHead> queries;
};

struct TrainedAttention {
  std::vector<KeyGroup> groups;
  Vector<double> output_bias;  ///< d
  Mask mask = Mask::causal;
  Rational score_divisor = 1;  ///< scores are divided by its square root
  std::optional<RotaryPositions> rotary;
  /// Norms of each head's queries and keys, before the rotations.
  std::optional<NormWeights> query_norm = {}, key_norm = {};
  /// Added to the scores of the heads, which are counted through all groups.
  std::optional<RelativeBiases> relative_biases = {};
};

/// W_2 (activation(W_1 x + b_1)) + b_2, or with a gate W_2 (activation(gate(x)) * (W_1 x + b_1)) + b_2.
struct TrainedFeedForward {
  Matrix<double> W_1;
  Vector<double> b_1;
  std::optional<Affine> gate;
  Activation activation = Activation::gelu;
  Matrix<double> W_2;
  Vector<double> b_2;
};

/// The place of the norms of a layer.
enum class NormPlace {
  before,   ///< Z + F(N(Z)) for each of its two blocks F, one after the other
  after,    ///< N(Z + F(Z)) for each of them
  parallel  ///< Z + A(N_1(Z)) + F(N_2(Z)): both blocks see the same tokens
};

struct TrainedLayer {
  NormPlace norms = NormPlace::before;
  NormWeights norm_1, norm_2;  ///< of the attention and of the feed-forward block
  TrainedAttention attention;
  TrainedFeedForward ffn;
};

/// Queries, keys and values of a group as they enter the scores: with biases and after rotary positions.
template <class Scalar>
struct ProjectedGroup {
  Matrix<Scalar> keys, values;
  std::vector<Matrix<Scalar>> queries;  ///< one a head
};

/// Returns Tokens at the positions 0, 1, ... as they enter the first layer. Throws InputError when there are
/// more of them than position codes.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> embedded(const InputWeights& weights, Sequence<Scalar> tokens);

/// Returns the projections of the layer's tokens Z, which its first norm precedes where norms stand before
/// blocks.
template <class Scalar>
[[nodiscard]] std::vector<ProjectedGroup<Scalar>> projected(const TrainedLayer& layer,
                                                            const Sequence<Scalar>& Z);

/// Adds what the attention puts out, of all groups and with its bias, to the tokens.
template <class Scalar>
void add_attention(const TrainedAttention& attention, const std::vector<ProjectedGroup<Scalar>>& groups,
                   Sequence<Scalar>& Z);

/// Returns activation(W_1 U + b_1), or activation(gate(U)) * (W_1 U + b_1).
template <class Scalar>
[[nodiscard]] Matrix<Scalar> hidden_units(const TrainedFeedForward& ffn, const Sequence<Scalar>& U);

/// Returns the tokens behind the layer, from Z and its projections.
template <class Scalar>
[[nodiscard]] Sequence<Scalar> through_layer(const TrainedLayer& layer,
                                             const std::vector<ProjectedGroup<Scalar>>& projections,
                                             Sequence<Scalar> Z);

template <class Scalar>
[[nodiscard]] Sequence<Scalar> through_layer(const TrainedLayer& layer, const Sequence<Scalar>& Z) {
  return through_layer(layer, projected(layer, Z), Z);
}

}  // namespace promptbound
