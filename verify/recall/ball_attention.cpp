#include <algorithm>
#include <cmath>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/numeric/elementary.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/recall/ball_attention.hpp>
#include <promptbound/verify/recall/ball_numbers.hpp>

// One query of one head, midpoints q, k_j, v_j, scores s_j = c <k_j, q>, p = softmax(s), mean m = sum_j p_j
// v_j; the true ones q + e, k_j + e_j, v_j + f_j, scores s_j + t_j up to a number that is the same for all j,
//   t_j = c <e, k_j - a> + c <q + e, e_j> + n_j    (a any vector; n_j what rounding does to score and
//   weight),
// |t_j| <= D. With w_j = exp(t_j) and W = sum_j p_j w_j >= exp(-D), the true weights are p_j w_j/W, and
//   true mean - m = sum_j (p_j w_j/W) f_j + (1/W) sum_j p_j (w_j - 1) (v_j - m)
// because sum_j p_j (v_j - m) = 0. |w_j - 1 - t_j| <= exp(D) D^2/2, and for numbers u_j, by Cauchy and
// Schwarz,
//   ||sum_j p_j u_j (v_j - m)|| <= sqrt(lambda) sqrt(sum_j p_j u_j^2),  lambda = lambda_max(sum_j p_j
//   (v_j-m)(v_j-m)^T),
// where for u_j = <e, k_j - a> the second root is at most ||e|| sqrt(lambda of the keys). Both lambdas are at
// most the trace, and at most (max_j p_j) ||V - a||^2 for the matrix of all visible values minus any vector.

namespace promptbound {
namespace {

/// max_j p_j times this bounds lambda where all visible tokens are among the first `visible` ones.
struct Spread {
  Index visible;
  double square;
};

/// Columns minus a vector near their mean, and the squared spectral norms of the first 16, 32, ... of them.
class Centred {
 public:
  explicit Centred(const Matrix<double>& X) : columns_(X) {
    const Vector<double> mean = X.rowwise().mean();
    columns_.colwise() -= mean;
    // Two roundings, of hi + lo to hi and of the difference.
    const Matrix<double> around = (X.cwiseAbs() + columns_.cwiseAbs()) * 0x1p-51;
    for (Index visible = 16; visible / 2 < X.cols(); visible *= 2) {
      const Index count = std::min(visible, X.cols());
      const double norm =
          norm_enclosure(BallMatrix(columns_.leftCols(count), around.leftCols(count))).upper();
      spreads_.push_back({count, raised(norm * norm)});
    }
    for (Index j = 0; j < X.cols(); ++j) {
      sizes_.push_back(raised(columns_.col(j).norm() + around.col(j).norm()));
    }
  }
  /// At least ||x_j - a||.
  [[nodiscard]] double size(Index j) const { return sizes_[static_cast<std::size_t>(j)]; }
  [[nodiscard]] double square(Index visible) const {
    for (const Spread& spread : spreads_) {
      if (visible <= spread.visible) return spread.square;
    }
    return unbounded;
  }

