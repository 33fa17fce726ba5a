#include <promptbound/constructions/lookup/packed_lookup.hpp>

#include <algorithm>

#include <promptbound/constructions/lookup/lookup_blocks.hpp>
#include <promptbound/constructions/quantized_function.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

constexpr long most_entries = 100000000;

Rational inverse_power(const Integer& base, Index exponent) {
  return {Integer(1), power(base, static_cast<unsigned long>(exponent))};
}

/// The least multiple of 2^-10 that is at least ln x.
Rational score_above_log(const Integer& x) { return round_score_up(log(Interval(x))); }

}  // namespace

Integer PackedRecipe::base() const { return PackedCode{form, steps, digits_per_entry}.base(); }

Rational PackedRecipe::step() const {
  return form == PackedForm::difference ? Rational(C / (Integer(k) * steps)) : Rational(1, steps);
}

long PackedRecipe::most() const { return floor(Rational(1 / step() + Rational(1, 2))).convert_to<long>(); }

PackedRecipe PackedRecipe::choose(Index d, Index L, const Rational& C, const Number& alpha,
                                  const Rational& eps, unsigned long b, Index P) {
  if (d < 1 || L < 1) throw InputError("d, L: (accepted: integers >= 1)");
  if (C <= 0) throw InputError("C: " + C.str() + " (accepted: C > 0)");
  if (eps <= 0) throw InputError("eps: " + eps.str() + " (accepted: eps > 0)");
  if (b < 1 || b > most_bits_of_packed_entry)
    throw InputError("b: " + std::to_string(b) + " (accepted: an integer from 1 to 4096)");
  if (P < 1) throw InputError("P: " + std::to_string(P) + " (accepted: an integer >= 1)");
  const Integer n = Integer(d) * L;
  const PackedProblem problem{d, L, n, C, alpha, b, Integer(P)};
  const std::optional<PackedLayout> layout = best_packed_layout(problem, eps);
  if (!layout) throw InputError("P: " + std::to_string(P) + " (accepted: room for the values of one cell)");
  const PackedCode& code = layout->code;
  const Quantity tokens = layout->tokens(n, 1);
  const auto* m = std::get_if<Integer>(&tokens.value());
  const Integer blocks = (n + 1) * n * (layout->first_digits + layout->cells_per_token);
  if (m == nullptr || (*m + blocks) * P > most_entries || code.steps > most_entries ||
      layout->k > most_entries) {
    throw InputError("eps: prompt and model have more than " + std::to_string(most_entries) +
                     " entries (accepted: a larger eps, a smaller d L or P)");
  }
  const auto as_long = [](const Integer& x) { return x.convert_to<long>(); };
  PackedRecipe recipe{.d = d,
                      .L = L,
                      .C = C,
                      .alpha = alpha,
                      .eps = eps,
                      .b = b,
                      .P = P,
                      .form = code.form,
                      .steps = as_long(code.steps),
                      .k = as_long(layout->k),
                      .digits_per_entry = as_long(code.digits_per_entry),
                      .first_digits = as_long(layout->first_digits),
                      .cells_per_token = as_long(layout->cells_per_token),
                      .tokens = as_long(*m),
                      .index_digits = as_long(layout->index_digits(problem))};
  const Integer values = power(recipe.base(), static_cast<unsigned long>(recipe.digits_per_entry));  // B^J
  recipe.Lambda_2 = score_above_log(Integer(16 * *m * values));
  recipe.Lambda_3 = score_above_log(Integer(16 * L * values));
  recipe.Lambda_4 = score_above_log(Integer(8 * (n + 1) * *m * values * power(Integer(2), b)));
  // sigma > 0 by the choice of k; few bits may not show it.
  return at_rising_precision("the accuracy that the grid leaves", 64, [&]() -> std::optional<PackedRecipe> {
    const Interval root = norm_factor(recipe.n(), alpha);
    const Interval sigma = Interval(eps) - Interval(C) * root / Interval(2 * recipe.k) -
                           root * Interval(Rational(recipe.step() / 2));
    if (!certainly_positive(sigma)) return std::nullopt;
    // Half of it for the shifts, half for the gathered coordinates.
    recipe.eta = Rational(Integer(1), 8 * (n + 1));
    const auto moved = [&] { return Interval(C) * root * Interval(Rational(4 * n * recipe.eta / recipe.k)); };
    while (!certainly_less_equal(moved(), sigma / Interval(2))) recipe.eta /= 2;
    if (L > 1) {
      const Interval needed = log(Interval(2) * Interval(Rational(C * *m / L)) * root / sigma);
      recipe.Lambda_1 = std::max(Rational(0), round_score_up(needed));
    }
    return recipe;
  });
}

