// The network of theory 5.9 recognised in a model, and its error over the whole cube by its cells.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <promptbound/constructions/lookup/same_weights.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/supremum/packed_cover.hpp>

#include "random.hpp"
#include "verify/supremum/packed_problem.hpp"

using namespace promptbound;

namespace {

/// Both forms, several digits an entry and one, one index digit and two, one cell.
const std::vector<PackedSizes> sizes = {{1, 1, "1/10", 16, 8}, {1, 1, "1/10", 3, 40}, {2, 1, "1/5", 16, 6},
                                        {1, 2, "2/5", 16, 6},  {1, 1, "1/5", 3, 2},   {2, 1, "1/3", 2, 4},
                                        {1, 1, "3/4", 4, 3},   {1, 1, "2", 4, 3}};

std::string text(const PackedSizes& s) {
  return fmt::format("d {} L {} eps {} b {} P {}", s.d, s.L, s.eps, s.b, s.P);
}

SupremumAnswer answer_to(const ApproximationProblem& problem, const Rational& eps) {
  SupremumOptions options;
  options.eps = eps;
  return enclose_supremum(problem, options);
}

std::optional<RecognisedPacked> recognised(const ApproximationProblem& problem) {
  return recognise_packed_lookup(problem.model, problem.prompt, problem.tokens, problem.target.d);
}

Rational eps_of(const PackedSizes& s) { return parse_number(s.eps)->value; }

}  // namespace

TEST_CASE("the recipe is read off the weights - and the values off the prompt") {
  bool has_direct = false, has_difference = false, has_two_digits = false, has_one_cell = false;
  for (const PackedSizes& s : sizes) {
    CAPTURE(text(s));
    const PackedLookup network(packed_recipe(s));
    const Target f{s.d, s.L, Reversal{}};
    const auto found = recognised(packed_problem(network, f));
    REQUIRE(found);
    const PackedRecipe &a = found->network.recipe(), &b = network.recipe();
    CHECK(a.form == b.form);
    CHECK(a.step() == b.step());
    CHECK(std::tuple(a.b, a.P, a.steps, a.k, a.digits_per_entry, a.first_digits, a.cells_per_token, a.tokens,
                     a.index_digits) == std::tuple(b.b, b.P, b.steps, b.k, b.digits_per_entry, b.first_digits,
                                                   b.cells_per_token, b.tokens, b.index_digits));
    if (b.k > 1) CHECK(a.eta == b.eta);
    CHECK(a.Lambda_2 == b.Lambda_2);
    CHECK(a.Lambda_3 == b.Lambda_3);
    CHECK(a.Lambda_4 == b.Lambda_4);
    if (s.L > 1) CHECK(a.Lambda_1 == b.Lambda_1);
    CHECK(found->values == network.stored_values(f));
    has_direct = has_direct || b.form == PackedForm::direct;
    has_difference = has_difference || b.form == PackedForm::difference;
    has_two_digits = has_two_digits || b.index_digits > 1;
    has_one_cell = has_one_cell || b.k == 1;
  }
  CHECK(has_direct);
  CHECK(has_difference);
  CHECK(has_two_digits);
  CHECK(has_one_cell);
}

