#include <Eigen/Cholesky>
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

/// One example as the prompt meets it at a head: u = A x, and the sums over its own keys, scores shifted by
/// `shift`.
struct KeySums {
  Vec u;
  double S = 0, shift = 0;
  Vec weighted;  ///< V sum_j e^{score - shift} z_j
};

struct TrainingExample {
  Vec query, target;
  std::vector<KeySums> heads;
};

/// The layer in binary64, and the derivative of its errors: attention is said again here because its
/// derivative is needed, and nothing is concluded from it.
class Landscape {
 public:
  Landscape(const Transformer<Rational>& model, const MemorizationData& data) {
    const auto& heads = model.layers.front().heads;
    std::vector<Mat> A;
    for (const AttentionHead<Rational>& head : heads) {
      V_.push_back(head.value_map().cast<double>());
      A.push_back(head.score_matrix().cast<double>());
    }
    if (model.layers.front().ffn) block_ = from_rational<double>(model).layers.front().ffn;
    for (const MemorizationExample& given : data) {
      const Mat tokens = given.tokens.cast<double>();
      const Index visible = model.mask == Mask::causal ? given.query + 1 : tokens.cols();
      TrainingExample example;
      example.query = tokens.col(given.query);
      example.target = given.target.cast<double>();
      for (std::size_t h = 0; h < heads.size(); ++h) {
        KeySums sums;
        sums.u = A[h] * example.query;
        const Vec scores = tokens.leftCols(visible).transpose() * sums.u;
        sums.shift = scores.maxCoeff();
        const Vec weights = (scores.array() - sums.shift).exp();
        sums.S = weights.sum();
        sums.weighted = V_[h] * (tokens.leftCols(visible) * weights);
        example.heads.push_back(std::move(sums));
      }
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

  /// The errors at all examples and coordinates, and their derivatives by the prompt's entries, as rows.
  std::pair<Vec, Mat> linearised(const Mat& prompt) const {
    const Index d = prompt.rows(), count = static_cast<Index>(examples_.size());
    Vec errors(count * d);
    Mat derivatives(count * d, prompt.size());
    Mat slope(prompt.rows(), prompt.cols());
    for (Index i = 0; i < count; ++i) {
      const TrainingExample& example = examples_[static_cast<std::size_t>(i)];
      for (Index c = 0; c < d; ++c) {
        slope.setZero();
        const Vec unit = Vec::Unit(d, c);
        errors.segment(i * d, d) = output(prompt, example, &unit, slope) - example.target;
        derivatives.row(i * d + c) = slope.reshaped().transpose();
      }
    }
    return {std::move(errors), std::move(derivatives)};
  }

 private:
  /// What the prompt does at one head.
  struct Attended {
    Vec weights, output;
    Mat values;
    double total = 0;
  };

  Attended attended(const Mat& prompt, const KeySums& sums, const Mat& V) const {
    const Vec scores = prompt.transpose() * sums.u;
    const double top = std::max(sums.shift, scores.maxCoeff());
    Attended result;
    result.weights = (scores.array() - top).exp();
    const double own = std::exp(sums.shift - top);
    result.total = result.weights.sum() + own * sums.S;
    result.values = V * prompt;
    result.output = (result.values * result.weights + own * sums.weighted) / result.total;
    return result;
  }

  /// The layer's output at the query; with `adjoint`, adds its product with the derivative to `slope`.
  Vec output(const Mat& prompt, const TrainingExample& example, const Vec* adjoint, Mat& slope) const {
    Vec result = example.query;
    std::vector<Attended> heads;
    for (std::size_t h = 0; h < V_.size(); ++h) {
      heads.push_back(attended(prompt, example.heads[h], V_[h]));
      result += heads.back().output;
    }
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
    for (std::size_t h = 0; h < V_.size(); ++h) {
      const Attended& head = heads[h];
      const Vec through = V_[h].transpose() * back;
      for (Index j = 0; j < prompt.cols(); ++j) {
        slope.col(j) += head.weights(j) / head.total *
                        (through + back.dot(head.values.col(j) - head.output) * example.heads[h].u);
      }
    }
    return result;
  }

  std::vector<Mat> V_;
  std::optional<FeedForward<double>> block_;
  std::vector<TrainingExample> examples_;
};

struct Best {
  Mat prompt;
  double error = std::numeric_limits<double>::infinity();
};

void descend_from(const Landscape& landscape, Mat prompt, const DescentOptions& options, Best& best) {
  constexpr double first_decay = 0.9, second_decay = 0.99, tiny = 1e-12;
  Mat slope(prompt.rows(), prompt.cols()), first = Mat::Zero(prompt.rows(), prompt.cols()), second = first;
  double error = 1;
  for (int step = 1; step <= options.steps; ++step) {
    const double progress = static_cast<double>(step) / options.steps;
    const double sharpness = 10 * std::pow(1000.0, progress) / std::max(error, tiny);
    slope.setZero();
    error = landscape.evaluate(prompt, sharpness, slope);
    if (!std::isfinite(error) || !slope.allFinite()) return;
    if (error < best.error) best = {prompt, error};
    if (error <= options.goal) return;
    first = first_decay * first + (1 - first_decay) * slope;
    second = second_decay * second + (1 - second_decay) * slope.cwiseAbs2();
    const double rate = 0.2 * std::pow(0.002, progress);
    const double scale =
        rate * std::sqrt(1 - std::pow(second_decay, step)) / (1 - std::pow(first_decay, step));
    prompt.array() -= scale * first.array() / (second.array().sqrt() + tiny);
  }
}

/// The shortest x with J x = b, by the normal equations: a proposal, whose rounding Newton's next step mends.
/// (An orthogonal decomposition takes the compiler half a minute.)
Vec shortest_solution(const Mat& J, const Vec& b) {
  return J.transpose() * Eigen::LDLT<Mat>(J * J.transpose()).solve(b);
}

/// Newton's method towards errors that are all 0, in steps of least length, shortened while they do not help.
void polish(const Landscape& landscape, double goal, Best& best) {
  constexpr int most_steps = 100;
  constexpr double shortest = 1e-6;
  Mat prompt = best.prompt;
  auto [errors, derivatives] = landscape.linearised(prompt);
  for (int step = 0; step < most_steps && best.error > goal; ++step) {
    const Vec move = shortest_solution(derivatives, errors);
    double size = 1;
    for (; size > shortest; size /= 2) {
      const Mat next = prompt - size * move.reshaped(prompt.rows(), prompt.cols());
      auto [next_errors, next_derivatives] = landscape.linearised(next);
      if (!next_errors.allFinite() || !next_derivatives.allFinite()) continue;
      if (next_errors.norm() >= errors.norm()) continue;
      prompt = next;
      errors = std::move(next_errors);
      derivatives = std::move(next_derivatives);
      break;
    }
    if (size <= shortest) return;
    const double worst = errors.cwiseAbs().maxCoeff();
    if (worst < best.error) best = {prompt, worst};
  }
}

}  // namespace

FoundPrompt descend(const Transformer<Rational>& model, const MemorizationData& data,
                    const DescentOptions& options) {
  model.check_shapes();
  if (model.layers.size() != 1 || model.layers.front().heads.empty()) {
    throw InputError("gradient descent: the model must have one layer with attention heads");
  }
  if (options.tokens < 1 || data.empty())
    throw InputError("gradient descent: a token and an example are needed");
  const Landscape landscape(model, data);
  std::mt19937_64 random(options.seed);
  std::normal_distribution<double> normal;
  Best best;
  for (int restart = 0; restart < options.restarts && best.error > options.goal; ++restart) {
    // Short and long tokens: a prompt of large weight needs long ones.
    const double size = std::ldexp(0.5, restart % 5);
    Mat start = Mat::NullaryExpr(model.width, options.tokens, [&] { return size * normal(random); });
    Best reached;
    descend_from(landscape, std::move(start), options, reached);
    if (options.goal > 0 && reached.prompt.size() > 0) polish(landscape, options.goal, reached);
    if (reached.error < best.error) best = std::move(reached);
  }
  if (best.prompt.size() == 0) best.prompt = Mat::Zero(model.width, options.tokens);
  const Matrix<Rational> prompt = best.prompt.unaryExpr([](double x) { return Rational(x); });
  return {prompt, PromptError(model, data)(prompt)};
}

}  // namespace promptbound
