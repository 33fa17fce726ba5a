// One bound of catalogue.hpp.
#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/log_ratio.hpp>

// Theory 2.7, MMCT26's form, transcribed: output tokens per prompt token w ln(1 + 2r/eps)/ln v, for prompt
// tokens in a max-norm ball of radius r told apart at eps. The paper takes eps = r 2^-11, so 2r/eps = 4096.

namespace promptbound {
namespace {

using namespace parameters;

void evaluate(const Arguments& arguments, long digits, Record& record) {
  record.add("slope", quantity(LogRatio{arguments.integer(w), 1 + arguments.rational(resolution), 1,
                                        arguments.rational(v)},
                               digits));
  record.assume("prompt tokens lie in a max-norm ball of radius r and are told apart at distance eps");
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
      .uses = {required(w), required(v), defaulted(resolution, "4096")},
      .outputs = {{"slope", "output tokens per prompt token"}},
      .evaluate = evaluate,
      .forms = forms(),
  };
}

}  // namespace promptbound
