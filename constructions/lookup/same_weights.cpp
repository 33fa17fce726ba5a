#include <promptbound/constructions/lookup/same_weights.hpp>

#include <algorithm>

namespace promptbound {
namespace {

bool is_same_head(const AttentionHead<Rational>& a, const AttentionHead<Rational>& b) {
  if (a.W_O.has_value() != b.W_O.has_value()) return false;
  return is_same(a.W_Q, b.W_Q) && is_same(a.W_K, b.W_K) && is_same(a.W_V, b.W_V) &&
         (!a.W_O || is_same(*a.W_O, *b.W_O));
}

bool is_same_layer(const Layer<Rational>& a, const Layer<Rational>& b) {
  if (a.ffn.has_value() != b.ffn.has_value()) return false;
  if (!std::equal(a.heads.begin(), a.heads.end(), b.heads.begin(), b.heads.end(), is_same_head)) return false;
  return !a.ffn || (is_same(a.ffn->W_1, b.ffn->W_1) && is_same(a.ffn->b_1, b.ffn->b_1) &&
                    is_same(a.ffn->W_2, b.ffn->W_2) && is_same(a.ffn->b_2, b.ffn->b_2));
}

}  // namespace

bool is_same(const Matrix<Rational>& a, const Matrix<Rational>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && a == b;
}

bool is_same(const Transformer<Rational>& a, const Transformer<Rational>& b) {
  return a.width == b.width && a.mask == b.mask &&
         std::equal(a.layers.begin(), a.layers.end(), b.layers.begin(), b.layers.end(), is_same_layer);
}

}  // namespace promptbound
