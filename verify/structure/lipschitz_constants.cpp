#include <algorithm>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/work.hpp>
#include <promptbound/verify/structure/lipschitz_constants.hpp>

namespace promptbound {

std::vector<MapNorms> map_norms(const Transformer<Rational>& model) {
  std::vector<MapNorms> norms;
  for (const Layer<Rational>& layer : model.layers) {
    MapNorms& of_layer = norms.emplace_back();
    for (const AttentionHead<Rational>& head : layer.heads) {
      of_layer.heads.push_back({spectral_norm(head.score_matrix()), spectral_norm(head.value_map())});
    }
    if (layer.ffn) {
      of_layer.ffn = FeedForwardNorms{spectral_norm(layer.ffn->W_1), vector_norm(layer.ffn->b_1),
                                      spectral_norm(layer.ffn->W_2), vector_norm(layer.ffn->b_2)};
    }
    tell_work(norms.size(), model.layers.size());
  }
  return norms;
}

std::vector<LayerConstants> lipschitz_constants(const std::vector<MapNorms>& norms, const TokenSet& tokens,
                                                Mask mask) {
  if (tokens.R < 0) throw InputError("R: " + tokens.R.str() + " (accepted: R >= 0)");
  if (tokens.D && *tokens.D < 0) throw InputError("D: " + tokens.D->str() + " (accepted: D >= 0)");
  std::vector<LayerConstants> layers;
  Rational radius = tokens.R;
  Rational diameter = tokens.D ? std::min(*tokens.D, Rational(2 * radius)) : Rational(2 * radius);
  for (const MapNorms& of_layer : norms) {
    LayerConstants& layer = layers.emplace_back();
    layer.R = radius;
    layer.D = diameter;
    Rational spread = 1;  // of the diameter
    for (const HeadNorms& head : of_layer.heads) {
      const Rational covariance = head.A.upper * diameter * diameter / 4;
      Vector<Rational> sides(2);
      sides << 1, head.A.upper * radius * diameter / 2;
      layer.roots.push_back(vector_norm(sides).upper);
      layer.values += head.V.upper;
      layer.c += head.V.upper * (covariance + layer.roots.back());
      spread +=
          mask == Mask::causal ? head.V.upper : Rational(head.V.upper * std::min(covariance, Rational(1)));
    }
    layer.c = short_upper(layer.c);
    // Radii are rounded up: exact ones would double their digits at every layer.
    layer.R_middle = of_layer.heads.empty() ? radius : short_upper(radius * (1 + layer.values));
    layer.R_out = layer.R_middle;
    if (of_layer.ffn) {
      const FeedForwardNorms& ffn = *of_layer.ffn;
      layer.g = ffn.W_1.upper * ffn.W_2.upper;
      layer.R_out =
          short_upper(layer.R_middle * (1 + layer.g) + ffn.W_2.upper * ffn.b_1.upper + ffn.b_2.upper);
    }
    radius = layer.R_out;
    diameter = tokens.D ? std::min(short_upper(diameter * spread * (1 + layer.g)), Rational(2 * radius))
                        : Rational(2 * radius);
  }
  return layers;
}

Rational lipschitz_constant(const std::vector<LayerConstants>& layers) {
  Rational product = 1;
  for (const LayerConstants& layer : layers) product = short_upper(product * (1 + layer.c) * (1 + layer.g));
  return product;
}

}  // namespace promptbound
