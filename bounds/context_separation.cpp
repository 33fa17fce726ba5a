#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>

// Theory 3.3, the separation of KS24's contextual mapping (one layer, rank-one weights), transcribed:
//   delta = 2 (ln T)^2 s^2 r_min/(r_max^2 (v+1)^4 (2 ln T + 3) pi d) exp(-(v+1)^4 (2 ln T + 3) pi d
//   r_max^2/(4 s r_min)), r = r_max + s/4.

namespace promptbound {
namespace {

using namespace parameters;

Interval log10_separation(const Arguments& arguments) {
  const Rational& distance = arguments.rational(s);
  const Rational& low = arguments.rational(r_min);
  const Rational& high = arguments.rational(r_max);
  const Interval log_T = log(Interval(arguments.integer(T)));
  const Interval spread = Interval(power(Integer(arguments.integer(v) + 1), 4)) *
                          (Interval(2) * log_T + Interval(3)) * interval_pi() *
                          Interval(arguments.integer(d));
  const Interval front =
      Interval(2) * square(log_T) * Interval(Rational(distance * distance * low / (high * high))) / spread;
  const Interval exponent = spread * Interval(Rational(high * high / (4 * distance * low)));
  return (log(front) - exponent) / interval_log10();
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  if (!record.require(arguments.rational(r_min) < arguments.rational(r_max), "r-min < r-max",
                      "r-min >= r-max: no token norm lies strictly between them")) {
    return;
  }
  const Interval log10_delta = enclose(digits, [&] { return log10_separation(arguments); });
  record.add("delta", Magnitude{log10_delta});
  record.add("log10_delta", log10_delta);
  record.add("r", Rational(arguments.rational(r_max) + arguments.rational(s) / 4));
  record.assume(
      "token norms lie in (r-min, r-max), distinct tokens are further than s apart, none repeats in a "
      "sequence");
}

}  // namespace

Bound context_separation_bound() {
  return {
      .id = "context-separation",
      .kind = Kind::published,
      .theory = "3.3",
      .source = "KS24, arXiv 2307.14023",
      .claim = "Published separation of the context codes of one attention layer with rank-one weights.",
      .formula =
          "delta = 2 (ln T)^2 s^2 r_min/(r_max^2 A) exp(-A r_max^2/(4 s r_min)), A = (v+1)^4 (2 ln T + 3) pi "
          "d",
      .uses = {required(T), required(s), required(r_min), required(r_max), required(v), required(d)},
      .outputs = {{"delta", "distance of any two context codes"},
                  {"log10_delta", "its decimal logarithm"},
                  {"r", "bound on the norm of the codes"}},
      .evaluate = evaluate,
      .forms = always({transcribed("3.3")}),
  };
}

}  // namespace promptbound