std::vector<long> reflected_cell(long k, Index n, long place) {
  std::vector<long> digits(static_cast<std::size_t>(n));
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    *digit = place % k;
    place /= k;
  }
  bool is_odd = false;
  for (long& digit : digits) {
    if (is_odd) digit = k - 1 - digit;
    is_odd = is_odd != (digit % 2 != 0);
  }
  return digits;
}

PackedLookup::PackedLookup(PackedRecipe recipe) : recipe_(std::move(recipe)) {
  Index next = 0;
  const auto take = [&](Index entries) { return std::exchange(next, next + entries); };
  const Index d = recipe_.d, numbers = recipe_.index_digits;
  take(d);  // data
  onehot_ = take(recipe_.L);
  flag_ = take(1);
  gather_ = take(recipe_.L > 1 ? recipe_.n() : 0);
  number_ = take(numbers);
  square_ = take(numbers);
  wanted_ = take(numbers);
  payload_ = take(recipe_.P);
  value_ = take(d);
  output_ = take(d);
  for (Index* row : {&digit_, &bit_, &odd_, &place_, &near_, &total_, &weight_, &slot_}) *row = take(1);
  width_ = next;
}

RegisterBlock PackedLookup::new_block() const { return {width_, EntryForm::sum(onehot_, recipe_.L)}; }

Transformer<Rational> PackedLookup::transformer() const {
  Transformer<Rational> model{.width = width_, .layers = {}, .mask = Mask::bidirectional};
  if (recipe_.L > 1) add_gather(model);
  for (Index shift = 0; shift <= recipe_.n(); ++shift) add_shift(model, shift);
  RegisterBlock last = new_block();
  finish(last);
  model.layers.emplace_back().ffn = last.feed_forward();
  return model;
}

/// relu of it is the coordinate at the token that holds it, and 0 at the others.
EntryForm PackedLookup::own_gate(Index coordinate) const {
  return EntryForm::entry(coordinate % recipe_.d) + EntryForm::entry(onehot_ + coordinate / recipe_.d) -
         EntryForm::sum(onehot_, recipe_.L);
}

// Gates and gathered coordinates share their entries: the gate of a token's own block is subtracted
// afterwards.
void PackedLookup::add_gather(Transformer<Rational>& model) const {
  const Index n = recipe_.n();
  RegisterBlock open = new_block(), subtract = new_block();
  AttentionHead<Rational> head{Matrix<Rational>::Zero(1, width_), Matrix<Rational>::Zero(1, width_),
                               Matrix<Rational>::Zero(n, width_), Matrix<Rational>::Zero(width_, n)};
  head.W_Q.middleCols(onehot_, recipe_.L + 1).setOnes();  // flag and onehot of any token sum to 1
  head.W_K(0, flag_) = -recipe_.Lambda_1;
  for (Index o = 0; o < n; ++o) {
    open.add_relu(own_gate(o), EntryForm::entry(gather_ + o));
    subtract.add_relu(own_gate(o), EntryForm::entry(gather_ + o, -1));
    head.W_V(o, gather_ + o) = 1;
    (*head.W_O)(gather_ + o, o) = recipe_.L;
  }
  model.layers.emplace_back().ffn = open.feed_forward();
  model.layers.push_back({{head}, subtract.feed_forward()});
}

