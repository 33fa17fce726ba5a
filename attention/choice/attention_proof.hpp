/// What proves the bound on the error of attention (theory 4.2).
#pragma once

#include <promptbound/attention/choice/attention_answer.hpp>
#include <promptbound/records/proved_form.hpp>

namespace promptbound {

/// Returns what proves `error_bound`.
[[nodiscard]] Proofs attention_proof(Method method, bool binary64);

/// Returns its forms, for `list`.
[[nodiscard]] std::vector<ProvedForm> attention_forms();

}  // namespace promptbound
