#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/attention_means.hpp>
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

HeadSizes sizes_of(const TrainedAttention& attention, const ProjectedGroup<Interval>& group,
                   const Tokens& queries) {
  HeadSizes sizes{size_of(queries), size_of(group.keys), size_of(group.values), Interval()};
  const Interval scale = Interval(1) / sqrt(Interval(attention.score_divisor));
  const Tokens transposed = centred(group.keys).transpose();
  const Tokens scores = multiply(transposed, centred(queries));
  for (Index query = 0; query < scores.cols(); ++query) {
    for (Index key = 0; key < visible_keys(attention.mask, query, scores.rows()); ++key) {
      sizes.centred_score = max(sizes.centred_score, scale * abs(scores(key, query)));
    }
  }
  return sizes;
}

constexpr long tight_bits = 40;

/// Sizes below this are 0 for every purpose, and a size that is 0 is never enclosed within a part of itself.
constexpr double negligible = 0x1p-200;

bool is_tight(const Interval& x) {
  return x.is_finite() && (x.is_relatively_tight(tight_bits) || certainly_less(x, Interval(negligible)));
}

bool is_tight(const HeadSizes& head) {
  const auto both = [](const TokenEnclosure& size) { return is_tight(size.entry) && is_tight(size.norm); };
  // A single token is its own mean: its centred score is 0, and the enclosure only small.
  return both(head.query) && both(head.key) && both(head.value) && head.centred_score.is_finite();
}

TokenSize rounded(const TokenEnclosure& size) { return {FastInterval(size.entry), FastInterval(size.norm)}; }

}  // namespace

PromptPass::PromptPass(const InputWeights& input, const Matrix<double>& tokens, long bits) : bits_(bits) {
  const WorkingPrecision scope(bits_);
  states_ = embedded(input, Tokens(tokens.unaryExpr([](double x) { return Interval(x); })));
}

void PromptPass::add(const TrainedLayer& layer, bool is_last) {
  if (!is_determined_) return;
  const WorkingPrecision scope(bits_);
  const auto groups = projected(layer, states_);
  std::vector<PromptHead>& heads = heads_.emplace_back();
  for (const ProjectedGroup<Interval>& group : groups) {
    for (const Tokens& queries : group.queries) {
      const HeadSizes head = sizes_of(layer.attention, group, queries);
      is_tight_ = is_tight_ && promptbound::is_tight(head);
      heads.push_back(
          {rounded(head.query), rounded(head.key), rounded(head.value), FastInterval(head.centred_score)});
    }
  }
  is_determined_ = !is_last && layer.attention.mask == Mask::causal;
  if (is_determined_) states_ = through_layer(layer, groups, std::move(states_));
}

}  // namespace promptbound
