// The functions of intervals of verify/, on every combination of finite, zero and infinite ends.
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/activation.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>
#include <promptbound/verify/supremum/softmax_mean.hpp>

#include "numeric/ends.hpp"

using namespace promptbound;
using namespace promptbound::ends;

TEST_CASE("containment: activations with every combination of ends") {
  Generator generator(3101);
  Tally tally;
  for (const Shape& shape : all_shapes()) {
    for (long i = 0; i < samples(); ++i) {
      const WorkingPrecision scope(64);
      const auto [x, point] = generator.inside<Interval>(shape);
      const auto meets = [&x = x, &point = point](const auto& function) {
        const Interval enclosure = function(x);
        const WorkingPrecision finer(300);
        const Interval exact = function(Interval(point));
        return !certainly_less(enclosure, exact) && !certainly_less(exact, enclosure);
      };
      tally(meets(sigmoid), "sigmoid", {shape});
      tally(meets(normal_distribution), "normal distribution", {shape});
      for (const Activation activation :
           {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
        tally(meets([&](const Interval& y) { return activate(activation, y); }), "activation", {shape});
      }
    }
  }
}

namespace {

template <class S>
void check_means(std::uint64_t seed) {
  Generator generator(seed);
  Tally tally;
  const std::vector<Shape> weights = {{End::zero, End::zero, true},   {End::zero, End::positive},
                                      {End::positive, End::positive}, {End::zero, End::infinity},
                                      {End::positive, End::infinity}, {End::minus_infinity, End::infinity}};
  for (const Shape& first : weights) {
    for (const Shape& second : weights) {
      for (const Shape& value : all_shapes()) {
        for (long i = 0; i < samples(); ++i) {
          const WorkingPrecision scope(64);
          std::vector<S> w, v;
          Rational sum = 0, total = 0;
          for (const Shape& weight : {first, second}) {
            const auto [of_weight, p] = generator.inside<S>(weight);
            const auto [of_value, q] =
                generator.inside<S>(v.empty() ? value : generator.choose(all_shapes()));
            w.push_back(of_weight);
            v.push_back(of_value);
            const Rational share = abs(p);  // weights are not negative, whatever is known of them
            sum += share * q;
            total += share;
          }
          if (total == 0) {
            tally.skip();
          } else {
            tally(SoftmaxMean<S>(w)(v).contains(Rational(sum / total)), "mean", {first, second, value});
          }
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("containment: softmax means with every combination of ends") {
  check_means<FastInterval>(3102);
  check_means<Interval>(3103);
}

TEST_CASE("containment: norms of matrices of which nothing is known in part") {
  Generator generator(3104);
  Tally tally;
  for (const Shape& first : all_shapes()) {
    for (const Shape& second : all_shapes()) {
      for (long i = 0; i < samples(); ++i) {
        const auto [x, p] = generator.inside<FastInterval>(first);
        const auto [y, q] = generator.inside<FastInterval>(second);
        Matrix<FastInterval> row(1, 2);
        row << x, y;
        const BallMatrix ball = BallMatrix::around(row);
        // sqrt(p^2 + q^2)
        const Rational square = p * p + q * q;
        for (const FastInterval& norm : {norm_enclosure(ball), euclidean_norm(ball)}) {
          const bool above = norm.lower() > 0 && Rational(norm.lower()) * Rational(norm.lower()) > square;
          const bool below =
              std::isfinite(norm.upper()) && Rational(norm.upper()) * Rational(norm.upper()) < square;
          tally(!above && !below, "norm", {first, second});
        }
      }
    }
  }
}