TEST_CASE("one changed number - and a model is not that of theory 5.9") {
  RandomNumbers random(599);
  for (const PackedSizes& s : {sizes[3], sizes[4]}) {
    const ApproximationProblem problem =
        packed_problem(PackedLookup(packed_recipe(s)), {s.d, s.L, Identity{}});
    REQUIRE(recognised(problem));
    int other_scores = 0;
    const auto check_changed = [&](const auto& matrix_of) {
      ApproximationProblem changed = problem;
      Matrix<Rational>& M = matrix_of(changed);
      M(random.integer(0, M.rows() - 1), random.integer(0, M.cols() - 1)) +=
          random.integer(0, 1) == 0 ? 1 : Rational(1, 7);
      // A score may be another one: then it is 5.9's network with that score.
      const auto found = recognised(changed);
      if (found) CHECK(is_same(found->network.transformer(), changed.model));
      if (found) ++other_scores;
    };
    for (std::size_t l = 0; l < problem.model.layers.size(); l += 3) {
      check_changed([&](ApproximationProblem& p) -> Matrix<Rational>& { return p.model.layers[l].ffn->W_1; });
      check_changed([&](ApproximationProblem& p) -> Matrix<Rational>& { return p.model.layers[l].ffn->W_2; });
      ApproximationProblem biased = problem;
      biased.model.layers[l].ffn->b_1(0) = Rational(1, 1000);
      CHECK_FALSE(recognised(biased));
      for (std::size_t h = 0; h < problem.model.layers[l].heads.size(); ++h) {
        check_changed(
            [&](ApproximationProblem& p) -> Matrix<Rational>& { return p.model.layers[l].heads[h].W_Q; });
        check_changed(
            [&](ApproximationProblem& p) -> Matrix<Rational>& { return p.model.layers[l].heads[h].W_K; });
        check_changed(
            [&](ApproximationProblem& p) -> Matrix<Rational>& { return p.model.layers[l].heads[h].W_V; });
        check_changed(
            [&](ApproximationProblem& p) -> Matrix<Rational>& { return *p.model.layers[l].heads[h].W_O; });
      }
    }
    for (int trial = 0; trial < 20; ++trial) {
      check_changed([](ApproximationProblem& p) -> Matrix<Rational>& { return p.tokens; });
      // A prompt with another entry may be that of other values: it is, or it is not recognised.
      ApproximationProblem changed = problem;
      changed.prompt(random.integer(0, changed.prompt.rows() - 1),
                     random.integer(0, changed.prompt.cols() - 1)) +=
          Rational(random.integer(1, 3), power(Integer(2), s.b + static_cast<unsigned long>(trial % 2)));
      const auto found = recognised(changed);
      if (found) CHECK(found->network.prompt(found->values) == changed.prompt);
      if (trial % 2 == 1 && found) CHECK(changed.prompt == problem.prompt);
    }
    CHECK(other_scores <= 3);
    ApproximationProblem causal = problem;
    causal.model.mask = Mask::causal;
    CHECK_FALSE(recognised(causal));
    ApproximationProblem shorter = problem;
    shorter.model.layers.pop_back();
    CHECK_FALSE(recognised(shorter));
  }
  Transformer<Rational> empty{.width = 3, .layers = {}};
  CHECK_FALSE(recognise_packed_lookup(empty, Matrix<Rational>::Zero(3, 1), Matrix<Rational>::Zero(3, 1), 1));
}

TEST_CASE(
    "the whole cube is proved within eps for every target and norm - and below what was measured is not") {
  const Number two(Rational(2));
  for (const PackedSizes& s : sizes) {
    CAPTURE(text(s));
    for (const Target& f :
         {Target{s.d, s.L, Reversal{}}, Target{s.d, s.L, MeanPooling{}}, Target{s.d, s.L, SineField{2}},
          random_table(s.d, s.L, 2, 1, Number::infinity(), 4)}) {
      const PackedLookup network(packed_recipe(s));
      const ApproximationProblem problem = packed_problem(network, f);
      const SupremumAnswer answer = answer_to(problem, eps_of(s));
      CHECK_MESSAGE(answer.verdict == Verdict::proved, answer.why);
      REQUIRE(answer.upper);
      CHECK(*answer.upper <= eps_of(s));
      REQUIRE(answer.packed);
      CHECK(answer.proof.front().kind == ProofKind::paper);
      CHECK(*answer.spent.boxes >= network.stored_values(f).cols());
      REQUIRE(answer.witness);
      CHECK(answer.witness->error <= *answer.upper);
      // The claimed lower bound is the network's error at the point.
      if (!std::holds_alternative<SineField>(f.function)) continue;
      const WorkingPrecision scope(1000);
      const Interval error = error_at(problem, answer.witness->X);
      CHECK(error.upper() >= answer.witness->error);
      CHECK(error.lower() - answer.witness->error < Rational(1, 1000000));
    }
  }
  const PackedSizes s = sizes[2];
  const PackedLookup network(packed_recipe(s, two));
  const ApproximationProblem problem = packed_problem(network, {2, 1, Identity{}}, two);
  CHECK(answer_to(problem, eps_of(s)).verdict == Verdict::proved);
}

