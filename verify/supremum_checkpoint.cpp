#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/sha256.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/supremum_checkpoint.hpp>

namespace promptbound {
namespace {

constexpr const char* kind = "supremum-checkpoint";

std::string digest_of(const Json& problem, const Rational& ratio) {
  return sha256(problem.dump() + ratio.str());
}

/// Exact; a bound may be infinite.
std::string text_of(double value) { return std::isinf(value) ? "inf" : exact_text(Number(Rational(value))); }

double number_from(const Json& value, const std::string& where) {
  const auto number = value.is_string() ? parse_number(value.get_ref<const std::string&>()) : std::nullopt;
  if (!number) throw InputError(where + ": a number is needed");
  if (number->infinite) return std::numeric_limits<double>::infinity();
  const double result = number->value.convert_to<double>();
  if (Rational(result) != number->value) throw InputError(where + ": not a binary64 number");
  return result;
}

Json array_of(const std::vector<double>& values) {
  Json result = Json::array();
  for (const double value : values) result.push_back(text_of(value));
  return result;
}

std::vector<double> numbers_from(const Json& values, const std::string& where) {
  if (!values.is_array()) throw InputError(where + ": an array is needed");
  std::vector<double> result;
  for (const Json& value : values) result.push_back(number_from(value, where));
  return result;
}

}  // namespace

Json checkpoint_json(const SupremumState& state, const Json& problem, const Rational& ratio) {
  Json json = {{"schema", 1},
               {"kind", kind},
               {"problem", digest_of(problem, ratio)},
               {"tree", state.tree},
               {"waiting", array_of(state.waiting)},
               {"settled", text_of(state.settled)},
               {"lower", text_of(state.lower)},
               {"witness", array_of(state.witness)},
               {"boxes", state.boxes},
               {"most_waiting", state.most_waiting}};
  seal(json);
  return json;
}

SupremumState checkpoint_from(const Json& json, const Json& problem, const Rational& ratio,
                              const std::string& where) {
  Json sealed = json;
  if (sealed.is_object()) seal(sealed);
  if (sealed != json || !json.is_object() || member(json, "kind", where) != Json(kind)) {
    throw InputError(where + ": not a checkpoint, or a damaged one");
  }
  if (member(json, "problem", where) != Json(digest_of(problem, ratio))) {
    throw InputError(where + ": a checkpoint of another model, target, alpha, eps or ratio");
  }
  const Json& tree = member(json, "tree", where);
  if (!tree.is_string()) throw InputError(where + ".tree: a text is needed");
  SupremumState state;
  state.tree = tree.get<std::string>();
  state.waiting = numbers_from(member(json, "waiting", where), where + ".waiting");
  state.settled = number_from(member(json, "settled", where), where + ".settled");
  state.lower = number_from(member(json, "lower", where), where + ".lower");
  state.witness = numbers_from(member(json, "witness", where), where + ".witness");
  state.boxes = integer_from(member(json, "boxes", where), where + ".boxes").convert_to<std::uint64_t>();
  state.most_waiting =
      integer_from(member(json, "most_waiting", where), where + ".most_waiting").convert_to<std::size_t>();
  return state;
}

}  // namespace promptbound
