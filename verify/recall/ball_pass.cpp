#include <algorithm>
#include <cmath>
#include <limits>

#include <promptbound/numeric/elementary.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/rotary.hpp>
#include <promptbound/verify/recall/ball_attention.hpp>
#include <promptbound/verify/recall/ball_numbers.hpp>
#include <promptbound/verify/recall/ball_pass.hpp>
#include <promptbound/verify/recall/in_parallel.hpp>

// Every block f of a layer is taken as f(x) - f(m) for the midpoint m, bounded by a Lipschitz constant of f
// on the ball times its radius, plus what rounding does to f(m) in pairs of binary64 numbers, plus, where
// evaluations round, what it does to any of them: those stay in the ball, so that their sizes are at most
// ||m|| + radius. Radii are computed in round to nearest and raised.

namespace promptbound {
namespace {

/// At least the norms of the columns.
Vector<double> sizes(const TwofoldMatrix& X) {
  Vector<double> result(X.cols());
  for (Index j = 0; j < X.cols(); ++j) result(j) = raised(X.hi.col(j).norm());
  return result;
}

/// N(m), and the Lipschitz constant of N without its gain on the ball (theory 3.5).
struct NormedToken {
  Twofold centre, inverse;  ///< subtracted, and the factor
  double root_below;        ///< at most sqrt(variance), or of the mean square
};

NormedToken normed_token(const NormWeights& norm, const TwofoldMatrix& X, Index token) {
  const Index d = X.rows();
  const Real width(static_cast<double>(d));
  NormedToken result;
  if (norm.kind == NormKind::layer) {
    Twofold sum;
    for (Index i = 0; i < d; ++i) sum = sum + X(i, token);
    result.centre = twofold(real(sum) / width);
  }
  Twofold squares;
  for (Index i = 0; i < d; ++i) {
    const Twofold x = X(i, token) - result.centre;
    squares = squares + x * x;
  }
  const Real mean = real(squares) / width;
  result.inverse = twofold(Real(1) / sqrt(mean + from_rational<Real>(norm.epsilon)));
  result.root_below =
      std::max(0.0, std::sqrt(squares.hi / static_cast<double>(d)) * (1 - 0x1p-20) - 0x1p-400);
  return result;
}

NormedBalls normed_balls(const BallNorm& norm, const TwofoldMatrix& X, const Matrix<double>& radius,
                         const std::vector<BallCase>& cases, int threads) {
  const Index d = X.rows(), tokens = X.cols();
  const double width = static_cast<double>(d), root_width = std::sqrt(width);
  const Index count = static_cast<Index>(cases.size());
  NormedBalls result{
      TwofoldMatrix(d, tokens), Matrix<double>(count, tokens), Matrix<double>(count, tokens), {}};
  const Vector<double> size = sizes(X);
  in_parallel(threads, tokens, [&](Index j) {
    const WorkingPrecision scope(midpoint_bits);
    const NormedToken token = normed_token(norm.weights, X, j);
    for (Index i = 0; i < d; ++i) {
      const Twofold y = (X(i, j) - token.centre) * token.inverse;
      result.mid.set(i, j, y * Twofold{norm.weights.gain(i), 0} + Twofold{norm.weights.bias(i), 0});
    }
    const double mid_size = raised(result.mid.hi.col(j).norm());
    for (Index k = 0; k < count; ++k) {
      const Rounding& rounding = cases[static_cast<std::size_t>(k)].rounding;
      const double reach = size(j) + radius(k, j);
      // The mean, the differences from it, and then the mean of their squares, its root and the quotient.
      const double entering = raised(radius(k, j) + gamma_above(width + 8, rounding.unit) * reach +
                                     root_width * (width + 8) * rounding.tiny);
      const double root = std::max(0.0, token.root_below - raised(entering / root_width));
      const double below = std::sqrt(root * root + norm.epsilon_below) * (1 - 0x1p-20);
      const double relative = gamma_above(width + 20, rounding.unit) + 4 * rounding.function;
      result.core(k, j) = raised((below > 0 ? entering / below : unbounded) + relative * root_width +
                                 root_width * (width + 8) * rounding.tiny / std::max(below, 0x1p-60));
      result.post(k, j) =
          raised(4 * rounding.unit * (mid_size + 2 * norm.bias_norm + norm.largest_gain * result.core(k, j)) +
                 root_width * (1 + norm.largest_gain) * rounding.tiny);
    }
  });
  result.size = sizes(result.mid);
  return result;
}

/// W X + b, and the error of its midpoints.
struct Product {
  TwofoldMatrix mid;
  Vector<double> error;  ///< of the columns
};

Product product(const BallMap& map, const TwofoldMatrix& X, int threads) {
  const Slices columns = Slices::of_columns(X);
  Product result{TwofoldMatrix(map.rows.lines(), X.cols()), product_error(map.rows, columns)};
  constexpr Index chunk = 192;
  const Index rows = map.rows.lines();
  in_parallel(threads, (rows + chunk - 1) / chunk, [&](Index piece) {
    const Index first = piece * chunk, count = std::min(chunk, rows - first);
    multiply_rows(map.rows, columns, first, count, result.mid);
    for (Index j = 0; j < X.cols(); ++j) {
      for (Index i = first; i < first + count; ++i) {
        result.mid.set(i, j, result.mid(i, j) + Twofold{map.bias(i), 0});
      }
    }
  });
  return result;
}

/// What rounding does to W x + b for tokens of at most this norm.
double product_rounding(const BallMap& map, double reach, const Rounding& rounding) {
  const double n = static_cast<double>(map.rows.depth()) + 4;
  return gamma_above(n, rounding.unit) * (map.frobenius * reach + map.bias_norm) +
         std::sqrt(static_cast<double>(map.rows.lines())) * n * rounding.tiny;
}

struct MappedBalls {
  TwofoldMatrix mid;
  Matrix<double> radius;
  std::vector<Matrix<double>> head;
};

/// The map of normed tokens.
MappedBalls mapped(const BallMap& map, const BallNorm& norm, const NormedBalls& X,
                   const std::vector<BallCase>& cases, int threads) {
  Product made = product(map, X.mid, threads);
  MappedBalls result{std::move(made.mid), Matrix<double>(X.core.rows(), X.core.cols()), {}};
  result.head.assign(map.head_norm.size(), result.radius);
  for (Index j = 0; j < X.core.cols(); ++j) {
    for (Index k = 0; k < X.core.rows(); ++k) {
      const double core = X.core(k, j), post = X.post(k, j);
      const double rest = raised(map.frobenius * post + made.error(j) +
                                 product_rounding(map, X.size(j) + norm.largest_gain * core + post,
                                                  cases[static_cast<std::size_t>(k)].rounding));
      result.radius(k, j) = raised(map.norm * core + rest);
      for (std::size_t h = 0; h < map.head_norm.size(); ++h) {
        result.head[h](k, j) = raised(map.head_norm[h] * core + rest);
      }
    }
  }
  return result;
}

/// Adds W x + b to the states, x within `radius` of the columns of X.
void add_mapped(const BallMap& map, const TwofoldMatrix& X, const Matrix<double>& radius,
                const std::vector<BallCase>& cases, int threads, TwofoldMatrix& Z, Matrix<double>& Z_radius) {
  const Product made = product(map, X, threads);
  const Vector<double> size = sizes(X), added = sizes(made.mid), former = sizes(Z);
  for (Index j = 0; j < Z.cols(); ++j) {
    for (Index i = 0; i < Z.rows(); ++i) Z.set(i, j, Z(i, j) + made.mid(i, j));
    for (Index k = 0; k < radius.rows(); ++k) {
      const Rounding& rounding = cases[static_cast<std::size_t>(k)].rounding;
      const double step = raised(map.norm * radius(k, j) + made.error(j) +
                                 product_rounding(map, size(j) + radius(k, j), rounding));
      const double sum = Z_radius(k, j) + step;
      Z_radius(k, j) = raised(sum + 2 * rounding.unit * (former(j) + added(j) + sum));
    }
  }
}

/// Turns queries or keys of all heads by their positions.
void turn(const BallLayer& layer, MappedBalls& X, const std::vector<BallCase>& cases, Index begin, Index end,
          const Rotations<Interval>& turns) {
  const Index half = turns.cosines.rows(), s = layer.head_width;
  const auto exact = [](const Interval& x) {
    const double high = (x.lower_double() + x.upper_double()) / 2;
    const Interval rest = x - Interval(high);
    return Twofold{high, (rest.lower_double() + rest.upper_double()) / 2};
  };
  for (Index j = begin; j < end; ++j) {
    const Vector<double> whole = X.mid.hi.col(j);
    for (Index i = 0; i < half; ++i) {
      const Twofold cosine = exact(turns.cosines(i, j - begin)), sine = exact(turns.sines(i, j - begin));
      for (Index first = 0; first < X.mid.rows(); first += s) {
        const Twofold a = X.mid(first + i, j), b = X.mid(first + i + half, j);
        X.mid.set(first + i, j, a * cosine - b * sine);
        X.mid.set(first + i + half, j, b * cosine + a * sine);
      }
    }
    // The turn itself changes no norm.
    const double position = static_cast<double>(j - begin);
    for (Index k = 0; k < X.radius.rows(); ++k) {
      const Rounding& rounding = cases[static_cast<std::size_t>(k)].rounding;
      const double relative = rounding.of_turn(position);
      const auto widen = [&](double& radius, double size) {
        radius = raised(radius + 2 * relative * (size + radius) + static_cast<double>(s) * 4 * rounding.tiny);
      };
      widen(X.radius(k, j), whole.norm());
      for (std::size_t h = 0; h < X.head.size(); ++h) {
        widen(X.head[h](k, j), whole.segment(static_cast<Index>(h) * s, s).norm());
      }
    }
  }
}

/// The midpoints of activation(x): |error| <= 2^-100 |x|. The functions are x times a factor in [0, 1]; in
/// 128 bits their few operations, each monotone and of relative error 2^-127, put them off by less than
/// 2^-120 |x|.
void activate_all(Activation activation, TwofoldMatrix& X, int threads) {
  in_parallel(threads, X.cols(), [&](Index j) {
    const WorkingPrecision scope(midpoint_bits);
    for (Index i = 0; i < X.rows(); ++i) X.set(i, j, twofold(activate(activation, real(X(i, j)))));
  });
}

ProjectedBalls columns(const MappedBalls& X, Index begin, Index end) {
  const Index count = end - begin;
  ProjectedBalls result;
  result.mid.hi = X.mid.hi.middleCols(begin, count);
  result.mid.lo = X.mid.lo.middleCols(begin, count);
  result.radius = X.radius.middleCols(begin, count);
  for (const Matrix<double>& head : X.head) result.head.emplace_back(head.middleCols(begin, count));
  return result;
}

}  // namespace

double gamma_above(double n, double unit) {
  const double nu = n * unit;
  return nu < 0.5 ? nu / (1 - nu) * (1 + 0x1p-40) : unbounded;
}

BallPass::BallPass(const InputWeights& input, const std::vector<BallSequence>& sequences,
                   std::vector<BallCase> cases, int threads)
    : cases_(std::move(cases)), begins_{0}, threads_(threads) {
  for (const BallSequence& sequence : sequences) begins_.push_back(begins_.back() + sequence.tokens.cols());
  const Index d = sequences.front().tokens.rows(), count = static_cast<Index>(cases_.size());
  mid_ = TwofoldMatrix(d, begins_.back());
  radius_ = Matrix<double>::Zero(count, begins_.back());
  for (std::size_t n = 0; n < sequences.size(); ++n) {
    const Matrix<double>& tokens = sequences[n].tokens;
    if (input.position_codes && tokens.cols() > input.position_codes->cols()) {
      throw InputError("input: " + std::to_string(tokens.cols()) + " tokens (accepted: up to " +
                       std::to_string(input.position_codes->cols()) + ", one a position)");
    }
    for (Index t = 0; t < tokens.cols(); ++t) {
      const Index j = begins_[n] + t;
      double added = 0;
      for (Index i = 0; i < d; ++i) {
        Twofold x{tokens(i, t), 0};
        if (input.position_codes) x = x + Twofold{(*input.position_codes)(i, t), 0};
        if (input.common_code) x = x + Twofold{(*input.common_code)(i), 0};
        mid_.set(i, j, x);
      }
      if (input.position_codes) added += input.position_codes->col(t).norm();
      if (input.common_code) added += input.common_code->norm();
      for (Index k = 0; k < count; ++k) {
        const BallCase& one = cases_[static_cast<std::size_t>(k)];
        const double radius = t < sequences[n].prompt ? one.radius : 0;
        radius_(k, j) =
            radius +
            (added > 0 ? raised(4 * one.rounding.unit * (tokens.col(t).norm() + added + radius)) : 0);
        if (radius_(k, j) > 0) radius_(k, j) = raised(radius_(k, j));
      }
    }
  }
}

void BallPass::add(const BallLayer& layer) {
  {
    const NormedBalls U = normed_balls(layer.norm_1, mid_, radius_, cases_, threads_);
    MappedBalls queries = mapped(layer.query, layer.norm_1, U, cases_, threads_);
    MappedBalls keys = mapped(layer.key, layer.norm_1, U, cases_, threads_);
    const MappedBalls values = mapped(layer.value, layer.norm_1, U, cases_, threads_);
    TwofoldMatrix means(layer.output.rows.depth(), mid_.cols());
    Matrix<double> radius(radius_.rows(), radius_.cols());
    std::optional<Rotations<Interval>> turns;
    if (layer.rotary) {
      const WorkingPrecision scope(midpoint_bits + 64);
      Index longest = 0;
      for (std::size_t n = 0; n + 1 < begins_.size(); ++n) longest = std::max(longest, end(n) - begin(n));
      turns = rotations<Interval>(*layer.rotary, layer.head_width, longest);
    }
    for (std::size_t n = 0; n + 1 < begins_.size(); ++n) {
      if (turns) {
        const WorkingPrecision scope(midpoint_bits + 64);
        turn(layer, queries, cases_, begin(n), end(n), *turns);
        turn(layer, keys, cases_, begin(n), end(n), *turns);
      }
      const HeadBalls heads =
          attend(layer, columns(queries, begin(n), end(n)), columns(keys, begin(n), end(n)),
                 columns(values, begin(n), end(n)), cases_, threads_);
      means.hi.middleCols(begin(n), end(n) - begin(n)) = heads.mid.hi;
      means.lo.middleCols(begin(n), end(n) - begin(n)) = heads.mid.lo;
      radius.middleCols(begin(n), end(n) - begin(n)) = heads.radius;
    }
    add_mapped(layer.output, means, radius, cases_, threads_, mid_, radius_);
  }
  const NormedBalls U = normed_balls(layer.norm_2, mid_, radius_, cases_, threads_);
  MappedBalls hidden = mapped(layer.up, layer.norm_2, U, cases_, threads_);
  const double slope = raised(lipschitz_constant(layer.activation).convert_to<double>());
  // |activation(x)| <= |x|, and an evaluation is off by a few units of |x|.
  const auto rounded_slope = [&](double radius, double size, const Rounding& rounding) {
    return raised(slope * radius + rounding.of_activation() * (size + radius) +
                  std::sqrt(static_cast<double>(hidden.mid.rows())) * rounding.tiny);
  };
  if (!layer.gate) {
    const Vector<double> size = sizes(hidden.mid);
    activate_all(layer.activation, hidden.mid, threads_);
    for (Index j = 0; j < hidden.radius.cols(); ++j) {
      for (Index k = 0; k < hidden.radius.rows(); ++k) {
        double& radius = hidden.radius(k, j);
        radius = rounded_slope(radius, size(j), cases_[static_cast<std::size_t>(k)].rounding);
      }
    }
  } else {
    MappedBalls gate = mapped(*layer.gate, layer.norm_2, U, cases_, threads_);
    const Vector<double> gate_size = sizes(gate.mid);
    activate_all(layer.activation, gate.mid, threads_);
    for (Index j = 0; j < hidden.radius.cols(); ++j) {
      const double most_up = hidden.mid.hi.col(j).cwiseAbs().maxCoeff();
      const double most_gate = gate.mid.hi.col(j).cwiseAbs().maxCoeff();
      for (Index i = 0; i < hidden.mid.rows(); ++i) hidden.mid.set(i, j, hidden.mid(i, j) * gate.mid(i, j));
      const double product_size = hidden.mid.hi.col(j).norm();
      for (Index k = 0; k < hidden.radius.rows(); ++k) {
        const Rounding& rounding = cases_[static_cast<std::size_t>(k)].rounding;
        double& radius = hidden.radius(k, j);
        const double of_gate = rounded_slope(gate.radius(k, j), gate_size(j), rounding);
        // a b - a' b' = (a - a') b + a' (b - b'), |a'| <= most_up + radius.
        const double moved = raised(most_gate * radius + (most_up + radius) * of_gate);
        radius = raised(moved + 2 * rounding.unit * (product_size + moved) +
                        std::sqrt(static_cast<double>(hidden.mid.rows())) * rounding.tiny);
      }
    }
  }
  add_mapped(layer.down, hidden.mid, hidden.radius, cases_, threads_, mid_, radius_);
}

NormedBalls BallPass::normed(const BallNorm& norm) const {
  return normed_balls(norm, mid_, radius_, cases_, threads_);
}

}  // namespace promptbound
