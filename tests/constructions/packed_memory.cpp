// Theory 5.10: the network by its register operations against its weights, labels read back, prompts that are
// no code.
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <set>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/constructions/lookup/packed_memory.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

struct Sizes {
  Index d, L, N;
  long K;
  unsigned long b;
  Index P;
};

PackedMemory memory_of(const Sizes& s, unsigned long seed = 5) {
  return {random_inputs(s.d, s.L, s.N, seed), s.K, s.b, s.P};
}

std::string text(const Sizes& s) {
  return fmt::format("d {} L {} N {} K {} b {} P {}", s.d, s.L, s.N, s.K, s.b, s.P);
}

/// Several labels an entry, one, several entries a label; numbers of tokens of one digit and of two.
const std::vector<Sizes> small_sizes = {{1, 1, 1, 2, 1, 1},  {1, 1, 7, 3, 4, 2},   {2, 1, 20, 10, 8, 2},
                                        {1, 2, 12, 5, 6, 3}, {2, 2, 9, 100, 4, 5}, {1, 3, 10, 2, 1, 2},
                                        {1, 1, 11, 3, 2, 1}, {3, 1, 6, 4, 2, 1},   {1, 2, 5, 17, 3, 2}};

}  // namespace

TEST_CASE("a block by its operations is the block by its weights") {
  RandomNumbers random(510);
  for (int round = 0; round < 40; ++round) {
    RegisterBlock block(5, EntryForm::entry(0));
    const EntryForm x = EntryForm::entry(1) - EntryForm::entry(2, random.rational(-2, 2));
    std::vector<Ramp> ramps;
    for (Rational end = -3; end < 3;) {
      const Rational start = end + random.rational(0, 1);
      end = start + random.rational(Rational(1, 100), 1);
      ramps.push_back({start, end});
    }
    block.add_staircase(x, ramps, EntryForm::entry(3, 2) - EntryForm::entry(1));
    block.add_ramp(x, 0, 1, EntryForm::entry(4));
    block.add_relu(x - EntryForm::entry(4), EntryForm::entry(2, 3));
    block.add_step(EntryForm::entry(3), 2, EntryForm::entry(4));
    block.clear_signed(3);
    CHECK(block.units() == block.feed_forward().W_1.rows());
    for (const long one : {0, 1}) {
      Matrix<Rational> token = random.matrix(5, 1, -4, 4);
      token(0) = one;
      if (round % 2 == 0) token(1) = ramps[1].end;  // at a corner, where x_2 is 0
      if (round % 2 == 0) token(2) = 0;
      const Vector<Rational> exact = block.after<Rational>(token);
      CHECK(exact == feed_forward_block(block.feed_forward(), token));
      const Vector<Interval> enclosed =
          block.after<Interval>(from_rational<Interval>(Vector<Rational>(token)));
      for (Index row = 0; row < 5; ++row) CHECK(enclosed(row).contains(exact(row)));
    }
    Vector<Rational> neither = Vector<Rational>::Constant(5, Rational(1, 2));
    CHECK_THROWS_AS((void)block.after(neither), std::logic_error);
  }
}

TEST_CASE("labels are read back through the weights and by the operations") {
  for (const Sizes& s : small_sizes) {
    CAPTURE(text(s));
    const PackedMemory memory = memory_of(s);
    const std::vector<Integer> labels = random_labels(s.N, s.K, 3);
    CHECK(memory.read_labels(labels) == labels);
    const WorkingPrecision scope(600);
    const Transformer<Rational> exact = memory.transformer();
    exact.check_shapes();
    const Transformer<Interval> model = from_rational<Interval>(exact);
    const Matrix<Interval> prompt = from_rational<Interval>(memory.prompt(labels));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const Matrix<Interval> output =
          evaluate(model, prompt, from_rational<Interval>(memory.input(memory.inputs()[i])));
      for (Index token = 0; token < s.L; ++token) {
        for (Index c = 0; c < s.d; ++c) {
          const Rational wanted = c == 0 ? Rational(labels[i], Integer(s.K - 1)) : Rational(0);
          CHECK(output(c, token).contains(wanted));
          CHECK(output(c, token).upper() - output(c, token).lower() < Rational(1, 1000000));
        }
      }
    }
  }
}

TEST_CASE("all labellings of few inputs are reached") {
  for (const Sizes& s : {Sizes{1, 1, 4, 3, 4, 1}, {1, 2, 3, 5, 2, 2}}) {
    const PackedMemory memory = memory_of(s);
    const Integer count = power(Integer(s.K), static_cast<unsigned long>(s.N));
    for (Integer code = 0; code < count; ++code) {
      std::vector<Integer> labels;
      Integer rest = code;
      for (Index i = 0; i < s.N; ++i, rest /= s.K) labels.emplace_back(rest % s.K);
      CHECK(memory.read_labels(labels) == labels);
      CHECK(memory.labels_of(memory.prompt(labels)) == labels);
    }
  }
}

TEST_CASE("a thousand inputs of two tokens and a thousand labels") {
  const Sizes s{2, 2, 1000, 1000, 16, 8};
  const PackedMemory memory = memory_of(s);
  CHECK(memory.tokens().count == 125);
  const std::vector<Integer> labels = random_labels(s.N, s.K, 8);
  CHECK(std::set<Integer>(labels.begin(), labels.end()).size() > 500);
  CHECK(memory.read_labels(labels) == labels);
}

TEST_CASE("the sizes are the bound's - and blocks and width are those of the weights") {
  for (const Sizes& s : small_sizes) {
    CAPTURE(text(s));
    const PackedMemory memory = memory_of(s);
    Arguments arguments;
    for (const auto& [parameter, value] : {std::pair(&parameters::N, std::to_string(s.N)),
                                           {&parameters::K, std::to_string(s.K)},
                                           {&parameters::b, std::to_string(s.b)},
                                           {&parameters::P, std::to_string(s.P)},
                                           {&parameters::d, std::to_string(s.d)},
                                           {&parameters::L, std::to_string(s.L)}})
      arguments.set(parameter->name, parse_argument(*parameter, value));
    const Record bound = evaluate(find_bound("packed-memory"), arguments, 20);
    REQUIRE(bound.is_applicable());
    const Record claim = memory.claim();
    for (const Output& output : bound.outputs) {
      CAPTURE(output.name);
      CHECK(output.value.exact() == claim.output(output.name).exact());
    }
    const Transformer<Rational> model = memory.transformer();
    Index attention = 0, feed_forward = 0;
    for (const Layer<Rational>& layer : model.layers) {
      attention += static_cast<Index>(layer.heads.size());
      feed_forward += layer.ffn ? 1 : 0;
    }
    CHECK(std::get<Integer>(claim.output("attention_blocks").value()) == Integer(attention));
    CHECK(std::get<Integer>(claim.output("ffn_blocks").value()) == Integer(feed_forward));
    CHECK(std::get<Integer>(claim.output("width").value()) == Integer(model.width));
    CHECK(std::get<Integer>(claim.output("tokens").value()) ==
          Integer(memory.prompt(random_labels(s.N, s.K, 1)).cols()));
    const Index digits = memory.tokens().index_digits;
    CHECK(model.width == s.P + s.d + s.L + 6 + (s.L > 1 ? s.d * s.L : 0) + 3 * digits);
    CHECK(power(Integer(2), s.b * static_cast<unsigned long>(digits)) >= memory.tokens().count);
  }
}

TEST_CASE("one changed entry changes labels of that entry alone - or is no code") {
  for (const Sizes& s : small_sizes) {
    CAPTURE(text(s));
    const PackedMemory memory = memory_of(s);
    const std::vector<Integer> labels = random_labels(s.N, s.K, 4);
    const Matrix<Rational> prompt = memory.prompt(labels);
    const LabelLayout layout = LabelLayout::choose(s.K, s.b, s.P);
    const Index payload = memory.width() - 5 - s.P;  // five registers behind it
    const Rational unit(Integer(1), power(Integer(2), s.b));
    Index changed = 0, refused = 0;
    for (Index token = 0; token < prompt.cols(); ++token) {
      for (Index entry = 0; entry < s.P; ++entry) {
        for (const Rational& value :
             {Rational(0), unit, Rational(1 - unit), Rational(3 * unit), Rational(unit / 2)}) {
          Matrix<Rational> altered = prompt;
          if (altered(payload + entry, token) == value) continue;
          altered(payload + entry, token) = value;
          const auto held = memory.labels_of(altered);
          if (!held) {
            ++refused;
            continue;
          }
          ++changed;
          const std::vector<Integer> read = memory.read_labels(*held);
          CHECK(read == *held);
          Index different = 0;
          for (Index i = 0; i < s.N; ++i) {
            const Index input = memory.order().inputs[static_cast<std::size_t>(i)];
            if (read[static_cast<std::size_t>(input)] == labels[static_cast<std::size_t>(input)]) continue;
            ++different;
            CHECK(i / layout.labels_per_token == token);
            const Index in_token = i % layout.labels_per_token;
            CHECK((layout.labels_per_entry > 0 ? in_token / layout.labels_per_entry
                                               : in_token * layout.entries_per_label) <= entry);
            CHECK(entry < (layout.labels_per_entry > 0 ? in_token / layout.labels_per_entry + 1
                                                       : (in_token + 1) * layout.entries_per_label));
          }
          CHECK(different >= 1);
        }
      }
    }
    CHECK(changed > 0);
    CHECK(refused > 0);
  }
}

TEST_CASE("whatever else of a prompt is changed - it is no code") {
  const PackedMemory memory = memory_of({1, 2, 7, 3, 4, 2});
  const Matrix<Rational> prompt = memory.prompt(random_labels(7, 3, 4));
  REQUIRE(memory.labels_of(prompt));
  for (Index row = 0; row < memory.width(); ++row) {
    const Index payload = memory.width() - 5 - 2;
    if (row >= payload && row < payload + 2) continue;
    Matrix<Rational> altered = prompt;
    altered(row, 1) += Rational(1, 3);
    CHECK(!memory.labels_of(altered));
  }
  CHECK(!memory.labels_of(prompt.leftCols(1)));
  CHECK(!memory.labels_of(prompt.topRows(3)));
}

TEST_CASE("sums of inputs are distinct - with gaps that the gather does not cross") {
  for (const Sizes& s : {Sizes{1, 2, 12, 5, 6, 3}, {2, 2, 40, 5, 6, 3}, {3, 2, 200, 5, 6, 3}}) {
    const PackedMemory memory = memory_of(s);
    const InputOrder& order = memory.order();
    const Interval q_1 =
        Interval(Rational(memory.tokens().count, s.L)) * exp(-Interval(memory.tokens().Lambda_1));
    for (std::size_t i = 1; i < order.sums.size(); ++i) {
      const Rational gap = order.sums[i] - order.sums[i - 1];
      CHECK(gap > 0);
      CHECK(certainly_less_equal(q_1 * Interval(order.sums[i]), Interval(Rational(gap / 4))));
      Rational sum = 0;
      const Matrix<Rational>& X = memory.inputs()[static_cast<std::size_t>(order.inputs[i])];
      for (Index o = 0; o < s.d * s.L; ++o) sum += order.u(o) * X(o % s.d, o / s.d);
      CHECK(sum == order.sums[i]);
    }
  }
}

TEST_CASE("what no network of theory 5.10 is for is refused") {
  const Matrix<Rational> zero = Matrix<Rational>::Zero(1, 2), wide = Matrix<Rational>::Zero(2, 2);
  const Matrix<Rational> one = Matrix<Rational>::Ones(1, 2), large = Matrix<Rational>::Constant(1, 2, 2);
  const auto message = [](std::vector<Matrix<Rational>> inputs, long K, unsigned long b, Index P) {
    try {
      (void)PackedMemory(std::move(inputs), K, b, P);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(message({zero, one}, 2, 1, 1) == "accepted");
  CHECK(message({}, 2, 1, 1).find("at least one") != std::string::npos);
  CHECK(message({zero, one, zero}, 2, 1, 1).find("examples[2].input: equals that of examples[0]") == 0);
  CHECK(message({zero, wide}, 2, 1, 1).find("examples[1].input: has another shape") == 0);
  CHECK(message({zero, large}, 2, 1, 1).find("examples[1].input: has an entry 2") == 0);
  CHECK(message({zero}, 1, 1, 1).find("K: 1") == 0);
  CHECK(message({zero}, 2, 0, 1).find("b: 0") == 0);
  CHECK(message({zero}, 2, 1, 0).find("P: 0") == 0);
  CHECK(message({zero}, 5, 1, 2).find("accepted: 3 or more") != std::string::npos);
  CHECK(message({zero}, 5, 1, 3) == "accepted");
  CHECK_THROWS_AS((void)memory_of({1, 1, 3, 3, 4, 2}).prompt({0, 1, 3}), InputError);
  CHECK_THROWS_AS((void)memory_of({1, 1, 3, 3, 4, 2}).prompt({0, 1}), InputError);
}
