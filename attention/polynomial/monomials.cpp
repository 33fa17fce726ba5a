#include <promptbound/attention/polynomial/monomials.hpp>

#include <limits>

namespace promptbound {

Monomials::Monomials(Index d, Index degree) : parent{-1}, variable{0}, multinomial{1}, end{1} {
  std::vector<int> last_power = {0};  // of each monomial's last variable
  std::size_t from = 0;
  for (Index l = 1; l <= degree; ++l) {
    const auto to = static_cast<std::size_t>(end.back());
    for (; from < to; ++from) {
      first_child.push_back(static_cast<std::int32_t>(parent.size()));
      for (auto i = variable[from]; i < static_cast<std::int32_t>(d); ++i) {
        const int power = variable[from] == i ? last_power[from] + 1 : 1;
        parent.push_back(static_cast<std::int32_t>(from));
        variable.push_back(i);
        last_power.push_back(power);
        // l!/prod a_i!: one more factor l above and the new power of the variable below.
        multinomial.push_back(multinomial[from] * static_cast<double>(l) / power);
      }
    }
    end.push_back(static_cast<Index>(parent.size()));
  }
}

double monomial_count(Index d, Index degree) {
  double count = 1;
  for (Index i = 1; i <= std::min(d, degree); ++i) {
    count = count * static_cast<double>(d + degree - i + 1) / static_cast<double>(i);
    if (count > 1e15) return std::numeric_limits<double>::infinity();
  }
  return count;
}

}  // namespace promptbound
