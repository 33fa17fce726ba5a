#include <promptbound/attention/monomials.hpp>

#include <limits>

namespace promptbound {

Monomials::Monomials(Index d, Index degree) : parent{-1}, variable{-1}, multinomial{1}, end{1} {
  const auto variables = static_cast<std::size_t>(d);
  // ends[i]: monomials of the last degree whose variables are all among the first i + 1. Multiplying these by
  // variable i gives each monomial of the next degree once, as the product with its last variable.
  std::vector<Index> ends(variables, 1);
  std::vector<int> last_power = {0};  // of each monomial's last variable
  Index start = 0;
  for (Index l = 1; l <= degree; ++l) {
    std::vector<Index> next_ends(variables);
    for (std::size_t i = 0; i < variables; ++i) {
      for (Index k = 0; k < ends[i]; ++k) {
        const auto from = static_cast<std::size_t>(start + k);
        const bool same = variable[from] == static_cast<std::int32_t>(i);
        parent.push_back(static_cast<std::int32_t>(from));
        variable.push_back(static_cast<std::int32_t>(i));
        last_power.push_back(same ? last_power[from] + 1 : 1);
        // l!/prod a_i!: one more factor l above and the new power of the variable below.
        multinomial.push_back(multinomial[from] * static_cast<double>(l) / last_power.back());
      }
      next_ends[i] = static_cast<Index>(parent.size()) - end.back();
    }
    start = end.back();
    end.push_back(static_cast<Index>(parent.size()));
    ends = std::move(next_ends);
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