// One shift: the address, the look-up, the digits one after the other, and what they add to the output.
void PackedLookup::add_shift(Transformer<Rational>& model, Index shift) const {
  const Index n = recipe_.n(), digits = recipe_.digits_per_token();
  const auto add = [&](const RegisterBlock& block) -> Layer<Rational>& {
    Layer<Rational>& layer = model.layers.emplace_back();
    layer.ffn = block.feed_forward();
    return layer;
  };
  for (Index o = 0; o <= n; ++o) {
    RegisterBlock block = new_block();
    if (o > 0) fold_digit(block, o - 1);
    if (o < n) read_digit(block, o, shift);
    add(block);
  }
  RegisterBlock address = new_block();
  split_place(address);
  weigh_shift(address);
  add(address);
  for (Index digit = 0; digit <= digits; ++digit) {
    RegisterBlock block = new_block();
    if (digit > 0) accumulate_digit(block, digit - 1);
    if (digit < digits) extract_digit(block, digit);
    Layer<Rational>& layer = add(block);
    if (digit == 0) layer.heads = {lookup_head()};
  }
  RegisterBlock sum = new_block();
  add_output(sum);
  add(sum);
}

// Raw digit and its parity by staircases with ramps of half-width eta, nearness to a border by trapezoids.
void PackedLookup::read_digit(RegisterBlock& block, Index coordinate, Index shift) const {
  const Rational& eta = recipe_.eta;
  EntryForm y = Rational(recipe_.k) * EntryForm::entry(recipe_.L == 1 ? coordinate : gather_ + coordinate) +
                Rational(4 * eta * shift) * block.one();
  // Prompt tokens have gathered as well.
  y += EntryForm::entry(flag_, -(recipe_.k + 1));
  for (long border = 1; border < recipe_.k; ++border) {
    const Rational turn = border % 2 != 0 ? 1 : -1;
    block.add_ramp(y, border - eta, border + eta, EntryForm::entry(digit_) + EntryForm::entry(bit_, turn));
    block.add_ramp(y, border - 2 * eta, border - eta, EntryForm::entry(near_));
    block.add_ramp(y, border + eta, border + 2 * eta, EntryForm::entry(near_, -1));
  }
}

// With s = raw + odd (k - 1) the digit of the path is s - 2 relu(s - (k - 1)); odd becomes odd xor parity.
void PackedLookup::fold_digit(RegisterBlock& block, Index coordinate) const {
  const Rational top = recipe_.k - 1;
  const Rational weight = power(Integer(recipe_.k), static_cast<unsigned long>(recipe_.n() - 1 - coordinate));
  const EntryForm s = EntryForm::entry(digit_) + EntryForm::entry(odd_, top);
  const EntryForm both = EntryForm::entry(odd_) + EntryForm::entry(bit_);
  block.add_relu(s, EntryForm::entry(place_, weight));
  block.add_relu(s - top * block.one(), EntryForm::entry(place_, -2 * weight));
  block.add_relu(EntryForm::entry(bit_), EntryForm::entry(odd_));
  block.add_relu(both - block.one(), EntryForm::entry(odd_, -2));
  block.clear(digit_);
  block.clear(bit_);
}

// tok = floor(place/r) by a staircase, digit by digit of its base 2^b, and slot = place - r tok.
void PackedLookup::split_place(RegisterBlock& block) const {
  const EntryForm place = EntryForm::entry(place_);
  block.add_relu(place, EntryForm::entry(slot_));
  const Integer radix = power(Integer(2), recipe_.b);
  for (long token = 1; token < recipe_.tokens; ++token) {
    EntryForm change = EntryForm::entry(slot_, -recipe_.cells_per_token);
    Integer after = token, before = token - 1;
    for (Index i = 0; i < recipe_.index_digits; ++i) {
      change += EntryForm::entry(wanted_ + i, Rational(after % radix - before % radix));
      after /= radix;
      before /= radix;
    }
    block.add_step(place, Rational(token) * recipe_.cells_per_token, change);
  }
  block.clear(place_);
  block.clear(odd_);
}

// phi = min(mu, 1 - total) with mu = relu(1 - near): relu(1 - near) - relu(total - near); total gains phi.
void PackedLookup::weigh_shift(RegisterBlock& block) const {
  const EntryForm near = EntryForm::entry(near_);
  const EntryForm target = EntryForm::entry(weight_) + EntryForm::entry(total_);
  block.add_relu(block.one() - near, target);
  block.add_relu(EntryForm::entry(total_) - near, Rational(-1) * target);
  block.clear(near_);
}

