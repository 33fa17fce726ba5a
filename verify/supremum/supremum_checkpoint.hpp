/// Searches for a supremum on file, to go on from later.
#pragma once

#include <promptbound/models/exact_json.hpp>
#include <promptbound/verify/supremum/supremum.hpp>

namespace promptbound {

/// Writes {"schema","kind":"supremum-checkpoint","problem","tree","witness","sha256"}; `problem` is the
/// digest of what is searched: problem_json and the ratio.
[[nodiscard]] Json checkpoint_json(const SupremumState& state, const Json& problem, const Rational& ratio);

/// Reads it back. Throws InputError when it is damaged or of another problem. The seal shows damage and no
/// more: nothing that a checkpoint says is evidence, and files of version 0.1, which held bounds as well, are
/// read in the same way.
[[nodiscard]] SupremumState checkpoint_from(const Json& json, const Json& problem, const Rational& ratio,
                                            const std::string& where);

}  // namespace promptbound
