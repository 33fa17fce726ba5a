#include <algorithm>
#include <cmath>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/rotary.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/recall/ball_numbers.hpp>
#include <promptbound/verify/recall/first_order_pass.hpp>

// The midpoints are one evaluation in binary64, of no accuracy but what the errors say; every operation adds
// to these what its own binary64 arithmetic does to midpoints and slopes, and what the case's arithmetic does
// to any evaluation. A nonlinear function is its tangent at the midpoint, and what that leaves is an error.

namespace promptbound {
namespace {

constexpr double own_unit = 0x1p-53;

/// The weights of one query at the midpoints.
struct Weights {
  Vector<double> p;
  double relative = 0;  ///< how far each is from the softmax of the scores, relative to itself
};

Weights weights_of(const Vector<double>& scores) {
  const FastInterval largest(scores.maxCoeff());
  std::vector<FastInterval> terms;
  FastInterval total(0);
  for (const double score : scores) {
    terms.push_back(exp(FastInterval(score) - largest));
    total += terms.back();
  }
  Weights result{Vector<double>(scores.size()), 0};
  for (Index j = 0; j < scores.size(); ++j) {
    const FastInterval weight = terms[static_cast<std::size_t>(j)] / total;
    result.p(j) = (weight.lower() + weight.upper()) / 2;
    result.relative = std::max(
        result.relative, weight.lower() > 0 ? (weight.upper() - weight.lower()) / weight.lower() : unbounded);
  }
  return result;
}

double middle(const FastInterval& x) { return (x.lower() + x.upper()) / 2; }
double half_width(const FastInterval& x) { return x.upper() - x.lower(); }

}  // namespace

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
  return gamma_above(count, case_.rounding.unit) + gamma_above(4 * count + 64, own_unit);
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
      gamma_above(4 * static_cast<double>(slope.cols()) + 64, own_unit) * gram.diagonal().maxCoeff());
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
        raised(radius + 4 * (case_.rounding.unit + own_unit) * (size + radius)));
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
  const double square = y.mid.squaredNorm() / d + middle(FastInterval(norm.epsilon)),
               root = std::sqrt(square);
  const double deviation = raised(length_of(y.slope) + y.error);
  const double nearest = std::max(0.0, y.mid.norm() * (1 - 0x1p-20) - deviation);
  const double least = (nearest * nearest / d + epsilon) * (1 - 0x1p-20);
  LinearForms h;
  h.mid = y.mid / root;
  h.slope = (y.slope - y.mid * (y.mid.transpose() * y.slope / (d * square))) / root;
  h.spread = spread_of(h.slope);
  h.error = (y.error + gamma_above(8 * d + 100, own_unit) * y.spread.norm()) / root +
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

void FirstOrderPass::turn(const Rotations<Interval>& turns, Index position, LinearForms& x) const {
  const Index half = turns.cosines.rows();
  const Rounding& rules = case_.rounding;
  // A position times its frequency has a relative error, which grows with it. The turn itself changes no
  // norm.
  const double relative = 16 * rules.unit + 4 * rules.function +
                          static_cast<double>(position) * (64 * rules.unit + 8 * rules.function);
  x.error +=
      (4 * relative + 0x1p-46) * (x.size().norm() + x.error) + static_cast<double>(8 * half) * rules.tiny;
  for (Index i = 0; i < half; ++i) {
    const double c = turns.cosines(i, position).upper_double(), s = turns.sines(i, position).upper_double();
    const auto turn_rows = [&](auto&& rows) {
      const auto a = rows.row(i).eval(), b = rows.row(i + half).eval();
      rows.row(i) = c * a - s * b;
      rows.row(i + half) = c * b + s * a;
    };
    turn_rows(x.mid);
    turn_rows(x.slope);
  }
  finish(x);
}

