#include <promptbound/constructions/lookup/packed_blocks.hpp>

#include <utility>

#include <promptbound/constructions/lookup/lookup_blocks.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {

Integer PackedTokens::values_of_entry() const {
  return power(base, static_cast<unsigned long>(digits_per_entry));
}

Index index_digits(const Integer& count, unsigned long b) {
  const Integer radix = power(Integer(2), b);
  Index digits = 1;
  for (Integer numbers = radix; numbers < count; numbers *= radix) ++digits;
  return digits;
}

Rational score_above_log(const Integer& x) { return round_score_up(log(Interval(x))); }

PackedBlocks::PackedBlocks(PackedTokens tokens, Index registers) : tokens_(std::move(tokens)) {
  Index next = tokens_.d;
  const auto take = [&](Index entries) { return std::exchange(next, next + entries); };
  onehot_ = take(tokens_.L);
  flag_ = take(1);
  gather_ = take(tokens_.L > 1 ? tokens_.n() : 0);
  number_ = take(tokens_.index_digits);
  square_ = take(tokens_.index_digits);
  wanted_ = take(tokens_.index_digits);
  payload_ = take(tokens_.P);
  width_ = next + registers;
}

RegisterBlock PackedBlocks::new_block() const { return {width_, EntryForm::sum(onehot_, tokens_.L)}; }

/// relu of it is the coordinate at the token that holds it, and 0 at the others.
EntryForm PackedBlocks::own_gate(Index coordinate) const {
  return EntryForm::entry(coordinate % tokens_.d) + EntryForm::entry(onehot_ + coordinate / tokens_.d) -
         EntryForm::sum(onehot_, tokens_.L);
}

// Gates and gathered coordinates share their entries: the gate of a token's own block is subtracted
// afterwards.
PackedBlocks::Gather PackedBlocks::gather() const {
  const Index n = tokens_.n();
  Gather result{new_block(),
                {Matrix<Rational>::Zero(1, width_), Matrix<Rational>::Zero(1, width_),
                 Matrix<Rational>::Zero(n, width_), Matrix<Rational>::Zero(width_, n)},
                new_block()};
  auto& [open, head, subtract] = result;
  head.W_Q.middleCols(onehot_, tokens_.L + 1).setOnes();  // flag and onehot of any token sum to 1
  head.W_K(0, flag_) = -tokens_.Lambda_1;
  for (Index o = 0; o < n; ++o) {
    open.add_relu(own_gate(o), EntryForm::entry(gather_ + o));
    subtract.add_relu(own_gate(o), EntryForm::entry(gather_ + o, -1));
    head.W_V(o, gather_ + o) = 1;
    (*head.W_O)(gather_ + o, o) = tokens_.L;
  }
  return result;
}

void PackedBlocks::split_place(RegisterBlock& block, Index place_row, Index slot, long per_token) const {
  const EntryForm place = EntryForm::entry(place_row);
  block.add_relu(place, EntryForm::entry(slot));
  const Integer radix = power(Integer(2), tokens_.b);
  for (long token = 1; token < tokens_.count; ++token) {
    EntryForm change = EntryForm::entry(slot, -per_token);
    Integer after = token, before = token - 1;
    for (Index i = 0; i < tokens_.index_digits; ++i) {
      change += EntryForm::entry(wanted_ + i, Rational(after % radix - before % radix));
      after /= radix;
      before /= radix;
    }
    block.add_step(place, Rational(token) * per_token, change);
  }
  block.clear(place_row);
}