// Score: Lambda_2 (2 tok T - T^2) of an input query on prompt keys, -Lambda_3 on input keys; Lambda_4 of a
// prompt query on input keys. Value: payload, times 2^b B^{-J}.
AttentionHead<Rational> PackedLookup::lookup_head() const {
  const Index numbers = recipe_.index_digits, P = recipe_.P;
  AttentionHead<Rational> head{Matrix<Rational>::Zero(numbers + 2, width_),
                               Matrix<Rational>::Zero(numbers + 2, width_), Matrix<Rational>::Zero(P, width_),
                               Matrix<Rational>::Zero(width_, P)};
  for (Index i = 0; i < numbers; ++i) {
    head.W_Q(i, wanted_ + i) = 2 * recipe_.Lambda_2;
    head.W_K(i, number_ + i) = 1;
    head.W_K(numbers, square_ + i) = -recipe_.Lambda_2;
  }
  head.W_Q.row(numbers).segment(onehot_, recipe_.L).setOnes();
  head.W_K.row(numbers).segment(onehot_, recipe_.L).setConstant(-recipe_.Lambda_3);
  head.W_Q(numbers + 1, flag_) = 1;
  head.W_K.row(numbers + 1).segment(onehot_, recipe_.L).setConstant(recipe_.Lambda_4);
  const Rational scale =
      power(Integer(2), recipe_.b) * inverse_power(recipe_.base(), recipe_.digits_per_entry);
  for (Index i = 0; i < P; ++i) {
    head.W_V(i, payload_ + i) = 1;
    (*head.W_O)(payload_ + i, i) = scale;
  }
  return head;
}

Index PackedLookup::cell_of(Index digit) const {
  const Index first = recipe_.n() * recipe_.first_digits;
  return digit < first ? 0 : 1 + (digit - first) / recipe_.n();
}

// u -> (floor(B u), B u - floor(B u)), after 1/(2 B^J) has been added to a fresh entry; and the bit [slot >=
// cell], in the direct form [slot = cell].
void PackedLookup::extract_digit(RegisterBlock& block, Index digit) const {
  const Index entry = payload_ + digit / recipe_.digits_per_entry;
  const Rational B(recipe_.base());
  const Rational margin = B * inverse_power(recipe_.base(), recipe_.digits_per_entry) / 4;
  EntryForm u = EntryForm::entry(entry) + EntryForm::entry(flag_, -2);
  if (digit % recipe_.digits_per_entry == 0) {
    const EntryForm middle = Rational(2 * margin / B) * block.one();
    u += middle;
    block.add_relu(middle, EntryForm::entry(entry));
  }
  block.add_relu(u, EntryForm::entry(entry, B - 1));
  for (Rational border = 1; border < B; ++border) {
    block.add_ramp(B * u, border - margin, border + margin,
                   EntryForm::entry(digit_) - EntryForm::entry(entry));
  }
  const EntryForm slot = EntryForm::entry(slot_), bit = EntryForm::entry(bit_);
  const Index cell = cell_of(digit);
  if (recipe_.form == PackedForm::difference) {
    if (cell > 0) block.add_step(slot, cell, bit);
    return;
  }
  if (cell > 0) {
    block.add_step(slot, cell, bit);
  } else {
    block.add_relu(block.one(), bit);
  }
  block.add_step(slot, cell + 1, Rational(-1) * bit);
}

// The digit goes to the output that it belongs to, at the token that holds this output: the values of a
// token's first cell always, a difference where its cell is reached, a value of the direct form where its
// cell is the slot.
void PackedLookup::accumulate_digit(RegisterBlock& block, Index digit) const {
  const Rational top(recipe_.base() - 1);
  const Index n = recipe_.n(), first = n * recipe_.first_digits;
  const EntryForm number = EntryForm::entry(digit_);
  const Index o = digit < first ? digit / recipe_.first_digits : (digit - first) % n;
  const EntryForm own = EntryForm::entry(onehot_ + o / recipe_.d);
  const Index value = value_ + o % recipe_.d;
  const bool is_difference = recipe_.form == PackedForm::difference;
  if (is_difference && digit < first) {
    const Index place = recipe_.first_digits - 1 - digit % recipe_.first_digits;
    const Integer weight = power(recipe_.base(), static_cast<unsigned long>(place));
    block.add_selected(number, top, {own}, EntryForm::entry(value, Rational(weight)));
  } else {
    const EntryForm bit = EntryForm::entry(bit_);
    block.add_selected(number, top, {own, bit}, EntryForm::entry(value));
    if (is_difference)
      block.add_selected(block.one(), 1, {own, bit}, EntryForm::entry(value, -recipe_.steps));
    block.clear(bit_);
  }
  block.clear(digit_);
}

