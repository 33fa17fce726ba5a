// Theory 5.9: the register operations on their whole domains, the path, and the network against what the
// theory states of it, computed here from the definition.
#include <doctest/doctest.h>

#include <fmt/format.h>
#include <map>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/constructions/lookup/packed_lookup.hpp>
#include <promptbound/constructions/quantized_function.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// A token of four registers behind the constant, row 0.
Vector<Rational> after(const RegisterBlock& block, const std::vector<Rational>& registers) {
  Matrix<Rational> token(static_cast<Index>(registers.size()) + 1, 1);
  token(0, 0) = 1;
  for (std::size_t i = 0; i < registers.size(); ++i) token(static_cast<Index>(i) + 1, 0) = registers[i];
  return feed_forward_block(block.feed_forward(), token);
}

RegisterBlock block_of_four() { return {5, EntryForm::entry(0)}; }

/// A fixed recipe for the largest eps that has these cells, difference form or direct as the bound chooses.
PackedRecipe recipe_of(Index d, Index L, const char* eps, const char* alpha, unsigned long b, Index P) {
  return PackedRecipe::choose(d, L, 1, *parse_number(alpha), parse_number(eps)->value, b, P);
}

/// The output that theory 5.9 states, where every number is rational (L = 1): sum_j phi_j q v_j, cut at 1.
Vector<Rational> stated_output(const PackedRecipe& recipe, const Matrix<Integer>& values,
                               const Vector<Rational>& x) {
  const Index n = recipe.n();
  std::map<std::vector<long>, Index> place;
  for (Index cell = 0; cell < values.cols(); ++cell) place[reflected_cell(recipe.k, n, cell)] = cell;
  Vector<Rational> result = Vector<Rational>::Zero(n);
  Rational total = 0;
  for (Index shift = 0; shift <= n; ++shift) {
    Rational near = 0;
    std::vector<long> cell;
    for (Index o = 0; o < n; ++o) {
      const Rational y = recipe.k * x(o) + 4 * recipe.eta * shift;
      cell.push_back(std::clamp(floor(y).convert_to<long>(), 0L, recipe.k - 1));
      for (long border = 1; border < recipe.k; ++border) {
        const Rational beyond = 2 - abs(Rational(y - border)) / recipe.eta;  // 1 at distance eta, 0 at 2 eta
        near += std::clamp(beyond, Rational(0), Rational(1));
      }
    }
    const Rational phi = std::min(std::max(Rational(1 - near), Rational(0)), Rational(1 - total));
    total += phi;
    if (phi > 0) result += phi * recipe.step() * values.col(place.at(cell)).cast<Rational>();
  }
  CHECK(total == 1);
  return result.cwiseMin(Rational(1));
}

/// Interval arithmetic does not know that x - x is 0: a cleared register keeps twice the width it had, and
/// reading a digit takes about b bits. So many bits are enough, and the working precision while it lives.
long bits_enough(const PackedRecipe& recipe) {
  const long digits = recipe.digits_per_token() + recipe.digits_per_entry * static_cast<long>(recipe.b);
  return 400 + 3 * (recipe.n() + 1) * digits;
}

struct Network {
  explicit Network(PackedLookup built)
      : construction(std::move(built)), scope(bits_enough(construction.recipe())) {
    model = from_rational<Interval>(construction.transformer());
  }
  void hold(const Matrix<Integer>& values) { prompt = from_rational<Interval>(construction.prompt(values)); }
  [[nodiscard]] Vector<Interval> at(const Matrix<Rational>& X) const {
    const Matrix<Interval> input = from_rational<Interval>(construction.input(X));
    return construction.output(evaluate(model, prompt, input)).reshaped();
  }

  PackedLookup construction;
  WorkingPrecision scope;
  Transformer<Interval> model;
  Matrix<Interval> prompt;
};

void check_contains(const Vector<Interval>& output, const Vector<Rational>& stated) {
  for (Index o = 0; o < stated.size(); ++o) {
    CHECK(output(o).contains(stated(o)));
    CHECK(output(o).upper() - output(o).lower() < Rational(1, 1000000));
  }
}

