#include <doctest/doctest.h>

#include <promptbound/numeric/linear_form.hpp>
#include <promptbound/numeric/precision.hpp>

#include "form_value.hpp"
#include "random.hpp"

using namespace promptbound;

namespace {

/// Expressions of two variables that use every operation, in forms and in intervals of points.
template <class T>
std::vector<T> expressions(const T& x, const T& y, const T& three) {
  using std::sin;
  const auto positive = [](const T& t) { return relu(t); };
  return {x - y * three,     x * y,  positive(x),        positive(x - y) * positive(y),
          maximum(x, T(-y)), sin(x), sin(x * y + three), (x + y) / (three + x * x)};
}

template <class S>
void check_containment() {
  RandomNumbers random(401);
  const WorkingPrecision scope(100);
  for (int i = 0; i < 300; ++i) {
    const Rational cx = random.rational(-1, 1), cy = random.rational(-1, 1);
    const Rational rx = random.rational(0, 1), ry = i % 4 == 0 ? Rational(0) : random.rational(0, 1);
    const LinearForm<S> x(S(cx), S(rx), 0), y(S(cy), S(ry), 1);
    const auto forms = expressions(x, y, LinearForm<S>(3));
    for (int k = 0; k < 4; ++k) {
      const std::vector<Rational> delta = {Rational(random.integer(-4, 4), 4),
                                           Rational(random.integer(-4, 4), 4)};
      const WorkingPrecision finer(300);
      const auto exact = expressions(Interval(Rational(cx + rx * delta[0])),
                                     Interval(Rational(cy + ry * delta[1])), Interval(3));
      for (std::size_t e = 0; e < forms.size(); ++e) {
        CAPTURE(e);
        CHECK(Interval(value_at(forms[e], delta)).contains(exact[e]));
        CHECK(Interval(forms[e].range()).contains(exact[e]));
      }
    }
  }
}

}  // namespace

TEST_CASE("forms contain the function at every point of the box") {
  check_containment<FastInterval>();
  check_containment<Interval>();
}

TEST_CASE("what is linear cancels exactly") {
  const LinearForm<FastInterval> x(FastInterval(0.3), FastInterval(0.25), 0);
  const FastInterval zero = (x - x.positive_part()).range();
  CHECK(zero.lower() == 0);
  CHECK(zero.upper() == 0);
  // In intervals the same difference is wide.
  const FastInterval range = x.range();
  CHECK((range - range).upper() >= 0.5);
}

TEST_CASE("relu and products are as tight as their remainders") {
  // relu on [-1, 1]: the least strip of slope 1/2 has height 1/2.
  const LinearForm<FastInterval> x(FastInterval(0), FastInterval(1), 0);
  const LinearForm<FastInterval> part = x.positive_part();
  CHECK(part.centre().upper() - part.centre().lower() <= 0.5 + 1e-12);
  CHECK(part.range().upper() <= 1 + 1e-12);
  // (1 + r delta)^2 on a small box: quadratically close to 1 + 2 r delta.
  const LinearForm<FastInterval> near(FastInterval(1), FastInterval(0x1p-10), 0);
  const LinearForm<FastInterval> product = near * near;
  CHECK(product.centre().upper() - product.centre().lower() <= 0x1p-18);
}
