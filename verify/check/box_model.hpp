/// A model over boxes of inputs, as the checker of supremum certificates encloses it. Shares intervals and
/// linear forms (numeric/) with the producers; layers, attention and feed-forward blocks are its own.
#pragma once

#include <promptbound/verify/check/model.hpp>
#include <promptbound/verify/check/target.hpp>

namespace promptbound::checker {

class BoxModel {
 public:
  /// Takes the tokens of the prompt and of the input's encoding as rows. Where no input changes what is ever
  /// read of the prompt's tokens, their keys and values are enclosed here, once.
  BoxModel(const Model& model, const Matrix<Rational>& prompt, const Matrix<Rational>& offsets);

  /// Returns the first rows of the output at each input token, as many as X's tokens have, enclosed for every
  /// X in the forms (of `variables` variables).
  [[nodiscard]] std::vector<FormToken> operator()(const std::vector<FormToken>& X,
                                                  std::size_t variables) const;

 private:
  using Row = std::vector<std::pair<std::size_t, FastInterval>>;
  /// A matrix without its zeros.
  struct Map {
    std::vector<Row> rows;

    Map() = default;
    explicit Map(const Matrix<Rational>& M);
    [[nodiscard]] FormToken operator()(const FormToken& z) const;
  };
  struct BoxHead {
    Map W_Q, W_K, V;
    std::vector<std::size_t> value_rows;  ///< those of V that are not 0
    std::vector<FormToken> keys, values;  ///< of a prompt that no input changes: constants
  };
  struct BoxLayer {
    std::vector<BoxHead> heads;
    std::optional<Map> W_1, W_2;
    FormToken b_1, b_2;
  };

  [[nodiscard]] bool input_changes_prompt(const Model& model) const;
  void attend(const BoxHead& head, const std::vector<FormToken>& Z, std::size_t variables,
              std::vector<FormToken>& result) const;
  void advance(const BoxLayer& layer, std::vector<FormToken>& Z, std::size_t variables) const;

  std::vector<BoxLayer> layers_;
  bool causal_ = false;
  std::vector<FormToken> moving_;  ///< tokens that the input changes, before it is added
  std::size_t first_input_ = 0;    ///< the first of them that is an input token
};

/// Bounds from above and below sum_j w_j v_j / sum_j w_j over all w_j in the weights (>= 0, one of them > 0)
/// and v_j in the values.
[[nodiscard]] FastInterval weighted_mean(const std::vector<FastInterval>& weights,
                                         const std::vector<FastInterval>& values);

}  // namespace promptbound::checker
