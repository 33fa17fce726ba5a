/// Coq proofs that an integer is the ceiling or floor of a quotient of logarithms.
#pragma once

#include <string>

#include <promptbound/bounds/log_ratio.hpp>

namespace promptbound {

/// `is_ceil N (log_quotient E b w c)` and the same with is_floor, for the ratio E ln b/(w ln c) of integers.
[[nodiscard]] std::string coq_is_ceil(const LogRatio& ratio, const Integer& value);
[[nodiscard]] std::string coq_is_floor(const LogRatio& ratio, const Integer& value);

/// Tactics of proofs/certificates/log_decide.v that prove the two statements above.
[[nodiscard]] std::string coq_prove_ceil(const LogRatio& ratio, const Integer& value);
[[nodiscard]] std::string coq_prove_floor(const LogRatio& ratio, const Integer& value);

}  // namespace promptbound
