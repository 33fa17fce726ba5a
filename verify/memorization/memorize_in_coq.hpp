/// Coq certificates of what memorize prints (theory 2.2 and 2.3).
#pragma once

#include <promptbound/coq/certificate.hpp>
#include <promptbound/verify/memorization/memorize.hpp>

namespace promptbound {

/// Adds theorems that state the answer as it is printed with so many digits, about the model's attention at
/// the shared query: the floor and that no prompt reaches the accuracy, or the exact set of lengths of exact
/// fits. Throws InputError, saying what is covered, where no theorem covers the answer.
void memorize_in_coq(const Transformer<Rational>& model, const MemorizationData& data,
                     const Rational& accuracy, const MemorizationAnswer& answer, long digits,
                     CoqCertificate& certificate);

}  // namespace promptbound
