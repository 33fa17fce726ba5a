#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/audit/norm_on_ball.hpp>

namespace promptbound {
namespace {

FastInterval width_of(Index n) { return FastInterval(static_cast<double>(n)); }
/// 2/sqrt 3 = 1.15470...
const UpperBound second_derivative_bound(1.1548);

}  // namespace

NormOnBall::NormOnBall(const Sequence<FastInterval>& Z) : gain_(Vector<double>::Ones(Z.rows())), y_(Z) {}

NormOnBall::NormOnBall(const NormWeights& norm, const Sequence<FastInterval>& Z)
    : kind_(norm.kind), epsilon_(norm.epsilon), gain_(norm.gain), y_(Z) {
  for (Index token = 0; token < y_.cols(); ++token) {
    if (norm.kind == NormKind::layer) {
      FastInterval sum(0);
      for (const FastInterval& x : y_.col(token)) sum += x;
      const FastInterval mean = sum / width_of(y_.rows());
      for (FastInterval& x : y_.col(token)) x -= mean;
    }
    FastInterval squares(0);
    for (const FastInterval& x : y_.col(token)) squares += abs(x) * abs(x);
    length_.push_back(sqrt(squares));
  }
}

BallMatrix NormOnBall::derivative(Index token) const {
  const Index d = y_.rows();
  if (!kind_) return BallMatrix(Matrix<double>(Matrix<double>::Identity(d, d)));
  const FastInterval length = length_[static_cast<std::size_t>(token)];
  const FastInterval square = length * length / width_of(d) + epsilon_, root = sqrt(square);
  const FastInterval factor = FastInterval(1) / (width_of(d) * square);
  const FastInterval mean = *kind_ == NormKind::layer ? FastInterval(1) / width_of(d) : FastInterval(0);
  Matrix<FastInterval> result(d, d);
  for (Index row = 0; row < d; ++row) {
    const FastInterval scale = FastInterval(gain_(row)) / root, y = y_(row, token) * factor;
    for (Index column = 0; column < d; ++column) {
      const FastInterval one(row == column ? 1 : 0);
      result(row, column) = scale * (one - mean - y * y_(column, token));
    }
  }
  return BallMatrix::around(result);
}

double NormOnBall::root_below(Index token, const UpperBound& deviation) const {
  const FastInterval length(length_[static_cast<std::size_t>(token)].lower());
  FastInterval least(0);
  if (std::isfinite(deviation.value())) least = max(least, length - FastInterval(deviation.value()));
  const FastInterval root = sqrt(least * least / width_of(y_.rows()) + epsilon_);
  return std::max(0.0, root.lower());
}

UpperBound NormOnBall::slope(Index token, const UpperBound& deviation) const {
  return kind_ ? UpperBound(1) / root_below(token, deviation) : UpperBound(1);
}

UpperBound NormOnBall::change(Index token, const UpperBound& deviation) const {
  if (!kind_) return {};
  const double root = root_below(token, deviation);
  const UpperBound per_root = UpperBound(1) / root;
  const double root_of_width = std::max(0.0, sqrt(width_of(y_.rows())).lower());
  // Both derivatives are symmetric with eigenvalues in [0, 1/root].
  return min(per_root, second_derivative_bound * deviation * per_root * per_root / root_of_width);
}

UpperBound NormOnBall::moved(Index token, const UpperBound& deviation) const {
  if (!kind_) return deviation;
  return min(slope(token, deviation) * deviation, UpperBound(FastInterval(2) * sqrt(width_of(y_.rows()))));
}

UpperBound NormOnBall::norm_behind(const Matrix<double>& W) const {
  return UpperBound(norm_enclosure(times_diagonal(W, gain_)));
}

UpperBound NormOnBall::norm_behind(const BallMatrix& W) const {
  return UpperBound(norm_enclosure(W * BallMatrix(Matrix<double>(gain_.asDiagonal()))));
}

MapOnBall CentredNorm::on_ball(const OnBall& ball, const UpperBounds& x) const {
  MapOnBall result{UpperBounds(x.rows(), x.cols()), UpperBounds(x.rows(), x.cols()), {}};
  const UpperBound gain = norm_.largest_gain();
  for (Index token = 0; token < x.rows(); ++token) {
    const UpperBound& deviation = ball.deviation[static_cast<std::size_t>(token)];
    const UpperBound change = gain * norm_.change(token, deviation),
                     slope = gain * norm_.slope(token, deviation);
    for (Index column = 0; column < x.cols(); ++column) {
      result.change(token, column) = change * x(token, column);
      result.plain(token, column) = slope * x(token, column);
    }
    result.moved.push_back(gain * norm_.moved(token, deviation));
  }
  return result;
}

}  // namespace promptbound
