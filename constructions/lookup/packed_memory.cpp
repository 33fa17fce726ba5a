#include <promptbound/constructions/lookup/packed_memory.hpp>

#include <algorithm>
#include <random>
#include <set>

#include <promptbound/bounds/search/packed_layout.hpp>
#include <promptbound/constructions/lookup/lookup_blocks.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/attention_means.hpp>

namespace promptbound {
namespace {

constexpr long most_unit_entries = 20000000;
constexpr Index registers = 5;
constexpr long least_bits = 128;

void check_shapes(const std::vector<Matrix<Rational>>& inputs) {
  if (inputs.empty()) throw InputError("examples: none (accepted: at least one)");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string where = "examples[" + std::to_string(i) + "].input";
    if (inputs[i].rows() != inputs[0].rows() || inputs[i].cols() != inputs[0].cols() || inputs[i].size() == 0)
      throw InputError(where + ": has another shape (accepted: that of the first input, not empty)");
    for (const Rational& x : inputs[i].reshaped()) {
      if (x < 0 || x > 1)
        throw InputError(where + ": has an entry " + x.str().substr(0, 60) + " (accepted: 0 to 1)");
    }
  }
}

/// With which inputs are sorted, for some u.
struct Sorted {
  std::vector<Index> inputs;
  std::vector<Rational> sums;
};

Sorted sorted_by(const Vector<Rational>& u, const std::vector<Matrix<Rational>>& inputs) {
  Sorted result;
  std::vector<Rational> sums;
  for (const Matrix<Rational>& X : inputs) {
    Rational& sum = sums.emplace_back(0);
    for (Index o = 0; o < u.size(); ++o) sum += u(o) * X.reshaped()(o);
    result.inputs.push_back(static_cast<Index>(result.inputs.size()));
  }
  const auto sum_of = [&](Index input) -> const Rational& { return sums[static_cast<std::size_t>(input)]; };
  std::stable_sort(result.inputs.begin(), result.inputs.end(),
                   [&](Index a, Index b) { return sum_of(a) < sum_of(b); });
  for (const Index input : result.inputs) result.sums.push_back(sum_of(input));
  return result;
}

/// Attention of one query over tokens some of whose keys and values are projected before.
struct Looking {
  const AttentionHead<Rational>& head;
  Matrix<Interval> W_Q, W_O;
  Matrix<Interval> keys, values;  ///< of the prompt, then room for the input tokens

  Looking(const AttentionHead<Rational>& of, const Matrix<Rational>& prompt, Index L)
      : head(of), W_Q(from_rational<Interval>(of.W_Q)), W_O(from_rational<Interval>(*of.W_O)) {
    keys.resize(of.W_K.rows(), prompt.cols() + L);
    values.resize(of.W_V.rows(), prompt.cols() + L);
    keys.leftCols(prompt.cols()) = from_rational<Interval>(multiply(of.W_K, prompt));
    values.leftCols(prompt.cols()) = from_rational<Interval>(multiply(of.W_V, prompt));
  }

  /// Adds what the query token reads.
  void operator()(const Matrix<Rational>& input, Vector<Interval>& token) {
    keys.rightCols(input.cols()) = from_rational<Interval>(multiply(head.W_K, input));
    values.rightCols(input.cols()) = from_rational<Interval>(multiply(head.W_V, input));
    const Matrix<Interval> query = multiply(W_Q, Matrix<Interval>(token));
    token += multiply(W_O, attention_means(query, keys, values, Mask::bidirectional)).col(0);
  }
};

Matrix<Rational> after_each(const RegisterBlock& block, Matrix<Rational> tokens) {
  for (Index i = 0; i < tokens.cols(); ++i) tokens.col(i) = block.after<Rational>(tokens.col(i));
  return tokens;
}

/// At least max(0, ln((m/L) max 4 s/gap)), s the sum of an input and gap that to a neighbour: then the gather
/// moves no sum by a quarter of a gap.
Rational gather_score(const std::vector<Rational>& sums, long tokens, Index L) {
  Rational largest = 0;
  for (std::size_t i = 1; i < sums.size(); ++i)
    largest = std::max(largest, Rational(4 * sums[i] / Rational(sums[i] - sums[i - 1])));
  if (largest == 0) return 0;
  return std::max(Rational(0), round_score_up(log(Interval(Rational(largest * tokens / L)))));
}

PackedTokens tokens_for(const std::vector<Matrix<Rational>>& inputs, const LabelLayout& layout,
                        const InputOrder& order, unsigned long b, Index P) {
  const auto N = static_cast<Index>(inputs.size());
  PackedTokens result{.d = inputs.front().rows(),
                      .L = inputs.front().cols(),
                      .b = b,
                      .P = P,
                      .base = layout.base,
                      .digits_per_entry = layout.digits_per_entry,
                      .count = (N + layout.labels_per_token - 1) / layout.labels_per_token,
                      .index_digits = 1};
  result.index_digits = index_digits(result.count, b);
  const Integer values = result.values_of_entry();
  if (result.L > 1) result.Lambda_1 = gather_score(order.sums, result.count, result.L);
  result.Lambda_2 = score_above_log(Integer(16 * result.count * values));
  result.Lambda_3 = score_above_log(Integer(16 * result.L * values));
  return result;
}

}  // namespace

