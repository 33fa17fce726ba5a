#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/layer_loop.hpp>
#include <promptbound/transformer/transformer.hpp>

namespace promptbound {
namespace {

std::string shape_text(Index rows, Index columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

template <class Derived>
void require_shape(const Eigen::MatrixBase<Derived>& matrix, Index rows, Index columns,
                   const std::string& where) {
  if (matrix.rows() == rows && matrix.cols() == columns) return;
  throw InputError(where + ": has shape " + shape_text(matrix.rows(), matrix.cols()) +
                   " (accepted: " + shape_text(rows, columns) + ")");
}

template <class Scalar>
void check_head(const AttentionHead<Scalar>& head, Index width, const std::string& where) {
  require_shape(head.W_Q, head.W_Q.rows(), width, where + ".W_Q");
  require_shape(head.W_K, head.W_Q.rows(), width, where + ".W_K");
  require_shape(head.W_V, head.W_O ? head.W_V.rows() : width, width, where + ".W_V");
  if (head.W_O) require_shape(*head.W_O, width, head.W_V.rows(), where + ".W_O");
}

template <class Scalar>
void check_ffn(const FeedForward<Scalar>& ffn, Index width, const std::string& where) {
  const Index hidden = ffn.W_1.rows();
  require_shape(ffn.W_1, hidden, width, where + ".W_1");
  require_shape(ffn.b_1, hidden, 1, where + ".b_1");
  require_shape(ffn.W_2, width, hidden, where + ".W_2");
  require_shape(ffn.b_2, width, 1, where + ".b_2");
}

/// The output at the positions from `first` on.
template <class Scalar>
Sequence<Scalar> evaluate_from(const Transformer<Scalar>& model, Sequence<Scalar> Z, Index first) {
  if (Z.rows() != model.width || Z.cols() == 0) {
    throw InputError("input: has shape " + shape_text(Z.rows(), Z.cols()) +
                     " (accepted: " + std::to_string(model.width) + " rows and at least one token)");
  }
  return through_layers(model.layers, std::move(Z), first,
                        [&](const AttentionHead<Scalar>& head, const Sequence<Scalar>& tokens, Index from) {
                          return attend(head, tokens, model.mask, from);
                        });
}

}  // namespace

template <class Scalar>
Sequence<Scalar> feed_forward_block(const FeedForward<Scalar>& block, const Sequence<Scalar>& Z) {
  return rectified_block(block, Z);
}

template <class Scalar>
void Transformer<Scalar>::check_shapes() const {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::string where = "layers[" + std::to_string(l) + "]";
    for (std::size_t h = 0; h < layers[l].heads.size(); ++h) {
      check_head(layers[l].heads[h], width, where + ".heads[" + std::to_string(h) + "]");
    }
    if (layers[l].ffn) check_ffn(*layers[l].ffn, width, where + ".ffn");
  }
}

template <class Scalar>
Sequence<Scalar> evaluate(const Transformer<Scalar>& model, const Sequence<Scalar>& Z) {
  return evaluate_from(model, Z, 0);
}

template <class Scalar>
Sequence<Scalar> evaluate(const Transformer<Scalar>& model, const Sequence<Scalar>& prompt,
                          const Sequence<Scalar>& input) {
  return evaluate_from(model, concatenate(prompt, input), prompt.cols());
}

template <class Scalar>
Transformer<Scalar> from_rational(const Transformer<Rational>& model) {
  Transformer<Scalar> result;
  result.width = model.width;
  result.mask = model.mask;
  for (const Layer<Rational>& layer : model.layers) {
    Layer<Scalar>& made = result.layers.emplace_back();
    for (const AttentionHead<Rational>& head : layer.heads) {
      made.heads.push_back({from_rational<Scalar>(head.W_Q), from_rational<Scalar>(head.W_K),
                            from_rational<Scalar>(head.W_V), std::nullopt});
      if (head.W_O) made.heads.back().W_O = from_rational<Scalar>(*head.W_O);
    }
    if (layer.ffn) {
      made.ffn =
          FeedForward<Scalar>{from_rational<Scalar>(layer.ffn->W_1), from_rational<Scalar>(layer.ffn->b_1),
                              from_rational<Scalar>(layer.ffn->W_2), from_rational<Scalar>(layer.ffn->b_2)};
    }
  }
  return result;
}

#define PROMPTBOUND_INSTANTIATE(Scalar)                                                              \
  template struct Transformer<Scalar>;                                                               \
  template Sequence<Scalar> feed_forward_block(const FeedForward<Scalar>&, const Sequence<Scalar>&); \
  template Sequence<Scalar> evaluate(const Transformer<Scalar>&, const Sequence<Scalar>&);           \
  template Sequence<Scalar> evaluate(const Transformer<Scalar>&, const Sequence<Scalar>&,            \
                                     const Sequence<Scalar>&);                                       \
  template Transformer<Scalar> from_rational(const Transformer<Rational>&);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound
