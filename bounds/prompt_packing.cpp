#include <promptbound/bounds/prompt_packing.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {
namespace {

bool is_max_norm(const Arguments& arguments) { return arguments.choice(parameters::norm) == "max"; }

}  // namespace

Rational packing_base(const Arguments& arguments, const Rational& rho) {
  const Rational ratio = arguments.rational(parameters::R) / rho;
  return is_max_norm(arguments) ? Rational(floor(ratio) + 1) : Rational(ratio + 1);
}

void assume_lipschitz_model(const Arguments& arguments, Record& record) {
  if (is_max_norm(arguments)) {
    record.assume(
        "prompt entries lie in [-R, R]; the output's largest entry is Lambda-Lipschitz in the prompt's");
  } else {
    record.proof = "proof on paper (the box form, norm = max, is proved in Coq)";
    record.assume(
        "prompt tokens have Euclidean norm <= R; the output's largest token norm is Lambda-Lipschitz in the "
        "prompt's");
  }
}

}  // namespace promptbound
