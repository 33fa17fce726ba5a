/// Coq proofs that an integer is the ceiling or floor of a quotient of logarithms.
#pragma once

#include <string>

#include <promptbound/coq/certificate.hpp>
#include <promptbound/numeric/log_ratio.hpp>

namespace promptbound {

/// Returns tactics that prove is_ceil value (log_quotient E b w c), the same with is_floor, for the ratio
/// E ln b/(w ln c) of integers: the three ways of proofs/certificates/log_decide.v.
[[nodiscard]] std::string coq_prove_ceil(const LogRatio& ratio, const Integer& value,
                                         CoqCertificate& certificate);
[[nodiscard]] std::string coq_prove_floor(const LogRatio& ratio, const Integer& value,
                                          CoqCertificate& certificate);

}  // namespace promptbound
