/// The problem of a memorization certificate, read and recomputed by the checker alone. Shares rationals and
/// intervals with the producers; sums of exponentials, attention and blocks are its own.
#pragma once

#include <optional>
#include <vector>

#include <promptbound/numeric/interval.hpp>
#include <promptbound/verify/check/report.hpp>

namespace promptbound::checker {

/// Returns an index below `count`.
[[nodiscard]] std::size_t index_from(const Json& value, std::size_t count, const std::string& where);
[[nodiscard]] Vector<Rational> sized_vector(const Json& value, Index size, const std::string& where);

[[nodiscard]] Matrix<Rational> product(const Matrix<Rational>& A, const Matrix<Rational>& B);

/// Gaussian elimination: the rank, and the determinant of a square matrix.
struct Elimination {
  Index rank = 0;
  Rational determinant = 1;

  explicit Elimination(Matrix<Rational> M);
};

/// x + W_2 relu(W_1 x + b_1) + b_2 on rationals and on intervals.
struct Block {
  Matrix<Rational> W_1, W_2;
  Vector<Rational> b_1, b_2;

  template <class Scalar>
  [[nodiscard]] std::vector<Scalar> image(const std::vector<Scalar>& x) const {
    std::vector<Scalar> result;
    std::vector<Scalar> hidden;
    for (Index h = 0; h < W_1.rows(); ++h) {
      Scalar sum(b_1(h));
      for (Index k = 0; k < W_1.cols(); ++k) sum += Scalar(W_1(h, k)) * x[static_cast<std::size_t>(k)];
      using std::max;
      hidden.push_back(max(sum, Scalar(0)));
    }
    for (Index r = 0; r < W_2.rows(); ++r) {
      Scalar sum = x[static_cast<std::size_t>(r)] + Scalar(b_2(r));
      for (Index h = 0; h < W_2.cols(); ++h) sum += Scalar(W_2(r, h)) * hidden[static_cast<std::size_t>(h)];
      result.push_back(sum);
    }
    return result;
  }

  /// Returns kappa with ||F(x) - F(y)|| >= kappa ||x - y|| in the max norm, 0 for injective without one;
  /// nothing when no criterion shows injectivity.
  [[nodiscard]] std::optional<Rational> expansion() const;
};

/// One head: A = W_K^T W_Q, V = W_O W_V.
struct HeadMaps {
  Matrix<Rational> A, V;
};

/// Keys summed up as a head sees them: S = sum e^score, and V sum e^score z.
struct HeadSums {
  Interval S;
  std::vector<Interval> weighted;
};

/// Encloses the sums over the keys at the query.
[[nodiscard]] HeadSums head_sums(const HeadMaps& head, const Vector<Rational>& query,
                                 const std::vector<Vector<Rational>>& keys);

/// One example at the attention output.
struct Example {
  std::vector<Vector<Rational>> keys;
  Vector<Rational> t, target;
  std::vector<HeadSums> heads;
  // Where there is one head:
  Interval S;
  std::vector<Interval> weighted, b;  ///< V sum e^score z, and S t - that
};

/// All that a certificate says of its problem, recomputed.
struct Problem {
  Index width = 0;
  std::vector<HeadMaps> heads;
  Matrix<Rational> A, V;  ///< of the only head, with its direction; empty where there are several
  std::optional<Block> block;
  Rational accuracy, level;
  Vector<Rational> query, direction;
  std::vector<Example> examples;  ///< the members
  bool complete = false;          ///< the members are all examples
  std::optional<Rational> expansion;
  Index rank_lower = 0;
};

/// Reads the model: one layer with heads, perhaps a feed-forward block. Returns whether the mask is causal.
[[nodiscard]] bool read_model(const Json& model, Problem& problem);

/// Reads the members, checks that they share the query, and that the attention targets are those of the data.
void read_examples(const Json& certificate, bool causal, Problem& problem);

/// Checks the evidence of a layer of several heads and returns what it shows.
[[nodiscard]] std::string check_layer_evidence(const Problem& problem, const Json& evidence,
                                               const std::string& claim);

}  // namespace promptbound::checker
