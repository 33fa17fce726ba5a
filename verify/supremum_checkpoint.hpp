/// Searches for a supremum on file, to go on from later.
#pragma once

#include <promptbound/models/exact_json.hpp>
#include <promptbound/verify/supremum.hpp>

namespace promptbound {

/// {"schema","kind":"supremum-checkpoint","problem","tree","waiting","settled","lower","witness","boxes",
/// "most_waiting","sha256"}; `problem` is the digest of what is searched: problem_json and the ratio.
[[nodiscard]] Json checkpoint_json(const SupremumState& state, const Json& problem, const Rational& ratio);

/// Reads it back. Throws InputError when it is damaged or of another problem. What it says of boxes that need
/// no more work is believed: the certificate of the verdict is what an independent check can rest on.
[[nodiscard]] SupremumState checkpoint_from(const Json& json, const Json& problem, const Rational& ratio,
                                            const std::string& where);

}  // namespace promptbound
