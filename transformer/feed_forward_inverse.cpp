#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/transformer/feed_forward_inverse.hpp>

namespace promptbound {
namespace {

using Pattern = std::vector<bool>;

constexpr Index widest_enumerated = 12;
/// Linear pieces tried before a preimage is given up.
constexpr int most_pieces = 200;

/// det(I + D W) for the D given by the pattern: the minor of I + W on the active units.
Rational active_minor(const Matrix<Rational>& W, const Pattern& active) {
  std::vector<Index> units;
  for (std::size_t k = 0; k < active.size(); ++k) {
    if (active[k]) units.push_back(static_cast<Index>(k));
  }
  Matrix<Rational> minor = W(units, units);
  for (Index k = 0; k < minor.rows(); ++k) minor(k, k) += 1;
  return determinant(minor);
}

Vector<Rational> hidden(const FeedForward<Rational>& block, const Vector<Rational>& x) {
  return multiply(block.W_1, Matrix<Rational>(x)).col(0) + block.b_1;
}

Pattern activity(const Vector<Rational>& hidden_units) {
  Pattern active;
  for (const Rational& unit : hidden_units) active.push_back(unit > 0);
  return active;
}

/// The preimage of y under the affine piece of this pattern; nothing if that piece is singular there.
std::optional<Vector<Rational>> piece_preimage(const FeedForward<Rational>& block, const Vector<Rational>& y,
                                               const Pattern& active) {
  Matrix<Rational> W_1 = block.W_1;
  Vector<Rational> b_1 = block.b_1;
  for (std::size_t k = 0; k < active.size(); ++k) {
    if (active[k]) continue;
    W_1.row(static_cast<Index>(k)).setZero();
    b_1(static_cast<Index>(k)) = 0;
  }
  const Matrix<Rational> slope = Matrix<Rational>::Identity(y.size(), y.size()) + multiply(block.W_2, W_1);
  const Vector<Rational> rest = y - block.b_2 - multiply(block.W_2, Matrix<Rational>(b_1)).col(0);
  return solve(slope, rest);
}

}  // namespace

Rational row_sum_norm(const Matrix<Rational>& M) {
  Rational norm = 0;
  for (Index row = 0; row < M.rows(); ++row) {
    Rational sum = 0;
    for (Index k = 0; k < M.cols(); ++k) sum += abs(M(row, k));
    norm = std::max(norm, sum);
  }
  return norm;
}

BlockInjectivity block_injectivity(const FeedForward<Rational>& block) {
  const Matrix<Rational> product = multiply(block.W_1, block.W_2);
  const Rational G = row_sum_norm(block.W_1) * row_sum_norm(block.W_2);
  if (product.isZero(0)) return {true, 1 / (1 + G), "W_1 W_2 = 0: the block is an additive coupling"};
  if (G < 1) return {true, 1 - G, "||W_1|| ||W_2|| = " + G.str() + " < 1 in the max norm"};
  const Index width = product.rows();
  if (width > widest_enumerated) {
    return {false, 0,
            "no injectivity certificate: ||W_1|| ||W_2|| >= 1 and the hidden width is above " +
                std::to_string(widest_enumerated)};
  }
  for (unsigned long bits = 0; bits < 1UL << width; ++bits) {
    Pattern active;
    for (Index k = 0; k < width; ++k) active.push_back((bits >> k & 1U) != 0);
    if (active_minor(product, active) <= 0) {
      return {false, 0, "no injectivity certificate: a linear piece has determinant <= 0"};
    }
  }
  return {true, 0, "det(I + D W_1 W_2) > 0 for every activity pattern D"};
}

std::optional<Vector<Rational>> block_preimage(const FeedForward<Rational>& block,
                                               const Vector<Rational>& y) {
  // Follow the pieces: the preimage under one piece lies in the piece to try next. Where that cycles, damped
  // steps in binary64 find the region first.
  Pattern active = activity(hidden(block, y));
  for (int piece = 0; piece < most_pieces; ++piece) {
    auto x = piece_preimage(block, y, active);
    if (!x) break;
    const Vector<Rational> image = feed_forward_block(block, Matrix<Rational>(*x)).col(0);
    if (image == y) return x;
    active = activity(hidden(block, *x));
  }
  const FeedForward<double> rounded{block.W_1.cast<double>(), block.b_1.cast<double>(),
                                    block.W_2.cast<double>(), block.b_2.cast<double>()};
  const Vector<double> goal = y.cast<double>();
  Vector<double> x = goal;
  for (int step = 1; step <= most_pieces; ++step) {
    const int tested = step / 20;
    const double damping = 1.0 / (1 + tested);
    x += damping * (goal - feed_forward_block(rounded, Matrix<double>(x)).col(0));
    if (!x.allFinite()) return std::nullopt;
    if (step % 20 != 0) continue;
    const Vector<double> units = rounded.W_1 * x + rounded.b_1;
    Pattern seen;
    for (const double unit : units) seen.push_back(unit > 0);
    auto candidate = piece_preimage(block, y, seen);
    if (candidate && feed_forward_block(block, Matrix<Rational>(*candidate)).col(0) == y) return candidate;
  }
  return std::nullopt;
}

}  // namespace promptbound
