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

/// Registers of a token behind its payload, but for the 2 d of values and outputs.
constexpr Index scalar_registers = 8;

}  // namespace

Integer PackedRecipe::base() const { return PackedCode{form, steps, digits_per_entry}.base(); }

Rational PackedRecipe::step() const {
  return form == PackedForm::difference ? Rational(C / (Integer(k) * steps)) : Rational(1, steps);
}

long PackedRecipe::most() const { return floor(Rational(1 / step() + Rational(1, 2))).convert_to<long>(); }

PackedTokens PackedRecipe::packed_tokens() const {
  return {.d = d,
          .L = L,
          .b = b,
          .P = P,
          .base = base(),
          .digits_per_entry = digits_per_entry,
          .count = tokens,
          .index_digits = index_digits,
          .Lambda_1 = Lambda_1,
          .Lambda_2 = Lambda_2,
          .Lambda_3 = Lambda_3,
          .Lambda_4 = Lambda_4};
}

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
  const Integer values = recipe.packed_tokens().values_of_entry();
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

PackedLookup::PackedLookup(PackedRecipe recipe)
    : recipe_(std::move(recipe)), blocks_(recipe_.packed_tokens(), 2 * recipe_.d + scalar_registers) {
  Index next = blocks_.first_register();
  const auto take = [&](Index entries) { return std::exchange(next, next + entries); };
  value_ = take(recipe_.d);
  output_ = take(recipe_.d);
  for (Index* row : {&digit_, &bit_, &odd_, &place_, &near_, &total_, &weight_, &slot_}) *row = take(1);
}

Transformer<Rational> PackedLookup::transformer() const {
  Transformer<Rational> model{.width = width(), .layers = {}, .mask = Mask::bidirectional};
  if (recipe_.L > 1) {
    const PackedBlocks::Gather gather = blocks_.gather();
    model.layers.emplace_back().ffn = gather.open.feed_forward();
    model.layers.push_back({{gather.head}, gather.subtract.feed_forward()});
  }
  for (Index shift = 0; shift <= recipe_.n(); ++shift) add_shift(model, shift);
  RegisterBlock last = blocks_.new_block();
  finish(last);
  model.layers.emplace_back().ffn = last.feed_forward();
  return model;
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
    RegisterBlock block = blocks_.new_block();
    if (o > 0) fold_digit(block, o - 1);
    if (o < n) read_digit(block, o, shift);
    add(block);
  }
  RegisterBlock address = blocks_.new_block();
  blocks_.split_place(address, place_, slot_, recipe_.cells_per_token);
  address.clear(odd_);
  weigh_shift(address);
  add(address);
  for (Index digit = 0; digit <= digits; ++digit) {
    RegisterBlock block = blocks_.new_block();
    if (digit > 0) accumulate_digit(block, digit - 1);
    if (digit < digits) prepare_digit(block, digit);
    Layer<Rational>& layer = add(block);
    if (digit == 0) layer.heads = {blocks_.lookup_head()};
  }
  RegisterBlock sum = blocks_.new_block();
  add_output(sum);
  add(sum);
}

