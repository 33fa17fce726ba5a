#include <stdexcept>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/norm.hpp>
#include <promptbound/verify/structure/preimage.hpp>

namespace promptbound {
namespace {

constexpr int most_iterations = 100000;

/// An upper bound on the largest Euclidean norm of a token.
Interval largest_norm(const Matrix<Interval>& Z) {
  Interval largest(0);
  for (Index token = 0; token < Z.cols(); ++token) largest = max(largest, squared_norm(Z, token));
  return sqrt(largest).upper_point();
}

bool is_in_ball(const Matrix<Interval>& Z, const Rational& R) {
  const Interval bound{Rational(R * R)};
  for (Index token = 0; token < Z.cols(); ++token) {
    if (!certainly_less_equal(squared_norm(Z, token), bound)) return false;
  }
  return true;
}

/// Tokens outside the ball are put on a sphere that is smaller by the rounding errors of doing so.
void project(Matrix<Real>& Z, const Rational& R) {
  const Real radius =
      from_rational<Real>(R) * (1 - ldexp(Real(1), static_cast<int>(16 - working_precision())));
  for (Index token = 0; token < Z.cols(); ++token) {
    Real sum = 0;
    for (Index row = 0; row < Z.rows(); ++row) sum += Z(row, token) * Z(row, token);
    const Real norm = sqrt(sum);
    if (norm <= radius) continue;
    for (Index row = 0; row < Z.rows(); ++row) Z(row, token) *= radius / norm;
  }
}

Real largest_entry(const Matrix<Real>& A) {
  Real largest = 0;
  for (const Real& entry : A.reshaped()) largest = std::max<Real>(largest, abs(entry));
  return largest;
}

/// Z <- project(Y - map(Z)), from project(Y), until the steps are rounding errors; block(Z) = Z + map(Z).
/// `converged` becomes false where the number of steps does not suffice.
template <class Block, class Project>
Matrix<Real> iterate(const Matrix<Real>& Y, const Block& block, const Project& project_to_domain,
                     bool& converged) {
  Matrix<Real> Z = Y;
  project_to_domain(Z);
  const Real small = ldexp(Real(1) + largest_entry(Y), static_cast<int>(8 - working_precision()));
  for (int k = 0; k < most_iterations; ++k) {
    Matrix<Real> next = Y - block(Z) + Z;
    project_to_domain(next);
    const Real step = largest_entry(next - Z);
    Z = std::move(next);
    if (!(step > small)) return Z;
  }
  converged = false;
  return Z;
}

/// The ball around Z of radius residual/(1 - contraction), in the max-token norm, as a box.
Matrix<Interval> around(const Matrix<Interval>& Z, const Matrix<Interval>& residual,
                        const Rational& contraction) {
  const Interval radius = largest_norm(residual) / Interval(Rational(1 - contraction));
  return Z.unaryExpr([&](const Interval& entry) { return Interval(entry + hull(-radius, radius)); });
}

/// The tokens that are sought are in the ball, so that their entries are in [-R, R]. What lies outside
/// altogether stays: then there is no such input.
Matrix<Interval> cut_to_ball(const Matrix<Interval>& X, const Rational& R) {
  const Interval ball = hull(Interval(Rational(-R)), Interval(R));
  return X.unaryExpr([&](const Interval& x) {
    return certainly_less(x, ball) || certainly_less(ball, x) ? x : intersection(x, ball);
  });
}

/// The attention block at the positions of Z, the prompt's states before it.
template <class Scalar>
Matrix<Scalar> attend_behind(const Layer<Scalar>& layer, const Matrix<Scalar>& prompt,
                             const Matrix<Scalar>& Z, Mask mask) {
  return attention_block(layer.heads, concatenate(prompt, Z), mask, prompt.cols());
}

}  // namespace

Preimage enclose_preimage(const Transformer<Rational>& model, const std::vector<LayerConstants>& layers,
                          const Matrix<Rational>& prompt, const Matrix<Interval>& Y) {
  if (prompt.cols() > 0 && model.mask != Mask::causal) {
    throw InputError("prompt: under bidirectional attention its states are not known (accepted: no prompt)");
  }
  if (Y.rows() != model.width || Y.cols() == 0) {
    throw InputError("outputs: tokens of width " + std::to_string(Y.rows()) +
                     " (accepted: " + std::to_string(model.width) + ", and at least one token)");
  }
  for (const LayerConstants& layer : layers) {
    if (layer.c >= 1 || layer.g >= 1) throw InputError("model: a block is not a contraction on the ball");
  }
  const Transformer<Interval> enclosed = from_rational<Interval>(model);
  const Transformer<Real> rounded = from_rational<Real>(model);

  // The states of the prompt as they enter each layer.
  std::vector<Matrix<Interval>> states = {from_rational<Interval>(prompt)};
  for (const Layer<Interval>& layer : enclosed.layers) {
    Matrix<Interval> Z = states.back();
    if (Z.cols() > 0) {
      if (!layer.heads.empty()) Z = attention_block(layer.heads, Z, model.mask);
      if (layer.ffn) Z = feed_forward_block(*layer.ffn, Z);
    }
    states.push_back(std::move(Z));
  }

  Preimage result{Y, true, true};
  for (std::size_t l = layers.size(); l-- > 0;) {
    const LayerConstants& constants = layers[l];
    if (model.layers[l].ffn) {
      const auto block = [&](const Matrix<Real>& Z) { return feed_forward_block(*rounded.layers[l].ffn, Z); };
      const Matrix<Interval> Z = points(iterate(
          real_midpoints(result.X), block, [](Matrix<Real>&) {}, result.converged));
      const Matrix<Interval> residual = result.X - feed_forward_block(*enclosed.layers[l].ffn, Z);
      result.X = around(Z, residual, constants.g);
    }
    if (model.layers[l].heads.empty()) continue;
    const Matrix<Real> prompt_states = real_midpoints(states[l]);
    const auto block = [&](const Matrix<Real>& Z) {
      return attend_behind(rounded.layers[l], prompt_states, Z, model.mask);
    };
    const auto to_ball = [&](Matrix<Real>& Z) { project(Z, constants.R); };
    const Matrix<Interval> Z = points(iterate(real_midpoints(result.X), block, to_ball, result.converged));
    if (!is_in_ball(Z, constants.R)) throw std::logic_error("a projected token left the ball");
    const Matrix<Interval> residual = result.X - attend_behind(enclosed.layers[l], states[l], Z, model.mask);
    result.X = around(Z, residual, constants.c);
    // The projected iteration has a fixed point in this enclosure; inside the ball it is a preimage.
    result.exists = result.exists && is_in_ball(result.X, constants.R);
  }
  if (layers.empty()) return result;
  result.exists = result.exists && is_in_ball(result.X, layers.front().R);
  result.X = cut_to_ball(result.X, layers.front().R);
  return result;
}

Preimage enclose_preimage(const Transformer<Rational>& model, const std::vector<LayerConstants>& layers,
                          const Matrix<Rational>& prompt, const Matrix<Rational>& Y, long digits) {
  const Rational tolerance(Integer(1), power(Integer(10), static_cast<unsigned long>(digits)));
  const auto is_tight = [&](const Interval& x) {
    return x.is_finite() && x.upper() - x.lower() <= tolerance;
  };
  return at_rising_precision(
      "the preimage to " + std::to_string(digits) + " decimals", bits_for_digits(digits) + 64, [&] {
        Preimage result = enclose_preimage(model, layers, prompt, from_rational<Interval>(Y));
        const bool is_done = !result.converged ||
                             std::all_of(result.X.reshaped().begin(), result.X.reshaped().end(), is_tight);
        return is_done ? std::optional(std::move(result)) : std::nullopt;
      });
}

}  // namespace promptbound
