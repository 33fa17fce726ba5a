#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/softmax.hpp>
#include <promptbound/verify/audit/activation.hpp>
#include <promptbound/verify/audit/prompt_pass.hpp>

namespace promptbound {
namespace {

using Tokens = Matrix<Interval>;

struct TokenEnclosure {
  Interval entry, norm;
};
struct HeadSizes {
  TokenEnclosure query, key, value;
  Interval centred_score;
};
using Sizes = std::vector<std::vector<HeadSizes>>;

/// W X + b, the weights being exact: no temporary is allocated in the inner loop.
Tokens product(const Matrix<double>& W, const Vector<double>& b, const Tokens& X) {
  Tokens result(W.rows(), X.cols());
  Interval term;
  for (Index token = 0; token < X.cols(); ++token) {
    for (Index row = 0; row < W.rows(); ++row) {
      Interval sum(b(row));
      for (Index k = 0; k < W.cols(); ++k) {
        mpfi_mul_d(term.get(), X(k, token).get(), W(row, k));
        mpfi_add(sum.get(), sum.get(), term.get());
      }
      result(row, token) = std::move(sum);
    }
  }
  return result;
}

Tokens affine(const Affine& map, const Tokens& X) { return product(map.W, map.b, X); }

Interval squared_norm(const Tokens& X, Index token) {
  Interval sum(0);
  for (const Interval& x : X.col(token)) sum += square(x);
  return sum;
}

/// gain * (x - mean)/sqrt(variance + eps) + bias of every token, or gain * x/sqrt(mean square + eps).
Tokens normalized(const ModelConfig& config, const NormWeights& norm, Tokens X) {
  const Interval width(static_cast<long>(config.width));
  const Interval epsilon(config.norm_epsilon);
  for (Index token = 0; token < X.cols(); ++token) {
    if (!config.has_rms_norm()) {
      Interval sum(0);
      for (const Interval& x : X.col(token)) sum += x;
      const Interval mean = sum / width;
      for (Interval& x : X.col(token)) x -= mean;
    }
    const Interval root = sqrt(squared_norm(X, token) / width + epsilon);
    for (Index row = 0; row < X.rows(); ++row) {
      X(row, token) = Interval(norm.gain(row)) * (X(row, token) / root) + Interval(norm.bias(row));
    }
  }
  return X;
}

/// Rotates the pairs (i, i + s/2) of the token at each position by the angle position * base^(-2i/s).
void rotate(const Rational& base, Tokens& X) {
  const Index half = X.rows() / 2;
  for (Index i = 0; i < half; ++i) {
    const Interval frequency = power(Interval(base), Rational(-2 * i, X.rows()));
    for (Index position = 0; position < X.cols(); ++position) {
      const Interval angle = frequency * Interval(static_cast<long>(position));
      const Interval sine = sin(angle), cosine = sin(angle + interval_pi() / Interval(2));
      const Interval a = X(i, position), b = X(i + half, position);
      X(i, position) = a * cosine - b * sine;
      X(i + half, position) = b * cosine + a * sine;
    }
  }
}

/// X minus (about) the mean of its tokens: any common vector may be subtracted, if it is the same for all.
Tokens centred(Tokens X) {
  for (Index row = 0; row < X.rows(); ++row) {
    const Interval mean = (X.row(row).sum() / Interval(static_cast<long>(X.cols()))).midpoint();
    for (Interval& x : X.row(row)) x -= mean;
  }
  return X;
}

TokenEnclosure size_of(const Tokens& X) {
  TokenEnclosure size;
  for (Index token = 0; token < X.cols(); ++token) {
    for (const Interval& x : X.col(token)) size.entry = max(size.entry, abs(x));
    size.norm = max(size.norm, sqrt(squared_norm(X, token)));
  }
  return size;
}

struct HeadOutcome {
  HeadSizes sizes;
  Tokens output;  ///< d x m
};

HeadOutcome head_pass(const ModelConfig& config, const HeadWeights& head, const Tokens& U) {
  Tokens Q = affine(head.query, U), K = affine(head.key, U);
  const Tokens V = affine(head.value, U);
  if (config.rotary_base != 0) {
    rotate(config.rotary_base, Q);
    rotate(config.rotary_base, K);
  }
  const Interval scale =
      config.scaled ? Interval(1) / sqrt(Interval(static_cast<long>(config.head_width))) : Interval(1);
  const Index m = U.cols();
  const Tokens scores = multiply<Interval>(K.transpose(), Q);
  const Tokens small = multiply<Interval>(centred(K).transpose(), centred(Q));
  HeadOutcome outcome{{size_of(Q), size_of(K), size_of(V), Interval()}, Tokens()};
  Tokens mean(V.rows(), m);
  for (Index query = 0; query < m; ++query) {
    const Index visible = config.is_causal() ? query + 1 : m;
    Vector<Interval> of_query(visible);
    for (Index key = 0; key < visible; ++key) {
      of_query(key) = scale * scores(key, query);
      outcome.sizes.centred_score = max(outcome.sizes.centred_score, scale * abs(small(key, query)));
    }
    const Vector<Interval> weights = softmax(of_query);
    mean.col(query) = multiply<Interval>(V.leftCols(visible), weights);
  }
  outcome.output = product(head.output, Vector<double>::Zero(head.output.rows()), mean);
  return outcome;
}

/// Z + attention(U), and the sizes of every head.
std::vector<HeadSizes> attention(const ModelConfig& config, const LayerWeights& layer, const Tokens& U,
                                 Tokens& Z) {
  std::vector<HeadSizes> heads;
  for (const HeadWeights& head : layer.heads) {
    HeadOutcome outcome = head_pass(config, head, U);
    heads.push_back(outcome.sizes);
    Z += outcome.output;
  }
  for (Index token = 0; token < Z.cols(); ++token) {
    for (Index row = 0; row < Z.rows(); ++row) Z(row, token) += Interval(layer.output_bias(row));
  }
  return heads;
}

Tokens feed_forward(const ModelConfig& config, const LayerWeights& layer, const Tokens& U) {
  Tokens hidden = affine(layer.up, U);
  if (layer.gate) {
    const Tokens gate = affine(*layer.gate, U);
    for (Index k = 0; k < hidden.size(); ++k) {
      hidden.data()[k] *= activate(config.activation, gate.data()[k]);
    }
  } else {
    for (Interval& x : hidden.reshaped()) x = activate(config.activation, x);
  }
  return affine(layer.down, hidden);
}

Tokens embedded(const LanguageModel& model, const Matrix<double>& tokens) {
  const Matrix<double> codes = model.position_codes(0, static_cast<std::size_t>(tokens.cols()));
  const Vector<double> type = model.type_code();
  Tokens X(tokens.rows(), tokens.cols());
  for (Index token = 0; token < X.cols(); ++token) {
    for (Index row = 0; row < X.rows(); ++row) {
      X(row, token) = Interval(tokens(row, token)) + Interval(codes(row, token)) + Interval(type(row));
    }
  }
  return X;
}

Sizes pass(const LanguageModel& model, const Matrix<double>& tokens) {
  const ModelConfig& config = model.config();
  Tokens Z = embedded(model, tokens);
  if (!config.is_causal()) {
    const Tokens U = normalized(config, *model.embedding_norm(), Z);
    return {attention(config, model.layer(0), U, Z)};
  }
  Sizes layers;
  for (std::size_t l = 0; l < config.layers; ++l) {
    const LayerWeights layer = model.layer(l);
    layers.push_back(attention(config, layer, normalized(config, layer.norm_1, Z), Z));
    if (l + 1 < config.layers) Z += feed_forward(config, layer, normalized(config, layer.norm_2, Z));
  }
  return layers;
}

constexpr long tight_bits = 40;
constexpr long most_bits = 1L << 14;

bool is_tight(const Interval& x) { return x.is_finite() && x.is_relatively_tight(tight_bits); }

bool is_tight(const HeadSizes& head) {
  const auto both = [](const TokenEnclosure& size) { return is_tight(size.entry) && is_tight(size.norm); };
  // A single token is its own mean: its centred score is 0, and the enclosure only small.
  return both(head.query) && both(head.key) && both(head.value) && head.centred_score.is_finite();
}

TokenSize rounded(const TokenEnclosure& size) { return {FastInterval(size.entry), FastInterval(size.norm)}; }

}  // namespace

std::vector<std::vector<PromptHead>> prompt_pass(const LanguageModel& model, const Matrix<double>& tokens) {
  std::vector<std::vector<PromptHead>> result;
  for (long bits = 128 + 16 * static_cast<long>(model.config().layers);; bits *= 2) {
    const WorkingPrecision scope(bits);
    const Sizes sizes = pass(model, tokens);
    bool is_done = true;
    result.clear();
    for (const auto& layer : sizes) {
      std::vector<PromptHead>& heads = result.emplace_back();
      for (const HeadSizes& head : layer) {
        is_done = is_done && is_tight(head);
        heads.push_back(
            {rounded(head.query), rounded(head.key), rounded(head.value), FastInterval(head.centred_score)});
      }
    }
    if (is_done || 2 * bits > most_bits) return result;
  }
}

}  // namespace promptbound
