#include <cmath>

#include <promptbound/constructions/universal_transformer.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

constexpr long most_universal_entries = 100000000;

Grid checked_grid(Index d, Index L, long k, const Rational& eta) {
  if (L < 1) throw InputError("L: " + std::to_string(L) + " (accepted: an integer >= 1)");
  Grid grid{d, L, k, eta};
  grid.check();
  const long cells = cell_count(k, d * L);
  if (cells > most_universal_entries / (d * L)) {
    throw InputError("k: the prompt has L k^n d = " + Integer(Integer(cells) * (d * L)).str() +
                     " entries (accepted: at most " + std::to_string(most_universal_entries) + ")");
  }
  grid.tokens = L * cells + L;
  return grid;
}

}  // namespace

UniversalTransformer::UniversalTransformer(Index d, Index L, long k, const Rational& eta)
    : grid_(checked_grid(d, L, k, eta)),
      L_(L),
      prompt_tokens_(grid_.tokens - L),
      codes_(grid_, prompt_tokens_) {}

UniversalSizes UniversalTransformer::sizes(Index d, Index L, long k) {
  UniversalSizes sizes;
  sizes.prompt_tokens = L * power(Integer(k), static_cast<unsigned long>(d * L));
  sizes.sequence_tokens = sizes.prompt_tokens + L;
  sizes.staircase_width = d * Integer(2 * sizes.sequence_tokens * k - 1);
  const Integer digits = d * sizes.sequence_tokens;
  if (digits > 1000000000)
    throw InputError("k: L k^{dT} has more than 10^9 digits (accepted: smaller d, L or k)");
  sizes.knots = L * power(Integer(k), digits.convert_to<unsigned long>());
  return sizes;
}

Rational UniversalTransformer::level(Index c, long j, long digit) const {
  return Rational(digit * power(codes_.base(), static_cast<unsigned long>(grid_.d * j + c)));
}

void UniversalTransformer::require_memory(UniversalForm form, double memory_bytes) const {
  // A rational is two heap numbers: weights are as long as the codes, with two times d T digits in base K.
  const double digits = static_cast<double>(codes_.digit_count());
  const double code_bytes = 2 * digits * std::log2(static_cast<double>(grid_.k + 1)) / 8;
  const double entry_bytes = 96 + 2 * code_bytes;
  const double d = static_cast<double>(grid_.d);
  const double units_per_knot = form == UniversalForm::wide ? 1 : 3;
  const double log10_knots =
      std::log10(static_cast<double>(L_)) + digits * std::log10(static_cast<double>(grid_.k));
  const double log10_bytes = log10_knots + std::log10(units_per_knot * (2 * d + 1) * entry_bytes);
  const double staircase_bytes =
      d * 2 * static_cast<double>(grid_.tokens * grid_.k) * (2 * d + 1) * entry_bytes;
  if (log10_bytes < 300 && std::pow(10.0, log10_bytes) + staircase_bytes <= memory_bytes) return;
  throw InputError(
      "k: the dense weights take about 10^" +
      std::to_string(static_cast<long>(std::ceil(std::max(log10_bytes, std::log10(staircase_bytes))))) +
      " bytes (accepted: at most " + std::to_string(static_cast<long>(memory_bytes)) +
      "; the sparse evaluation has no such limit)");
}

Vector<Rational> UniversalTransformer::wanted_output(const Code& code) const {
  // The input's digits name the cell g; the prompt's digits at token g L + i hold the output there.
  const auto digit = [&](long token, Index c) {
    return code.digits[static_cast<std::size_t>(grid_.d * token + c)];
  };
  long cell = 0;
  for (long token = grid_.tokens; token > prompt_tokens_; --token) {
    for (Index c = grid_.d; c > 0; --c) cell = cell * grid_.k + digit(token - 1, c - 1) - 1;
  }
  const long holder = cell * L_ + (code.position - prompt_tokens_);
  return Vector<Rational>::NullaryExpr(grid_.d,
                                       [&](Index c) { return digit_value(digit(holder, c), grid_.k); });
}

FeedForward<Rational> UniversalTransformer::wide_block() const {
  const Index width = sizes(grid_.d, L_, grid_.k).knots.convert_to<Index>();
  FeedForward<Rational> block{Matrix<Rational>::Zero(width, grid_.d), Vector<Rational>::Zero(width),
                              Matrix<Rational>::Zero(grid_.d, width), Vector<Rational>::Zero(grid_.d)};
  block.W_1.col(0).setOnes();
  block.W_2(0, 0) = -1;  // the unit relu(z) = z cancels the code itself
  // v(z) = v_1 + sum_i (slope after t_i - slope before t_i) relu(z - t_i); no token comes beyond the last
  // code.
  Code code = codes_.lowest();
  Vector<Rational> value = wanted_output(code);
  Vector<Rational> slope_before = Vector<Rational>::Zero(grid_.d);
  block.b_2 = value;
  Integer knot = codes_.integer(code);
  for (Index unit = 1; unit < width; ++unit) {
    code = codes_.next(code).value();
    const Integer next_knot = codes_.integer(code);
    const Vector<Rational> next_value = wanted_output(code);
    const Vector<Rational> slope = (next_value - value) / Rational(next_knot - knot);
    block.b_1(unit) = -Rational(knot);
    block.W_2.col(unit) += slope - slope_before;
    slope_before = slope;
    value = next_value;
    knot = next_knot;
  }
  return block;
}

