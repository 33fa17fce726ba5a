#include <promptbound/attention/polynomial/polynomial.hpp>

#include <algorithm>
#include <optional>

#include <promptbound/attention/polynomial/polynomial_kernel.hpp>
#include <promptbound/attention/thread_parts.hpp>

namespace promptbound {

template <class T>
KeyMoments<T>::KeyMoments(ScorePolynomial polynomial, std::vector<T> centre, Index d_v)
    : polynomial_(std::move(polynomial)),
      layout_(static_cast<Index>(centre.size()), d_v, polynomial_.degree(), polynomial_.moment),
      centre_(std::move(centre)),
      moments_(layout_.size(), 0.0),
      sizes_(d_v) {}

template <class T>
void KeyMoments<T>::add(const T* keys, const T* values, Index count, int threads) {
  if (count == 0) return;
  const Index groups = (count + keys_per_group - 1) / keys_per_group;
  const Index parts = std::min(key_parts, groups);
  const auto first_of = [&](Index part) { return std::min(count, groups * part / parts * keys_per_group); };
  const auto keys_of = [&](Index part) { return first_of(part + 1) - first_of(part); };
  const auto sums_of = [&](Index part) {
    const Index first = first_of(part);
    KeySums<T> sums(layout_);
    add_moments(layout_, keys + first * layout_.d, values + first * layout_.d_v, keys_of(part),
                centre_.data(), sums);
    return sums;
  };
  if (threads == 1) {
    for (Index part = 0; part < parts; ++part) add(sums_of(part), keys_of(part));
  } else {
    std::vector<std::optional<KeySums<T>>> partial(static_cast<std::size_t>(parts));
    for_each_part(parts, threads,
                  [&](Index part) { partial[static_cast<std::size_t>(part)] = sums_of(part); });
    for (Index part = 0; part < parts; ++part) add(*partial[static_cast<std::size_t>(part)], keys_of(part));
  }
}

template <class T>
void KeyMoments<T>::add(const KeySums<T>& sums, Index count) {
  for (std::size_t i = 0; i < moments_.size(); ++i) moments_[i] += sums.moments[i];
  sizes_.add(sums, layout_.d, count);
}

template <class T>
std::vector<T> KeyMoments<T>::weights(double rest) const {
  // Moments times multinomial, power of the rest and coefficient; the even moment's coefficient is 1.
  const Monomials& monomials = layout_.monomials;
  std::vector<double> powers = {1}, factors;
  while (static_cast<Index>(powers.size()) <= polynomial_.top()) powers.push_back(powers.back() * rest);
  for (Index l = 0, a = 0; l <= polynomial_.degree(); ++l) {
    const auto degree = static_cast<std::size_t>(l);
    const double factor = polynomial_.coefficients[degree] * powers[degree];
    for (; a < monomials.end[degree]; ++a)
      factors.push_back(monomials.multinomial[static_cast<std::size_t>(a)] * factor);
  }
  const Index columns = layout_.columns();
  std::vector<T> weights;
  weights.reserve(moments_.size());
  for (Index a = 0; a < layout_.full(); ++a) {
    const double factor = factors[static_cast<std::size_t>(a)];
    for (Index c = 0; c < columns; ++c) weights.push_back(static_cast<T>(moments_[weights.size()] * factor));
  }
  for (const std::int32_t a : layout_.singles) {
    // An even moment of a degree that has moments: the sums of 1.
    const auto monomial = static_cast<std::size_t>(a);
    const std::size_t at = polynomial_.moment > polynomial_.degree()
                               ? weights.size()
                               : static_cast<std::size_t>(a * columns + layout_.d_v);
    weights.push_back(static_cast<T>(moments_[at] * monomials.multinomial[monomial] *
                                     powers[static_cast<std::size_t>(polynomial_.moment)]));
  }
  return weights;
}

template <class T>
void KeyMoments<T>::attend(const T* queries, Index count, double scale, T* output, float* error, int threads,
                           Normalisers<T>* normalisers) const {
  const QueryScale<T> split(scale);
  const std::vector<T> weights = this->weights(split.rest);
  const PolynomialError<T> analysis(polynomial_, layout_, sizes_, split.rest);
  if (normalisers != nullptr) {
    normalisers->value.resize(static_cast<std::size_t>(count));
    normalisers->tilt.resize(static_cast<std::size_t>(count));
  }
  const Index parts = (count + queries_per_part - 1) / queries_per_part;
  std::vector<QuerySizes<T>> sizes(static_cast<std::size_t>(parts));
  for_parts(parts, threads, [&](Index from, Index to) {
    read_moments(layout_, weights.data(), queries, count, split.unit, output,
                 normalisers == nullptr ? nullptr : normalisers->value.data(), sizes, from, to);
    for (Index part = from; part < to; ++part) {
      const Index first = part * queries_per_part, last = std::min(count, first + queries_per_part);
      const QuerySizes<T>& of_part = sizes[static_cast<std::size_t>(part)];
      const PolynomialBound bound = analysis.bound(of_part);
      analysis.write(bound, of_part, last - first, error + first * layout_.d_v);
      if (normalisers != nullptr)
        std::fill(normalisers->tilt.begin() + first, normalisers->tilt.begin() + last, bound.tilt);
    }
  });
}

template class KeyMoments<float>;
template class KeyMoments<double>;

}  // namespace promptbound
