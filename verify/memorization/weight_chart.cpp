#include <promptbound/verify/memorization/weight_chart.hpp>

namespace promptbound {
namespace {

double lower_end(double x) { return x; }
double upper_end(double x) { return x; }
double span(double low, double) { return low; }
FastInterval lower_end(const FastInterval& x) { return x.lower_point(); }
FastInterval upper_end(const FastInterval& x) { return x.upper_point(); }
FastInterval span(const FastInterval& low, const FastInterval& high) { return hull(low, high); }

/// g = 1 / (1 - w p) and 1 - theta = r w g, monotone in w, with g written as 1 / ((1 - w) + w r) > 0.
template <class Scalar>
struct Share {
  Scalar g, rest;

  Share(const Scalar& w, const Scalar& r) {
    const auto at = [&](const Scalar& end) { return Scalar(1) / ((Scalar(1) - end) + end * r); };
    const Scalar low = lower_end(w), high = upper_end(w);
    const Scalar g_low = at(low), g_high = at(high);
    g = span(g_low, g_high);
    rest = span(r * low * g_low, r * high * g_high);
  }
};

}  // namespace

template <class Scalar>
ExampleAt<Scalar> example_at(const LayerExamples<Scalar>& layer, const std::vector<Index>& order,
                             const Vector<Scalar>& x, Index example, const std::vector<Index>& coordinates,
                             bool with_slopes) {
  const Index H = layer.heads();
  const auto shown = static_cast<Index>(coordinates.size());
  std::vector<Share<Scalar>> shares;
  Vector<Scalar> r(H), p(H);
  Scalar w(1);
  for (Index k = 0; k < H; ++k) {
    w *= x(k);
    r(k) = layer.ratios(example, order[static_cast<std::size_t>(k)]);
    p(k) = Scalar(1) - r(k);
    shares.emplace_back(w, r(k));
  }
  ExampleAt<Scalar> result;
  result.b.resize(H);
  result.y.resize(shown);
  const auto g = [&](Index k) -> const Scalar& { return shares[static_cast<std::size_t>(k)].g; };
  const auto outputs = [&](Index k, Index c) -> const Scalar& {
    return layer.outputs[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])](
        example, coordinates[static_cast<std::size_t>(c)]);
  };
  result.b(0) = g(0);
  for (Index k = 1; k < H; ++k) result.b(k) = (p(k - 1) - x(k) * p(k)) * g(k - 1) * g(k);
  for (Index c = 0; c < shown; ++c) {
    result.y(c) = layer.targets(example, coordinates[static_cast<std::size_t>(c)]);
    for (Index k = 0; k < H; ++k) result.y(c) -= shares[static_cast<std::size_t>(k)].rest * outputs(k, c);
  }
  if (!with_slopes) return result;

  // The derivative of w_k by x_j is the product of the other coordinates up to k; those of g and of 1 - theta
  // by w are p g^2 and r g^2.
  Matrix<Scalar> w_slopes = Matrix<Scalar>::Zero(H, H);
  for (Index j = 0; j < H; ++j) {
    Scalar others(1);
    for (Index k = 0; k < H; ++k) {
      if (k != j) others *= x(k);
      if (k >= j) w_slopes(k, j) = others;
    }
  }
  result.b_slopes = Matrix<Scalar>::Zero(H, H);
  result.y_slopes = Matrix<Scalar>::Zero(shown, H);
  for (Index j = 0; j < H; ++j) {
    const auto g_slope = [&](Index k) { return p(k) * g(k) * g(k) * w_slopes(k, j); };
    result.b_slopes(0, j) = g_slope(0);
    for (Index k = 1; k < H; ++k) {
      const Scalar factor = p(k - 1) - x(k) * p(k);
      result.b_slopes(k, j) = factor * (g_slope(k - 1) * g(k) + g(k - 1) * g_slope(k));
      if (j == k) result.b_slopes(k, j) -= p(k) * g(k - 1) * g(k);
    }
    for (Index k = j; k < H; ++k) {
      const Scalar slope = r(k) * g(k) * g(k) * w_slopes(k, j);
      for (Index c = 0; c < shown; ++c) result.y_slopes(c, j) -= slope * outputs(k, c);
    }
  }
  return result;
}

template ExampleAt<double> example_at(const LayerExamples<double>&, const std::vector<Index>&,
                                      const Vector<double>&, Index, const std::vector<Index>&, bool);
template ExampleAt<FastInterval> example_at(const LayerExamples<FastInterval>&, const std::vector<Index>&,
                                            const Vector<FastInterval>&, Index, const std::vector<Index>&,
                                            bool);

}  // namespace promptbound
