#include <doctest/doctest.h>

#include <map>
#include <set>

#include <promptbound/constructions/selective_shift.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>

#include "random.hpp"

using namespace promptbound;

namespace {

/// Every code of the grid with its hard-attention integer.
std::vector<std::pair<Code, Integer>> all_codes(const SelectiveShift& shift) {
  std::vector<std::pair<Code, Integer>> result;
  const CodeBook book(shift.grid(), 0);
  for (std::optional<Code> code = book.lowest(); code; code = book.next(*code)) {
    result.emplace_back(*code, shift.code(*code));
  }
  return result;
}

/// Contents in the middle of the cells.
Matrix<Rational> centres(const Grid& grid, const Digits& digits) {
  Matrix<Rational> X(grid.d, grid.tokens);
  for (Index j = 0; j < X.cols(); ++j) {
    for (Index i = 0; i < grid.d; ++i) {
      X(i, j) = Rational(2 * digits[static_cast<std::size_t>(j * grid.d + i)] - 1, 2 * grid.k);
    }
  }
  return X;
}

const std::vector<Grid> small_grids = {{1, 2, 2, Rational(1, 16)}, {1, 2, 4, Rational(1, 16)},
                                       {1, 3, 2, Rational(1, 16)}, {1, 3, 3, Rational(1, 16)},
                                       {2, 2, 2, Rational(1, 16)}, {2, 3, 2, Rational(1, 16)}};

}  // namespace

TEST_CASE("codes under hard attention are injective - over every sequence and position") {
  for (const Grid& grid : small_grids) {
    const SelectiveShift shift(grid);
    std::set<Integer> seen;
    for (const auto& [code, integer] : all_codes(shift)) {
      CHECK(integer >= 0);
      CHECK(seen.insert(integer).second);
    }
    const auto sequences = power(Integer(grid.k), static_cast<unsigned long>(grid.d * grid.tokens));
    CHECK(Integer(seen.size()) == sequences * grid.tokens);
    CHECK(shift.blocks() == grid.tokens);
    CHECK(shift.original_blocks() == power(Integer(grid.k), static_cast<unsigned long>(grid.d)));
  }
}

TEST_CASE("softmax keeps every code within 1/4 - enclosed") {
  const WorkingPrecision scope(512);
  for (const Grid& grid : small_grids) {
    const SelectiveShift shift(grid);
    const Transformer<Interval> encoder = from_rational<Interval>(shift.encoder());
    for (const auto& [code, integer] : all_codes(shift)) {
      if (code.position != 0) continue;
      const Matrix<Interval> output =
          evaluate(encoder, from_rational<Interval>(shift.input(centres(grid, code.digits))));
      for (long j = 0; j < grid.tokens; ++j) {
        const Interval miss = abs(output(0, j) - Interval(shift.code({code.digits, j})));
        CHECK(certainly_less_equal(miss, Interval(Rational(1, 4))));
      }
    }
  }
}

TEST_CASE("the whole transformer gives the wanted value of every cell - within the stated width") {
  RandomNumbers random(151);
  const WorkingPrecision scope(512);
  for (const Grid& grid : {small_grids[0], small_grids[2], small_grids[4]}) {
    const SelectiveShift shift(grid);
    std::map<Integer, Vector<Rational>> table;
    const Transformer<Rational> model = shift.transformer(
        [&](const Code& code) {
          return table.emplace(shift.code(code), random.matrix(grid.d, 1, 0, 1)).first->second;
        },
        1);
    const Integer sequences = power(Integer(grid.k), static_cast<unsigned long>(grid.d * grid.tokens));
    CHECK(Integer(model.layers.back().ffn->b_1.size()) <= 2 * (grid.tokens - 1) * sequences);
    CHECK(Integer(table.size()) == (grid.tokens - 1) * sequences);
    const Transformer<Interval> enclosed = from_rational<Interval>(model);
    for (const auto& [code, integer] : all_codes(shift)) {
      if (code.position == 0) continue;
      const Matrix<Interval> output =
          evaluate(enclosed, from_rational<Interval>(shift.input(centres(grid, code.digits))));
      for (Index i = 0; i < grid.d; ++i) {
        const Interval miss = abs(output(i, code.position) - Interval(table.at(integer)(i)));
        CHECK(certainly_less(miss, Interval(Rational(Integer(1), power(Integer(10), 60)))));
      }
    }
  }
}

TEST_CASE("grids out of range are refused") {
  CHECK_THROWS_AS((void)SelectiveShift(Grid{1, 1, 2, Rational(1, 16)}), InputError);
  CHECK_THROWS_AS((void)SelectiveShift(Grid{4, 6, 4, Rational(1, 16)}), InputError);
  CHECK_THROWS_AS((void)SelectiveShift(Grid{1, 2, 2, Rational(1, 2)}), InputError);
}