/// Points of [0,1]^n: random ones, cell centres, and points on the borders of cells and of their zones.
std::vector<Vector<Rational>> points_of(const PackedRecipe& recipe, int count, RandomNumbers& random) {
  std::vector<Vector<Rational>> result;
  const Index n = recipe.n();
  const Rational eta = recipe.eta;
  const std::vector<Rational> offsets = {0,        eta,         -eta,     2 * eta,
                                         -2 * eta, eta * 3 / 2, -4 * eta, Rational(-8 * eta - eta / 2)};
  for (int i = 0; i < count; ++i) {
    Vector<Rational> x = random.matrix(n, 1, 0, 1);
    if (i % 2 == 1) {
      for (Index o = 0; o < n; ++o) {
        const long border = random.integer(0, recipe.k);
        const Rational moved =
            (border +
             offsets[static_cast<std::size_t>(random.integer(0, static_cast<long>(offsets.size()) - 1))]) /
            recipe.k;
        if ((i / 2 + o) % 3 != 0) x(o) = std::clamp(moved, Rational(0), Rational(1));
      }
    }
    result.push_back(x);
  }
  return result;
}

}  // namespace

TEST_CASE("register operations on their whole domains") {
  for (long bound = -2; bound <= 5; ++bound) {
    RegisterBlock block = block_of_four();
    block.add_step(EntryForm::entry(1), bound, EntryForm::entry(2) - EntryForm::entry(3, 7));
    for (long x = -6; x <= 9; ++x) {
      const Vector<Rational> token = after(block, {x, 10, 20, 30});
      CHECK(token(2) == 10 + (x >= bound));
      CHECK(token(3) == 20 - 7 * (x >= bound));
      CHECK(token(1) == x);
      CHECK(token(4) == 30);
    }
  }
  for (long most = 1; most <= 6; ++most) {
    RegisterBlock block = block_of_four();
    block.add_selected(EntryForm::entry(1), most, {EntryForm::entry(2), EntryForm::entry(3)},
                       EntryForm::entry(4));
    for (long number = 0; number <= most; ++number) {
      for (const long p : {0, 1}) {
        for (const long q : {0, 1}) CHECK(after(block, {number, p, q, 5})(4) == 5 + number * p * q);
      }
    }
  }
  RegisterBlock clearing = block_of_four();
  clearing.clear(1);
  clearing.clear_signed(2);
  clearing.add_ramp(EntryForm::entry(3), 1, 3, EntryForm::entry(4, 4));
  for (const Rational& x : {Rational(0), Rational(1, 3), Rational(7)}) {
    for (const Rational& y : {Rational(-5), Rational(0), Rational(2, 3)}) {
      const Vector<Rational> token = after(clearing, {x, y, x, 0});
      CHECK(token(1) == 0);
      CHECK(token(2) == 0);
      CHECK(token(4) == 4 * std::clamp(Rational((x - 1) / 2), Rational(0), Rational(1)));
    }
  }
  CHECK(clearing.units() == 5);
}

TEST_CASE("a block without bias leaves a token alone whose registers and constant are 0") {
  RegisterBlock block = block_of_four();
  block.add_step(EntryForm::entry(1), 0, EntryForm::entry(2));
  block.add_ramp(EntryForm::entry(1), -3, -2, EntryForm::entry(3));
  const Matrix<Rational> nothing = Matrix<Rational>::Zero(5, 1);
  CHECK(feed_forward_block(block.feed_forward(), nothing) == nothing);
}

TEST_CASE("the reflected path meets every cell once - and neighbours differ by 1 in one coordinate") {
  for (long k = 1; k <= 5; ++k) {
    for (Index n = 1; n <= 4; ++n) {
      std::map<std::vector<long>, long> seen;
      std::vector<long> before;
      for (long place = 0; place < cell_count(k, n); ++place) {
        const std::vector<long> cell = reflected_cell(k, n, place);
        CHECK(seen.emplace(cell, place).second);
        long distance = 0;
        for (std::size_t o = 0; o < cell.size(); ++o) {
          CHECK(cell[o] >= 0);
          CHECK(cell[o] < k);
          if (place > 0) distance += std::abs(cell[o] - before[o]);
        }
        if (place > 0) CHECK(distance == 1);
        before = cell;
      }
    }
  }
}

