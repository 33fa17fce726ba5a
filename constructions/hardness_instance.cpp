#include <random>

#include <promptbound/constructions/hardness_instance.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/scalar.hpp>

namespace promptbound {
namespace {

bool is_binary(const Matrix<int>& points) { return ((points.array() == 0) || (points.array() == 1)).all(); }

Vector<int> random_point(Index D, std::mt19937_64& random) {
  return Vector<int>::NullaryExpr(D, [&] { return static_cast<int>(random() & 1U); });
}

int least_distance(const Vector<int>& a, const Matrix<int>& b) {
  return (b.colwise() - a).cwiseAbs().colwise().sum().minCoeff();
}

}  // namespace

NearestPoints planted_points(Index M, Index D, int t, int gap, std::uint64_t seed) {
  constexpr int most_attempts = 200;
  if (M < 1 || D < 1 || t < 0 || gap < 1)
    throw InputError("hardness points: M, D, gap >= 1 and t >= 0 are needed");
  std::mt19937_64 random(seed);
  NearestPoints points{Matrix<int>(D, M), Matrix<int>(D, M), t, gap};
  for (Index j = 0; j < M; ++j) points.b.col(j) = random_point(D, random);
  for (Index i = 0; i < M; ++i) {
    const bool near = (random() & 1U) != 0;
    bool found = false;
    for (int attempt = 0; attempt < most_attempts && !found; ++attempt) {
      const auto center = points.b.col(static_cast<Index>(random() % static_cast<std::uint64_t>(M)));
      auto a = points.a.col(i);
      a = near ? Vector<int>(center) : random_point(D, random);
      for (int flip = 0; near && flip < t; ++flip) {
        int& entry = a(static_cast<Index>(random() % static_cast<std::uint64_t>(D)));
        entry = 1 - entry;
      }
      const int distance = least_distance(a, points.b);
      found = near ? distance <= t : distance >= t + gap;
    }
    if (!found)
      throw InputError(
          "hardness points: no point at distance >= t + gap found; lower t + gap or M, or raise D");
  }
  return points;
}

HardnessInstance hardness_instance(const NearestPoints& points) {
  const Index D = points.a.rows(), M = points.a.cols();
  if (M < 1 || D < 1 || points.b.rows() != D || points.b.cols() != M) {
    throw InputError("hardness instance: as many points a as b are needed, of the same dimension");
  }
  if (!is_binary(points.a) || !is_binary(points.b))
    throw InputError("hardness instance: coordinates must be 0 or 1");
  if (points.t < 0 || points.gap < 1) throw InputError("hardness instance: t >= 0 and gap >= 1 are needed");
  const Index o = D - Index{2} * points.t - points.gap;
  const int sign = o > 0 ? 1 : -1;
  const Index extra = o > 0 ? o : -o;

  HardnessInstance instance;
  instance.real_keys = M;
  instance.query_signs = Matrix<int>::Ones(D + extra, M);
  instance.query_signs.topRows(D) = 2 * points.a.array() - 1;
  instance.key_signs = Matrix<int>::Zero(D + extra, 2 * M);
  instance.key_signs.topLeftCorner(D, M) = 2 * points.b.array() - 1;
  instance.key_signs.block(D, 0, extra, M).setConstant(-sign);
  // sqrt(beta) <= r iff 64^2 beta <= (64 r)^2.
  const Interval beta = log(Interval(Integer(3 * M))) / Interval(points.gap);
  const Integer square = ceil((Interval(64 * 64) * beta).upper());
  Integer root = floor_root(square, 2);
  if (root * root < square) ++root;
  instance.root_beta = Rational(root, 64);
  return instance;
}

template <class Scalar>
Scalar hardness_output(const HardnessInstance& instance, Index i) {
  const Scalar beta = from_rational<Scalar>(instance.root_beta * instance.root_beta);
  const Vector<int> products =
      instance.key_signs.leftCols(instance.real_keys).transpose() * instance.query_signs.col(i);
  Scalar real(0);
  for (const int product : products) {
    using std::exp;
    real += exp(beta * Scalar(product));
  }
  const Scalar dummies = from_rational<Scalar>(Rational(instance.real_keys));
  return Scalar(1) / (Scalar(1) + dummies / real);
}

bool is_near_by_attention(const HardnessInstance& instance, Index i) {
  const FastInterval fast = hardness_output<FastInterval>(instance, i), middle(0.5);
  if (certainly_less(middle, fast)) return true;
  if (certainly_less(fast, middle)) return false;
  const std::string subject = "the decision at query " + std::to_string(i);
  // real = M exactly only where every score is 0 (Lindemann-Weierstrass).
  if ((instance.key_signs.leftCols(instance.real_keys).transpose() * instance.query_signs.col(i)).isZero(0))
    throw Undecided(subject + ": the output is exactly 1/2");
  return at_rising_precision(subject, 64, [&]() -> std::optional<bool> {
    const Interval output = hardness_output<Interval>(instance, i), half(Rational(1, 2));
    if (certainly_less(half, output)) return true;
    if (certainly_less(output, half)) return false;
    return std::nullopt;
  });
}

bool is_near_by_force(const NearestPoints& points, Index i) {
  return least_distance(points.a.col(i), points.b) <= points.t;
}

template double hardness_output<double>(const HardnessInstance&, Index);
template FastInterval hardness_output<FastInterval>(const HardnessInstance&, Index);
template Interval hardness_output<Interval>(const HardnessInstance&, Index);
template Real hardness_output<Real>(const HardnessInstance&, Index);

}  // namespace promptbound
