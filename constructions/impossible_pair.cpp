#include <promptbound/constructions/impossible_pair.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/linear_algebra.hpp>

namespace promptbound {
namespace {

Rational max_norm(const Vector<Rational>& v) { return v.cwiseAbs().maxCoeff(); }

ExactVector exact(const Vector<Rational>& v) { return {v.begin(), v.end()}; }

}  // namespace

ImpossiblePair impossible_pair(const Transformer<Rational>& model) {
  model.check_shapes();
  if (model.layers.size() != 1 || model.layers.front().heads.size() != 1) {
    throw InputError("impossible pair: the model must have one layer with one attention head");
  }
  const Layer<Rational>& layer = model.layers.front();
  const Index d = model.width;
  ImpossiblePair pair;
  pair.data.A = layer.heads.front().score_matrix();
  pair.data.V = layer.heads.front().value_map();
  pair.block = layer.ffn ? block_injectivity(*layer.ffn) : BlockInjectivity{true, 1, "no feed-forward block"};
  if (!pair.block.injective) throw InputError("impossible pair: " + pair.block.reason);

  // In one dimension only x0 = 0 leaves two tokens of equal score.
  const Vector<Rational> center = Vector<Rational>::Constant(d, Rational(1, 2));
  const Vector<Rational> query = d == 1 ? Vector<Rational>::Zero(d) : center;
  const Matrix<Rational> direction = multiply(pair.data.A, Matrix<Rational>(query));
  const Matrix<Rational> equal_scores = kernel(Matrix<Rational>(direction.transpose()));
  std::optional<Vector<Rational>> difference;
  for (Index k = 0; k < equal_scores.cols() && !difference; ++k) {
    const Vector<Rational> candidate = equal_scores.col(k) / (4 * max_norm(equal_scores.col(k)));
    if (!multiply(pair.data.V, Matrix<Rational>(candidate)).isZero(0)) difference = candidate;
  }
  if (!difference)
    throw InputError("impossible pair: V maps the tokens of equal score to 0; it must have full rank");

  pair.data.query = query;
  pair.first.resize(d, 2);
  pair.second.resize(d, 2);
  pair.first << center + *difference, query;
  pair.second << center - *difference, query;
  const Vector<Rational> t_1 = multiply(pair.data.V, Matrix<Rational>(pair.second.col(0))).col(0);
  const Vector<Rational> t_2 = multiply(pair.data.V, Matrix<Rational>(pair.first.col(0))).col(0);
  const auto output = [&](const Vector<Rational>& t) -> Vector<Rational> {
    Matrix<Rational> residual = query + t;
    if (layer.ffn) residual = feed_forward_block(*layer.ffn, residual);
    return residual.col(0);
  };
  pair.first_output = output(t_1);
  pair.second_output = output(t_2);
  pair.data.examples = {{pair.first, exact(t_1)}, {pair.second, exact(t_2)}};
  pair.floor = max_norm(t_1 - t_2) / 2;
  pair.output_floor = pair.block.expansion * pair.floor;
  return pair;
}

}  // namespace promptbound
