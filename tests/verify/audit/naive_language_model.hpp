/// An independent evaluation of language models: loops over long double, straight from the formulas of the
/// published architectures. Nothing of the library is used.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace naive {

using Real = long double;
using Row = std::vector<Real>;
using Rows = std::vector<Row>;

/// Name -> elements in C order.
using Weights = std::map<std::string, std::vector<double>>;

struct Shape {
  std::string family;  ///< gpt2, llama or bert
  std::string prefix;  ///< of all names
  std::size_t d, layers, heads, key_heads, s, hidden;
  Real eps, rotary_base;
  bool gelu_fast = false;  ///< sqrt(2/pi) is taken as 0.7978845608
  /// Scaled rotary positions as in Llama 3.1; none where factor is 0.
  struct {
    Real factor = 0, low = 0, high = 0, original = 0;
  } llama3 = {};
};

/// One head at one layer: its tokens' queries, keys (rotated) and values, tokens as rows.
struct Head {
  Rows q, k, v;
};

struct Pass {
  std::vector<std::vector<Head>> heads;  ///< by layer
  std::vector<Rows> states;              ///< after each layer, tokens as rows
  Rows output;                           ///< after the final norm
};

/// The tokens with their positions 0, 1, ...; all of them see each other or, in causal models, those before.
Pass evaluate(const Weights& weights, const Shape& shape, const Rows& tokens);

/// The matrices of one head: W_Q, W_K, W_V (s x d) and W_O (d x s) as rows, and the biases of queries and
/// keys.
struct HeadMatrices {
  Rows W_Q, W_K, W_V, W_O;
  Row b_Q, b_K;
};
HeadMatrices head_matrices(const Weights& weights, const Shape& shape, std::size_t layer, std::size_t head);

/// W_1 and W_2 of a feed-forward block without gate.
Rows up_matrix(const Weights& weights, const Shape& shape, std::size_t layer);
Rows down_matrix(const Weights& weights, const Shape& shape, std::size_t layer);

Rows product(const Rows& A, const Rows& B);
Rows transposed(const Rows& A);
Real norm(const Row& x);
Real largest_entry(const Rows& X);
Real largest_norm(const Rows& X);
/// The spectral norm by 5000 steps of the power iteration from a fixed vector.
Real spectral_norm(const Rows& A);

}  // namespace naive