// Raw digit and its parity by staircases with ramps of half-width eta, nearness to a border by trapezoids.
void PackedLookup::read_digit(RegisterBlock& block, Index coordinate, Index shift) const {
  const Rational& eta = recipe_.eta;
  EntryForm y = Rational(recipe_.k) * EntryForm::entry(blocks_.gathered(coordinate)) +
                Rational(4 * eta * shift) * block.one();
  // Prompt tokens have gathered as well.
  y += EntryForm::entry(blocks_.flag(), -(recipe_.k + 1));
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

// phi = min(mu, 1 - total) with mu = relu(1 - near): relu(1 - near) - relu(total - near); total gains phi.
void PackedLookup::weigh_shift(RegisterBlock& block) const {
  const EntryForm near = EntryForm::entry(near_);
  const EntryForm target = EntryForm::entry(weight_) + EntryForm::entry(total_);
  block.add_relu(block.one() - near, target);
  block.add_relu(EntryForm::entry(total_) - near, Rational(-1) * target);
  block.clear(near_);
}

std::pair<Index, Index> PackedLookup::cells_of(Index token, Index cells) const {
  const Index first = token * recipe_.cells_per_token;
  return {first, std::min(first + recipe_.cells_per_token, cells)};
}

Index PackedLookup::cell_of(Index digit) const {
  const Index first = recipe_.n() * recipe_.first_digits;
  return digit < first ? 0 : 1 + (digit - first) / recipe_.n();
}

// A digit to scratch, and beside it the bit [slot >= cell], in the direct form [slot = cell].
void PackedLookup::prepare_digit(RegisterBlock& block, Index digit) const {
  blocks_.extract_digit(block, digit, digit_);
  const Index cell = cell_of(digit);
  if (recipe_.form == PackedForm::direct) {
    blocks_.add_slot_bit(block, slot_, cell, bit_);
  } else if (cell > 0) {
    block.add_step(EntryForm::entry(slot_), cell, EntryForm::entry(bit_));
  }
}

// The digit goes to the output that it belongs to, at the token that holds this output: the values of a
// token's first cell always, a difference where its cell is reached, a value of the direct form where its
// cell is the slot.
void PackedLookup::accumulate_digit(RegisterBlock& block, Index digit) const {
  const Rational top(recipe_.base() - 1);
  const Index n = recipe_.n(), first = n * recipe_.first_digits;
  const EntryForm number = EntryForm::entry(digit_);
  const Index o = digit < first ? digit / recipe_.first_digits : (digit - first) % n;
  const EntryForm own = EntryForm::entry(blocks_.onehot() + o / recipe_.d);
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
  for (Index i = 0; i < recipe_.index_digits; ++i) block.clear(blocks_.wanted() + i);
  block.clear(weight_);
  block.clear(slot_);
  const Index used = (recipe_.digits_per_token() + recipe_.digits_per_entry - 1) / recipe_.digits_per_entry;
  for (Index i = blocks_.payload(); i < blocks_.payload() + used; ++i)
    block.add_relu(EntryForm::entry(i) + EntryForm::entry(blocks_.flag(), -2), EntryForm::entry(i, -1));
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
  const Index n = recipe_.n(), A = recipe_.first_digits;
  const Integer B = recipe_.base();
  Matrix<Rational> result(width(), recipe_.tokens);
  for (long token = 0; token < recipe_.tokens; ++token) {
    const auto [first, last] = cells_of(token, values.cols());
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
    result.col(token) = blocks_.prompt_token(token, digits);
  }
  return result;
}

std::optional<Matrix<Integer>> PackedLookup::values_of(const Matrix<Rational>& held) const {
  if (held.rows() != width() || held.cols() != recipe_.tokens) return std::nullopt;
  const Index n = recipe_.n(), A = recipe_.first_digits;
  Matrix<Integer> result(n, cell_count(recipe_.k, n));
  for (long token = 0; token < recipe_.tokens; ++token) {
    const auto digits = blocks_.digits_of(held.col(token));
    if (!digits) return std::nullopt;
    const auto [first, last] = cells_of(token, result.cols());
    auto digit = digits->begin();
    for (Index o = 0; o < n; ++o) {
      result(o, first) = 0;
      for (Index place = 0; place < A; ++place)
        result(o, first) = result(o, first) * recipe_.base() + *digit++;
    }
    for (Index cell = first + 1; cell < last; ++cell) {
      for (Index o = 0; o < n; ++o) {
        result(o, cell) = *digit++;
        if (recipe_.form == PackedForm::difference) result(o, cell) += result(o, cell - 1) - recipe_.steps;
      }
    }
  }
  for (const Integer& value : result.reshaped()) {
    if (value < 0 || value > recipe_.most()) return std::nullopt;
  }
  // Whatever else a token holds is compared with what it should.
  if (prompt(result) != held) return std::nullopt;
  return result;
}

Interval PackedLookup::gather_error() const {
  if (recipe_.L == 1) return Interval(0);
  return Interval(Rational(recipe_.tokens, recipe_.L)) * exp(-Interval(recipe_.Lambda_1));
}

Interval PackedLookup::read_error() const {
  const Integer values = recipe_.packed_tokens().values_of_entry();
  const Interval scale(Rational(power(Integer(2), recipe_.b), values));
  const Interval prompts(Rational(recipe_.tokens, recipe_.L));
  // Payloads, times their scale, are below 1 before they drift.
  const Interval gain = prompts * exp(-Interval(recipe_.Lambda_4)) * scale;
  Interval drift(0);
  for (Index shift = 0; shift <= recipe_.n(); ++shift) drift += gain * (Interval(1) + drift);
  const Interval others = Interval(recipe_.tokens) * exp(-Interval(recipe_.Lambda_2)) +
                          Interval(recipe_.L) * exp(-Interval(recipe_.Lambda_3));
  return others * (Interval(1) + drift) + drift;
}

Interval PackedLookup::guarantee() const {
  const Interval root = norm_factor(recipe_.n(), recipe_.alpha);
  const Interval scale = Interval(recipe_.C) * root;
  const Rational cells = Rational(1, 2 * recipe_.k) + 4 * recipe_.n() * recipe_.eta / recipe_.k;
  return scale * (Interval(cells) + gather_error()) + root * Interval(Rational(recipe_.step() / 2));
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
  record.add("width", Integer(width()));
  record.add("attention_blocks", Integer(n + 1 + is_long));
  record.add("ffn_blocks", Integer((n + 1) * (n + recipe_.digits_per_token() + 4) + 1 + 2 * is_long));
  record.add("error", guarantee());
  record.holds("the error is the supremum over X of ||output - f(X)||_alpha, for any f in F(C, alpha)");
  return record;
}

}  // namespace promptbound