 private:
  Matrix<double> columns_;
  std::vector<Spread> spreads_;
  std::vector<double> sizes_;
};

/// At least sum_j p_j ||x_j - a||^2 and max_j ||x_j - a|| over the first tokens, a near their mean.
struct Deviation {
  double trace = 0, largest = 0;
};
Deviation deviation(const Matrix<double>& X, const Vector<double>& p) {
  const Index visible = p.size();
  const Vector<double> mean = X.leftCols(visible) * p;
  Deviation result;
  for (Index j = 0; j < visible; ++j) {
    const double distance = raised((X.col(j) - mean).norm() + 0x1p-50 * (X.col(j).norm() + mean.norm()));
    result.trace += p(j) * distance * distance;
    result.largest = std::max(result.largest, distance);
  }
  result.trace = raised(result.trace);
  return result;
}

/// What one query of one head adds, for one case.
struct Part {
  double by_query = 0;  ///< exp(D) c sqrt(lambda lambda'): times ||e||
  double by_keys = 0;   ///< exp(D) c sqrt(lambda) ||q + e||: times sqrt(sum_j p_j ||e_j||^2)
  double rest = 0;      ///< rounding and the second order
  double score = 0;     ///< all three, with this head's own radii
  double value = 0;     ///< sqrt(sum_j p_j w_j/W ||f_j||^2), with this head's own radii
  double growth = 1;    ///< p_j w_j/W <= p_j times this
};

struct HeadResult {
  TwofoldMatrix mean;
  Vector<double> error;     ///< of its columns
  Matrix<double> weights;   ///< p, a column a query
  std::vector<Part> parts;  ///< query by query, case by case in each
};

struct HeadInput {
  TwofoldMatrix queries, keys, values;
  const Matrix<double>&query_radius, &key_radius, &value_radius;
};

TwofoldMatrix rows_of(const TwofoldMatrix& X, std::size_t head, Index s) {
  const Index first = static_cast<Index>(head) * s;
  TwofoldMatrix result;
  result.hi = X.hi.middleRows(first, s);
  result.lo = X.lo.middleRows(first, s);
  return result;
}

TwofoldMatrix transposed(const TwofoldMatrix& X) {
  TwofoldMatrix result;
  result.hi = X.hi.transpose();
  result.lo = X.lo.transpose();
  return result;
}

/// exp(s_j - max)/sum, with a relative error below 2^-97 each.
void set_weights(const TwofoldMatrix& scores, Index query, TwofoldMatrix& weights) {
  Index leading = 0;
  for (Index j = 1; j <= query; ++j) {
    if (scores.hi(j, query) > scores.hi(leading, query)) leading = j;
  }
  const Twofold largest = scores(leading, query);
  Real total(0);
  std::vector<Real> terms;
  for (Index j = 0; j <= query; ++j) {
    terms.push_back(exp(real(scores(j, query)) - real(largest)));
    total += terms.back();
  }
  for (Index j = 0; j <= query; ++j) {
    weights.set(j, query, twofold(terms[static_cast<std::size_t>(j)] / total));
  }
}

HeadResult attend_head(const HeadInput& head, const Rational& divisor, const std::vector<BallCase>& cases) {
  const WorkingPrecision scope(midpoint_bits);
  const Index tokens = head.queries.cols(), s = head.keys.rows();
  const Real scale = Real(1) / sqrt(from_rational<Real>(divisor));
  const Twofold factor = twofold(scale);
  const double c = raised(factor.hi);
  TwofoldMatrix scores(tokens, tokens), weights(tokens, tokens);
  const Slices left = Slices::of_rows(transposed(head.keys)), right = Slices::of_columns(head.queries);
  multiply_rows(left, right, 0, tokens, scores);
  const Vector<double> score_error = product_error(left, right);
  Vector<double> lowest(tokens), highest(tokens);
  for (Index i = 0; i < tokens; ++i) {
    lowest(i) = unbounded;
    highest(i) = -unbounded;
    for (Index j = 0; j <= i; ++j) {
      scores.set(j, i, scores(j, i) * factor);
      lowest(i) = std::min(lowest(i), scores.hi(j, i));
      highest(i) = std::max(highest(i), scores.hi(j, i));
    }
    set_weights(scores, i, weights);
  }
  HeadResult result{TwofoldMatrix(head.values.rows(), tokens), {}, weights.hi, {}};
  const Slices value_rows = Slices::of_rows(head.values), weight_columns = Slices::of_columns(weights);
  multiply_rows(value_rows, weight_columns, 0, head.values.rows(), result.mean);
  result.error = product_error(value_rows, weight_columns);

  const Centred keys(head.keys.hi), values(head.values.hi);
  const Vector<double> key_size = head.keys.hi.colwise().norm(),
                       query_size = head.queries.hi.colwise().norm();
  const double largest_value = head.values.hi.colwise().norm().maxCoeff();
  for (Index i = 0; i < tokens; ++i) {
    const Vector<double> p = result.weights.col(i).head(i + 1);
    const double most = p.maxCoeff();
    const Deviation of_values = deviation(head.values.hi, p), of_keys = deviation(head.keys.hi, p);
    const double lambda = std::min(of_values.trace, most * values.square(i + 1));
    const double key_lambda = std::min(of_keys.trace, most * keys.square(i + 1));
    const double root = raised(std::sqrt(lambda));
    for (std::size_t k = 0; k < cases.size(); ++k) {
      const Rounding& rounding = cases[k].rounding;
      const Index row = static_cast<Index>(k);
      const double query_radius = head.query_radius(row, i);
      const double query_reach = raised(query_size(i) + query_radius);
      double largest_key = 0, moved = 0, most_moved = 0, value_square = 0, largest_radius = 0;
      for (Index j = 0; j <= i; ++j) {
        const double radius = head.key_radius(row, j);
        largest_key = std::max(largest_key, raised(key_size(j) + radius));
        moved += p(j) * radius * radius;
        most_moved = std::max(most_moved, keys.size(j) * query_radius + query_reach * radius);
        value_square += p(j) * head.value_radius(row, j) * head.value_radius(row, j);
        largest_radius = std::max(largest_radius, head.value_radius(row, j));
      }
      const double count = static_cast<double>(i + 1), spread = highest(i) - lowest(i) + 1;
      // Rounding of a score; then of its weight.
      const double of_score = c * score_error(i) + gamma_above(static_cast<double>(s) + 8, rounding.unit) *
                                                       c * query_reach * largest_key;
      const double of_weight = rounding.of_weight(count, spread);
      const double noise = raised(of_score + of_weight + static_cast<double>(s + 2) * rounding.tiny);
      const double D = raised(c * most_moved + noise);
      Part part;
      // exp(D) <= 1 + 2 D for D <= 1, and the mean never leaves the values' hull.
      const bool is_small = D <= 0.5;
      const double growth = is_small ? raised(1 + 2 * D) : unbounded;
      part.growth = is_small ? raised(1 + 6 * D) : unbounded;
      part.by_query = raised(growth * c * root * raised(std::sqrt(key_lambda)));
      part.by_keys = raised(growth * c * root * query_reach);
      // The weights and the mean of the evaluation sum to 1 but for rounding.
      const double of_mean =
          (gamma_above(count + 16, rounding.unit) + of_weight) * raised(largest_value + largest_radius) +
          (std::sqrt(static_cast<double>(s)) + 2 * largest_value) * (count + 2) * rounding.tiny;
      part.rest = raised(growth * (root * noise + growth / 2 * D * D * std::sqrt(of_values.trace)) + of_mean);
      const double linear = part.by_query * query_radius + part.by_keys * std::sqrt(moved);
      // Whatever the weights are, the mean of the midpoints moves by at most the largest deviation.
      part.score = is_small ? std::min(raised(linear + part.rest), raised(of_values.largest + of_mean))
                            : raised(of_values.largest + of_mean);
      part.value =
          is_small ? std::min(raised(std::sqrt(part.growth * value_square)), largest_radius) : largest_radius;
      result.parts.push_back(part);
    }
  }
  return result;
}

/// The radius of all heads together at one query, for one case: the smaller of what each head's own radii
/// give, and of what the radii of all heads together give.
double joint_radius(const BallLayer& layer, const std::vector<HeadResult>& heads,
                    const ProjectedBalls& queries, const ProjectedBalls& keys, const ProjectedBalls& values,
                    std::size_t k, std::size_t cases, Index i) {
  const Index row = static_cast<Index>(k);
  const std::size_t shared = layer.heads / layer.key_heads;
  const std::size_t place = static_cast<std::size_t>(i) * cases + k;
  double apart = 0, value_apart = 0, error = 0, rest = 0, by_query = 0;
  bool is_finite = true;
  for (const HeadResult& head : heads) {
    const Part& part = head.parts[place];
    apart += part.score * part.score;
    value_apart += part.value * part.value;
    error += head.error(i) * head.error(i);
    rest += part.rest * part.rest;
    by_query = std::max(by_query, part.by_query);
    is_finite = is_finite && std::isfinite(part.growth);
  }
  double score = std::sqrt(apart), value = std::sqrt(value_apart);
  if (is_finite) {
    double by_keys = 0, by_values = 0;
    for (Index j = 0; j <= i; ++j) {
      double most_keys = 0, most_values = 0;
      for (std::size_t g = 0; g < layer.key_heads; ++g) {
        double of_keys = 0, of_values = 0;
        for (std::size_t h = g * shared; h < (g + 1) * shared; ++h) {
          const Part& part = heads[h].parts[place];
          const double p = heads[h].weights(j, i);
          of_keys += part.by_keys * part.by_keys * p;
          of_values += part.growth * p;
        }
        most_keys = std::max(most_keys, of_keys);
        most_values = std::max(most_values, of_values);
      }
      by_keys += most_keys * keys.radius(row, j) * keys.radius(row, j);
      by_values += most_values * values.radius(row, j) * values.radius(row, j);
    }
    score = std::min(score, by_query * queries.radius(row, i) + std::sqrt(by_keys) + std::sqrt(rest));
    value = std::min(value, std::sqrt(by_values));
  }
  return raised(score + value + std::sqrt(error));
}

}  // namespace

HeadBalls attend(const BallLayer& layer, const ProjectedBalls& queries, const ProjectedBalls& keys,
                 const ProjectedBalls& values, const std::vector<BallCase>& cases, int threads) {
  const Index tokens = queries.mid.cols(), s = layer.head_width;
  const std::size_t shared = layer.heads / layer.key_heads;
  std::vector<HeadResult> heads(layer.heads);
  HeadBalls result{TwofoldMatrix(static_cast<Index>(layer.heads) * s, tokens),
                   Matrix<double>(static_cast<Index>(cases.size()), tokens)};
  oneapi::tbb::task_arena arena(threads);
  arena.execute([&] {
    oneapi::tbb::parallel_for(std::size_t{0}, layer.heads, [&](std::size_t h) {
      const std::size_t g = h / shared;
      heads[h] = attend_head({rows_of(queries.mid, h, s), rows_of(keys.mid, g, s), rows_of(values.mid, g, s),
                              queries.head[h], keys.head[g], values.head[g]},
                             layer.score_divisor, cases);
      result.mid.hi.middleRows(static_cast<Index>(h) * s, s) = heads[h].mean.hi;
      result.mid.lo.middleRows(static_cast<Index>(h) * s, s) = heads[h].mean.lo;
    });
    oneapi::tbb::parallel_for(Index{0}, tokens, [&](Index i) {
      for (std::size_t k = 0; k < cases.size(); ++k) {
        result.radius(static_cast<Index>(k), i) =
            joint_radius(layer, heads, queries, keys, values, k, cases.size(), i);
      }
    });
  });
  return result;
}

}  // namespace promptbound
