#include <promptbound/constructions/lookup/lookup_blocks.hpp>

#include <promptbound/numeric/integers.hpp>

namespace promptbound {

Rational round_score_up(const Interval& x) { return Rational(ceil(Rational(1024 * x.upper())), 1024); }

LookupBlocks::LookupBlocks(Index d, Index L, Rational beta, Rational Lambda_1, Rational Lambda_2)
    : d_(d),
      L_(L),
      n_(d * L),
      beta_(std::move(beta)),
      Lambda_1_(std::move(Lambda_1)),
      Lambda_2_(std::move(Lambda_2)),
      onehot_(d),
      flag_(d + L),
      gate_(flag_ + 1),
      gather_(gate_ + n_),
      g_(gather_ + n_),
      g2_(g_ + n_),
      f_(g2_ + 1) {}

FeedForward<Rational> LookupBlocks::gate_block() const {
  FeedForward<Rational> block{Matrix<Rational>::Zero(n_, width()), Vector<Rational>::Constant(n_, -1),
                              Matrix<Rational>::Zero(width(), n_), Vector<Rational>::Zero(width())};
  for (Index o = 0; o < n_; ++o) {
    block.W_1(o, o % d_) = 1;
    block.W_1(o, onehot_ + o / d_) = 1;
    block.W_2(gate_ + o, o) = 1;
  }
  return block;
}

AttentionHead<Rational> LookupBlocks::gather_head() const {
  AttentionHead<Rational> head{Matrix<Rational>::Zero(1, width()), Matrix<Rational>::Zero(1, width()),
                               Matrix<Rational>::Zero(n_, width()), Matrix<Rational>::Zero(width(), n_)};
  // Flag and onehot of any token sum to 1.
  head.W_Q.middleCols(onehot_, L_ + 1).setOnes();
  head.W_K(0, flag_) = -Lambda_1_;
  for (Index o = 0; o < n_; ++o) {
    head.W_V(o, gate_ + o) = 1;
    (*head.W_O)(gather_ + o, o) = L_;
  }
  return head;
}

AttentionHead<Rational> LookupBlocks::lookup_head() const {
  AttentionHead<Rational> head{Matrix<Rational>::Zero(n_ + 1, width()),
                               Matrix<Rational>::Zero(n_ + 1, width()), Matrix<Rational>::Zero(n_, width()),
                               Matrix<Rational>::Zero(width(), n_)};
  for (Index o = 0; o < n_; ++o) {
    head.W_Q(o, (L_ == 1 ? 0 : gather_) + o) = 2 * beta_;
    head.W_K(o, g_ + o) = 1;
    head.W_V(o, f_ + o) = 1;
    (*head.W_O)(f_ + o, o) = 1;
  }
  head.W_Q.row(n_).segment(onehot_, L_ + 1).setOnes();
  head.W_K(n_, g2_) = -beta_;
  head.W_K.row(n_).segment(onehot_, L_).setConstant(-Lambda_2_);
  return head;
}

FeedForward<Rational> LookupBlocks::pick_block() const {
  FeedForward<Rational> block{Matrix<Rational>::Zero(n_ + d_, width()), Vector<Rational>::Zero(n_ + d_),
                              Matrix<Rational>::Zero(width(), n_ + d_), Vector<Rational>::Zero(width())};
  for (Index o = 0; o < n_; ++o) {
    block.W_1(o, f_ + o) = 1;
    block.W_1(o, onehot_ + o / d_) = 1;
    block.b_1(o) = -1;
    block.W_2(o % d_, o) = 1;
  }
  for (Index c = 0; c < d_; ++c) {
    block.W_1(n_ + c, c) = 1;
    block.W_2(c, n_ + c) = -1;
  }
  return block;
}

Transformer<Rational> LookupBlocks::transformer() const {
  Transformer<Rational> model{.width = width(), .layers = {}, .mask = Mask::bidirectional};
  if (L_ > 1) {
    model.layers.emplace_back().ffn = gate_block();
    model.layers.emplace_back().heads = {gather_head()};
  }
  model.layers.push_back({{lookup_head()}, pick_block()});
  return model;
}

Vector<Rational> LookupBlocks::prompt_token(const Vector<Rational>& g, const Rational& g2,
                                            const Vector<Rational>& f) const {
  Vector<Rational> token = Vector<Rational>::Zero(width());
  token(flag_) = 1;
  token.segment(g_, n_) = g;
  token(g2_) = g2;
  token.segment(f_, n_) = f;
  return token;
}

Matrix<Rational> LookupBlocks::input(const Matrix<Rational>& X) const {
  Matrix<Rational> result = Matrix<Rational>::Zero(width(), L_);
  result.topRows(d_) = X;
  for (Index i = 0; i < L_; ++i) result(onehot_ + i, i) = 1;
  return result;
}

}  // namespace promptbound