LabelLayout LabelLayout::choose(const Integer& K, unsigned long b, Index P) {
  if (K < 2) throw InputError("K: " + K.str() + " (accepted: an integer >= 2)");
  if (b < 1 || b > most_bits_of_packed_entry)
    throw InputError("b: " + std::to_string(b) + " (accepted: an integer from 1 to 4096)");
  if (P < 1) throw InputError("P: " + std::to_string(P) + " (accepted: an integer >= 1)");
  const Integer values = power(Integer(2), b);
  LabelLayout layout{.labels_per_entry = 0,
                     .entries_per_label = 1,
                     .labels_per_token = 0,
                     .base = K,
                     .digits_per_entry = 0,
                     .digits_per_label = 1};
  for (Integer product = K; product <= values; product *= K) ++layout.labels_per_entry;
  layout.digits_per_entry = layout.labels_per_entry;
  layout.labels_per_token = P * layout.labels_per_entry;
  if (layout.labels_per_entry == 0) {
    // Bit by bit: a digit of b bits would take 2^b units.
    for (Integer product = values; product < K; product *= values) ++layout.entries_per_label;
    layout.base = 2;
    layout.digits_per_entry = static_cast<Index>(b);
    layout.digits_per_label = layout.entries_per_label * layout.digits_per_entry;
    layout.labels_per_token = P / layout.entries_per_label;
  }
  if (layout.labels_per_token == 0) {
    throw InputError("P: the " + std::to_string(P) + " payload entries of a token hold no label (accepted: " +
                     std::to_string(layout.entries_per_label) + " or more)");
  }
  return layout;
}

InputOrder InputOrder::of(const std::vector<Matrix<Rational>>& inputs) {
  check_shapes(inputs);
  const Index n = inputs.front().size();
  Integer denominators = 1;
  for (const Matrix<Rational>& X : inputs) {
    for (const Rational& x : X.reshaped()) denominators = lcm(denominators, Integer(denominator(x)));
  }
  for (Integer base = 1; true; base *= 2) {
    Vector<Rational> u(n);
    Integer weight = 1;
    for (Index o = 0; o < n; ++o, weight *= base) u(o) = Rational(weight);
    Sorted sorted = sorted_by(u, inputs);
    const auto twin = std::adjacent_find(sorted.sums.begin(), sorted.sums.end());
    if (twin == sorted.sums.end()) return {std::move(u), std::move(sorted.inputs), std::move(sorted.sums)};
    // Entries being digits in this base over the denominators, equal sums are those of equal inputs.
    if (base <= denominators) continue;
    const auto first = sorted.inputs.begin() + (twin - sorted.sums.begin());
    throw InputError("examples[" + std::to_string(*(first + 1)) + "].input: equals that of examples[" +
                     std::to_string(*first) + "] (accepted: distinct inputs)");
  }
}

PackedMemory::PackedMemory(std::vector<Matrix<Rational>> inputs, const Integer& K, unsigned long b, Index P)
    : inputs_(std::move(inputs)),
      K_(K),
      layout_(LabelLayout::choose(K, b, P)),
      order_(InputOrder::of(inputs_)),
      blocks_(tokens_for(inputs_, layout_, order_, b, P), registers) {
  Index next = blocks_.first_register();
  for (Index* row : {&place_, &slot_, &digit_, &bit_, &label_}) *row = next++;
}

Index PackedMemory::digits() const {
  return std::min(layout_.labels_per_token, static_cast<Index>(inputs_.size())) * layout_.digits_per_label;
}

std::vector<RegisterBlock> PackedMemory::address() const {
  RegisterBlock number = blocks_.new_block(), split = blocks_.new_block();
  EntryForm sum;
  for (Index o = 0; o < order_.u.size(); ++o) sum += EntryForm::entry(blocks_.gathered(o), order_.u(o));
  std::vector<Ramp> gaps;
  for (std::size_t i = 1; i < order_.sums.size(); ++i) {
    const Rational quarter = (order_.sums[i] - order_.sums[i - 1]) / 4;
    gaps.push_back({order_.sums[i - 1] + quarter, order_.sums[i] - quarter});
  }
  number.add_staircase(sum, std::move(gaps), EntryForm::entry(place_));
  blocks_.split_place(split, place_, slot_, layout_.labels_per_token);
  return {std::move(number), std::move(split)};
}

