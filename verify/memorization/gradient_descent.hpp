/// A good prompt found by gradient descent, to set against the certified floors of theory 2.3 and 2.3H.
#pragma once

#include <cstdint>

#include <promptbound/numeric/interval.hpp>
#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>

namespace promptbound {

struct DescentOptions {
  Index tokens = 32;  ///< of the prompt
  int restarts = 12;
  int steps = 1500;  ///< of each restart
  std::uint64_t seed = 1;
  double goal = 0;  ///< an error to stop at; above 0, Newton's method goes on from every start's best
};

struct FoundPrompt {
  Matrix<Rational> prompt;  ///< tokens as columns, binary64 entries
  Interval error;  ///< its maximum error over examples and coordinates, enclosed at the working precision
};

/// Descends by Adam on a smooth maximum of the errors that is sharpened as it goes, from random prompts; the
/// best prompt of all restarts. The search is in binary64 and promises nothing; the error of what it found is
/// certified. For one layer with heads, any queries; InputError otherwise.
[[nodiscard]] FoundPrompt descend(const Transformer<Rational>& model, const MemorizationData& data,
                                  const DescentOptions& options);

}  // namespace promptbound
