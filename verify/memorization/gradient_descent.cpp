#include <cmath>
#include <random>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/gradient_descent.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>

namespace promptbound {
namespace {

using Vec = Vector<double>;
using Mat = Matrix<double>;

/// One example as the prompt meets it: u = A x, and the sums over its own keys, scores shifted by `shift`.
struct TrainingExample {
  Vec query, target, u;
  double S = 0, shift = 0;
  Vec weighted;  ///< V sum_j e^{score - shift} z_j
};

/// The layer in binary64, and the derivative of its errors: attention is said again here because its
/// derivative is needed, and nothing is concluded from it.
class Landscape {
 public:
  Landscape(const Transformer<Rational>& model, const MemorizationData& data) {
    const AttentionHead<Rational>& head = model.layers.front().heads.front();
    V_ = head.value_map().cast<double>();
    const Mat A = head.score_matrix().cast<double>();
    if (model.layers.front().ffn) block_ = from_rational<double>(model).layers.front().ffn;
    for (const MemorizationExample& given : data) {
      const Mat tokens = given.tokens.cast<double>();
      const Index visible = model.mask == Mask::causal ? given.query + 1 : tokens.cols();
      TrainingExample example;
      example.query = tokens.col(given.query);
      example.target = given.target.cast<double>();
      example.u = A * example.query;
      const Vec scores = tokens.leftCols(visible).transpose() * example.u;
      example.shift = scores.maxCoeff();
      const Vec weights = (scores.array() - example.shift).exp();
      example.S = weights.sum();
      example.weighted = V_ * (tokens.leftCols(visible) * weights);
      examples_.push_back(std::move(example));
    }
  }

  /// The maximum error; adds to `slope` the derivative of (1/sharpness) ln sum e^{sharpness |error|}.
  double evaluate(const Mat& prompt, double sharpness, Mat& slope) const {
    std::vector<Vec> errors;
    double worst = 0;
    for (const TrainingExample& example : examples_) {
      errors.push_back(output(prompt, example, nullptr, slope) - example.target);
      worst = std::max(worst, errors.back().cwiseAbs().maxCoeff());
    }
    double total = 0;
    for (const Vec& error : errors) total += (sharpness * (error.array().abs() - worst)).exp().sum();
    for (std::size_t i = 0; i < errors.size(); ++i) {
      const Vec share =
          ((sharpness * (errors[i].array().abs() - worst)).exp() / total * errors[i].array().sign());
      if (share.cwiseAbs().maxCoeff() > 1e-9) (void)output(prompt, examples_[i], &share, slope);
    }
    return worst;
  }

 private:
  /// The layer's output at the query; with `adjoint`, adds its product with the derivative to `slope`.
  Vec output(const Mat& prompt, const TrainingExample& example, const Vec* adjoint, Mat& slope) const {
    const Vec scores = prompt.transpose() * example.u;
    const double top = std::max(example.shift, scores.maxCoeff());
    const Vec weights = (scores.array() - top).exp();
    const double own = std::exp(example.shift - top);
    const double total = weights.sum() + own * example.S;
    const Mat values = V_ * prompt;
    const Vec attended = (values * weights + own * example.weighted) / total;
    Vec result = example.query + attended;
    Vec hidden;
    if (block_) {
      hidden = block_->W_1 * result + block_->b_1;
      result += block_->W_2 * hidden.cwiseMax(0.0) + block_->b_2;
    }
    if (adjoint == nullptr) return result;
    Vec back = *adjoint;
    if (block_) {
      const Vec open = (hidden.array() > 0).cast<double>();
      back += block_->W_1.transpose() * (open.asDiagonal() * (block_->W_2.transpose() * back));
    }
    // d att / d z_j = p_j (V + (V z_j - att) u^T).
    const Vec through = V_.transpose() * back;
    for (Index j = 0; j < prompt.cols(); ++j) {
      slope.col(j) += weights(j) / total * (through + back.dot(values.col(j) - attended) * example.u);
    }
    return result;
  }

  Mat V_;
  std::optional<FeedForward<double>> block_;
  std::vector<TrainingExample> examples_;
};

struct Best {
  Mat prompt;
  double error = std::numeric_limits<double>::infinity();
};

void descend_from(const Landscape& landscape, Mat prompt, int steps, Best& best) {
  constexpr double first_decay = 0.9, second_decay = 0.99, tiny = 1e-12;
  Mat slope(prompt.rows(), prompt.cols()), first = Mat::Zero(prompt.rows(), prompt.cols()), second = first;
  double error = 1;
  for (int step = 1; step <= steps; ++step) {
    const double progress = static_cast<double>(step) / steps;
    const double sharpness = 10 * std::pow(1000.0, progress) / std::max(error, tiny);
    slope.setZero();
    error = landscape.evaluate(prompt, sharpness, slope);
    if (!std::isfinite(error) || !slope.allFinite()) return;
    if (error < best.error) best = {prompt, error};
    first = first_decay * first + (1 - first_decay) * slope;
    second = second_decay * second + (1 - second_decay) * slope.cwiseAbs2();
    const double rate = 0.2 * std::pow(0.002, progress);
    const double scale =
        rate * std::sqrt(1 - std::pow(second_decay, step)) / (1 - std::pow(first_decay, step));
    prompt.array() -= scale * first.array() / (second.array().sqrt() + tiny);
  }
}

}  // namespace

FoundPrompt descend(const Transformer<Rational>& model, const MemorizationData& data,
                    const DescentOptions& options) {
  model.check_shapes();
  if (model.layers.size() != 1 || model.layers.front().heads.size() != 1) {
    throw InputError("gradient descent: the model must have one layer with one attention head");
  }
  if (options.tokens < 1 || data.empty())
    throw InputError("gradient descent: a token and an example are needed");
  const Landscape landscape(model, data);
  std::mt19937_64 random(options.seed);
  std::normal_distribution<double> normal;
  Best best;
  for (int restart = 0; restart < options.restarts; ++restart) {
    // Short and long tokens: a prompt of large weight needs long ones.
    const double size = std::ldexp(0.5, restart % 5);
    Mat start = Mat::NullaryExpr(model.width, options.tokens, [&] { return size * normal(random); });
    descend_from(landscape, std::move(start), options.steps, best);
  }
  if (best.prompt.size() == 0) best.prompt = Mat::Zero(model.width, options.tokens);
  const Matrix<Rational> prompt = best.prompt.unaryExpr([](double x) { return Rational(x); });
  return {prompt, PromptError(model, data)(prompt)};
}

}  // namespace promptbound