std::vector<RegisterBlock> PackedMemory::decoding() const {
  std::vector<RegisterBlock> result;
  const Rational top(layout_.base - 1);
  for (Index digit = 0; digit <= digits(); ++digit) {
    RegisterBlock& block = result.emplace_back(blocks_.new_block());
    if (digit > 0) {
      const Index behind = layout_.digits_per_label - 1 - (digit - 1) % layout_.digits_per_label;
      const Integer weight = power(layout_.base, static_cast<unsigned long>(behind));
      block.add_selected(EntryForm::entry(digit_), top, {EntryForm::entry(bit_)},
                         EntryForm::entry(label_, Rational(weight)));
      block.clear(digit_);
      block.clear(bit_);
    }
    if (digit < digits()) {
      blocks_.extract_digit(block, digit, digit_);
      blocks_.add_slot_bit(block, slot_, digit / layout_.digits_per_label, bit_);
    }
  }
  return result;
}

RegisterBlock PackedMemory::finish() const {
  RegisterBlock block = blocks_.new_block();
  for (Index c = 0; c < tokens().d; ++c) block.clear(c);
  block.add_relu(EntryForm::entry(label_), EntryForm::entry(0, Rational(Integer(1), K_ - 1)));
  return block;
}

Transformer<Rational> PackedMemory::transformer() const {
  const std::vector<RegisterBlock> addressing = address(), reading = decoding();
  Index units = 0;
  for (const auto* blocks : {&addressing, &reading}) {
    for (const RegisterBlock& block : *blocks) units += block.units();
  }
  if (units > most_unit_entries / (2 * width())) {
    throw InputError("N: the model has " + std::to_string(units) + " units on tokens of width " +
                     std::to_string(width()) + ", more than " + std::to_string(most_unit_entries) +
                     " weights (accepted: fewer examples, labels or payload entries)");
  }
  Transformer<Rational> model{.width = width(), .layers = {}, .mask = Mask::bidirectional};
  if (tokens().L > 1) {
    const PackedBlocks::Gather gather = blocks_.gather();
    model.layers.emplace_back().ffn = gather.open.feed_forward();
    model.layers.push_back({{gather.head}, gather.subtract.feed_forward()});
  }
  for (const RegisterBlock& block : addressing) model.layers.emplace_back().ffn = block.feed_forward();
  for (const RegisterBlock& block : reading) model.layers.emplace_back().ffn = block.feed_forward();
  model.layers[model.layers.size() - reading.size()].heads = {blocks_.lookup_head()};
  model.layers.emplace_back().ffn = finish().feed_forward();
  return model;
}

Matrix<Rational> PackedMemory::prompt(const std::vector<Integer>& labels) const {
  if (labels.size() != inputs_.size()) {
    throw InputError("labels: " + std::to_string(labels.size()) +
                     " of them (accepted: " + std::to_string(inputs_.size()) + ", one an input)");
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= K_) {
      throw InputError("examples[" + std::to_string(i) + "].label: " + labels[i].str().substr(0, 60) +
                       " (accepted: 0 to " + Integer(K_ - 1).str().substr(0, 60) + ")");
    }
  }
  const auto N = static_cast<Index>(labels.size());
  Matrix<Rational> result(width(), tokens().count);
  for (long token = 0; token < tokens().count; ++token) {
    std::vector<Integer> digits;
    const Index first = token * layout_.labels_per_token;
    for (Index i = first; i < std::min(N, first + layout_.labels_per_token); ++i) {
      const Integer& label = labels[static_cast<std::size_t>(order_.inputs[static_cast<std::size_t>(i)])];
      for (Index place = layout_.digits_per_label - 1; place >= 0; --place)
        digits.emplace_back(label / power(layout_.base, static_cast<unsigned long>(place)) % layout_.base);
    }
    result.col(token) = blocks_.prompt_token(token, digits);
  }
  return result;
}

