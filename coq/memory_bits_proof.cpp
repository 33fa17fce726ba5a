#include <fmt/format.h>

#include <promptbound/coq/memory_bits_proof.hpp>

namespace promptbound {

void certify_bits_count(const Integer& m, const Integer& w, const Integer& b, const Integer& choices,
                        const Integer& count, std::string_view name, std::string_view meaning,
                        CoqCertificate& certificate) {
  const LogRatio ratio{m * w * b, Rational(2), 1, Rational(choices)};
  certificate.require("memory_bits_claim");
  certificate.theorem(name, meaning,
                      fmt::format("memory_bits_count_claim {} {} {} {} {}", m.str(), w.str(), b.str(),
                                  choices.str(), count.str()),
                      "apply memory_bits_count_log. " + coq_prove_floor(ratio, count, certificate));
}

void certify_bits_length(const Integer& w, const Integer& b, const Integer& count, const Integer& choices,
                         const Integer& m, std::string_view meaning, CoqCertificate& certificate) {
  const LogRatio ratio{count, Rational(choices), w * b, Rational(2)};
  certificate.require("memory_bits_claim");
  certificate.theorem("m", meaning,
                      fmt::format("memory_bits_length_claim {} {} {} {} {}", count.str(), choices.str(),
                                  w.str(), b.str(), m.str()),
                      "apply memory_bits_length_log. " + coq_prove_ceil(ratio, m, certificate));
}

}  // namespace promptbound
