#include <random>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/layer_loop.hpp>
#include <promptbound/verify/audit/attention_on_ball.hpp>
#include <promptbound/verify/audit/feed_forward_on_ball.hpp>
#include <promptbound/verify/audit/local_lipschitz.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>

namespace promptbound {
namespace {

[[noreturn]] void refuse(const char* what) {
  throw InputError(std::string("local constants: ") + what +
                   " are not modelled (accepted: norms before or after each of two blocks, attention by "
                   "affine maps, rotary positions of whole heads)");
}

template <class To, class From>
Matrix<To> rounded_to_scalar(const Matrix<From>& X) {
  return X.unaryExpr([](const From& x) { return To(x); });
}

std::vector<ProjectedGroup<FastInterval>> rounded_to_scalar(
    const std::vector<ProjectedGroup<Interval>>& groups) {
  std::vector<ProjectedGroup<FastInterval>> result;
  for (const ProjectedGroup<Interval>& group : groups) {
    auto& made = result.emplace_back();
    made.keys = rounded_to_scalar<FastInterval>(group.keys);
    made.values = rounded_to_scalar<FastInterval>(group.values);
    for (const Matrix<Interval>& queries : group.queries)
      made.queries.push_back(rounded_to_scalar<FastInterval>(queries));
  }
  return result;
}

/// Makes every block of the vector a unit vector, or leaves it 0.
void make_units(Vector<double>& u, Index width) {
  for (Index first = 0; first < u.size(); first += width) {
    const double norm = u.segment(first, width).norm();
    if (norm > 0) u.segment(first, width) /= norm;
  }
}

/// The sum of a row.
UpperBound sum_of_row(const UpperBounds& x, Index row) {
  UpperBound sum;
  for (Index column = 0; column < x.cols(); ++column) sum += x(row, column);
  return sum;
}

/// Divides all by the largest, and returns its logarithm; whatever is infinite or 0 stays.
Interval take_scale(UpperBounds& x) {
  UpperBound largest;
  for (Index k = 0; k < x.size(); ++k) largest = max(largest, x.data()[k]);
  if (!(largest.value() > 0) || !std::isfinite(largest.value())) return Interval(0);
  for (Index k = 0; k < x.size(); ++k) x.data()[k] = x.data()[k] / largest.value();
  return log(Interval(largest.value()));
}

}  // namespace

Interval LocalConstant::log_smaller() const {
  if (!jacobian || !std::isfinite(*jacobian)) return log_product;
  return min(log_product, log(Interval(*jacobian)));
}

bool fits_jacobian(std::size_t width, std::size_t prompt_tokens, std::size_t tokens) {
  const double w = static_cast<double>(width);
  return w * w * static_cast<double>(prompt_tokens) * static_cast<double>(tokens) <= 0x1p25;
}

LocalPass::LocalPass(const InputWeights& input, const Matrix<double>& prompt, const Matrix<double>& text,
                     std::size_t layers, bool with_jacobian)
    : bits_(128 + 16 * static_cast<long>(layers)), prompt_tokens_(prompt.cols()) {
  const auto& [position_codes, common_code, norm, scale] = input;
  if (scale) refuse("scaled tokens");
  const WorkingPrecision scope(bits_);
  Matrix<double> tokens(prompt.rows(), prompt.cols() + text.cols());
  tokens << prompt, text;
  InputWeights codes = input;
  codes.norm.reset();
  states_ = embedded(codes, rounded_to_scalar<Interval>(tokens));
  if (with_jacobian) {
    const Index d = prompt.rows(), m = prompt.cols();
    jacobian_ = PromptJacobian{m, Matrix<double>::Zero(tokens.size(), d * m), empty_norms(tokens.cols(), m)};
    for (Index k = 0; k < d * m; ++k) jacobian_->mid(k, k) = 1;
    for (Index j = 0; j < m; ++j) {
      jacobian_->norms.blocks(j, j) = UpperBound(1);
      jacobian_->norms.whole[place(j)] = UpperBound(1);
    }
    first_ = jacobian_->norms;
  }
  if (input.norm) add(*input.norm);
}

void LocalPass::add(std::unique_ptr<CentredMap> map, bool is_residual) {
  Block block{std::move(map), is_residual, {}, {}, {}, {}};
  if (jacobian_) add_jacobian(block);
  blocks_.push_back(std::move(block));
}

void LocalPass::add_jacobian(Block& block) {
  const Index T = states_.cols(), d = states_.rows(), m = prompt_tokens_;
  block.norms = UpperBounds(T, T);
  block.rounding = UpperBounds(T, m);
  block.before = jacobian_->norms;
  block.after = empty_norms(T, m);
  const Matrix<double> identity = Matrix<double>::Identity(d, d);
  Matrix<double> behind(jacobian_->mid.rows(), jacobian_->mid.cols());
  for (Index i = 0; i < T; ++i) {
    const Index first = block.map->first_source(i);
    BallMatrix D = block.map->derivative(i);
    if (block.is_residual) {
      Matrix<double> minus = Matrix<double>::Zero(d, D.cols());
      minus.middleCols((i - first) * d, d) = -identity;
      D = D - BallMatrix(minus);
    }
    for (Index t = 0; t < D.cols() / d; ++t) {
      block.norms(i, first + t) =
          UpperBound(norm_enclosure(BallMatrix(D.mid().middleCols(t * d, d), D.rad().middleCols(t * d, d))));
    }
    const BallMatrix J = D * BallMatrix(Matrix<double>(jacobian_->mid.middleRows(first * d, D.cols())));
    behind.middleRows(i * d, d) = J.mid();
    set_norms(block.after, i, BallMatrix(J.mid()));
    for (Index j = 0; j < m; ++j) {
      block.rounding(i, j) =
          UpperBound(euclidean_norm(BallMatrix(Matrix<double>(J.rad().middleCols(j * d, d)))));
      if (!J.rad().middleCols(j * d, d).allFinite()) {
        block.rounding(i, j) = UpperBound(std::numeric_limits<double>::infinity());
      }
    }
  }
  jacobian_->mid = std::move(behind);
  jacobian_->norms = block.after;
}

void LocalPass::add(const NormWeights& norm) {
  const WorkingPrecision scope(bits_);
  add(std::make_unique<CentredNorm>(norm, rounded_to_scalar<FastInterval>(states_)), false);
  states_ = normalized(norm, std::move(states_));
}

void LocalPass::add(const TrainedLayer& layer) {
  // The structured binding names every member: one that is new does not compile before it is dealt with.
  const auto& [groups_, output_bias, mask, score_divisor, rotary, query_norm, key_norm, relative_biases] =
      layer.attention;
  if (query_norm || key_norm) refuse("norms on queries and keys");
  if (relative_biases) refuse("biases of scores by distance");
  if (rotary && rotary->entries) refuse("rotary positions that turn a part of each head");
  if (layer.norms == NormPlace::parallel) refuse("blocks that see the same tokens");
  const WorkingPrecision scope(bits_);
  const bool is_before = layer.norms == NormPlace::before;
  const PromptJacobian* jacobian = jacobian_ ? &*jacobian_ : nullptr;
  const auto groups = projected(layer, states_);
  add(std::make_unique<CentredAttention>(layer.attention, is_before ? &layer.norm_1 : nullptr,
                                         rounded_to_scalar<FastInterval>(states_), rounded_to_scalar(groups),
                                         jacobian),
      true);
  add_attention(layer.attention, groups, states_);
  if (!is_before) add(layer.norm_1);
  add(std::make_unique<CentredFeedForward>(layer.ffn, is_before ? &layer.norm_2 : nullptr,
                                           rounded_to_scalar<FastInterval>(states_), jacobian),
      true);
  const Matrix<Interval> hidden =
      hidden_units(layer.ffn, is_before ? normalized(layer.norm_2, states_) : states_);
  add_outputs(layer.ffn, hidden, states_);
  if (!is_before) add(layer.norm_2);
}

OnBall LocalPass::begin(double radius, bool with_jacobian) const {
  const Index T = states_.cols(), m = with_jacobian ? prompt_tokens_ : 0;
  OnBall ball{UpperBound(radius), UpperBounds(T, m), with_jacobian ? first_.blocks : UpperBounds(T, 1),
              std::vector<UpperBound>(place(T))};
  for (Index j = 0; j < prompt_tokens_; ++j) {
    if (!with_jacobian) ball.size(j, 0) = UpperBound(1);
    ball.deviation[place(j)] = UpperBound(radius);
  }
  return ball;
}

void LocalPass::through(const Block& block, OnBall& ball) const {
  const Index T = ball.size.rows(), m = ball.error.cols(), last = ball.size.cols();
  UpperBounds x(T, last + 1);  // the last column: how far tokens are from the centre
  x.leftCols(last) = ball.size;
  for (Index i = 0; i < T; ++i) x(i, last) = ball.deviation[place(i)];
  MapOnBall map = block.map->on_ball(ball, x);
  for (Index i = 0; i < T; ++i) {
    UpperBound& moved = map.moved[place(i)];
    for (Index c = 0; c <= last && block.is_residual; ++c) map.plain(i, c) += x(i, c);
    if (block.is_residual) moved += x(i, last);
    ball.deviation[place(i)] = min(moved, map.plain(i, last));
  }
  if (m == 0) {
    ball.size = map.plain.leftCols(last);
    return;
  }
  UpperBounds error(T, m);
  for (Index i = 0; i < T; ++i) {
    for (Index j = 0; j < m; ++j) {
      UpperBound near = map.change(i, j) + block.rounding(i, j);
      for (Index t = 0; t < T; ++t) near += block.norms(i, t) * ball.error(t, j);
      error(i, j) = min(near, map.plain(i, j) + block.after.blocks(i, j));
    }
  }
  ball.error = std::move(error);
  for (Index i = 0; i < T; ++i) {
    for (Index j = 0; j < m; ++j) ball.size(i, j) = block.after.blocks(i, j) + ball.error(i, j);
    const UpperBound by_derivative = (block.after.whole[place(i)] + sum_of_row(ball.error, i)) * ball.radius;
    ball.deviation[place(i)] = min(ball.deviation[place(i)], by_derivative);
  }
}

LocalConstant LocalPass::constant(double radius) const {
  const WorkingPrecision scope(bits_);
  LocalConstant result;
  OnBall ball = begin(radius, false);
  Interval log_scale(0);
  for (const Block& block : blocks_) {
    through(block, ball);
    log_scale += take_scale(ball.size);
  }
  UpperBound largest;
  for (Index i = prompt_tokens_; i < states_.cols(); ++i) largest = max(largest, ball.size(i, 0));
  result.log_product = log_scale + log(Interval(FastInterval(largest.value())));
  if (!jacobian_) return result;
  ball = begin(radius, true);
  for (const Block& block : blocks_) through(block, ball);
  largest = UpperBound();
  for (Index i = prompt_tokens_; i < states_.cols(); ++i) {
    const UpperBound near = jacobian_->norms.whole[place(i)] + sum_of_row(ball.error, i);
    largest = max(largest, near);
  }
  result.jacobian = largest.value();
  return result;
}

std::optional<double> LocalPass::derivative_below(int starts) const {
  if (!jacobian_) return std::nullopt;
  constexpr int steps = 30;
  const Index width = states_.rows();
  OnBall centre = begin(0, true);
  for (const Block& block : blocks_) through(block, centre);
  std::mt19937_64 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same answer each time
  std::normal_distribution<double> normal;
  double largest = 0;
  for (Index token = prompt_tokens_; token < states_.cols(); ++token) {
    const BallMatrix J = jacobian_->of_token(token, width);
    const Matrix<double> gram = J.mid().transpose() * J.mid();
    for (int start = 0; start < starts; ++start) {
      Vector<double> u = Vector<double>::NullaryExpr(J.cols(), [&] { return normal(random); });
      for (int step = 0; step < steps; ++step) {
        make_units(u, width);
        u = gram * u;
      }
      make_units(u, width);
      FastInterval longest(0);
      for (Index j = 0; j < prompt_tokens_; ++j) {
        longest = max(longest, euclidean_norm(u.segment(j * width, width)));
      }
      // The Jacobian at the centre is this far from the one that is carried.
      const FastInterval found = euclidean_norm(J * BallMatrix(Matrix<double>(u))) / longest -
                                 FastInterval(sum_of_row(centre.error, token).value());
      if (found.is_finite()) largest = std::max(largest, found.lower());
    }
  }
  return largest;
}

}  // namespace promptbound
