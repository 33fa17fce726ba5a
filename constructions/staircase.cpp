#include <promptbound/constructions/staircase.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {

void Grid::check() const {
  if (d < 1) throw InputError("d: " + std::to_string(d) + " (accepted: an integer >= 1)");
  if (k < 1) throw InputError("k: " + std::to_string(k) + " (accepted: an integer >= 1)");
  if (eta <= 0 || eta >= Rational(1, 2 * k)) {
    throw InputError("eta: " + eta.str() + " (accepted: 0 < eta < 1/(2k) = 1/" + std::to_string(2 * k) + ")");
  }
}

Matrix<Rational> positioned(const Matrix<Rational>& Z, Index d, long first) {
  Matrix<Rational> result = Z;
  for (Index j = 0; j < Z.cols(); ++j) {
    for (Index c = 0; c < d; ++c) result(c, j) += 2 * (first + j);
  }
  return result;
}

Step step_of(const Grid& grid, const Rational& x) {
  if (x < 0 || x > 1) {
    throw InputError("token entry: " + x.str().substr(0, 60) + " (accepted: 0 <= entry <= 1)");
  }
  const Integer cell = floor(Rational(grid.k * x));
  const long below = std::min(cell.convert_to<long>(), grid.k - 1);
  Step step{below + 1, 0};
  const Rational ramp_start = Rational(below + 1, grid.k) - grid.eta;
  if (step.digit < grid.k && x > ramp_start) step.fraction = (x - ramp_start) / grid.eta;
  return step;
}

FeedForward<Rational> staircase_block(const Grid& grid, Index width, const Levels& level) {
  const Index units_per_coordinate = 2 * grid.tokens * grid.k - 1;
  const Index units = grid.d * units_per_coordinate;
  FeedForward<Rational> block{Matrix<Rational>::Zero(units, width), Vector<Rational>::Zero(units),
                              Matrix<Rational>::Zero(width, units), Vector<Rational>::Zero(width)};
  Index unit = 0;
  for (Index c = 0; c < grid.d; ++c) {
    // relu(u - start) - relu(u - end), scaled to rise by `height`.
    const auto climb = [&](const Rational& start, const Rational& end, const Rational& height) {
      const Rational slope = height / (end - start);
      for (const auto& [kink, change] : {std::pair(start, slope), std::pair(end, Rational(-slope))}) {
        block.W_1(unit, c) = 1;
        block.b_1(unit) = -kink;
        block.W_2(0, unit) = change;
        ++unit;
      }
    };
    for (long j = 0; j < grid.tokens; ++j) {
      for (long i = 1; i < grid.k; ++i) {
        const Rational end = 2 * j + Rational(i, grid.k);
        climb(end - grid.eta, end, level(c, j, i + 1) - level(c, j, i));
      }
      if (j + 1 < grid.tokens) climb(2 * j + 1, 2 * j + 2, level(c, j + 1, 1) - level(c, j, grid.k));
    }
    block.b_2(0) += level(c, 0, 1);
    // The old content is at least 0, so that u = relu(u) cancels it.
    block.W_1(unit, c) = 1;
    block.W_2(c, unit) = -1;
    ++unit;
  }
  return block;
}

}  // namespace promptbound
