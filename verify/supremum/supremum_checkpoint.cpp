#include <cmath>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/supremum/supremum_checkpoint.hpp>

namespace promptbound {
namespace {

constexpr const char* kind = "supremum-checkpoint";

std::string digest_of(const Json& problem, const Rational& ratio) {
  return sha256(problem.dump() + ratio.str());
}

double number_from(const Json& value, const std::string& where) {
  const auto number = value.is_string() ? parse_number(value.get_ref<const std::string&>()) : std::nullopt;
  if (!number || number->infinite) throw InputError(where + ": a number is needed");
  const double result = number->value.convert_to<double>();
  if (Rational(result) != number->value) throw InputError(where + ": not a binary64 number");
  return result;
}

}  // namespace

Json checkpoint_json(const SupremumState& state, const Json& problem, const Rational& ratio) {
  Json witness = Json::array();
  for (const double x : state.witness) witness.push_back(exact_text(Number(Rational(x))));
  Json json = {{"schema", 1},
               {"kind", kind},
               {"problem", digest_of(problem, ratio)},
               {"tree", state.tree},
               {"witness", std::move(witness)}};
  seal(json);
  return json;
}

SupremumState checkpoint_from(const Json& json, const Json& problem, const Rational& ratio,
                              const std::string& where) {
  if (!is_sealed(json, kind)) throw InputError(where + ": not a checkpoint, or a damaged one");
  if (member(json, "problem", where) != Json(digest_of(problem, ratio))) {
    throw InputError(where + ": a checkpoint of another model, target, alpha, eps or ratio");
  }
  const Json& tree = member(json, "tree", where);
  if (!tree.is_string()) throw InputError(where + ".tree: a text is needed");
  const Json& witness = member(json, "witness", where);
  if (!witness.is_array()) throw InputError(where + ".witness: an array is needed");
  SupremumState state{tree.get<std::string>(), {}};
  for (const Json& x : witness) state.witness.push_back(number_from(x, where + ".witness"));
  return state;
}

}  // namespace promptbound
