/// Lists of the forms of a bound.
#pragma once

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

using Condition = std::function<bool(const Arguments& arguments, const Record& record)>;

/// Returns a single form: whatever the arguments, these proofs.
[[nodiscard]] std::vector<Form> always(Proofs proof);

/// Returns the forms under a further condition, which `when` says in words.
[[nodiscard]] std::vector<Form> where(std::string_view when, const Condition& holds, std::vector<Form> forms);

/// Returns the lists one after the other.
[[nodiscard]] std::vector<Form> joined(std::vector<Form> forms, const std::vector<Form>& more);

}  // namespace promptbound
