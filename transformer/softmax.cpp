#include <promptbound/numeric/scalar.hpp>
#include <promptbound/transformer/softmax.hpp>

namespace promptbound {
namespace {

/// A number close to the largest score, by which all scores are shifted; soundness does not depend on it.
template <class Scalar>
Scalar largest_upper_end(const Vector<Scalar>& scores) {
  Scalar largest = scores(0).upper_point();
  for (Index k = 1; k < scores.size(); ++k) largest = max(largest, scores(k).upper_point());
  return largest;
}

/// With e_j = exp(s_j - c), 1/(1 + sum_{j != k} exp(s_j - s_k)) = e_k/(e_k + sum_{j != k} e_j): its lower end
/// takes e_k from below and the other e_j from above, its upper end the reverse. The sums without one term
/// come from sums from the left and from the right, never from a difference.
template <class Scalar>
Vector<Scalar> interval_softmax(const Vector<Scalar>& scores) {
  const Index count = scores.size();
  if (count == 1) return Vector<Scalar>::Ones(1);
  const Scalar shift = largest_upper_end(scores);
  if (!shift.is_finite()) return Vector<Scalar>::Constant(count, hull(Scalar(0), Scalar(1)));
  Vector<Scalar> terms(count);
  for (Index k = 0; k < count; ++k) terms(k) = exponential<Scalar>(scores(k) - shift);
  Vector<Scalar> after(count);  // sum of the terms behind k
  after(count - 1) = Scalar(0);
  for (Index k = count - 1; k > 0; --k) after(k - 1) = after(k) + terms(k);
  Vector<Scalar> result(count);
  Scalar before(0);
  for (Index k = 0; k < count; ++k) {
    const Scalar others = before + after(k);
    before += terms(k);
    const Scalar low = terms(k).lower_point() / (terms(k).lower_point() + others.upper_point());
    const Scalar high = terms(k).upper_point() / (terms(k).upper_point() + others.lower_point());
    result(k) = max(Scalar(0), min(Scalar(1), hull(low.lower_point(), high.upper_point())));
  }
  return result;
}

template <class Scalar>
Vector<Scalar> shifted_softmax(const Vector<Scalar>& scores) {
  const Scalar largest = scores.maxCoeff();
  const Vector<Scalar> terms =
      scores.unaryExpr([&](const Scalar& s) { return exponential<Scalar>(s - largest); });
  const Scalar total = terms.sum();
  return terms.unaryExpr([&](const Scalar& term) { return Scalar(term / total); });
}

}  // namespace

template <class Scalar>
Vector<Scalar> softmax(const Vector<Scalar>& scores) {
  if constexpr (is_interval<Scalar>) {
    return interval_softmax(scores);
  } else {
    return shifted_softmax(scores);
  }
}

#define PROMPTBOUND_INSTANTIATE(Scalar) template Vector<Scalar> softmax(const Vector<Scalar>&);
PROMPTBOUND_FOR_EACH_SCALAR(PROMPTBOUND_INSTANTIATE)
#undef PROMPTBOUND_INSTANTIATE

}  // namespace promptbound
