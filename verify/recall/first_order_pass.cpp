#include <algorithm>
#include <cmath>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/recall/ball_numbers.hpp>
#include <promptbound/verify/recall/first_order_pass.hpp>
#include <promptbound/verify/recall/in_parallel.hpp>

// The midpoints are one evaluation in binary64, of no accuracy but what the errors say; every operation adds
// to these what its own binary64 arithmetic does to midpoints and slopes, and what the case's arithmetic does
// to any evaluation. A nonlinear function is its tangent at the midpoint, and what that leaves is an error.

namespace promptbound {
namespace {}  // namespace

bool fits_first_order(std::size_t width, std::size_t tokens, std::size_t layers) {
  const double w = static_cast<double>(width), T = static_cast<double>(tokens);
  return w * w * T * (T + 1) / 2 * static_cast<double>(4 * layers + 1) <= 0x1p26;
}

FirstOrderPass::Map::Map(const Matrix<double>& weights, const Vector<double>& bias)
    : W(weights),
      absolute(weights.cwiseAbs()),
      b(bias),
      norm(norm_enclosure(BallMatrix(weights)).upper()),
      frobenius(raised(weights.norm())) {}

/// What n operations on a number do to it, relative to the sum of absolute values: those of the evaluation,
/// and the few times as many of this pass.
double FirstOrderPass::rounding(Index n) const {
  const double count = static_cast<double>(n);
  return gamma_above(count, case_.rounding.unit) + gamma_above(4 * count + 64, first_order_unit);
}

Vector<double> FirstOrderPass::spread_of(const Matrix<double>& slope) const {
  Vector<double> sum = Vector<double>::Zero(slope.rows());
  for (Index first = 0; first < slope.cols(); first += width_) {
    sum += slope.middleCols(first, width_).rowwise().norm();
  }
  return sum.unaryExpr([](double x) { return raised(x); });
}

/// At least ||sum_b slope_b s_b||: with any shares a_b > 0 of the sum 1, its square is at most the largest
/// eigenvalue of sum_b slope_b slope_b^T/a_b, by Cauchy and Schwarz. Shares like the Frobenius norms.
double FirstOrderPass::length_of(const Matrix<double>& slope) const {
  const Index blocks = slope.cols() / width_, rows = slope.rows();
  Vector<double> shares(blocks);
  for (Index b = 0; b < blocks; ++b) shares(b) = slope.middleCols(b * width_, width_).norm();
  const double sum = raised(shares.sum());
  if (!(sum > 0x1p-400) || !std::isfinite(sum)) return sum;
  Matrix<double> gram = Matrix<double>::Zero(rows, rows);
  for (Index b = 0; b < blocks; ++b) {
    // A share that is next to nothing is made larger: their sum is below 1 + 2^-20.
    const double share = std::max(shares(b) / sum, 0x1p-20 / static_cast<double>(blocks));
    const auto block = slope.middleCols(b * width_, width_);
    if (shares(b) > 0) gram.noalias() += (block * block.transpose()) / share;
  }
  const Matrix<double> around = Matrix<double>::Constant(
      rows, rows,
      gamma_above(4 * static_cast<double>(slope.cols()) + 64, first_order_unit) * gram.diagonal().maxCoeff());
  return raised(std::min(sum, std::sqrt(norm_enclosure(BallMatrix(gram, around)).upper())));
}

void FirstOrderPass::finish(LinearForms& forms) const {
  forms.spread = spread_of(forms.slope);
  forms.error = raised(forms.error);
}

FirstOrderPass::FirstOrderPass(const InputWeights& input, const BallSequence& sequence, const BallCase& one,
                               int threads)
    : case_(one), threads_(threads), width_(sequence.tokens.rows()), known_(sequence.tokens.cols()) {
  for (Index t = 0; t < known_; ++t) {
    LinearForms token;
    token.mid = sequence.tokens.col(t);
    double size = token.mid.norm();
    const auto add_code = [&](const Vector<double>& code) {
      token.mid += code;
      size += code.norm();
    };
    if (input.position_codes) add_code(input.position_codes->col(t));
    if (input.common_code) add_code(*input.common_code);
    const double radius = t < sequence.prompt ? case_.radius : 0;
    token.slope = Matrix<double>::Zero(width_, (t + 1) * width_);
    token.slope.rightCols(width_).diagonal().setConstant(
        raised(radius + 4 * (case_.rounding.unit + first_order_unit) * (size + radius)));
    token.spread = spread_of(token.slope);
    tokens_.push_back(std::move(token));
  }
}

LinearForms FirstOrderPass::mapped(const Map& map, const LinearForms& x) const {
  LinearForms result;
  result.mid = map.W * x.mid + map.b;
  result.slope = map.W * x.slope;
  const double n = static_cast<double>(map.W.cols() + 4);
  result.error = map.norm * x.error +
                 rounding(map.W.cols() + 4) *
                     ((map.absolute * x.size() + map.b.cwiseAbs()).norm() + map.frobenius * x.error) +
                 std::sqrt(static_cast<double>(map.W.rows())) * n * case_.rounding.tiny;
  finish(result);
  return result;
}

// With y the token (LayerNorm: minus its mean) and S = ||y||^2/d + epsilon, h = y/sqrt S, Dh = (I - y y^T/(d
// S))/sqrt S, of norm 1/sqrt S at most, and ||D^2 h|| <= (2/sqrt 3)/(sqrt d S)
// (verify/audit/norm_on_ball.hpp).
LinearForms FirstOrderPass::normed(const NormWeights& norm, const LinearForms& x) const {
  const Rounding& rules = case_.rounding;
  const double d = static_cast<double>(width_), root_width = std::sqrt(d);
  LinearForms y = x;
  if (norm.kind == NormKind::layer) {
    const double size = x.size().norm() + x.error;
    y.mid.array() -= x.mid.mean();
    y.slope.rowwise() -= x.slope.colwise().mean();
    // The mean's rounding, in every entry alike, at most that of ||x||/sqrt d; then the difference's.
    y.error += (rounding(width_ + 8) + 2 * rounding(2)) * size + root_width * d * rules.tiny;
    finish(y);
  }
  const double epsilon = FastInterval(norm.epsilon).lower();
  const double square = y.mid.squaredNorm() / d + middle_of(FastInterval(norm.epsilon)),
               root = std::sqrt(square);
  const double deviation = raised(length_of(y.slope) + y.error);
  const double nearest = std::max(0.0, y.mid.norm() * (1 - 0x1p-20) - deviation);
  const double least = (nearest * nearest / d + epsilon) * (1 - 0x1p-20);
  LinearForms h;
  h.mid = y.mid / root;
  h.slope = (y.slope - y.mid * (y.mid.transpose() * y.slope / (d * square))) / root;
  h.spread = spread_of(h.slope);
  h.error = (y.error + gamma_above(8 * d + 100, first_order_unit) * y.spread.norm()) / root +
            0.5774 * deviation * deviation / (root_width * least);
  h.error += (rounding(width_ + 20) + 4 * rules.function) * (h.size().norm() + h.error) +
             root_width * (d + 8) * rules.tiny / std::sqrt(least);
  const double most = norm.gain.cwiseAbs().maxCoeff();
  LinearForms result;
  result.mid = h.mid.cwiseProduct(norm.gain) + norm.bias;
  result.slope = norm.gain.asDiagonal() * h.slope;
  result.error = most * h.error +
                 rounding(4) * (norm.gain.cwiseProduct(h.size()).norm() + most * h.error + norm.bias.norm()) +
                 2 * root_width * rules.tiny;
  finish(result);
  return result;
}

LinearForms FirstOrderPass::activated(Activation activation, const LinearForms& x) const {
  const WorkingPrecision scope(midpoint_bits);
  const Rounding& rules = case_.rounding;
  const std::optional<Rational> second = slope_lipschitz_constant(activation);
  LinearForms result = x;
  const double curvature = second ? FastInterval(*second).upper() : 0;
  Vector<double> left(x.mid.size());
  double steepest = 0;
  for (Index i = 0; i < x.mid.size(); ++i) {
    const double h = x.mid(i), spread = x.spread(i);
    const FastInterval value = activate(activation, FastInterval(h));
    FastInterval tangent(0);
    if (second) {
      tangent = FastInterval(slope(activation, Interval(h)));
      left(i) = curvature / 2 * spread * spread;
    } else if (std::fabs(h) > spread + x.error) {
      tangent = FastInterval(slope(activation, Interval(h)));
      left(i) = 0;
    } else {
      left(i) = spread;  // a kink within reach: the constant at the midpoint, and slopes within [0, 1]
      steepest = 1;
    }
    steepest = std::max({steepest, std::fabs(tangent.lower()), std::fabs(tangent.upper())});
    result.mid(i) = middle_of(value);
    result.slope.row(i) *= middle_of(tangent);
    left(i) += (width_of(tangent) + 0x1p-50) * spread + width_of(value);
  }
  // |f''| (a + b)^2/2 with the entries a of what is moved and b of the error.
  result.error = steepest * x.error + left.norm() +
                 curvature * x.error * (x.spread.maxCoeff() + x.error / 2) +
                 rules.of_activation() * (x.size().norm() + x.error) +
                 4 * std::sqrt(static_cast<double>(x.mid.size())) * rules.tiny;
  finish(result);
  return result;
}

LinearForms FirstOrderPass::multiplied(const LinearForms& a, const LinearForms& b) const {
  LinearForms result;
  result.mid = a.mid.cwiseProduct(b.mid);
  result.slope = a.mid.asDiagonal() * b.slope;
  result.slope += b.mid.asDiagonal() * a.slope;
  const Vector<double> a_size = a.size(), b_size = b.size();
  const double errors = a_size.maxCoeff() * b.error + (b_size.maxCoeff() + b.error) * a.error;
  result.error = a.spread.cwiseProduct(b.spread).norm() + errors +
                 rounding(4) * (a_size.cwiseProduct(b_size).norm() + errors) +
                 std::sqrt(static_cast<double>(a.mid.size())) * case_.rounding.tiny;
  finish(result);
  return result;
}

void FirstOrderPass::add_residual(const LinearForms& added, LinearForms& z) const {
  z.error += added.error + 2 * (case_.rounding.unit + 4 * first_order_unit) *
                               (z.size().norm() + z.error + added.size().norm() + added.error);
  z.mid += added.mid;
  z.slope += added.slope;
}

/// The error becomes an unknown of a new stage behind `stages` others.
void FirstOrderPass::add_stage(Index token, Index stages, LinearForms& z) const {
  const Index before = stages * width_, after = before + width_;
  Matrix<double> slope = Matrix<double>::Zero(width_, (token + 1) * after);
  for (Index t = 0; t <= token; ++t)
    slope.middleCols(t * after, before) = z.slope.middleCols(t * before, before);
  slope.rightCols(width_).diagonal().setConstant(raised(z.error));
  z.slope = std::move(slope);
  z.error = 0;
  z.spread = spread_of(z.slope);
}

void FirstOrderPass::add_feed_forward(const TrainedLayer& layer) {
  const TrainedFeedForward& ffn = layer.ffn;
  const Map up(ffn.W_1, ffn.b_1), down(ffn.W_2, ffn.b_2);
  std::optional<Map> gate;
  if (ffn.gate) gate.emplace(ffn.gate->W, ffn.gate->b);
  in_parallel(threads_, known_, [&](Index t) {
    LinearForms& z = tokens_[static_cast<std::size_t>(t)];
    LinearForms u = normed(layer.norm_2, z);
    add_stage(t, stages_, u);
    add_stage(t, stages_, z);
    const LinearForms raised_up = mapped(up, u);
    add_residual(mapped(down, gate ? multiplied(activated(ffn.activation, mapped(*gate, u)), raised_up)
                                   : activated(ffn.activation, raised_up)),
                 z);
    add_stage(t, stages_ + 1, z);
  });
  stages_ += 2;
}

void FirstOrderPass::add(const TrainedLayer& layer) {
  if (known_ > 0) add_attention(layer);
  if (known_ > 0) add_feed_forward(layer);
  for (Index t = 0; t < known_; ++t) {
    const LinearForms& z = tokens_[static_cast<std::size_t>(t)];
    if (!z.mid.allFinite() || !z.spread.allFinite()) known_ = t;
  }
}

std::vector<FastInterval> FirstOrderPass::margins(const NormWeights& last, const Unembedding& table,
                                                  const std::vector<Asked>& asked) const {
  constexpr std::size_t chunk = 1024;
  std::vector<FastInterval> result(asked.size(), FastInterval::whole_line());
  in_parallel(threads_, static_cast<Index>(asked.size()), [&](Index position) {
    const auto place = static_cast<std::size_t>(position);
    const auto [column, token] = asked[place];
    if (column >= known_) return;
    const LinearForms state = normed(last, tokens_[static_cast<std::size_t>(column)]);
    const Vector<double> own = table.rows(token, 1).col(0), size = state.size();
    const double own_bias = table.bias(token, 1)(0), logit = own.dot(state.mid) + own_bias;
    const Matrix<double> own_slope = own.transpose() * state.slope;
    FastInterval least = FastInterval(unbounded);
    for (std::size_t first = 0; first < table.count(); first += chunk) {
      const std::size_t count = std::min(chunk, table.count() - first);
      const Matrix<double> rows = table.rows(first, count);
      const Vector<double> bias = table.bias(first, count);
      Matrix<double> slope = rows.transpose() * state.slope;
      const Vector<double> logits = rows.transpose() * state.mid + bias;
      slope.rowwise() -= own_slope.row(0);
      const Vector<double> spread = spread_of(slope);
      for (Index j = 0; j < logits.size(); ++j) {
        if (first + static_cast<std::size_t>(j) == token) continue;
        const auto row = rows.col(j);
        const double sizes = (own.cwiseAbs() + row.cwiseAbs()).dot(size) + std::fabs(own_bias) +
                             std::fabs(bias(j)) + (own.norm() + row.norm()) * state.error;
        const double radius = raised(spread(j) + (own - row).norm() * state.error +
                                     (rounding(width_ + 4) + 8 * first_order_unit) * sizes +
                                     2 * static_cast<double>(width_ + 4) * case_.rounding.tiny);
        least = min(least, FastInterval(logit - logits(j)) + FastInterval(-radius, radius));
      }
    }
    result[place] = least;
  });
  return result;
}

}  // namespace promptbound