// Score: Lambda_2 (2 tok T - T^2) of an input query on prompt keys, -Lambda_3 on input keys; Lambda_4 of a
// prompt query on input keys. Value: payload, times 2^b B^{-J}.
AttentionHead<Rational> PackedBlocks::lookup_head() const {
  const Index numbers = tokens_.index_digits, P = tokens_.P;
  AttentionHead<Rational> head{Matrix<Rational>::Zero(numbers + 2, width_),
                               Matrix<Rational>::Zero(numbers + 2, width_), Matrix<Rational>::Zero(P, width_),
                               Matrix<Rational>::Zero(width_, P)};
  for (Index i = 0; i < numbers; ++i) {
    head.W_Q(i, wanted_ + i) = 2 * tokens_.Lambda_2;
    head.W_K(i, number_ + i) = 1;
    head.W_K(numbers, square_ + i) = -tokens_.Lambda_2;
  }
  head.W_Q.row(numbers).segment(onehot_, tokens_.L).setOnes();
  head.W_K.row(numbers).segment(onehot_, tokens_.L).setConstant(-tokens_.Lambda_3);
  head.W_Q(numbers + 1, flag_) = 1;
  head.W_K.row(numbers + 1).segment(onehot_, tokens_.L).setConstant(tokens_.Lambda_4);
  const Rational scale(power(Integer(2), tokens_.b), tokens_.values_of_entry());
  for (Index i = 0; i < P; ++i) {
    head.W_V(i, payload_ + i) = 1;
    (*head.W_O)(payload_ + i, i) = scale;
  }
  return head;
}

void PackedBlocks::extract_digit(RegisterBlock& block, Index digit, Index row) const {
  const Index entry = payload_ + digit / tokens_.digits_per_entry;
  const Rational B(tokens_.base);
  const Rational margin = B / Rational(4 * tokens_.values_of_entry());
  EntryForm u = EntryForm::entry(entry) + EntryForm::entry(flag_, -2);
  if (digit % tokens_.digits_per_entry == 0) {
    const EntryForm middle = Rational(2 * margin / B) * block.one();
    u += middle;
    block.add_relu(middle, EntryForm::entry(entry));
  }
  block.add_relu(u, EntryForm::entry(entry, B - 1));
  std::vector<Ramp> borders;
  for (Rational border = 1; border < B; ++border) borders.push_back({border - margin, border + margin});
  block.add_staircase(B * u, std::move(borders), EntryForm::entry(row) - EntryForm::entry(entry));
}

void PackedBlocks::add_slot_bit(RegisterBlock& block, Index slot_row, long value, Index row) const {
  const EntryForm slot = EntryForm::entry(slot_row), bit = EntryForm::entry(row);
  if (value > 0) {
    block.add_step(slot, value, bit);
  } else {
    block.add_relu(block.one(), bit);
  }
  block.add_step(slot, value + 1, Rational(-1) * bit);
}

Vector<Rational> PackedBlocks::prompt_token(long number, const std::vector<Integer>& digits) const {
  const Integer radix = power(Integer(2), tokens_.b);
  Vector<Rational> token = Vector<Rational>::Zero(width_);
  token(flag_) = 1;
  Integer rest = number;
  for (Index i = 0; i < tokens_.index_digits; ++i, rest /= radix) {
    token(number_ + i) = Rational(rest % radix);
    token(square_ + i) = token(number_ + i) * token(number_ + i);
  }
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto place = static_cast<Index>(i);
    const Index behind = tokens_.digits_per_entry - 1 - place % tokens_.digits_per_entry;
    token(payload_ + place / tokens_.digits_per_entry) +=
        Rational(digits[i] * power(tokens_.base, static_cast<unsigned long>(behind)), radix);
  }
  return token;
}

std::optional<std::vector<Integer>> PackedBlocks::digits_of(const Vector<Rational>& token) const {
  const Integer radix = power(Integer(2), tokens_.b), values = tokens_.values_of_entry();
  std::vector<Integer> digits;
  for (const Rational& entry : token.segment(payload_, tokens_.P)) {
    const Rational stored = entry * radix;
    if (!is_integer(stored) || stored < 0 || stored >= values) return std::nullopt;
    Integer rest = numerator(stored), weight = values;
    for (Index place = 0; place < tokens_.digits_per_entry; ++place) {
      weight /= tokens_.base;
      digits.emplace_back(rest / weight);
      rest %= weight;
    }
  }
  return digits;
}

Matrix<Rational> PackedBlocks::input(const Matrix<Rational>& X) const {
  Matrix<Rational> result = Matrix<Rational>::Zero(width_, tokens_.L);
  result.topRows(tokens_.d) = X;
  for (Index i = 0; i < tokens_.L; ++i) result(onehot_ + i, i) = 1;
  return result;
}

}  // namespace promptbound