// q phi v = q sum_l (relu(phi + v - l) - relu(v - l)); then everything is made ready for the next shift.
void PackedLookup::add_output(RegisterBlock& block) const {
  for (Index c = 0; c < recipe_.d; ++c) {
    const EntryForm v = EntryForm::entry(value_ + c), target = EntryForm::entry(output_ + c, recipe_.step());
    for (long l = 1; l <= recipe_.most(); ++l) {
      const EntryForm above = v - Rational(l) * block.one();
      block.add_relu(EntryForm::entry(weight_) + above, target);
      block.add_relu(above, Rational(-1) * target);
    }
    block.clear_signed(value_ + c);
  }
  for (Index i = 0; i < recipe_.index_digits; ++i) block.clear(wanted_ + i);
  block.clear(weight_);
  block.clear(slot_);
  const Index used = (recipe_.digits_per_token() + recipe_.digits_per_entry - 1) / recipe_.digits_per_entry;
  for (Index i = payload_; i < payload_ + used; ++i)
    block.add_relu(EntryForm::entry(i) + EntryForm::entry(flag_, -2), EntryForm::entry(i, -1));
}

void PackedLookup::finish(RegisterBlock& block) const {
  for (Index c = 0; c < recipe_.d; ++c) {
    const EntryForm result = EntryForm::entry(output_ + c);
    block.clear(c);
    block.add_relu(result, EntryForm::entry(c));
    block.add_relu(result - block.one(), EntryForm::entry(c, -1));
  }
}

Matrix<Integer> PackedLookup::stored_values(const Target& f) const {
  const Index d = recipe_.d, L = recipe_.L, n = recipe_.n();
  if (f.d != d || f.L != L) {
    throw InputError("target: for d = " + std::to_string(f.d) + ", L = " + std::to_string(f.L) +
                     " (accepted: the d and L of the construction)");
  }
  const long cells = cell_count(recipe_.k, n);
  Matrix<Integer> result(n, cells);
  for (long cell = 0; cell < cells; ++cell) {
    const std::vector<long> digits = reflected_cell(recipe_.k, n, cell);
    Matrix<Rational> centre(d, L);
    for (Index o = 0; o < n; ++o)
      centre.reshaped()(o) = digit_value(digits[static_cast<std::size_t>(o)] + 1, recipe_.k);
    const auto rounded = [&](const Rational& y) {
      return floor(Rational(y / recipe_.step() + Rational(1, 2)));
    };
    if (f.is_rational()) {
      const Matrix<Rational> y = evaluate(f, centre);
      for (Index o = 0; o < n; ++o) result(o, cell) = rounded(y.reshaped()(o));
    } else {
      // The upper end of an enclosure is rounded as its lower end, or more bits are needed.
      result.col(cell) = at_rising_precision(
          "a target's value at the centre of a cell, rounded", 128, [&]() -> std::optional<Vector<Integer>> {
            const Matrix<Interval> y = evaluate(f, from_rational<Interval>(centre));
            Vector<Integer> values(n);
            for (Index o = 0; o < n; ++o) {
              const Interval& entry = y.reshaped()(o);
              if (!entry.is_finite() || rounded(entry.lower()) != rounded(entry.upper())) return std::nullopt;
              values(o) = rounded(entry.lower());
            }
            return values;
          });
    }
    for (Index o = 0; o < n; ++o) {
      if (result(o, cell) < 0 || result(o, cell) > recipe_.most())
        throw InputError("target: a value outside [0,1] at the centre of a cell (accepted: f into [0,1])");
    }
  }
  return result;
}

