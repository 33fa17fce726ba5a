/// Certified Lipschitz constants of a model on a ball of prompts, for a given text (theory 3.4).
///
/// In two ways: the product of the blocks' constants on the ranges that the ball leaves them, for models of
/// any size; and the derivative by the prompt at the centre, with a bound on its change, where T d x m d
/// numbers fit: sharp on small balls.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <promptbound/transformer/trained_layer.hpp>
#include <promptbound/verify/audit/prompt_jacobian.hpp>

namespace promptbound {

/// Upper bounds of the constant from prompts of the ball ||P - P_0|| <= r to the model's outputs at the
/// text's positions, both measured by the largest Euclidean norm of a token. The constant itself can be
/// beyond binary64.
struct LocalConstant {
  Interval log_product;            ///< ln of the product, an upper bound by its upper end
  std::optional<double> jacobian;  ///< by the second way, an upper bound; infinite where nothing is known

  /// Returns ln of the smaller one: its upper end bounds ln of the constant.
  [[nodiscard]] Interval log_smaller() const;
};

/// The layers of a model around a prompt and a text, taken one after the other.
class LocalPass {
 public:
  /// Takes the prompt P_0, d x m, m >= 1, and the text's embeddings, d x n, n >= 1. layers: how many will be
  /// taken. Throws InputError where they do not fit the model's positions.
  LocalPass(const InputWeights& input, const Matrix<double>& prompt, const Matrix<double>& text,
            std::size_t layers, bool with_jacobian);
  LocalPass(LocalPass&&) = default;

  /// Takes the next layer, or the norm behind the last one. Throws InputError naming what of it is not
  /// modelled.
  void add(const TrainedLayer& layer);
  void add(const NormWeights& norm);

  /// Bounds from above on a ball of this radius >= 0; of any radius, at little cost.
  [[nodiscard]] LocalConstant constant(double radius) const;
  /// Bounds from below the norm of the derivative at P_0, and so the constant on every ball: the largest
  /// found from so many starts of an alternating search. Nothing without the Jacobian.
  [[nodiscard]] std::optional<double> derivative_below(int starts) const;

 private:
  struct Block {
    std::unique_ptr<CentredMap> map;
    bool is_residual;               ///< z + F(z), not F(z)
    UpperBounds norms, rounding;    ///< of the derivative's blocks; of the Jacobian behind it, T x m
    DerivativeNorms before, after;  ///< of the Jacobian
  };
  void add(std::unique_ptr<CentredMap> map, bool is_residual);
  [[nodiscard]] OnBall begin(double radius, bool with_jacobian) const;
  void add_jacobian(Block& block);
  void through(const Block& block, OnBall& ball) const;

  long bits_;
  Index prompt_tokens_;
  Sequence<Interval> states_;
  std::optional<PromptJacobian> jacobian_;
  DerivativeNorms first_;
  std::vector<Block> blocks_;
};

/// Tells whether the second way is taken for these sizes: at most 2^25 numbers.
[[nodiscard]] bool fits_jacobian(std::size_t width, std::size_t prompt_tokens, std::size_t tokens);

}  // namespace promptbound
