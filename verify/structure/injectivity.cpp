#include <promptbound/verify/structure/injectivity.hpp>

#include <algorithm>

#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

std::string shown(const Rational& x) { return decimal(x, 6, Direction::up); }

std::string place(std::size_t layer, const char* what, const Rational& value) {
  return "layer " + std::to_string(layer) + ": " + what + " <= " + shown(value) + " is not below 1";
}

}  // namespace

Injectivity injectivity(const std::vector<LayerConstants>& layers, Mask mask) {
  Injectivity result;
  Rational rho = 0, separation = 1;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const LayerConstants& layer = layers[l];
    const Rational scale = mask == Mask::causal ? Rational(1) : std::max(rho, Rational(1));
    const Rational loss = layer.c * scale;
    if (loss >= 1) {
      result.why = place(
          l, rho > 1 ? "the attention constant times the prompt ratio, c rho" : "the attention constant c",
          loss);
      return result;
    }
    if (layer.g >= 1) {
      result.why = place(l, "the feed-forward constant g", layer.g);
      return result;
    }
    if (mask == Mask::bidirectional) {
      rho = short_upper((rho + loss) / (1 - loss) * (1 + layer.g) / (1 - layer.g));
    }
    separation = short_lower(separation * (1 - loss) * (1 - layer.g));
    result.ratios.push_back(rho);
  }
  result.verdict = Verdict::proved;
  result.separation = separation;
  result.why = "every block moves inputs apart: theory 3.2";
  return result;
}

}  // namespace promptbound