Matrix<Rational> PackedLookup::prompt(const Matrix<Integer>& values) const {
  const Index n = recipe_.n(), J = recipe_.digits_per_entry, A = recipe_.first_digits;
  const Integer B = recipe_.base(), radix = power(Integer(2), recipe_.b);
  Matrix<Rational> result = Matrix<Rational>::Zero(width_, recipe_.tokens);
  for (long token = 0; token < recipe_.tokens; ++token) {
    const Index first = token * recipe_.cells_per_token;
    const Index last = std::min(first + recipe_.cells_per_token, values.cols());
    std::vector<Integer> digits;
    for (Index o = 0; o < n; ++o) {
      for (Index place = A - 1; place >= 0; --place)
        digits.push_back(values(o, first) / power(B, static_cast<unsigned long>(place)) % B);
    }
    for (Index cell = first + 1; cell < last; ++cell) {
      for (Index o = 0; o < n; ++o) {
        const Integer change = values(o, cell) - values(o, cell - 1);
        digits.push_back(recipe_.form == PackedForm::direct ? values(o, cell)
                                                            : Integer(change + recipe_.steps));
        if (digits.back() < 0 || digits.back() >= B)
          throw InputError("values: neighbouring cells differ by " + change.str() +
                           " steps (accepted: at most " + std::to_string(recipe_.steps) +
                           ", as for f in F(C, alpha))");
      }
    }
    auto column = result.col(token);
    column(flag_) = 1;
    Integer number = token;
    for (Index i = 0; i < recipe_.index_digits; ++i, number /= radix) {
      column(number_ + i) = Rational(number % radix);
      column(square_ + i) = column(number_ + i) * column(number_ + i);
    }
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const auto place = static_cast<Index>(i);
      column(payload_ + place / J) +=
          Rational(digits[i] * power(B, static_cast<unsigned long>(J - 1 - place % J)), radix);
    }
  }
  return result;
}

Matrix<Rational> PackedLookup::input(const Matrix<Rational>& X) const {
  Matrix<Rational> result = Matrix<Rational>::Zero(width_, recipe_.L);
  result.topRows(recipe_.d) = X;
  for (Index i = 0; i < recipe_.L; ++i) result(onehot_ + i, i) = 1;
  return result;
}

Interval PackedLookup::guarantee() const {
  const Interval root = norm_factor(recipe_.n(), recipe_.alpha);
  const Interval scale = Interval(recipe_.C) * root;
  const Interval q1 = recipe_.L == 1
                          ? Interval(0)
                          : Interval(Rational(recipe_.tokens, recipe_.L)) * exp(-Interval(recipe_.Lambda_1));
  const Rational cells = Rational(1, 2 * recipe_.k) + 4 * recipe_.n() * recipe_.eta / recipe_.k;
  return scale * (Interval(cells) + q1) + root * Interval(Rational(recipe_.step() / 2));
}

Record PackedLookup::claim() const {
  Record record;
  record.id = "packed-lookup";
  record.kind = Kind::sufficient;
  record.theory = "5.9";
  record.source = "own";
  record.inputs = {{"d", recipe_.d},         {"L", recipe_.L},     {"C", recipe_.C},
                   {"alpha", recipe_.alpha}, {"eps", recipe_.eps}, {"b", static_cast<long>(recipe_.b)},
                   {"P", recipe_.P}};
  const Index n = recipe_.n(), is_long = recipe_.L > 1 ? 1 : 0;
  record.add("tokens", Integer(recipe_.tokens));
  record.add("form", std::string(recipe_.form == PackedForm::difference ? "difference" : "direct"));
  record.add("steps", Integer(recipe_.steps));
  record.add("k", Integer(recipe_.k));
  record.add("digits_per_entry", Integer(recipe_.digits_per_entry));
  record.add("first_digits", Integer(recipe_.first_digits));
  record.add("cells_per_token", Integer(recipe_.cells_per_token));
  record.add("width", Integer(width_));
  record.add("attention_blocks", Integer(n + 1 + is_long));
  record.add("ffn_blocks", Integer((n + 1) * (n + recipe_.digits_per_token() + 4) + 1 + 2 * is_long));
  record.add("error", guarantee());
  record.holds("the error is the supremum over X of ||output - f(X)||_alpha, for any f in F(C, alpha)");
  return record;
}

}  // namespace promptbound
