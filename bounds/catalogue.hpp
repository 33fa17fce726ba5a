/// The list of all bounds, and their evaluation with checked arguments.
#pragma once

#include <optional>

#include <promptbound/bounds/bound.hpp>

namespace promptbound {

/// Returns every bound, in the order of the theory page.
[[nodiscard]] const std::vector<Bound>& catalogue();

/// Returns the bound of that id. Throws InputError naming the nearest id when there is none.
[[nodiscard]] const Bound& find_bound(std::string_view id);

/// Returns every parameter that some bound uses, in order of first use.
[[nodiscard]] const std::vector<const Parameter*>& all_parameters();

/// Tells whether every required parameter is given (defaults count as given).
[[nodiscard]] bool has_required(const std::vector<Use>& uses, const Arguments& arguments);

/// Evaluates a bound to `digits` significant digits. Arguments that the bound does not use are ignored. A
/// violated assumption, or a value that no precision decides, gives a record that is not applicable, with the
/// reason. Throws InputError when a required argument is missing.
/// `only` names the one output that the caller will read; the record may then lack costly others.
/// @code
/// Arguments arguments;
/// arguments.set(parameters::d.name, parse_argument(parameters::d, "2"));
/// arguments.set(parameters::L.name, parse_argument(parameters::L, "2"));
/// arguments.set(parameters::eps.name, parse_argument(parameters::eps, "1/10"));
/// const Record record = evaluate(find_bound("entropy-bits"), arguments, 40);
/// if (record.is_applicable()) std::puts(record.output("tokens").exact().c_str());  // 20
/// @endcode
[[nodiscard]] Record evaluate(const Bound& bound, const Arguments& arguments, long digits,
                              std::string_view only = "");

/// Returns the inverse of the bound for the unknown of that name. Throws InputError when it has none.
[[nodiscard]] const Inverse& find_inverse(const Bound& bound, std::string_view unknown);

/// Returns the bound read backwards, as `evaluate` above.
[[nodiscard]] Record evaluate(const Bound& bound, const Inverse& inverse, const Arguments& arguments,
                              long digits);

/// Adds to the certificate what proves the record, which `evaluate` made of these arguments (`inverse` null:
/// forwards). Throws InputError when no Coq theorem covers it, or when the bound is not applicable.
void certify_in_coq(const Bound& bound, const Inverse* inverse, const Arguments& arguments,
                    const Record& record, CoqCertificate& certificate);

/// Returns the known name nearest to `name`, for messages.
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace promptbound
