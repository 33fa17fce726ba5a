#include <promptbound/attention/choice/attention_answer.hpp>

#include <cmath>

#include <promptbound/attention/choice/attention_proof.hpp>

namespace promptbound {

std::string name(Method method) {
  switch (method) {
    case Method::automatic:
      return "auto";
    case Method::exact:
      return "exact";
    case Method::cholesky:
      return "cholesky";
    case Method::polynomial:
      break;
  }
  return "polynomial";
}

void AttentionAnswer::certify(double bound) {
  error_bound = bound;
  verdict = std::isfinite(bound) ? Verdict::computed : Verdict::unknown;
  proof = attention_proof(method, is_binary64());
}

std::string_view verdict_name(const AttentionAnswer& answer) {
  return answer.verdict == Verdict::computed ? "certified" : name(answer.verdict);
}

std::string_view verdict_name(const Refusal&) { return "refused"; }

}  // namespace promptbound
