#include <nlohmann/json.hpp>

#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/check/packed_network.hpp>

namespace promptbound::checker {
namespace {

constexpr long largest = 1000000000;

Index whole(const Json& recipe, const char* name, long least, long most) {
  const Integer value = integer_from(member(recipe, name, "packed"), name);
  require(value >= least && value <= most, "packed: a size is none of theory 5.9");
  return value.convert_to<Index>();
}

Integer raised(const Integer& base, Index exponent) {
  return power(base, static_cast<unsigned long>(exponent));
}

using Row = std::map<Index, Rational>;

Row plus(Row a, const Row& b, const Rational& factor = 1) {
  for (const auto& [row, value] : b) a[row] += factor * value;
  return a;
}

}  // namespace

PackedNetwork::PackedNetwork(const Json& recipe, Index d, Index L, Index tokens)
    : d_(d), L_(L), n_(d * L), m_(tokens) {
  const Json& form = member(recipe, "form", "packed");
  require(form == "difference" || form == "direct", "packed: the form is difference or direct");
  differences_ = form == "difference";
  t_ = whole(recipe, "steps", 1, largest);
  k_ = whole(recipe, "k", 1, largest);
  const Index b = whole(recipe, "b", 1, 4096);
  P_ = whole(recipe, "P", 1, largest);
  J_ = whole(recipe, "digits_per_entry", 1, b);
  A_ = whole(recipe, "first_digits", 1, largest);
  r_ = whole(recipe, "cells_per_token", 1, largest);
  numbers_ = whole(recipe, "index_digits", 1, largest);
  step_ = rational_from(member(recipe, "step", "packed"), "step");
  eta_ = rational_from(member(recipe, "eta", "packed"), "eta");
  const Vector<Rational> scores = vector_from(member(recipe, "Lambda", "packed"), "Lambda");
  require(scores.size() == 4, "packed: four numbers Lambda are needed");
  Lambda_.assign(scores.begin(), scores.end());

  require(m_ >= 1, "packed: a prompt is needed");
  require(step_ > 0 && step_ * largest >= 1, "packed: the step is too small");
  require(eta_ > 0 && 4 * (n_ + 1) * eta_ < 1, "packed: ramps are too wide");
  base_ = differences_ ? 2 * t_ + 1 : t_ + 1;
  radix_ = raised(2, b);
  entry_values_ = raised(base_, J_);
  require(entry_values_ <= radix_, "packed: an entry has not so many values");
  most_ = floor(Rational(1 / step_ + Rational(1, 2))).convert_to<Index>();
  digits_ = n_ * (A_ + r_ - 1);
  require(differences_ || A_ == 1, "packed: the direct form has one digit a value");
  require(digits_ <= P_ * J_, "packed: a token has not so many digits");
  Integer cells = 1;
  for (Index o = 0; o < n_ && cells <= Integer(m_) * r_; ++o) cells *= k_;
  require((cells + r_ - 1) / r_ == m_, "packed: the prompt has another number of tokens");
  cells_ = cells.convert_to<Index>();
  require(numbers_ > 64 || raised(radix_, numbers_) >= m_, "packed: the index has too few digits");

  Index next = d_;
  const auto take = [&](Index count) {
    next += count;
    return next - count;
  };
  hot_ = take(L_);
  flag_ = take(1);
  gather_ = take(L_ > 1 ? n_ : 0);
  number_ = take(numbers_);
  square_ = take(numbers_);
  wanted_ = take(numbers_);
  payload_ = take(P_);
  value_ = take(d_);
  output_ = take(d_);
  digit_ = take(1);
  bit_ = take(1);
  odd_ = take(1);
  place_ = take(1);
  near_ = take(1);
  total_ = take(1);
  weight_ = take(1);
  slot_ = take(1);
  width_ = next;
}

// --- blocks, of units relu(in) -> out; the constant is the sum of the onehot

PackedNetwork::Row PackedNetwork::ones(const Rational& factor) const {
  Row row;
  for (Index i = 0; i < L_; ++i) row[hot_ + i] = factor;
  return row;
}

void PackedNetwork::ramp(Units& units, const Row& in, const Rational& start, const Rational& end,
                         const Row& out) const {
  const Rational slope = 1 / Rational(end - start);
  units.push_back({plus(in, ones(-start)), plus({}, out, slope)});
  units.push_back({plus(in, ones(-end)), plus({}, out, -slope)});
}

void PackedNetwork::clear(Units& units, Index row, Index count) const {
  for (Index i = row; i < row + count; ++i) units.push_back({{{i, 1}}, {{i, -1}}});
}

PackedNetwork::Units PackedNetwork::gates(const Rational& sign) const {
  Units units;
  for (Index o = 0; o < n_; ++o) {
    const Row own = {{o % d_, 1}, {hot_ + o / d_, 1}};
    units.push_back({plus(own, ones(-1)), {{gather_ + o, sign}}});
  }
  return units;
}

PackedNetwork::Units PackedNetwork::raw_digit(Index coordinate, Index shift) const {
  Units units;
  Row y = ones(4 * eta_ * shift);
  y[L_ > 1 ? gather_ + coordinate : coordinate] += k_;
  y[flag_] = -(k_ + 1);
  for (Index border = 1; border < k_; ++border) {
    ramp(units, y, border - eta_, border + eta_, {{digit_, 1}, {bit_, border % 2 == 1 ? 1 : -1}});
    ramp(units, y, border - 2 * eta_, border - eta_, {{near_, 1}});
    ramp(units, y, border + eta_, border + 2 * eta_, {{near_, -1}});
  }
  return units;
}

void PackedNetwork::reflected_digit(Units& units, Index coordinate) const {
  const Rational weight(raised(k_, n_ - 1 - coordinate)), top = k_ - 1;
  const Row s = {{digit_, 1}, {odd_, top}};
  units.push_back({s, {{place_, weight}}});
  units.push_back({plus(s, ones(-top)), {{place_, -2 * weight}}});
  units.push_back({{{bit_, 1}}, {{odd_, 1}}});
  units.push_back({plus({{odd_, 1}, {bit_, 1}}, ones(-1)), {{odd_, -2}}});
  clear(units, digit_);
  clear(units, bit_);
}

PackedNetwork::Units PackedNetwork::address() const {
  Units units = {{{{place_, 1}}, {{slot_, 1}}}};
  for (Index token = 1; token < m_; ++token) {
    Row change = {{slot_, -r_}};
    Integer now = token, before = token - 1;
    for (Index i = 0; i < numbers_; ++i) {
      change[wanted_ + i] = Rational(now % radix_ - before % radix_);
      now /= radix_;
      before /= radix_;
    }
    ramp(units, {{place_, 1}}, Rational(token) * r_ - 1, Rational(token) * r_, change);
  }
  clear(units, place_);
  clear(units, odd_);
  units.push_back({plus(ones(1), {{near_, -1}}), {{weight_, 1}, {total_, 1}}});
  units.push_back({{{total_, 1}, {near_, -1}}, {{weight_, -1}, {total_, -1}}});
  clear(units, near_);
  return units;
}

void PackedNetwork::payload_digit(Units& units, Index digit) const {
  const Index entry = payload_ + digit / J_;
  const Rational B(base_), half = Rational(Integer(1), 2 * entry_values_), margin = B * half / 2;
  Row u = {{entry, 1}, {flag_, -2}};
  if (digit % J_ == 0) {
    u = plus(u, ones(half));
    units.push_back({ones(half), {{entry, 1}}});
  }
  units.push_back({u, {{entry, B - 1}}});
  for (Rational border = 1; border < B; ++border)
    ramp(units, plus({}, u, B), border - margin, border + margin, {{digit_, 1}, {entry, -1}});
  // The bit: is the slot at this cell or beyond; of the direct form, at this cell.
  const Index first = n_ * A_;
  const Rational cell = digit < first ? 0 : 1 + (digit - first) / n_;
  const Row slot = {{slot_, 1}};
  if (cell > 0) ramp(units, slot, cell - 1, cell, {{bit_, 1}});
  if (differences_) return;
  if (cell == 0) units.push_back({ones(1), {{bit_, 1}}});
  ramp(units, slot, cell, cell + 1, {{bit_, -1}});
}

void PackedNetwork::use_digit(Units& units, Index digit) const {
  const Index first = n_ * A_;
  const Index o = digit < first ? digit / A_ : (digit - first) % n_;
  const Row own = {{hot_ + o / d_, 1}};
  const Index value = value_ + o % d_;
  const Rational top(base_ - 1);
  if (differences_ && digit < first) {
    const Rational weight(raised(base_, A_ - 1 - digit % A_));
    units.push_back({plus(plus({{digit_, 1}}, own, top), ones(-top)), {{value, weight}}});
  } else {
    const Row both = plus(own, {{bit_, 1}});
    units.push_back({plus(plus({{digit_, 1}}, both, top), ones(-2 * top)), {{value, 1}}});
    if (differences_) units.push_back({plus(both, ones(-1)), {{value, -t_}}});
    clear(units, bit_);
  }
  clear(units, digit_);
}

PackedNetwork::Units PackedNetwork::weighting() const {
  Units units;
  for (Index c = 0; c < d_; ++c) {
    for (Index l = 1; l <= most_; ++l) {
      const Row above = plus({{value_ + c, 1}}, ones(-l));
      units.push_back({plus(above, {{weight_, 1}}), {{output_ + c, step_}}});
      units.push_back({above, {{output_ + c, -step_}}});
    }
    clear(units, value_ + c);
    units.push_back({{{value_ + c, -1}}, {{value_ + c, 1}}});
  }
  clear(units, wanted_, numbers_);
  clear(units, weight_);
  clear(units, slot_);
  for (Index i = payload_; i < payload_ + (digits_ + J_ - 1) / J_; ++i)
    units.push_back({{{i, 1}, {flag_, -2}}, {{i, -1}}});
  return units;
}

PackedNetwork::Units PackedNetwork::ending() const {
  Units units;
  for (Index c = 0; c < d_; ++c) {
    clear(units, c);
    units.push_back({{{output_ + c, 1}}, {{c, 1}}});
    units.push_back({plus({{output_ + c, 1}}, ones(-1)), {{c, -1}}});
  }
  return units;
}

// --- comparison

void PackedNetwork::require_rows(const Matrix<Rational>& M, const std::vector<Row>& rows) const {
  require(M.rows() == static_cast<Index>(rows.size()) && M.cols() == width_,
          "packed: a matrix has another shape than theory 5.9's");
  for (Index row = 0; row < M.rows(); ++row) {
    const Row& wanted = rows[static_cast<std::size_t>(row)];
    auto next = wanted.begin();
    for (Index column = 0; column < M.cols(); ++column) {
      Rational value = 0;
      if (next != wanted.end() && next->first == column) value = (next++)->second;
      require(M(row, column) == value, "packed: a weight is not theory 5.9's");
    }
  }
}

void PackedNetwork::require_block(const LayerWeights& layer, const Units& units) const {
  require(layer.ffn.has_value(), "packed: a feed-forward block is missing");
  std::vector<Row> in(std::max<std::size_t>(1, units.size()));  // a block without units has one that is 0
  std::vector<Row> out(in.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    in[i] = units[i].in;
    out[i] = units[i].out;
  }
  require_rows(layer.ffn->W_1, in);
  require_rows(layer.ffn->W_2.transpose(), out);
  require(layer.ffn->b_1.isZero(0) && layer.ffn->b_2.isZero(0), "packed: theory 5.9 has no biases");
}

void PackedNetwork::require_gather(const Head& head) const {
  Row query = ones(1);
  query[flag_] = 1;
  require_rows(head.W_Q, {query});
  require_rows(head.W_K, {{{flag_, -Lambda_[0]}}});
  std::vector<Row> map(static_cast<std::size_t>(width_));
  for (Index row = gather_; row < gather_ + n_; ++row) map[static_cast<std::size_t>(row)] = {{row, L_}};
  require_rows(head.V, map);
}

void PackedNetwork::require_look_up(const Head& head) const {
  std::vector<Row> queries, keys;
  Row squares;
  for (Index i = 0; i < numbers_; ++i) {
    queries.push_back({{wanted_ + i, 2 * Lambda_[1]}});
    keys.push_back({{number_ + i, 1}});
    squares[square_ + i] = -Lambda_[1];
  }
  queries.push_back(ones(1));
  keys.push_back(plus(squares, ones(-Lambda_[2])));
  queries.push_back({{flag_, 1}});
  keys.push_back(ones(Lambda_[3]));
  require_rows(head.W_Q, queries);
  require_rows(head.W_K, keys);
  std::vector<Row> map(static_cast<std::size_t>(width_));
  for (Index row = payload_; row < payload_ + P_; ++row)
    map[static_cast<std::size_t>(row)] = {{row, Rational(radix_, entry_values_)}};
  require_rows(head.V, map);
}

void PackedNetwork::require_weights(const Model& model, const Matrix<Rational>& offsets) const {
  const Index before = L_ > 1 ? 2 : 0, of_shift = n_ + digits_ + 4;
  require(model.width == width_ && !model.causal &&
              static_cast<Index>(model.layers.size()) == before + (n_ + 1) * of_shift + 1,
          "packed: width, mask or layers are not theory 5.9's");
  // No block is written down that is longer than the model's.
  const auto units = [&](Index number) {
    const auto& ffn = model.layers[static_cast<std::size_t>(number)].ffn;
    return ffn ? ffn->W_1.rows() : 0;
  };
  require(units(before) >= 6 * (k_ - 1) && units(before + n_ + 2) >= 2 * (base_ - 1) &&
              units(before + of_shift - 1) >= 2 * most_,
          "packed: a block has fewer units than theory 5.9's");
  std::vector<Row> tokens;
  for (Index i = 0; i < L_; ++i) tokens.push_back({{hot_ + i, 1}});
  require_rows(offsets, tokens);
  auto layer = model.layers.begin();
  const auto next = [&](const Units& units, bool has_head = false) {
    require(layer->heads.size() == (has_head ? 1 : 0), "packed: attention is not where theory 5.9 has it");
    require_block(*layer++, units);
  };
  if (L_ > 1) {
    next(gates(1));
    next(gates(-1), true);
    require_gather((layer - 1)->heads[0]);
  }
  for (Index shift = 0; shift <= n_; ++shift) {
    for (Index o = 0; o <= n_; ++o) {
      Units units;
      if (o > 0) reflected_digit(units, o - 1);
      const Units raw = o < n_ ? raw_digit(o, shift) : Units();
      units.insert(units.end(), raw.begin(), raw.end());
      next(units);
    }
    next(address());
    for (Index digit = 0; digit <= digits_; ++digit) {
      Units units;
      if (digit > 0) use_digit(units, digit - 1);
      if (digit < digits_) payload_digit(units, digit);
      next(units, digit == 0);
      if (digit == 0) require_look_up((layer - 1)->heads[0]);
    }
    next(weighting());
  }
  next(ending());
}

// A prompt token's payload grows at each of n + 1 look-ups by at most (m/L) e^{-Lambda_4} times the largest
// value read, values being below 1; other tokens weigh at most m e^{-Lambda_2}, inputs L e^{-Lambda_3}.
void PackedNetwork::require_exact_digits() const {
  const Interval growth = Interval(Rational(radix_ * m_, entry_values_ * L_)) * exp(-Interval(Lambda_[3]));
  Interval drift(0);
  for (Index shift = 0; shift <= n_; ++shift) drift += growth * (Interval(1) + drift);
  const Interval others =
      Interval(Integer(m_)) * exp(-Interval(Lambda_[1])) + Interval(Integer(L_)) * exp(-Interval(Lambda_[2]));
  const Interval noise = others * (Interval(1) + drift) + drift;
  require(certainly_less_equal(noise, Interval(Rational(Integer(1), 4 * entry_values_))),
          "packed: the noise of attention is not shown to leave digits exact");
}

std::vector<std::vector<Integer>> PackedNetwork::values_of(const Matrix<Rational>& prompt) const {
  std::vector<std::vector<Integer>> values;
  for (Index token = 0; token < m_; ++token) {
    const auto of_token = std::min(r_, cells_ - token * r_);
    const Index used = n_ * (A_ + of_token - 1);
    std::vector<Integer> digits;
    for (Index entry = 0; entry < P_; ++entry) {
      const Rational scaled = prompt(token, payload_ + entry) * radix_;
      require(is_integer(scaled) && scaled >= 0 && scaled < entry_values_, "packed: an entry is no code");
      Integer rest(numerator(scaled));
      for (Index place = J_ - 1; place >= 0; --place) {
        digits.emplace_back(rest / raised(base_, place));
        rest %= raised(base_, place);
      }
    }
    for (std::size_t i = static_cast<std::size_t>(used); i < digits.size(); ++i)
      require(digits[i] == 0, "packed: an entry is no code");
    auto digit = digits.begin();
    for (Index cell = 0; cell < of_token; ++cell) {
      std::vector<Integer> next;
      for (Index o = 0; o < n_; ++o) {
        Integer value = *digit++;
        for (Index i = 1; cell == 0 && i < A_; ++i) value = value * base_ + *digit++;
        if (differences_ && cell > 0) value += values.back()[static_cast<std::size_t>(o)] - t_;
        require(value >= 0 && value <= most_, "packed: a stored value is outside its range");
        next.push_back(value);
      }
      values.push_back(std::move(next));
    }
    // Everything but the payload: the flag, the token's number digit by digit, squares.
    Integer number = token;
    for (Index row = 0; row < width_; ++row) {
      if (row >= payload_ && row < payload_ + P_) continue;
      Rational wanted = row == flag_ ? 1 : 0;
      if (row >= number_ && row < square_) {
        wanted = Rational(number % radix_);
        number /= radix_;
      }
      if (row >= square_ && row < wanted_)
        wanted = prompt(token, row - numbers_) * prompt(token, row - numbers_);
      require(prompt(token, row) == wanted, "packed: a prompt token is not theory 5.9's");
    }
  }
  return values;
}

std::vector<std::pair<Rational, Rational>> PackedNetwork::inputs_of(std::size_t cell) const {
  const Rational q =
      L_ == 1 ? Rational(0) : (Interval(Rational(m_, L_)) * exp(-Interval(Lambda_[0]))).upper();
  std::vector<std::pair<Rational, Rational>> result(static_cast<std::size_t>(n_));
  Index weight = cells_, rest = static_cast<Index>(cell);
  bool runs_down = false;
  for (auto& [low, high] : result) {
    weight /= k_;
    Index digit = rest / weight;
    rest %= weight;
    if (runs_down) digit = k_ - 1 - digit;
    if (digit % 2 == 1) runs_down = !runs_down;
    low = (digit - 4 * n_ * eta_) / k_;
    high = Rational(digit + 1, k_) + q;
  }
  return result;
}

}  // namespace promptbound::checker
