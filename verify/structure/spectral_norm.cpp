#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/structure/spectral_norm.hpp>

namespace promptbound {
namespace {

constexpr long short_bits = 64;

Matrix<Rational> smaller_gram(const Matrix<Rational>& A) {
  const Matrix<Rational> transposed = A.transpose();
  return A.rows() < A.cols() ? multiply(A, transposed) : multiply(transposed, A);
}

Interval trace(const Matrix<Interval>& G) {
  Interval sum(0);
  for (Index k = 0; k < G.rows(); ++k) sum += G(k, k);
  return sum;
}

/// G^2 / tr G^2 for symmetric G, and the trace.
Interval square_and_normalize(Matrix<Interval>& G) {
  const Index n = G.rows();
  Matrix<Interval> result(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = i; j < n; ++j) {
      Interval sum(0);
      for (Index k = 0; k < n; ++k) sum += G(i, k) * G(k, j);
      result(i, j) = sum;
      result(j, i) = sum;
    }
  }
  Interval t = trace(result);
  for (Interval& entry : result.reshaped()) entry /= t;
  G = std::move(result);
  return t;
}

/// The relative width left is n^{1/2^squarings} - 1.
int squarings_for(Index n) { return n <= 64 ? 32 : n <= 256 ? 12 : 6; }

}  // namespace

Rational short_upper(const Rational& x) {
  const WorkingPrecision scope(short_bits);
  return Interval(x).upper();
}

Rational short_lower(const Rational& x) {
  const WorkingPrecision scope(short_bits);
  return Interval(x).lower();
}

NormBounds spectral_norm(const Matrix<Rational>& A) {
  if (A.isZero(0)) return {0, 0};
  const Matrix<Rational> gram = smaller_gram(A);
  const Index n = gram.rows();
  const int squarings = squarings_for(n);
  long growth = 2;  // bits that one squaring may lose: a factor of 2 n
  for (Index size = 1; size < n; size *= 2) ++growth;
  const WorkingPrecision scope(2 * short_bits + squarings * growth);
  Matrix<Interval> G = from_rational<Interval>(gram);
  // G_0 = G/t_0, G_k = G_{k-1}^2/t_k with trace 1: the largest eigenvalue of G_K is in [1/n, 1], that of G is
  // t_0 sqrt(t_1 sqrt(t_2 ... sqrt(t_K times it))).
  std::vector<Interval> traces = {trace(G)};
  for (Interval& entry : G.reshaped()) entry /= traces[0];
  for (int k = 0; k < squarings; ++k) traces.push_back(square_and_normalize(G));
  Interval largest = hull(Interval(1) / Interval(static_cast<long>(n)), Interval(1));
  for (std::size_t k = traces.size() - 1; k > 0; --k) largest = sqrt(traces[k] * largest);
  const Interval norm = sqrt(traces[0] * largest);
  return {short_lower(norm.lower()), short_upper(norm.upper())};
}

NormBounds vector_norm(const Vector<Rational>& v) { return spectral_norm(Matrix<Rational>(v)); }

}  // namespace promptbound
