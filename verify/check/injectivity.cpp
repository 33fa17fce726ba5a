// Certificates of injectivity, for report.hpp. Shares rationals with the producers; the conditions are
// evaluated again from the weights.
#include <nlohmann/json.hpp>
#include <optional>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check/model.hpp>

namespace promptbound::checker {
namespace {

/// Is the symmetric matrix positive semidefinite? Symmetric elimination, exactly.
bool is_semidefinite(Matrix<Rational> G) {
  const Index n = G.rows();
  for (Index k = 0; k < n; ++k) {
    if (G(k, k) < 0) return false;
    if (G(k, k) == 0) {
      for (Index j = k + 1; j < n; ++j) {
        if (G(k, j) != 0) return false;
      }
      continue;
    }
    for (Index i = k + 1; i < n; ++i) {
      if (G(i, k) == 0) continue;
      const Rational factor = G(i, k) / G(k, k);
      for (Index j = i; j < n; ++j) {
        G(i, j) -= factor * G(k, j);
        G(j, i) = G(i, j);
      }
    }
  }
  return true;
}

/// The claimed bound s, proved: ||M||_2 <= s iff s^2 I - M^T M (or M M^T) is positive semidefinite.
Rational norm_bound(const Json& norms, const char* name, const Matrix<Rational>& M) {
  Rational s = rational_from(member(norms, name, "norms"), name);
  require(s >= 0, "norms: a number >= 0 is needed");
  const Matrix<Rational> transposed = M.transpose();
  Matrix<Rational> G = M.rows() < M.cols() ? product(M, transposed) : product(transposed, M);
  G = -G;
  for (Index k = 0; k < G.rows(); ++k) G(k, k) += s * s;
  require(is_semidefinite(std::move(G)), "norms: a bound is below the spectral norm");
  return s;
}

const Json& entry_of(const Json& array, std::size_t index, std::size_t count) {
  require(array.is_array() && array.size() == count, "norms: one entry for each layer and head is needed");
  return array[index];
}

/// Theory 3.1 and 3.2, layer by layer, without any rounding.
struct Propagation {
  Rational R, ratio = 0, separation = 1, lipschitz = 1;
  std::optional<Rational> D;  ///< 2 R where the certificate names no diameter

  /// sqrt(1 + x^2), at most: the claimed bound, proved.
  static Rational root_bound(const Json& bounds, const Rational& x) {
    Rational root = rational_from(member(bounds, "root", "norms"), "root");
    require(root >= 0 && root * root >= 1 + x * x, "norms: a bound is below the square root of theory 3.1");
    return root;
  }

  void attention(const Json& norms, const std::vector<Head>& heads, bool causal) {
    Rational values = 0, c = 0, spread = 1;
    const Rational diameter = D && *D < 2 * R ? *D : Rational(2 * R);
    for (std::size_t h = 0; h < heads.size(); ++h) {
      const Json& bounds = entry_of(member(norms, "heads", "norms"), h, heads.size());
      const Rational V = norm_bound(bounds, "V", heads[h].V);
      const Rational A = norm_bound(bounds, "A", product(heads[h].W_K.transpose(), heads[h].W_Q));
      values += V;
      const Rational covariance = A * diameter * diameter / 4;
      c += V * (covariance + root_bound(bounds, A * R * diameter / 2));
      spread += causal || covariance > 1 ? V : Rational(V * covariance);
    }
    const Rational loss = causal || ratio < 1 ? c : Rational(c * ratio);
    require(loss < 1, "attention: the condition of theory 3.2 does not hold");
    if (!causal) ratio = (ratio + loss) / (1 - loss);
    separation *= 1 - loss;
    lipschitz *= 1 + c;
    R *= 1 + values;
    if (D) D = diameter * spread;
  }

  void feed_forward(const Json& norms, const Block& block, bool causal) {
    const Json& bounds = member(norms, "ffn", "norms");
    const Rational W_2 = norm_bound(bounds, "W_2", block.W_2);
    const Rational g = norm_bound(bounds, "W_1", block.W_1) * W_2;
    require(g < 1, "feed-forward: the condition of theory 3.2 does not hold");
    if (!causal) ratio *= (1 + g) / (1 - g);
    separation *= 1 - g;
    lipschitz *= 1 + g;
    if (D) *D *= 1 + g;
    R = R * (1 + g) + W_2 * norm_bound(bounds, "b_1", block.b_1) + norm_bound(bounds, "b_2", block.b_2);
  }
};

}  // namespace

void check_injectivity(const Json& certificate, const CheckLimits&, CheckReport& report) {
  require(member(certificate, "theorem", "certificate") == "3.2", "theorem: 3.2 is needed");
  const Model model = read_layers(member(certificate, "model", "certificate"));
  const Json& norms = member(certificate, "norms", "certificate");
  Propagation state;
  state.R = rational_from(member(certificate, "R", "certificate"), "R");
  require(state.R >= 0, "R: a number >= 0 is needed");
  std::string tokens = state.R.str();
  if (certificate.contains("D")) {
    state.D = rational_from(certificate["D"], "D");
    require(*state.D >= 0, "D: a number >= 0 is needed");
    tokens += " and mutual distance at most " + state.D->str();
  }
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const Json& of_layer = entry_of(norms, l, model.layers.size());
    state.attention(of_layer, model.layers[l].heads, model.causal);
    if (model.layers[l].ffn) state.feed_forward(of_layer, *model.layers[l].ffn, model.causal);
  }
  const Rational separation = rational_from(member(certificate, "separation", "certificate"), "separation");
  const Rational lipschitz = rational_from(member(certificate, "lipschitz", "certificate"), "lipschitz");
  require(separation > 0 && separation <= state.separation, "separation: it does not follow");
  require(lipschitz >= state.lipschitz, "lipschitz: it does not follow");
  report.object = "the model in the certificate, " + std::to_string(model.layers.size()) +
                  " layers of width " + std::to_string(model.width) + ", tokens of norm at most " + tokens;
  report.statement = "inputs at max-token distance D have outputs at least " + separation.str() +
                     " D and at most " + lipschitz.str() + " D apart, for every prompt with such tokens";
}

}  // namespace promptbound::checker
