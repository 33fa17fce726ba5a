#include <algorithm>

#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/supremum/static_prompt.hpp>

namespace promptbound {
namespace {

using Rows = std::vector<bool>;

/// The rows of W z that depend on the input when the given rows of z do.
Rows depending(const Matrix<Rational>& W, const Rows& of_argument) {
  Rows result(static_cast<std::size_t>(W.rows()), false);
  for (Index row = 0; row < W.rows(); ++row) {
    for (Index column = 0; column < W.cols(); ++column) {
      if (W(row, column) != 0 && of_argument[static_cast<std::size_t>(column)]) {
        result[static_cast<std::size_t>(row)] = true;
      }
    }
  }
  return result;
}

bool any(const Rows& rows) { return std::find(rows.begin(), rows.end(), true) != rows.end(); }

void merge(Rows& rows, const Rows& more, Matrix<Interval>& states) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row] = rows[row] || more[row];
    if (rows[row]) states.row(static_cast<Index>(row)).setZero();
  }
}

}  // namespace

std::optional<std::vector<Matrix<Interval>>> static_prompt(const Transformer<Rational>& model,
                                                           const Matrix<Rational>& prompt) {
  const WorkingPrecision scope(prompt_bits);
  Rows depends(static_cast<std::size_t>(model.width), false);
  std::vector<Matrix<Interval>> result;
  Matrix<Interval> states = from_rational<Interval>(prompt);
  if (prompt.cols() == 0) return std::vector<Matrix<Interval>>(model.layers.size(), states);
  const Transformer<Interval> enclosed = from_rational<Interval>(model);
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const Layer<Rational>& layer = model.layers[l];
    result.push_back(states);
    for (const AttentionHead<Rational>& head : layer.heads) {
      if (any(depending(head.W_K, depends)) || any(depending(head.W_V, depends))) return std::nullopt;
    }
    if (model.mask == Mask::causal) {
      if (!layer.heads.empty()) states = attention_block(enclosed.layers[l].heads, states, model.mask);
    } else {
      for (const AttentionHead<Rational>& head : layer.heads) {
        const Matrix<Rational> V = head.value_map();
        merge(depends, depending(V, Rows(depends.size(), true)), states);
      }
    }
    if (layer.ffn) {
      states = feed_forward_block(*enclosed.layers[l].ffn, states);
      merge(depends, depending(layer.ffn->W_2, depending(layer.ffn->W_1, depends)), states);
    }
  }
  return result;
}

}  // namespace promptbound