TEST_CASE("outputs are between the values of the cells whose enlargement has the input") {
  RandomNumbers random(77);
  for (const PackedSizes& s : {sizes[0], sizes[2], sizes[3]}) {
    CAPTURE(text(s));
    const PackedLookup network(packed_recipe(s));
    const PackedRecipe& recipe = network.recipe();
    const Target f{s.d, s.L, Reversal{}};
    const ApproximationProblem problem = packed_problem(network, f);
    const Matrix<Integer> values = network.stored_values(f);
    const SupremumAnswer answer = answer_to(problem, eps_of(s));
    REQUIRE(answer.upper);
    const WorkingPrecision scope(1500);
    const Rational q_1 = network.gather_error().upper();
    const Transformer<Interval> model = from_rational<Interval>(problem.model);
    const Matrix<Interval> prompt = from_rational<Interval>(problem.prompt);
    for (int trial = 0; trial < 6; ++trial) {
      Matrix<Rational> X = random.matrix(s.d, s.L, 0, 1);
      for (Index o = 0; o < recipe.n(); ++o) {
        if (random.integer(0, 2) > 0)  // near a border, on either side of it
          X.reshaped()(o) = std::clamp(
              Rational((random.integer(0, recipe.k) + random.integer(-9, 3) * recipe.eta) / recipe.k),
              Rational(0), Rational(1));
      }
      const Vector<Interval> output =
          network.output(evaluate(model, prompt, from_rational<Interval>(network.input(X)))).reshaped();
      for (Index o = 0; o < recipe.n(); ++o) {
        Rational least = 2, most = -1;
        for (Index cell = 0; cell < values.cols(); ++cell) {
          const std::vector<long> digits = reflected_cell(recipe.k, recipe.n(), cell);
          bool has_it = true;
          for (Index i = 0; i < recipe.n(); ++i) {
            const long c = digits[static_cast<std::size_t>(i)];
            const Rational& x = X.reshaped()(i);
            has_it = has_it && x >= (c - 4 * recipe.n() * recipe.eta) / recipe.k &&
                     x <= Rational(c + 1, recipe.k) + q_1;
          }
          if (!has_it) continue;
          const Rational value = std::min(Rational(1), Rational(recipe.step() * values(o, cell)));
          least = std::min(least, value);
          most = std::max(most, value);
        }
        CHECK(output(o).lower() <= most);
        CHECK(output(o).upper() >= least);
        CHECK(output(o).upper() - output(o).lower() < Rational(1, 1000000));
      }
      CHECK(error_at(problem, X).lower() <= *answer.upper);
    }
  }
}

TEST_CASE("another target is refuted by the network itself at a centre") {
  for (const PackedSizes& s : {sizes[0], sizes[3]}) {
    const PackedLookup network(packed_recipe(s));
    ApproximationProblem problem = packed_problem(network, {s.d, s.L, Identity{}});
    problem.target.function = SineField{2};
    const SupremumAnswer answer = answer_to(problem, Rational(1, 10));
    REQUIRE(answer.verdict == Verdict::refuted);
    CHECK_FALSE(answer.packed);
    CHECK(answer.proof == supremum_proof());
    const WorkingPrecision scope(1500);
    CHECK(certainly_less(Interval(Rational(1, 10)), error_at(problem, answer.witness->X)));
    CHECK(answer.witness->error <= error_at(problem, answer.witness->X).upper());
  }
}

TEST_CASE("between what is proved and what a centre refutes the answer is unknown") {
  const PackedSizes s = sizes[0];
  const ApproximationProblem problem = packed_problem(PackedLookup(packed_recipe(s)), {1, 1, Identity{}});
  const SupremumAnswer proved = answer_to(problem, eps_of(s));
  REQUIRE(proved.witness);
  const Rational between = (*proved.upper + proved.witness->error) / 2;
  const SupremumAnswer answer = answer_to(problem, between);
  CHECK(answer.verdict == Verdict::unknown);
  CHECK(answer.why.find("enlarged cell") != std::string::npos);
  REQUIRE(answer.upper);
  CHECK(*answer.upper >= between);
  SupremumOptions few;
  few.eps = eps_of(s);
  few.most_boxes = 0;
  const SupremumAnswer cut = enclose_supremum(problem, few);
  CHECK(cut.verdict == Verdict::unknown);
  CHECK_FALSE(cut.upper);
  CHECK(cut.why == "the budget of boxes is used up");
}

TEST_CASE("noise that may spoil a digit - and nothing is proved") {
  for (const int which : {2, 3, 4}) {
    PackedRecipe recipe = packed_recipe(sizes[3]);
    (which == 2 ? recipe.Lambda_2 : which == 3 ? recipe.Lambda_3 : recipe.Lambda_4) = 2;
    const PackedLookup network(recipe);
    const SupremumAnswer answer = answer_to(packed_problem(network, {1, 2, Reversal{}}), eps_of(sizes[3]));
    CHECK(answer.verdict == Verdict::unknown);
    CHECK(answer.why.find("noise of attention") != std::string::npos);
    CHECK_FALSE(answer.upper);
  }
  // The gather's noise only enlarges the cells.
  PackedRecipe recipe = packed_recipe(sizes[3]);
  recipe.Lambda_1 = 0;
  const Target f{1, 2, Reversal{}};
  const SupremumAnswer wide = answer_to(packed_problem(PackedLookup(recipe), f), 2);
  const SupremumAnswer narrow = answer_to(packed_problem(PackedLookup(packed_recipe(sizes[3])), f), 2);
  CHECK(wide.verdict == Verdict::proved);
  CHECK(*wide.upper > *narrow.upper);
}