TEST_CASE("every part of the sizes is the bound's") {
  for (const auto& [d, L] : {std::pair(1L, 1L), {2L, 1L}, {1L, 2L}, {3L, 1L}, {2L, 2L}}) {
    for (const char* alpha : {"2", "inf"}) {
      for (const unsigned long b : {3UL, 16UL}) {
        const Index P = 8 * d * L;
        const PackedLookup construction(recipe_of(d, L, "2/5", alpha, b, P));
        const Transformer<Rational> model = construction.transformer();
        model.check_shapes();
        Arguments arguments;
        for (const auto& [parameter, text] : {std::pair(&parameters::d, std::to_string(d)),
                                              {&parameters::L, std::to_string(L)},
                                              {&parameters::eps, std::string("2/5")},
                                              {&parameters::alpha, std::string(alpha)},
                                              {&parameters::b, std::to_string(b)},
                                              {&parameters::P, std::to_string(P)}})
          arguments.set(parameter->name, parse_argument(*parameter, text));
        const Record bound = evaluate(find_bound("packed-upper"), arguments, 20);
        REQUIRE(bound.is_applicable());
        const Record claim = construction.claim();
        for (const Output& output : bound.outputs) {
          CAPTURE(output.name);
          CHECK(output.value.exact() == claim.output(output.name).exact());
        }
        const auto whole = [&](const char* name) { return std::get<Integer>(bound.output(name).value()); };
        Index attention = 0, feed_forward = 0;
        for (const Layer<Rational>& layer : model.layers) {
          attention += static_cast<Index>(layer.heads.size());
          feed_forward += layer.ffn ? 1 : 0;
        }
        CHECK(Integer(attention) == whole("attention_blocks"));
        CHECK(Integer(feed_forward) == whole("ffn_blocks"));
        CHECK(Integer(model.width) == whole("width"));
        CHECK(Integer(construction.prompt(construction.stored_values(Target{d, L, Reversal{}})).cols()) ==
              whole("tokens"));
      }
    }
  }
}

TEST_CASE("one coordinate - two and three cells: every function that a prompt holds is read back") {
  for (const auto& [eps, cells] : {std::pair("3/4", 2L), {"2/5", 3L}}) {
    Network network{PackedLookup(recipe_of(1, 1, eps, "inf", 4, 3))};
    const PackedRecipe& recipe = network.construction.recipe();
    REQUIRE(recipe.k == cells);
    const long most = recipe.most();
    long read = 0;
    for (long code = 0; code < cell_count(most + 1, cells); ++code) {
      Matrix<Integer> values(1, cells);
      long rest = code;
      for (Index cell = 0; cell < cells; ++cell, rest /= most + 1) values(0, cell) = rest % (most + 1);
      bool fits = true;
      for (Index cell = 1; cell < cells && recipe.form == PackedForm::difference; ++cell)
        fits = fits && abs(Integer(values(0, cell) - values(0, cell - 1))) <= recipe.steps;
      if (!fits) {
        CHECK_THROWS_AS((void)network.construction.prompt(values), InputError);
        continue;
      }
      network.hold(values);
      for (Index cell = 0; cell < cells; ++cell) {
        const Matrix<Rational> x = Matrix<Rational>::Constant(1, 1, Rational(2 * cell + 1, 2 * cells));
        const Vector<Rational> stated =
            Vector<Rational>::Constant(1, std::min(Rational(1), Rational(recipe.step() * values(0, cell))));
        check_contains(network.at(x), stated);
      }
      ++read;
    }
    CHECK(read >= 7);
  }
}

