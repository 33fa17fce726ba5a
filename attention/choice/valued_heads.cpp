#include <promptbound/attention/choice/valued_heads.hpp>

#include <algorithm>

namespace promptbound {

template <class T>
ValuedHeads<T>::ValuedHeads(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes)
    : arrays_(arrays) {
  for (Index head = 0; head < arrays.heads; ++head) {
    const ArraySizes& of_head = sizes[static_cast<std::size_t>(head)];
    if (of_head.value_size == 0) continue;
    heads_.push_back(head);
    sizes_.push_back(of_head);
  }
  const auto gathered = [&](const T* entries, Index rows, Index columns, std::vector<T>& to) {
    for (const Index head : heads_) {
      const T* first = entries + head * rows * columns;
      to.insert(to.end(), first, first + rows * columns);
    }
    return to.data();
  };
  arrays_.heads = static_cast<Index>(heads_.size());
  arrays_.q = gathered(arrays.q, arrays.n, arrays.d, q_);
  arrays_.k = gathered(arrays.k, arrays.m, arrays.d, k_);
  arrays_.v = gathered(arrays.v, arrays.m, arrays.d_v, v_);
  arrays_.prompt_k = gathered(arrays.prompt_k, arrays.prompt, arrays.d, prompt_k_);
  arrays_.prompt_v = gathered(arrays.prompt_v, arrays.prompt, arrays.d_v, prompt_v_);
}

template <class T>
template <class Result>
Attended<Result> ValuedHeads<T>::among(const AttentionArrays<T>& all,
                                       const Attended<Result>& attended) const {
  const Index entries = all.n * all.d_v;
  Attended<Result> result;
  result.output.assign(static_cast<std::size_t>(all.heads * entries), 0);
  result.error.assign(result.output.size(), 0);
  for (std::size_t number = 0; number < heads_.size(); ++number) {
    const Index from = static_cast<Index>(number) * entries, to = heads_[number] * entries;
    std::copy_n(attended.output.begin() + from, entries, result.output.begin() + to);
    std::copy_n(attended.error.begin() + from, entries, result.error.begin() + to);
  }
  return result;
}

template class ValuedHeads<float>;
template class ValuedHeads<double>;
template Attended<float> ValuedHeads<float>::among(const AttentionArrays<float>&,
                                                   const Attended<float>&) const;
template Attended<double> ValuedHeads<float>::among(const AttentionArrays<float>&,
                                                    const Attended<double>&) const;
template Attended<double> ValuedHeads<double>::among(const AttentionArrays<double>&,
                                                     const Attended<double>&) const;
template Attended<float> ValuedHeads<double>::among(const AttentionArrays<double>&,
                                                    const Attended<float>&) const;

}  // namespace promptbound