// Scores c <q, k_j> with the weights p_j at the midpoints and t_j in the evaluation, up to a number that is
// the same for all j: t_j = (slope s)_j + n_j, |n_j| <= noise_j, sum_j p_j (slope s)_j = 0, |t_j| <= r_j. The
// evaluation's weights are p_j e^(t_j - g), g = ln sum_j p_j e^(t_j), where by Jensen's inequality and e^t <=
// 1 + t + (t^2/2) e^|t|
//   |g| <= sum_j p_j noise_j + sum_j p_j (r_j^2/2) e^(r_j).
// With m = sum_j p_j v_j and true values v_j + f_j, and because sum_j p_j (v_j - m) = 0, the mean is
//   m + sum_j p_j e^(t_j - g) f_j + sum_j p_j e^-g (e^(t_j) - 1)(v_j - m),
//   e^-g (e^t - 1) = t + e^-g (e^t - 1 - t) + (e^-g - 1) t.
bool FirstOrderPass::attend(const LinearForms& query, const std::vector<const LinearForms*>& keys,
                            const std::vector<const LinearForms*>& values, double scale, Index first,
                            LinearForms& means) const {
  const Rounding& rules = case_.rounding;
  const Index n = static_cast<Index>(keys.size()), s = query.mid.size();
  const double count = static_cast<double>(n), query_size = query.size().norm();
  Matrix<double> K(s, n), V(s, n);
  for (Index j = 0; j < n; ++j) {
    K.col(j) = keys[static_cast<std::size_t>(j)]->mid;
    V.col(j) = values[static_cast<std::size_t>(j)]->mid;
  }
  const Vector<double> scores = scale * (K.transpose() * query.mid);
  Matrix<double> slope = (scale * K.transpose()) * query.slope;
  const Weights weights = weights_of(scores);
  const Vector<double>& p = weights.p;
  const Vector<double> mean_key = K * p, mean = V * p;
  Vector<double> noise(n);
  for (Index j = 0; j < n; ++j) {
    const LinearForms& key = *keys[static_cast<std::size_t>(j)];
    slope.row(j).head(key.slope.cols()) += (scale * query.mid).transpose() * key.slope;
    const double key_size = key.size().norm();
    noise(j) = scale * (query.spread.dot(key.spread) + (query_size + query.error) * key.error +
                        query.error * ((key.mid - mean_key).norm() + key.spread.norm()) +
                        rounding(s + 8) * (query_size + query.error) * (key_size + key.error)) +
               static_cast<double>(s + 2) * rules.tiny;
  }
  const Vector<double> before = spread_of(slope);
  slope.rowwise() -= p.transpose() * slope;
  const Vector<double> spread = spread_of(slope);
  const double range = scores.maxCoeff() - scores.minCoeff() + 1;
  // The difference from the maximum, exp, the sum, the quotient, and the factors of a running maximum.
  const double of_weight =
      2 * (4 * rules.function + (count + 16) * rules.unit + 2 * range * rules.unit +
           (rules.has_running_maximum ? count * (rules.function + 4 * rules.unit) + range * rules.unit : 0));
  noise.array() += of_weight;
  noise += gamma_above(4 * count + 64, own_unit) * (before + Vector<double>::Constant(n, p.dot(before)));
  const double D = raised((spread + noise).maxCoeff());
  if (!(D <= 0.5) || !(weights.relative <= 0x1p-30)) return false;
  // e^x <= 1 + x + x^2 for 0 <= x <= 1.79.
  const auto power = [](double x) { return 1 + x + x * x; };
  const Vector<double> reach = spread + noise;
  const Vector<double> second = reach.unaryExpr([&](double r) { return r * r / 2 * power(r); });
  const double g = raised(p.dot(noise + second) + weights.relative * spread.maxCoeff()), growth = power(g);
  const Matrix<double> centred = V.colwise() - mean;
  auto mean_slope = means.slope.middleRows(first, s);
  mean_slope = centred * p.asDiagonal() * slope;
  double by_size = 0, rest_square = 0, error = 0, size = 0;
  for (Index j = 0; j < n; ++j) {
    const LinearForms& value = *values[static_cast<std::size_t>(j)];
    mean_slope.leftCols(value.slope.cols()) += p(j) * value.slope;
    const double rest = raised(noise(j) + growth * second(j) + (growth - 1) * reach(j));
    const double change = spread(j) + rest + growth - 1;
    by_size += p(j) * rest * centred.col(j).norm();
    rest_square += p(j) * rest * rest;
    error += p(j) * (value.error + change * (value.spread.norm() + value.error));
    size += p(j) * (value.size().norm() + value.error);
  }
  // ||sum_j p_j x_j (v_j - m)|| for |x_j| <= rest_j: term by term, or by Cauchy and Schwarz.
  const Matrix<double> weighted = centred * p.cwiseSqrt().asDiagonal();
  const double largest =
      norm_enclosure(BallMatrix(weighted, (centred.cwiseAbs() + V.cwiseAbs()) * 0x1p-48)).upper();
  error += std::min(by_size, largest * std::sqrt(rest_square));
  // The weights and the mean of the evaluation sum to 1 but for rounding.
  error += (rounding(n + 16) + of_weight + 4 * weights.relative) * power(D + g) * size +
           2 * std::sqrt(static_cast<double>(s)) * (count + 2) * (1 + V.cwiseAbs().maxCoeff()) * rules.tiny;
  means.mid.segment(first, s) = mean;
  means.error = std::hypot(means.error, raised(error));
  return true;
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
    result.mid(i) = middle(value);
    result.slope.row(i) *= middle(tangent);
    left(i) += (half_width(tangent) + 0x1p-50) * spread + half_width(value);
  }
  // |f''| (a + b)^2/2 with the entries a of what is moved and b of the error.
  result.error = steepest * x.error + left.norm() +
                 curvature * x.error * (x.spread.maxCoeff() + x.error / 2) +
                 (24 * rules.unit + 4 * rules.function) * (x.size().norm() + x.error) +
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
  z.error += added.error + 2 * (case_.rounding.unit + 4 * own_unit) *
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

