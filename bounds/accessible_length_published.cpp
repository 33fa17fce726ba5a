// One bound of catalogue.hpp.
#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/log_ratio.hpp>

// Theory 2.7, MMCT26's form, transcribed: output tokens per prompt token w ln(1 + 2r/eps)/ln v, for prompt
// tokens in a max-norm ball of radius r told apart at eps. The authors' notebook takes eps = r 2^-11, the
// paper's Table 1 takes eps = 2^-10 and each model's own r.

namespace promptbound {
namespace {

using namespace parameters;

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Rational resolution = 2 * arguments.rational(ball_radius) / arguments.rational(told_apart);
  record.add("slope",
             quantity(LogRatio{arguments.integer(w), 1 + resolution, 1, arguments.rational(v)}, digits));
  record.assume("prompt tokens lie in a max-norm ball of radius r and are told apart at distance eps");
}

/// The notebook's eps.
Argument told_apart_by_default(const Arguments& arguments) {
  return Rational(arguments.rational(ball_radius) / 2048);
}

std::vector<Form> forms() {
  return always(
      {transcribed("2.7",
                   "that prompts told apart in that way reach no more, v^l <= (1 + 2r/eps)^(w m), is "
                   "proved in Coq",
                   {"algebra.memory_bits.accessible_length_resolution"})});
}

}  // namespace

Bound accessible_length_published_bound() {
  return {
      .id = "accessible-length-published",
      .kind = Kind::published,
      .theory = "2.7",
      .source = "MMCT26, arXiv 2605.22223",
      .claim = "Output tokens per prompt token in the published form.",
      .formula = "w ln(1 + 2r/eps)/ln v",
      .uses = {required(w), required(v), defaulted(ball_radius, "1"),
               defaulted(told_apart, "2^-11 ball-radius", {&ball_radius}, told_apart_by_default)},
      .outputs = {{"slope", "output tokens per prompt token"}},
      .evaluate = evaluate,
      .forms = forms(),
  };
}

}  // namespace promptbound
