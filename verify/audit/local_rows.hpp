/// The rows of an audit about prompts near the given one, on given texts (theory 3.4, and 2.5 on that ball).
#pragma once

#include <promptbound/verify/audit/audit.hpp>

namespace promptbound {

/// Adds the rows and their records. Throws InputError where there is no prompt, a text is empty, does not fit
/// the context or holds a token that is none of the vocabulary's, and where the model has what is not
/// modelled.
void add_local_rows(Audit& audit, const AuditQuestion& question, const LanguageModel& model,
                    const Matrix<double>& prompt);

}  // namespace promptbound