void UniversalTransformer::add_deep_blocks(std::vector<Layer<Rational>>& layers) const {
  // hat(z) = relu(z-t+1) - 2 relu(z-t) + relu(z-t-1) takes z = t to v_0 and adds v_c to the other
  // coordinates.
  for (std::optional<Code> code = codes_.lowest(); code; code = codes_.next(*code)) {
    const Rational knot(codes_.integer(*code));
    Vector<Rational> change = wanted_output(*code);
    change(0) -= knot;
    FeedForward<Rational> hat{Matrix<Rational>::Zero(3, grid_.d), Vector<Rational>(3),
                              Matrix<Rational>(grid_.d, 3), Vector<Rational>::Zero(grid_.d)};
    hat.W_1.col(0).setOnes();
    hat.b_1 << Rational(1 - knot), Rational(-knot), Rational(-1 - knot);
    hat.W_2 << change, Rational(-2) * change, change;
    if (layers.back().ffn) layers.emplace_back();
    layers.back().ffn = std::move(hat);
  }
  // z <- z - relu(z - 1): a code that missed every window is still huge.
  const Matrix<Rational> identity = Matrix<Rational>::Identity(grid_.d, grid_.d);
  layers.emplace_back().ffn = FeedForward<Rational>{identity, -Vector<Rational>::Ones(grid_.d), -identity,
                                                    Vector<Rational>::Zero(grid_.d)};
}

Transformer<Rational> UniversalTransformer::dense(UniversalForm form, double memory_bytes) const {
  require_memory(form, memory_bytes);
  const Index d = grid_.d;
  Transformer<Rational> model{.width = d, .layers = {}, .mask = Mask::bidirectional};
  model.layers.emplace_back().ffn =
      staircase_block(grid_, d, [this](Index c, long j, long digit) { return level(c, j, digit); });
  // W_Q = 0: the mean of all tokens; T K^{dT} times it is K^{dT} times the sum of all codes.
  AttentionHead<Rational> head{Matrix<Rational>::Zero(1, d), Matrix<Rational>::Zero(1, d),
                               Matrix<Rational>::Zero(d, d), std::nullopt};
  head.W_V(0, 0) = Rational(grid_.tokens * codes_.context_factor());
  model.layers.emplace_back().heads.push_back(std::move(head));
  if (form == UniversalForm::wide) {
    model.layers.back().ffn = wide_block();
  } else {
    add_deep_blocks(model.layers);
  }
  return model;
}

Matrix<Rational> UniversalTransformer::prompt(const QuantizedFunction& f) const {
  if (f.d != grid_.d || f.L != L_ || f.k != grid_.k) {
    throw InputError("function: quantized for d = " + std::to_string(f.d) + ", L = " + std::to_string(f.L) +
                     ", k = " + std::to_string(f.k) + " (accepted: the construction's d, L, k)");
  }
  const Matrix<Rational> values = Matrix<Rational>::NullaryExpr(
      grid_.d, prompt_tokens_,
      [&](Index c, Index token) { return digit_value(f.digit(token / L_, c, token % L_), f.k); });
  return positioned(values, grid_.d, 0);
}

Interval UniversalTransformer::guarantee_off_ramps(const Rational& C, const Number& alpha) const {
  return Interval(Rational((C + 1) / (2 * grid_.k))) * norm_factor(grid_.d * L_, alpha);
}

Interval UniversalTransformer::guarantee(const Rational& C, const Rational& alpha) const {
  const Index n = grid_.d * L_;
  const Interval off_ramps = guarantee_off_ramps(C, alpha);
  const Interval on_ramps(Rational(n * n * (grid_.k - 1) * grid_.eta));
  return nonnegative_power(nonnegative_power(off_ramps, alpha) + on_ramps, Rational(1 / alpha));
}

Record UniversalTransformer::claim(const Rational& C, const Rational& alpha) const {
  Record record;
  record.id = "universal-transformer";
  record.kind = Kind::sufficient;
  record.theory = "5.1";
  record.source = "HWGLSL25";
  record.inputs = {{"d", grid_.d}, {"L", L_}, {"k", grid_.k}, {"eta", grid_.eta}, {"C", C}, {"alpha", alpha}};
  const UniversalSizes size = sizes(grid_.d, L_, grid_.k);
  record.add("tokens", size.prompt_tokens);
  record.add("staircase_width", size.staircase_width);
  record.add("wide_width", size.knots);
  record.add("deep_blocks", Integer(size.knots + 1));
  record.add("error", guarantee(C, alpha));
  record.add("error_off_ramps", guarantee_off_ramps(C, alpha));
  record.holds("the error is d_alpha(f, output) for any f in F(C, alpha); outputs lie in [0,1]");
  return record;
}

}  // namespace promptbound
