#include <promptbound/constructions/random_entries.hpp>
#include <promptbound/constructions/random_layer.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
RandomLayer random_layer(Index d, Index N, Index m, std::uint64_t seed) {
  if (d < 1 || N < 1 || m < 1) throw InputError("random layer: d, N and m are whole numbers from 1");
  std::mt19937_64 random(seed);
  const auto sevenths = [&](Index rows, Index cols) { return random_sevenths(rows, cols, random); };
  const auto full_rank = [&] {
    Matrix<Rational> map = sevenths(d, d);
    while (rank(map) < d) map = sevenths(d, d);
    return map;
  };
  RandomLayer result;
  AttentionHead<Rational> head;
  head.W_Q = full_rank();
  head.W_K = full_rank();
  head.W_V = full_rank();
  result.model = {d, {{{head}, std::nullopt}}, Mask::bidirectional};
  result.unit = Rational(1, power(Integer(10), 12));

  // An enclosure of the output at this precision is narrower than half a unit, so that rounding its middle
  // stays within the unit.
  const WorkingPrecision scope(128);
  const Transformer<Interval> model = from_rational<Interval>(result.model);
  const auto enclosed = [](const Matrix<Rational>& tokens) {
    return Matrix<Interval>(tokens.unaryExpr([](const Rational& entry) { return Interval(entry); }));
  };
  const Matrix<Interval> prompt = enclosed(sevenths(d, m));
  const Matrix<Rational> query = sevenths(d, 1);
  for (Index i = 0; i < N; ++i) {
    Matrix<Rational> tokens(d, 2);
    tokens << sevenths(d, 1), query;
    const Matrix<Interval> output = evaluate(model, prompt, enclosed(tokens));
    Vector<Rational> target(d);
    for (Index entry = 0; entry < d; ++entry) {
      const Interval& value = output(entry, 1);
      target(entry) =
          Rational(floor((value.lower() + value.upper()) / (2 * result.unit) + Rational(1, 2))) * result.unit;
      if (abs(value.lower() - target(entry)) > result.unit ||
          abs(value.upper() - target(entry)) > result.unit)
        throw std::logic_error("random layer: an output is enclosed too widely");
    }
    result.inputs.push_back(std::move(tokens));
    result.targets.push_back(std::move(target));
  }
  return result;
}

}  // namespace promptbound
