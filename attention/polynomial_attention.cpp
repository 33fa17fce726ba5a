#include <algorithm>

#include <promptbound/attention/clustered.hpp>

namespace promptbound {

template <class T>
std::vector<T> centre_of_keys(const AttentionArrays<T>& arrays, Index head) {
  std::vector<double> sums(static_cast<std::size_t>(arrays.d), 0.0);
  for (Index j = 0; j < arrays.keys(); ++j) {
    for (Index c = 0; c < arrays.d; ++c)
      sums[static_cast<std::size_t>(c)] += static_cast<double>(arrays.key(head, j)[c]);
  }
  std::vector<T> centre;
  for (const double sum : sums) centre.push_back(static_cast<T>(sum / static_cast<double>(arrays.keys())));
  return centre;
}

template <class T>
std::optional<Attended<T>> polynomial_attention(const AttentionArrays<T>& arrays,
                                                const PolynomialOptions& options, PolynomialChoice* choice) {
  const std::vector<ArraySizes> sizes = check_arrays(arrays);
  if (arrays.mask == Mask::causal) return std::nullopt;
  PolynomialChoice chosen;
  Attended<T> result;
  result.output.resize(static_cast<std::size_t>(arrays.heads * arrays.n * arrays.d_v));
  result.error.resize(result.output.size());
  for (Index head = 0; head < arrays.heads; ++head) {
    const ArraySizes& of_head = sizes[static_cast<std::size_t>(head)];
    const std::vector<T> centre = centre_of_keys(arrays, head);
    const auto offset = head * arrays.n * arrays.d_v;
    float* error = result.error.data() + offset;
    // The choice rests on estimates: when the certificate falls short, ask for more, at last without them.
    const auto is_reached = [&] {
      const float largest = *std::max_element(error, error + arrays.n * arrays.d_v);
      return static_cast<double>(largest) <= options.accuracy * of_head.value_size;
    };
    bool reached = false;
    // Where clusters were tried, the last attempt does without.
    int attempts = 3;
    for (int attempt = 0; attempt < attempts && !reached; ++attempt) {
      PolynomialOptions stricter = options;
      stricter.moment = options.moment && attempt < 2;
      stricter.clusters = options.clusters && attempt < 3;
      if (attempt == 1) stricter.accuracy /= 2;
      const std::optional<ScorePolynomial> polynomial =
          choose_polynomial(arrays, head, of_head, centre, stricter);
      const std::optional<KeyClusters<T>> clusters =
          choose_clusters(arrays, head, of_head, centre, polynomial, stricter);
      if (clusters) {
        attempts = 4;
        attend_clusters(arrays, head, of_head, *clusters, result.output.data() + offset, error,
                        options.threads);
        reached = is_reached();
        if (!reached) continue;
        const ScorePolynomial& widest = clusters->highest();
        chosen.polynomials.push_back(widest);
        chosen.degree = std::max(chosen.degree, widest.degree());
        chosen.rank = std::max(chosen.rank, clusters->rank());
        chosen.clusters = std::max(chosen.clusters, clusters->count());
        continue;
      }
      if (!polynomial) continue;
      KeyMoments<T> moments(*polynomial, centre, arrays.d_v);
      if (arrays.prompt > 0)
        moments.add(arrays.key(head, 0), arrays.value(head, 0), arrays.prompt, options.threads);
      if (arrays.m > 0) {
        moments.add(arrays.key(head, arrays.prompt), arrays.value(head, arrays.prompt), arrays.m,
                    options.threads);
      }
      moments.attend(arrays.query(head, 0), arrays.n, arrays.scale, result.output.data() + offset, error,
                     options.threads);
      reached = is_reached();
      if (!reached) continue;
      chosen.polynomials.push_back(*polynomial);
      chosen.degree = std::max(chosen.degree, polynomial->degree());
      chosen.rank = std::max(chosen.rank, moments.rank());
      chosen.clusters = std::max<Index>(chosen.clusters, 1);
    }
    if (!reached) return std::nullopt;
  }
  if (choice != nullptr) *choice = std::move(chosen);
  return result;
}

template std::optional<Attended<float>> polynomial_attention(const AttentionArrays<float>&,
                                                             const PolynomialOptions&, PolynomialChoice*);
template std::optional<Attended<double>> polynomial_attention(const AttentionArrays<double>&,
                                                              const PolynomialOptions&, PolynomialChoice*);
template std::vector<float> centre_of_keys(const AttentionArrays<float>&, Index);
template std::vector<double> centre_of_keys(const AttentionArrays<double>&, Index);

}  // namespace promptbound
