#include <promptbound/attention/centre_of_keys.hpp>

#include <promptbound/attention/norm_kernel.hpp>

namespace promptbound {

template <class T>
std::vector<T> centre_of_keys(const AttentionArrays<T>& arrays, Index head) {
  std::vector<double> sums(static_cast<std::size_t>(arrays.d));
  if (arrays.prompt > 0) add_column_sums(arrays.key(head, 0), arrays.prompt, arrays.d, sums.data());
  if (arrays.m > 0) add_column_sums(arrays.key(head, arrays.prompt), arrays.m, arrays.d, sums.data());
  std::vector<T> centre;
  centre.reserve(sums.size());
  for (const double sum : sums) centre.push_back(static_cast<T>(sum / static_cast<double>(arrays.keys())));
  return centre;
}

template std::vector<float> centre_of_keys(const AttentionArrays<float>&, Index);
template std::vector<double> centre_of_keys(const AttentionArrays<double>&, Index);

}  // namespace promptbound