TEST_CASE("the output is the convex combination of stored values that the theory states") {
  RandomNumbers random(59);
  for (const auto& [d, eps, b, P] : {std::tuple(1L, "1/10", 16UL, 8L),
                                     {1L, "1/10", 3UL, 40L},
                                     {2L, "1/5", 16UL, 6L},
                                     {3L, "2/5", 16UL, 9L},
                                     {4L, "9/20", 8UL, 16L},
                                     {2L, "1/3", 2UL, 4L},
                                     {1L, "1/5", 3UL, 2L}}) {
    const std::string sizes = fmt::format("d {} eps {} b {} P {}", d, eps, b, P);
    CAPTURE(sizes);
    Network network{PackedLookup(recipe_of(d, 1, eps, "inf", b, P))};
    const PackedRecipe& recipe = network.construction.recipe();
    const Target f{d, 1, Reversal{}};
    const Matrix<Integer> values = network.construction.stored_values(f);
    network.hold(values);
    for (const Vector<Rational>& x : points_of(recipe, d < 3 ? 40 / static_cast<int>(d) : 4, random)) {
      const Vector<Interval> output = network.at(x);
      check_contains(output, stated_output(recipe, values, x));
      const Vector<Rational> wanted = evaluate(f, Matrix<Rational>(x)).reshaped();
      for (Index o = 0; o < d; ++o)
        CHECK(abs(Rational(stated_output(recipe, values, x)(o) - wanted(o))) < recipe.eps);
    }
  }
}

TEST_CASE("several tokens: the error stays below eps - and below the guarantee") {
  RandomNumbers random(61);
  for (const auto& [d, L, alpha] : {std::tuple(1L, 2L, "inf"), {2L, 2L, "inf"}, {1L, 3L, "2"}}) {
    const std::string sizes = fmt::format("d {} L {} alpha {}", d, L, alpha);
    CAPTURE(sizes);
    Network network{PackedLookup(recipe_of(d, L, "2/5", alpha, 16, 8))};
    const PackedRecipe& recipe = network.construction.recipe();
    CHECK(certainly_less_equal(network.construction.guarantee(), Interval(recipe.eps)));
    for (const Target& f : {Target{d, L, Reversal{}}, Target{d, L, Identity{}}}) {
      network.hold(network.construction.stored_values(f));
      for (const Vector<Rational>& x : points_of(recipe, d * L < 4 ? 10 : 2, random)) {
        const Matrix<Rational> X = x.reshaped(d, L);
        const Vector<Rational> wanted = evaluate(f, X).reshaped();
        const Vector<Interval> output = network.at(X);
        Matrix<Interval> difference(f.n(), 1);
        for (Index o = 0; o < f.n(); ++o) difference(o) = output(o) - Interval(wanted(o));
        CHECK(certainly_less(alpha_norm(difference, recipe.alpha), Interval(recipe.eps)));
      }
    }
  }
}

TEST_CASE("prompt tokens keep their number - flag and digits but for the drift that is stated") {
  const PackedLookup construction(recipe_of(1, 2, "2/5", "inf", 16, 6));
  const Matrix<Rational> prompt = construction.prompt(construction.stored_values(Target{1, 2, Reversal{}}));
  const WorkingPrecision scope(bits_enough(construction.recipe()));
  const Transformer<Interval> model = from_rational<Interval>(construction.transformer());
  Matrix<Rational> both(construction.width(), prompt.cols() + 2);
  Matrix<Rational> X(1, 2);
  X << Rational(1, 3), Rational(4, 5);
  both << prompt, construction.input(X);
  const Matrix<Interval> result = evaluate(model, from_rational<Interval>(both));
  const PackedRecipe& recipe = construction.recipe();
  const Index first_gathered = 1 + 2 + 1;
  const Rational scale(power(Integer(2), recipe.b),
                       power(recipe.base(), static_cast<unsigned long>(recipe.digits_per_entry)));
  const Interval drift = Interval(Rational(3 * recipe.tokens * scale / 2)) * exp(-Interval(recipe.Lambda_4));
  const Interval rounding(Rational(Integer(1), power(Integer(2), 200)));
  for (Index token = 0; token < prompt.cols(); ++token) {
    for (Index row = 0; row < construction.width(); ++row) {
      if (row >= first_gathered && row < first_gathered + recipe.n()) continue;  // what Att 1 gathers
      const Interval change = result(row, token) - Interval(prompt(row, token));
      CHECK(certainly_less(-rounding, change));
      CHECK(certainly_less(change, drift + rounding));
    }
  }
}
