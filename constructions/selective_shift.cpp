#include <algorithm>
#include <map>

#include <promptbound/constructions/selective_shift.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

constexpr long most_shifted_codes = 1L << 20;

}  // namespace

SelectiveShift::SelectiveShift(const Grid& grid) : grid_(grid) {
  grid_.check();
  const auto d = static_cast<unsigned long>(grid_.d), T = static_cast<unsigned long>(grid_.tokens);
  if (T < 2) throw InputError("selective shift: at least two tokens are needed");
  if (T * d > 20 || power(Integer(grid_.k), d * T) * T > most_shifted_codes) {
    throw InputError("selective shift: more than 2^20 codes; lower d, T or k");
  }
  W_ = power(Integer(grid_.k), d);
  c_ = W_ * grid_.tokens;
  c_g_ = power(c_, T + 1);
  const Integer argument = 4 * (grid_.tokens - 1) * (1 + c_g_) * (power(Integer(3 * c_), T) + 1);
  beta_ = Rational(ceil(Rational((Interval(256) * log(Interval(argument))).upper())), 64);
}

Integer SelectiveShift::original_blocks() const { return W_; }

Integer SelectiveShift::code(const Code& code) const {
  const auto d = static_cast<std::size_t>(grid_.d);
  std::vector<Integer> l;
  for (long j = 0; j < grid_.tokens; ++j) {
    Integer value = W_ * j;
    for (std::size_t i = 0; i < d; ++i) {
      value += power(Integer(grid_.k), i) * (code.digits[static_cast<std::size_t>(j) * d + i] - 1);
    }
    l.push_back(value);
  }
  for (Integer& own : l) own += c_ * (*std::max_element(l.begin(), l.end()) - own);
  return l[static_cast<std::size_t>(code.position)] + c_g_ * *std::max_element(l.begin(), l.end());
}

Matrix<Rational> SelectiveShift::input(const Matrix<Rational>& X) const {
  Matrix<Rational> result = Matrix<Rational>::Ones(grid_.d + 1, X.cols());
  result.topRows(grid_.d) = X;
  return positioned(result, grid_.d, 0);
}

AttentionHead<Rational> SelectiveShift::shift_head(const Rational& window, const Rational& factor) const {
  const Index width = grid_.d + 1;
  Matrix<Rational> W_Q = Matrix<Rational>::Zero(1, width), W_K = W_Q, W_O = Matrix<Rational>::Zero(width, 1);
  W_Q(0, 0) = beta_;
  W_Q(0, grid_.d) = -beta_ * window;
  W_K(0, 0) = 1;
  W_O(0, 0) = factor;
  return {W_Q, W_K, W_K, W_O};
}

Transformer<Rational> SelectiveShift::encoder() const {
  const Index width = grid_.d + 1;
  Transformer<Rational> result{width, {}, Mask::bidirectional};
  const FeedForward<Rational> digits = staircase_block(grid_, width, [this](Index i, long j, long digit) {
    const Rational offset = i == 0 ? Rational(W_ * j) : Rational(0);
    return Rational(offset + Rational(power(Integer(grid_.k), static_cast<unsigned long>(i)) * (digit - 1)));
  });
  result.layers.push_back({{}, digits});
  for (long j = 0; j < grid_.tokens; ++j) {
    const Rational low = Rational(W_ * j) - Rational(1, 2), high = low + Rational(W_);
    result.layers.push_back({{shift_head(low, Rational(c_)), shift_head(high, Rational(-c_))}, std::nullopt});
  }
  AttentionHead<Rational> global = shift_head(0, Rational(c_g_));
  global.W_Q(0, 0) = 0;
  global.W_Q(0, grid_.d) = beta_;
  result.layers.push_back({{global}, std::nullopt});
  return result;
}

Transformer<Rational> SelectiveShift::transformer(const Values& wanted, long first) const {
  std::map<Integer, Vector<Rational>> values;
  const CodeBook book(grid_, first);
  for (std::optional<Code> next = book.lowest(); next; next = book.next(*next)) {
    Vector<Rational> value = wanted(*next);
    if (value.size() != grid_.d) throw InputError("selective shift: a wanted value must have d coordinates");
    values.emplace(code(*next), std::move(value));
  }
  const auto units = static_cast<Index>(2 * values.size() - 1);
  FeedForward<Rational> block{Matrix<Rational>::Zero(units, grid_.d + 1), Vector<Rational>::Zero(units),
                              Matrix<Rational>::Zero(grid_.d + 1, units),
                              Vector<Rational>::Zero(grid_.d + 1)};
  block.W_1.col(0).setOnes();
  // Unit 0 removes the code: codes are >= 0. Then each gap between windows has a kink at either end.
  block.W_2(0, 0) = -1;
  block.b_2.head(grid_.d) = values.begin()->second;
  Index unit = 1;
  for (auto left = values.begin(), right = std::next(left); right != values.end(); ++left, ++right) {
    const Rational start = Rational(left->first) + Rational(1, 4),
                   end = Rational(right->first) - Rational(1, 4);
    const Vector<Rational> slope = (right->second - left->second) / (end - start);
    block.b_1(unit) = -start;
    block.W_2.col(unit++).head(grid_.d) = slope;
    block.b_1(unit) = -end;
    block.W_2.col(unit++).head(grid_.d) = -slope;
  }
  Transformer<Rational> result = encoder();
  result.layers.back().ffn = std::move(block);
  return result;
}

}  // namespace promptbound
