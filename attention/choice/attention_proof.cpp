#include <promptbound/attention/choice/attention_proof.hpp>

namespace promptbound {

Proofs attention_proof(Method method, bool binary64) {
  const std::string_view power =
      binary64 ? "certificates.exp2.exp2_scaled_double" : "certificates.exp2.exp2_scaled_single";
  if (method == Method::polynomial) {
    return {proved_on_paper("4.2", "the step from the polynomial's error to the output's is proved in Coq",
                            {"algebra.polynomial_attention.polynomial_attention_error",
                             "algebra.polynomial_attention.polynomial_attention_moment"})};
  }
  if (method == Method::exact) {
    return {
        proved_on_paper("4.2", "the distance of the kernel's polynomial from 2^f is proved in Coq", {power})};
  }
  return {proved_on_paper("4.2")};
}

std::vector<ProvedForm> attention_forms() {
  std::vector<ProvedForm> forms;
  for (const Method method : {Method::exact, Method::polynomial, Method::cholesky}) {
    for (const bool binary64 : {false, true}) {
      forms.push_back({name(method) + (binary64 ? ", binary64" : ", binary32"),
                       attention_proof(method, binary64).statuses()});
    }
  }
  return forms;
}

}  // namespace promptbound
