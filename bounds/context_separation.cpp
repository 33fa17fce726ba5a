// One bound of catalogue.hpp.
#include <algorithm>

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
  const auto log10 = [&] { return log10_separation(arguments); };
  const Interval log10_delta = enclose(digits, log10);
  // delta is known to as many digits as its logarithm has behind the point.
  constexpr long most_bits = 4096;  // powers of ten with longer exponents are not written out
  const long bits = std::clamp<long>(mpfr_get_exp(&log10_delta.get()->left), 0, most_bits);
  record.add("delta", Magnitude{enclose(digits + bits / 3 + 2, log10)});
  record.add("log10_delta", log10_delta);
  record.add("r", Rational(arguments.rational(r_max) + arguments.rational(s) / 4));
  record.assume(
      "token norms lie in (r-min, r-max), distinct tokens are further than s apart, none repeats in a "
      "sequence");
  if (arguments.integer(T) > arguments.integer(v))
    record.holds("T > v: T different tokens do not exist, so that the statement is empty");
  if (arguments.rational(s) >= 2 * arguments.rational(r_max))
    record.holds("s >= 2 r-max: no two such tokens exist, so that the statement is empty");
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
