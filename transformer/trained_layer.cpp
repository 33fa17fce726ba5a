#include <promptbound/numeric/elementary.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/transformer/attention_means.hpp>
#include <promptbound/transformer/layer_loop.hpp>
#include <promptbound/transformer/trained_layer.hpp>

namespace promptbound {
template <class Scalar>
void add_attention(const TrainedAttention& attention, const std::vector<ProjectedGroup<Scalar>>& groups,
                   Sequence<Scalar>& Z) {
  std::optional<Scalar> scale;
  if (attention.score_divisor != 1) {
    scale = Scalar(1) / square_root(from_rational<Scalar>(attention.score_divisor));
  }
  std::optional<Matrix<double>> biases;
  Index head = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (std::size_t h = 0; h < groups[g].queries.size(); ++h, ++head) {
      if (attention.relative_biases) biases = attention.relative_biases->of(head, groups[g].keys.cols());
      const Matrix<Scalar> means = attention_means(groups[g].queries[h], groups[g].keys, groups[g].values,
                                                   attention.mask, 0, scale, biases ? &*biases : nullptr);
      Z += multiply(attention.groups[g].queries[h].output, means);
    }
  }
  add_to_each(Z, attention.output_bias);
}

template <class Scalar>
Matrix<Scalar> hidden_units(const TrainedFeedForward& ffn, const Sequence<Scalar>& U) {
  Matrix<Scalar> hidden = multiply(ffn.W_1, U);
  add_to_each(hidden, ffn.b_1);
  if (!ffn.gate) {
    for (Scalar& x : hidden.reshaped()) x = activate(ffn.activation, x);
    return hidden;
  }
  const Matrix<Scalar> gate = apply(*ffn.gate, U);
  for (Index k = 0; k < hidden.size(); ++k) hidden.data()[k] *= activate(ffn.activation, gate.data()[k]);
  return hidden;
}

template <class Scalar>
Sequence<Scalar> embedded(const InputWeights& weights, Sequence<Scalar> tokens) {
  if (weights.scale) {
    for (Scalar& x : tokens.reshaped()) x *= Scalar(*weights.scale);
  }
  if (weights.position_codes) {
    const Matrix<double>& codes = *weights.position_codes;
    if (codes.cols() < tokens.cols()) {
      throw InputError("input: " + std::to_string(tokens.cols()) + " tokens (accepted: up to " +
                       std::to_string(codes.cols()) + ", one a position)");
    }
    for (Index k = 0; k < tokens.size(); ++k) tokens.data()[k] += Scalar(codes.data()[k]);
  }
  if (weights.common_code) add_to_each(tokens, *weights.common_code);
  return weights.norm ? normalized(*weights.norm, std::move(tokens)) : tokens;
}

template <class Scalar>
std::vector<ProjectedGroup<Scalar>> projected(const TrainedLayer& layer, const Sequence<Scalar>& Z) {
  const TrainedAttention& attention = layer.attention;
  const Sequence<Scalar> U = layer.norms == NormPlace::after ? Z : normalized(layer.norm_1, Z);
  std::optional<Rotations<Scalar>> turns;
  if (attention.rotary && !attention.groups.empty()) {
    turns = rotations<Scalar>(*attention.rotary, attention.groups.front().key.W.rows(), U.cols());
  }
  const auto turned = [&](const std::optional<NormWeights>& norm, Matrix<Scalar> X) {
    if (norm) X = normalized(*norm, std::move(X));
    return turns ? rotated(*turns, std::move(X)) : X;
  };
  std::vector<ProjectedGroup<Scalar>> result;
  for (const KeyGroup& group : attention.groups) {
    ProjectedGroup<Scalar>& made = result.emplace_back();
    made.keys = turned(attention.key_norm, apply(group.key, U));
    made.values = apply(group.value, U);
    for (const KeyGroup::QueryHead& head : group.queries) {
      made.queries.push_back(turned(attention.query_norm, apply(head.query, U)));
    }
  }
  return result;
}

template <class Scalar>
Sequence<Scalar> through_layer(const TrainedLayer& layer,
                               const std::vector<ProjectedGroup<Scalar>>& projections, Sequence<Scalar> Z) {
  if (layer.norms == NormPlace::parallel) {
    const Matrix<Scalar> hidden = hidden_units(layer.ffn, normalized(layer.norm_2, Z));
    add_attention(layer.attention, projections, Z);
    add_outputs(layer.ffn, hidden, Z);
    return Z;
  }
  const bool is_after = layer.norms == NormPlace::after;
  add_attention(layer.attention, projections, Z);
  if (is_after) Z = normalized(layer.norm_1, std::move(Z));
  add_outputs(layer.ffn, hidden_units(layer.ffn, is_after ? Z : normalized(layer.norm_2, Z)), Z);
  return is_after ? normalized(layer.norm_2, std::move(Z)) : Z;
}

// NOLINTBEGIN(bugprone-macro-parentheses): Scalar is a type.
#define PROMPTBOUND_INSTANTIATE(Scalar)                                                                    \
  template Sequence<Scalar> embedded(const InputWeights&, Sequence<Scalar>);                               \
  template std::vector<ProjectedGroup<Scalar>> projected(const TrainedLayer&, const Sequence<Scalar>&);    \
  template void add_attention(const TrainedAttention&, const std::vector<ProjectedGroup<Scalar>>&,         \
                              Sequence<Scalar>&);                                                          \
  template Matrix<Scalar> hidden_units(const TrainedFeedForward&, const Sequence<Scalar>&);                \
  template Sequence<Scalar> through_layer(const TrainedLayer&, const std::vector<ProjectedGroup<Scalar>>&, \
                                          Sequence<Scalar>);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace promptbound