std::optional<std::vector<Integer>> PackedMemory::labels_of(const Matrix<Rational>& held) const {
  if (held.rows() != width() || held.cols() != tokens().count) return std::nullopt;
  std::vector<Integer> labels(inputs_.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto place = static_cast<Index>(i);
    const auto digits = blocks_.digits_of(held.col(place / layout_.labels_per_token));
    if (!digits) return std::nullopt;
    Integer label = 0;
    const Index first = place % layout_.labels_per_token * layout_.digits_per_label;
    for (Index digit = first; digit < first + layout_.digits_per_label; ++digit)
      label = label * layout_.base + (*digits)[static_cast<std::size_t>(digit)];
    if (label >= K_) return std::nullopt;
    labels[static_cast<std::size_t>(order_.inputs[i])] = label;
  }
  // Whatever else a token holds is compared with what it should.
  if (prompt(labels) != held) return std::nullopt;
  return labels;
}

std::vector<Integer> PackedMemory::read_labels(const std::vector<Integer>& labels) const {
  const Index L = tokens().L;
  const Matrix<Rational> held = prompt(labels);
  const std::vector<RegisterBlock> addressing = address(), reading = decoding();
  const AttentionHead<Rational> head = blocks_.lookup_head();
  std::optional<PackedBlocks::Gather> gather;
  if (L > 1) gather.emplace(blocks_.gather());
  return at_rising_precision(
      "the labels that the network reads", least_bits + 2 * static_cast<long>(tokens().b),
      [&]() -> std::optional<std::vector<Integer>> {
        Looking look(head, held, L);
        std::optional<Looking> look_around;
        if (gather) look_around.emplace(gather->head, held, L);
        std::vector<Integer> result;
        for (const Matrix<Rational>& X : inputs_) {
          // All input tokens compute the same but for their data, which the last block clears: the first
          // one's registers are those of all.
          const Matrix<Rational> input = blocks_.input(X);
          Vector<Interval> token = from_rational<Interval>(Vector<Rational>(input.col(0)));
          if (gather) {
            const Matrix<Rational> opened = after_each(gather->open, input);
            token = from_rational<Interval>(Vector<Rational>(opened.col(0)));
            (*look_around)(opened, token);
            token = gather->subtract.after(std::move(token));
          }
          for (const RegisterBlock& block : addressing) token = block.after(std::move(token));
          look(input, token);
          for (const RegisterBlock& block : reading) token = block.after(std::move(token));
          const Interval& label = token(label_);
          if (!label.is_point() || !is_integer(label.lower())) return std::nullopt;
          result.emplace_back(numerator(label.lower()));
        }
        return result;
      });
}

Record PackedMemory::claim() const {
  Record record;
  record.id = "packed-memory-network";
  record.kind = Kind::sufficient;
  record.theory = "5.10";
  record.source = "own";
  record.inputs = {{"N", inputs_.size()},
                   {"K", K_.str()},
                   {"d", tokens().d},
                   {"L", tokens().L},
                   {"b", static_cast<long>(tokens().b)},
                   {"P", tokens().P}};
  const Index is_long = tokens().L > 1 ? 1 : 0;
  record.add("tokens", Integer(tokens().count));
  record.add("labels_per_token", Integer(layout_.labels_per_token));
  record.add("labels_per_entry", Integer(layout_.labels_per_entry));
  record.add("entries_per_label", Integer(layout_.entries_per_label));
  record.add("width", Integer(width()));
  record.add("attention_blocks", Integer(1 + is_long));
  record.add("ffn_blocks", Integer(digits() + 4 + 2 * is_long));
  record.holds(
      "with the prompt of any labels, the output at each of the N inputs is label/(K-1) in the first entry "
      "of "
      "every token and 0 in the others, exactly");
  return record;
}

std::vector<Matrix<Rational>> random_inputs(Index d, Index L, Index N, unsigned long seed) {
  long Q = 1;
  while (power(Integer(Q + 1), static_cast<unsigned long>(d * L)) < 2 * N) ++Q;
  std::mt19937_64 random(seed);
  std::set<std::vector<long>> seen;
  std::vector<Matrix<Rational>> result;
  while (static_cast<Index>(result.size()) < N) {
    std::vector<long> entries;
    for (Index o = 0; o < d * L; ++o)
      entries.push_back(static_cast<long>(random() % static_cast<unsigned long>(Q + 1)));
    if (!seen.insert(entries).second) continue;
    Matrix<Rational>& X = result.emplace_back(d, L);
    for (Index o = 0; o < d * L; ++o) X.reshaped()(o) = Rational(entries[static_cast<std::size_t>(o)], Q);
  }
  return result;
}

std::vector<Integer> random_labels(Index N, const Integer& K, unsigned long seed) {
  std::mt19937_64 random(seed);
  std::vector<Integer> result;
  for (Index i = 0; i < N; ++i) {
    Integer label = 0;
    for (Integer range = 1; range < K; range <<= 32) label = (label << 32) + (random() >> 32);
    result.push_back(label % K);
  }
  return result;
}

}  // namespace promptbound