template <class Piece>
void FirstOrderPass::for_known_tokens(const Piece& piece) const {
  oneapi::tbb::task_arena arena(threads_);
  arena.execute([&] { oneapi::tbb::parallel_for(Index{0}, known_, piece); });
}

void FirstOrderPass::add_attention(const TrainedLayer& layer) {
  const TrainedAttention& attention = layer.attention;
  const double scale = middle(FastInterval(1) / sqrt(FastInterval(attention.score_divisor)));
  const std::size_t shared = attention.groups.front().queries.size(),
                    heads = attention.groups.size() * shared;
  const Index s = attention.groups.front().key.W.rows(), rows = static_cast<Index>(heads) * s;
  std::vector<Map> query_maps, key_maps, value_maps;
  Matrix<double> output(width_, rows);
  for (const KeyGroup& group : attention.groups) {
    key_maps.emplace_back(group.key.W, group.key.b);
    value_maps.emplace_back(group.value.W, group.value.b);
    for (const KeyGroup::QueryHead& head : group.queries) {
      output.middleCols(static_cast<Index>(query_maps.size()) * s, s) = head.output;
      query_maps.emplace_back(head.query.W, head.query.b);
    }
  }
  const Map output_map(output, attention.output_bias);
  std::optional<Rotations<Interval>> turns;
  if (attention.rotary) {
    const WorkingPrecision scope(midpoint_bits + 64);
    turns = rotations<Interval>(*attention.rotary, s, known_);
  }
  const std::size_t known = static_cast<std::size_t>(known_);
  std::vector<std::vector<LinearForms>> queries(known), keys(known), values(known);
  for_known_tokens([&](Index t) {
    const std::size_t place = static_cast<std::size_t>(t);
    LinearForms& z = tokens_[place];
    LinearForms u = normed(layer.norm_1, z);
    add_stage(t, stages_, u);
    add_stage(t, stages_, z);
    for (std::size_t h = 0; h < heads; ++h) queries[place].push_back(mapped(query_maps[h], u));
    for (std::size_t g = 0; g < key_maps.size(); ++g) {
      keys[place].push_back(mapped(key_maps[g], u));
      values[place].push_back(mapped(value_maps[g], u));
    }
    if (!turns) return;
    for (LinearForms& query : queries[place]) turn(*turns, t, query);
    for (LinearForms& key : keys[place]) turn(*turns, t, key);
  });
  ++stages_;
  std::vector<Index> lost(known, known_);
  for_known_tokens([&](Index t) {
    const std::size_t place = static_cast<std::size_t>(t);
    LinearForms& z = tokens_[place];
    LinearForms means;
    means.mid.resize(rows);
    means.slope.resize(rows, z.slope.cols());
    for (std::size_t h = 0; h < heads; ++h) {
      std::vector<const LinearForms*> of_keys, of_values;
      for (std::size_t j = 0; j <= place; ++j) {
        of_keys.push_back(&keys[j][h / shared]);
        of_values.push_back(&values[j][h / shared]);
      }
      if (attend(queries[place][h], of_keys, of_values, scale, static_cast<Index>(h) * s, means)) continue;
      lost[place] = t;
      return;
    }
    finish(means);
    add_residual(mapped(output_map, means), z);
    add_stage(t, stages_, z);
  });
  ++stages_;
  known_ = *std::min_element(lost.begin(), lost.end());
}

void FirstOrderPass::add_feed_forward(const TrainedLayer& layer) {
  const TrainedFeedForward& ffn = layer.ffn;
  const Map up(ffn.W_1, ffn.b_1), down(ffn.W_2, ffn.b_2);
  std::optional<Map> gate;
  if (ffn.gate) gate.emplace(ffn.gate->W, ffn.gate->b);
  for_known_tokens([&](Index t) {
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
  const auto margin = [&](std::size_t k) {
    const auto [column, token] = asked[k];
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
                                     (rounding(width_ + 4) + 8 * own_unit) * sizes +
                                     2 * static_cast<double>(width_ + 4) * case_.rounding.tiny);
        least = min(least, FastInterval(logit - logits(j)) + FastInterval(-radius, radius));
      }
    }
    result[k] = least;
  };
  oneapi::tbb::task_arena arena(threads_);
  arena.execute([&] { oneapi::tbb::parallel_for(std::size_t{0}, asked.size(), margin); });
  return result;
}

}  // namespace promptbound
