#include <promptbound/constructions/softmax_universal.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/softmax.hpp>

namespace promptbound {
namespace {

constexpr long most_knots = 1L << 16;

/// The context code z of one position: query + gamma sum_j p_j u_j.
Interval context_code(const Vector<Interval>& tokens, const Interval& query, const Interval& beta,
                      const Interval& gamma) {
  const Interval direction = beta * query;
  const Vector<Interval> scores =
      tokens.unaryExpr([&](const Interval& u) { return Interval(direction * u); });
  const Vector<Interval> weights = softmax(scores);
  Interval mean(0);
  for (Index j = 0; j < tokens.size(); ++j) mean += weights(j) * tokens(j);
  return query + gamma * mean;
}

}  // namespace

SoftmaxUniversal::SoftmaxUniversal(Index d, Index L, long k, const Rational& eta, Index rank)
    : exact_(d, L, k, eta), rank_(rank) {
  if (rank < 1 || rank > d) {
    throw InputError("rank: " + std::to_string(rank) + " (accepted: 1 to d = " + std::to_string(d) + ")");
  }
  const UniversalSizes size = UniversalTransformer::sizes(d, L, k);
  if (size.knots > most_knots) {
    throw InputError("k: the softmax form computes all L k^{dT} context codes, here more than " +
                     std::to_string(most_knots) + " (accepted: fewer)");
  }
  const long T = exact_.grid().tokens;
  W_ = Rational(T * power(Integer(k), static_cast<unsigned long>(d)));
  gamma_ = 1 / (4 * W_);
  const WorkingPrecision scope(64);
  const Interval spacing = Interval(2) * log(Interval(T)) + Interval(3);
  beta_ = Rational(floor(Rational(1024 * Interval(spacing / Interval(W_)).upper())) + 1, 1024);
  find_windows();
}

Rational SoftmaxUniversal::level(Index c, long j, long digit) const {
  const Integer place = power(Integer(exact_.grid().k), static_cast<unsigned long>(c));
  const Rational own((digit - 1) * place);
  return c == 0 ? Rational(W_ + W_ / exact_.grid().tokens * j + own) : own;
}

void SoftmaxUniversal::find_windows() {
  bits_ = at_rising_precision("the distance of the context codes", 128, [&] {
    return separate_codes() ? std::optional(working_precision()) : std::nullopt;
  });
}

bool SoftmaxUniversal::separate_codes() {
  const Grid& grid = exact_.grid();
  struct Enclosed {
    Interval z;
    Code code;
  };
  std::vector<Enclosed> codes;
  const CodeBook book(grid, exact_.prompt_tokens());
  for (std::optional<Code> code = book.lowest(); code; code = book.next(*code)) {
    Vector<Interval> tokens(grid.tokens);
    for (long j = 0; j < grid.tokens; ++j) {
      Rational u = 0;
      for (Index c = 0; c < grid.d; ++c)
        u += level(c, j, code->digits[static_cast<std::size_t>(grid.d * j + c)]);
      tokens(j) = Interval(u);
    }
    codes.push_back({context_code(tokens, tokens(code->position), Interval(beta_), Interval(gamma_)), *code});
  }
  std::sort(codes.begin(), codes.end(), [](const Enclosed& a, const Enclosed& b) {
    return certainly_less(a.z.lower_point(), b.z.lower_point());
  });
  // gap_i = z_{i+1} - z_i encloses the distance of neighbours; all must be certainly positive and wide.
  Interval least;
  for (std::size_t i = 0; i + 1 < codes.size(); ++i) {
    const Interval gap = codes[i + 1].z - codes[i].z;
    if (!certainly_positive(gap) || !gap.is_relatively_tight(8)) return false;
    least = i == 0 ? gap : min(least, gap);
  }
  separation_ = codes.size() > 1 ? least : Interval(1);
  const Rational margin = separation_.lower() / 4;
  windows_.clear();
  for (const Enclosed& code : codes) {
    windows_.push_back({code.z.lower() - margin, code.z.upper() + margin, exact_.wanted_output(code.code)});
  }
  return true;
}

FeedForward<Rational> SoftmaxUniversal::window_block() const {
  // v(z) = v_1 + sum_i slope_i (relu(z - end of window i) - relu(z - start of window i+1)), and relu(z) = z
  // cancels z.
  const Index d = exact_.grid().d;
  const auto units = static_cast<Index>(2 * windows_.size() - 1);
  FeedForward<Rational> block{Matrix<Rational>::Zero(units, d), Vector<Rational>::Zero(units),
                              Matrix<Rational>::Zero(d, units), windows_.front().value};
  block.W_1.col(0).setOnes();
  block.W_2(0, 0) = -1;
  for (std::size_t i = 0; i + 1 < windows_.size(); ++i) {
    const Rational& end = windows_[i].upper;
    const Rational& start = windows_[i + 1].lower;
    const Vector<Rational> slope = (windows_[i + 1].value - windows_[i].value) / Rational(start - end);
    const auto unit = static_cast<Index>(2 * i + 1);
    block.b_1(unit) = -end;
    block.W_2.col(unit) = slope;
    block.b_1(unit + 1) = -start;
    block.W_2.col(unit + 1) = -slope;
  }
  return block;
}

Transformer<Rational> SoftmaxUniversal::transformer() const {
  const Grid& grid = exact_.grid();
  Transformer<Rational> model{.width = grid.d, .layers = {}, .mask = Mask::bidirectional};
  model.layers.emplace_back().ffn =
      staircase_block(grid, grid.d, [this](Index c, long j, long digit) { return level(c, j, digit); });
  // After FFN 1 only coordinate 0 is not 0, so that the further directions of a higher rank see zeros.
  const Matrix<Rational> projection = Matrix<Rational>::Identity(rank_, grid.d);
  AttentionHead<Rational> head{beta_ * projection, projection, gamma_ * projection,
                               Matrix<Rational>(projection.transpose())};
  model.layers.push_back({{std::move(head)}, window_block()});
  return model;
}

Record SoftmaxUniversal::claim() const {
  const Grid& grid = exact_.grid();
  Record record;
  record.id = "softmax-universal";
  record.kind = Kind::sufficient;
  record.theory = "5.1";
  record.source = rank_ == 1 ? "KS24" : "HWGLSL25";
  record.inputs = {
      {"d", grid.d}, {"L", exact_.input_tokens()}, {"k", grid.k}, {"eta", grid.eta}, {"rank", rank_}};
  record.add("tokens", Integer(exact_.prompt_tokens()));
  record.add("codes", Integer(windows_.size()));
  record.add("width", Integer(2 * windows_.size() - 1));
  record.add("beta", beta_);
  record.add("separation", separation_);
  record.add("bits", Integer(bits_));
  record.holds("for every quantized function the output at every grid centre is the value wanted, exactly");
  return record;
}

}  // namespace promptbound
