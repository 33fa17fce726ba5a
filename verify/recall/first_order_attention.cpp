// The attention of first_order_pass.hpp.
#include <algorithm>
#include <cmath>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/rotary.hpp>
#include <promptbound/transformer/softmax.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/recall/ball_numbers.hpp>
#include <promptbound/verify/recall/first_order_pass.hpp>
#include <promptbound/verify/recall/in_parallel.hpp>

namespace promptbound {
namespace {

/// The weights of one query at the midpoints.
struct Weights {
  Vector<double> p;
  double relative = 0;  ///< how far each is from the softmax of the scores, relative to itself
};

Weights weights_of(const Vector<double>& scores) {
  const Vector<FastInterval> enclosed =
      softmax<FastInterval>(scores.unaryExpr([](double score) { return FastInterval(score); }));
  Weights result{Vector<double>(scores.size()), 0};
  for (Index j = 0; j < scores.size(); ++j) {
    const FastInterval& weight = enclosed(j);
    result.p(j) = middle_of(weight);
    result.relative =
        std::max(result.relative, weight.lower() > 0 ? width_of(weight) / weight.lower() : unbounded);
  }
  return result;
}

}  // namespace

void FirstOrderPass::turn(const Rotations<Interval>& turns, Index position, LinearForms& x) const {
  const Index half = turns.cosines.rows();
  const Rounding& rules = case_.rounding;
  // The turn itself changes no norm.
  const double relative = rules.of_turn(static_cast<double>(position));
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
  const double of_weight = rules.of_weight(count, range);
  noise.array() += of_weight;
  noise +=
      gamma_above(4 * count + 64, first_order_unit) * (before + Vector<double>::Constant(n, p.dot(before)));
  const double D = raised((spread + noise).maxCoeff());
  if (!(D <= 0.5) || !(weights.relative <= 0x1p-30)) return false;
  // e^x <= 1 + x + x^2 for 0 <= x <= 1.79.
  const auto power = [](double x) { return 1 + x + x * x; };
  const Vector<double> reach = spread + noise;
  const Vector<double> second = reach.unaryExpr([&](double r) { return r * r / 2 * power(r); });
  const double g = raised(p.dot(noise + second) + weights.relative * (spread + before).maxCoeff()),
               growth = power(g);
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

void FirstOrderPass::add_attention(const TrainedLayer& layer) {
  const TrainedAttention& attention = layer.attention;
  const double scale = middle_of(FastInterval(1) / sqrt(FastInterval(attention.score_divisor)));
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
  in_parallel(threads_, known_, [&](Index t) {
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
  in_parallel(threads_, known_, [&](Index t) {
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

}  // namespace promptbound
