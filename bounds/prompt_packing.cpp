#include <promptbound/bounds/prompt_packing.hpp>
#include <promptbound/numeric/integers.hpp>

namespace promptbound {

bool is_box_form(const Arguments& arguments) { return arguments.choice(parameters::norm) == "max"; }

Rational packing_base(const Rational& ratio, bool is_box) {
  return is_box ? Rational(floor(ratio) + 1) : Rational(ratio + 1);
}

Rational packing_base(const Arguments& arguments, const Rational& rho) {
  return packing_base(Rational(arguments.rational(parameters::R) / rho), is_box_form(arguments));
}

void assume_lipschitz_model(const Arguments& arguments, Record& record) {
  if (is_box_form(arguments)) {
    record.assume(
        "prompt entries lie in [-R, R]; the output's largest entry is Lambda-Lipschitz in the prompt's");
  } else {
    record.assume(
        "prompt tokens have Euclidean norm <= R; the output's largest token norm is Lambda-Lipschitz in the "
        "prompt's");
  }
}

}  // namespace promptbound
