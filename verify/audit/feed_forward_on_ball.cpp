#include <promptbound/verify/audit/feed_forward_on_ball.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>

namespace promptbound {
namespace {

/// Rows times intervals.
BallMatrix scaled_rows(const Vector<FastInterval>& factors, const Matrix<double>& W) {
  Matrix<FastInterval> result(W.rows(), W.cols());
  for (Index column = 0; column < W.cols(); ++column) {
    for (Index row = 0; row < W.rows(); ++row)
      result(row, column) = factors(row) * FastInterval(W(row, column));
  }
  return BallMatrix::around(result);
}

}  // namespace

CentredFeedForward::CentredFeedForward(const TrainedFeedForward& ffn, const NormWeights* norm,
                                       const Sequence<FastInterval>& Z, const PromptJacobian* jacobian)
    : ffn_(&ffn),
      activation_(ffn.activation),
      norm_(norm == nullptr ? NormOnBall(Z) : NormOnBall(*norm, Z)),
      lipschitz_(FastInterval(lipschitz_constant(ffn.activation))),
      down_norm_(norm_enclosure(BallMatrix(ffn.W_2))) {
  const Sequence<FastInterval> U = norm == nullptr ? Z : normalized(*norm, Z);
  for (Index unit = 0; unit < ffn.W_2.cols(); ++unit)
    down_columns_.emplace_back(euclidean_norm(ffn.W_2.col(unit)));
  up_ = branch(ffn.W_1, ffn.b_1, U, jacobian);
  if (ffn.gate) gate_ = branch(ffn.gate->W, ffn.gate->b, U, jacobian);
  if (jacobian == nullptr) return;
  for (Index token = 0; token < Z.cols(); ++token) {
    // Bounded by the pieces: an enclosure of the product would hardly be smaller.
    std::vector<UpperBound> slopes, values;
    for (Index unit = 0; unit < up_.values.rows(); ++unit) {
      const FastInterval& h = up_.values(unit, token);
      if (!gate_) {
        slopes.emplace_back(abs(FastInterval(slope(activation_, Interval(h)))));
        continue;
      }
      const FastInterval& g = gate_->values(unit, token);
      slopes.emplace_back(abs(FastInterval(slope(activation_, Interval(g))) * h));
      values.emplace_back(abs(activate(activation_, g)));
    }
    centre_.push_back(gate_ ? weighted(slopes, *gate_) + weighted(values, up_) : weighted(slopes, up_));
  }
}

CentredFeedForward::Branch CentredFeedForward::branch(const Matrix<double>& W, const Vector<double>& b,
                                                      const Sequence<FastInterval>& U,
                                                      const PromptJacobian* jacobian) const {
  Branch result;
  result.values = apply(Affine{W, b}, U);
  result.norm = norm_.norm_behind(W);
  for (const FastInterval& row : row_norms(times_diagonal(W, norm_.gain()))) result.rows.emplace_back(row);
  if (jacobian == nullptr) return result;
  const Index m = jacobian->prompt_tokens, width = U.rows();
  result.normed_rows.resize(W.rows(), U.cols());
  result.moved.resize(W.rows(), U.cols());
  const BallMatrix exact(W);
  for (Index token = 0; token < U.cols(); ++token) {
    const BallMatrix normed = exact * norm_.derivative(token);
    const std::vector<FastInterval> norms = row_norms(normed);
    const BallMatrix by_prompt = normed * jacobian->of_token(token, width);
    for (Index unit = 0; unit < W.rows(); ++unit) {
      result.normed_rows(unit, token) = UpperBound(norms[static_cast<std::size_t>(unit)]).value();
      const Index block = by_prompt.cols() / m;
      for (Index j = 0; j < m; ++j) {
        result.moved(unit, token) +=
            UpperBound(euclidean_norm(BallMatrix(by_prompt.mid().block(unit, j * block, 1, block),
                                                 by_prompt.rad().block(unit, j * block, 1, block))));
      }
    }
  }
  return result;
}

BallMatrix CentredFeedForward::derivative(Index token) const {
  const BallMatrix normed = norm_.derivative(token), down(ffn_->W_2);
  const Index units = up_.values.rows();
  Vector<FastInterval> slopes(units), values(units);
  for (Index unit = 0; unit < units; ++unit) {
    const FastInterval& h = up_.values(unit, token);
    const FastInterval& g = gate_ ? gate_->values(unit, token) : h;
    slopes(unit) = FastInterval(slope(activation_, Interval(g)));
    if (!gate_) continue;
    slopes(unit) *= h;
    values(unit) = activate(activation_, g);
  }
  if (!gate_) return down * scaled_rows(slopes, ffn_->W_1) * normed;
  return down * sum_of(scaled_rows(slopes, ffn_->gate->W), scaled_rows(values, ffn_->W_1)) * normed;
}

UpperBound CentredFeedForward::weighted(const std::vector<UpperBound>& weights, const Branch& branch) const {
  UpperBound largest, columns, rows;
  for (std::size_t unit = 0; unit < weights.size(); ++unit) {
    largest = max(largest, weights[unit]);
    columns += weights[unit] * down_columns_[unit] * down_columns_[unit];
    rows += weights[unit] * branch.rows[unit] * branch.rows[unit];
  }
  return min(largest * down_norm_ * branch.norm, sqrt(columns) * sqrt(rows));
}

std::vector<UpperBound> CentredFeedForward::ranges(const Branch& branch, Index token,
                                                   const OnBall& ball) const {
  const UpperBound& deviation = ball.deviation[place(token)];
  const UpperBound plain = norm_.moved(token, deviation);
  UpperBound error, size;
  for (Index j = 0; j < ball.error.cols(); ++j) {
    error += ball.error(token, j);
    size += ball.size(token, j);
  }
  const UpperBound turned = norm_.change(token, deviation) * size;
  std::vector<UpperBound> result;
  for (std::size_t unit = 0; unit < branch.rows.size(); ++unit) {
    UpperBound range = branch.rows[unit] * plain;
    if (ball.error.cols() > 0) {
      const Index i = static_cast<Index>(unit);
      range = min(range,
                  ball.radius * (branch.moved(i, token) + UpperBound(branch.normed_rows(i, token)) * error +
                                 branch.rows[unit] * turned));
    }
    result.push_back(range);
  }
  return result;
}

MapOnBall CentredFeedForward::on_ball(const OnBall& ball, const UpperBounds& x) const {
  MapOnBall result{UpperBounds(x.rows(), x.cols()), UpperBounds(x.rows(), x.cols()), {}};
  const std::optional<Rational> second = slope_lipschitz_constant(activation_);
  const std::size_t units = up_.rows.size();
  for (Index token = 0; token < x.rows(); ++token) {
    const std::vector<UpperBound> up = ranges(up_, token, ball),
                                  gate = gate_ ? ranges(*gate_, token, ball) : up;
    const Matrix<FastInterval>& centre = gate_ ? gate_->values : up_.values;
    std::vector<UpperBound> change(units), sup(units), change_of_value(units), value(units), moved(units);
    UpperBound moved_squared;
    for (std::size_t unit = 0; unit < units; ++unit) {
      const Index i = static_cast<Index>(unit);
      const FastInterval& at_centre = centre(i, token);
      // |a'(g) - a'(g_c)|
      const double r = gate[unit].value();
      UpperBound turned = lipschitz_ + lipschitz_;
      if (second) {
        turned = min(turned, UpperBound(FastInterval(*second)) * gate[unit]);
      } else if (std::isfinite(r)) {
        const FastInterval range = at_centre + FastInterval(-r, r);
        turned = UpperBound(
            abs(FastInterval(slope(activation_, Interval(range)) - slope(activation_, Interval(at_centre)))));
      }
      if (!gate_) {
        change[unit] = turned;
        sup[unit] = lipschitz_;
        moved[unit] = lipschitz_ * up[unit];
      } else {
        const UpperBound h(abs(up_.values(i, token))), a(abs(activate(activation_, at_centre)));
        change[unit] = turned * (h + up[unit]) + lipschitz_ * up[unit];
        sup[unit] = lipschitz_ * (h + up[unit]);
        change_of_value[unit] = lipschitz_ * gate[unit];
        value[unit] = a + change_of_value[unit];
        moved[unit] = sup[unit] * gate[unit] + a * up[unit];
      }
      moved_squared += moved[unit] * moved[unit];
    }
    const Branch& first = gate_ ? *gate_ : up_;
    UpperBound of_change = weighted(change, first), of_sup = weighted(sup, first);
    if (gate_) {
      of_change += weighted(change_of_value, up_);
      of_sup += weighted(value, up_);
    }
    const UpperBound& deviation = ball.deviation[place(token)];
    const UpperBound normed = norm_.slope(token, deviation);
    const UpperBound variation =
        centre_.empty() ? UpperBound()
                        : of_change * normed + centre_[place(token)] * norm_.change(token, deviation);
    for (Index column = 0; column < x.cols(); ++column) {
      result.change(token, column) = variation * x(token, column);
      result.plain(token, column) = of_sup * normed * x(token, column);
    }
    result.moved.push_back(min(down_norm_ * sqrt(moved_squared), of_sup * norm_.moved(token, deviation)));
  }
  return result;
}

}  // namespace promptbound
