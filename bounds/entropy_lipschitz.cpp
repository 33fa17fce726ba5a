#include <fmt/format.h>

#include <cmath>

#include <promptbound/bounds/coq_log_ratio.hpp>
#include <promptbound/bounds/grid_search.hpp>
#include <promptbound/bounds/packing.hpp>
#include <promptbound/bounds/prompt_packing.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

// Theory 1.3 (own). For any 1 <= k < C/(2 eps), h_k = min(1, C/k) > 2 eps, rho_k = (h_k - 2 eps)/(2 Lambda):
//   m >= s (k+1)^n ln 2 / (w ln(1 + R/rho_k)),   box form: ln(floor(R/rho_k) + 1);
// the box form's value 0 in the denominator (R < rho_k) means that no length suffices. Every k gives a valid
// bound; the best is found by branch and bound, since (k+1)^n grows and rho_k falls with k.

namespace promptbound {
namespace {

Rational separation_radius(const Packing& functions, const Rational& Lambda, const Integer& k) {
  return (functions.height(k) - 2 * functions.eps) / (2 * Lambda);
}

/// ln of the bound with numerator at grid number `top` and denominator at `bottom`, without the constants.
Interval log_bound(const Packing& functions, const Arguments& arguments, const Integer& top,
                   const Integer& bottom) {
  const Rational rho = separation_radius(functions, arguments.rational(parameters::Lambda), bottom);
  return Interval(functions.n) * log(Interval(Integer(top + 1))) -
         log(log(Interval(packing_base(arguments, rho))));
}

/// The same in binary64, for the search.
double approximate_log_bound(const Packing& functions, const Arguments& arguments, const Integer& top,
                             const Integer& bottom) {
  const Rational rho = separation_radius(functions, arguments.rational(parameters::Lambda), bottom);
  return functions.n.convert_to<double>() * std::log1p(top.convert_to<double>()) -
         std::log(std::log(packing_base(arguments, rho).convert_to<double>()));
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Packing functions = packing(arguments, arguments.rational(parameters::eps));
  if (!is_packing_applicable(functions, record)) return;
  assume_lipschitz_model(arguments, record);
  record.holds("the error is the supremum over X of the entrywise alpha-norm");

  const Rational& Lambda = arguments.rational(parameters::Lambda);
  const auto base_at = [&](const Integer& k) {
    return packing_base(arguments, separation_radius(functions, Lambda, k));
  };
  // rho_k falls with k, so the base is smallest at k = 1: a base of 1 there already excludes every length.
  if (base_at(1) == 1) {
    record.add("k", Integer(1));
    record.add("tokens", std::string("no length suffices"));
    return;
  }
  const Integer k = best_grid_number(
      functions.finest,
      {[&](const Integer& low, const Integer& high) { return log_bound(functions, arguments, high, low); },
       [&](const Integer& low, const Integer& high) {
         return approximate_log_bound(functions, arguments, high, low);
       }});
  const Integer w = arguments.integer(parameters::w);
  const Rational base = base_at(k);
  const PowerProduct bits = functions.bits(k);
  record.add("k", k);
  if (const auto whole_bits = bits.exact()) {
    const LogRatio tokens{floor(*whole_bits), Rational(2), w, base};
    const Quantity value = quantity(tokens, digits);
    record.add("value", value);
    record.add("tokens", ceil(tokens, value));
  } else {
    record.add("tokens", Magnitude{enclose(digits, [&] {
                 const Interval log_value =
                     bits.log() + log(interval_log2() / (Interval(w) * log(Interval(base))));
                 const Interval log10_value = log_value / interval_log10();
                 // The value is beyond 10^100000: rounding it up moves its logarithm by far less than
                 // 10^-1000.
                 return Interval(log10_value, log10_value + Interval(Rational(1, power(Integer(10), 1000))));
               })});
  }
}

// Grid number k excludes m tokens for every eps below
//   eps_k = h_k/2 - Lambda R/(X_k - 1),  X_k = 2^{s (k+1)^n/(w m)}   (box form: ceil(X_k) - 1 instead of X_k
//   - 1);
// the answer is the largest eps_k, or 0 when none is positive.
void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const Packing functions = packing(arguments, Rational(1));
  assume_lipschitz_model(arguments, record);
  const Integer entries = arguments.integer(parameters::w) * arguments.integer(parameters::m);
  const Interval reach(Rational(arguments.rational(parameters::Lambda) * arguments.rational(parameters::R)));
  const bool box = arguments.choice(parameters::norm) == "max";
  const auto threshold = [&](const Integer& top, const Integer& bottom) {
    const Interval exponent = functions.bits(top).value() * interval_log2() / Interval(entries);
    Interval cells = expm1(exponent);
    if (box && cells.is_finite()) {
      // ceil(X) - 1 = ceil(X - 1); an enclosure of X gives an enclosure of its ceiling.
      cells = Interval(Interval(ceil(cells.lower())), Interval(ceil(cells.upper())));
    }
    return Interval(functions.height(bottom)) / Interval(2) - reach / cells;
  };
  // Beyond this k even h_k/2 is below what k = 1 gives, or below the first positive value.
  Integer last = 1;
  {
    const WorkingPrecision scope(128);
    Interval best(0);
    for (Integer k = 1;; k *= 2) {
      best = max(best, threshold(k, k));
      last = 2 * k;
      if (certainly_less(Interval(functions.height(last)) / Interval(2), best)) break;
      if (last > Integer(1) << 64) break;
    }
  }
  const Integer k =
      best_grid_number(last, {[&](const Integer& low, const Integer& high) { return threshold(high, low); },
                              [&](const Integer& low, const Integer& high) {
                                const WorkingPrecision scope(64);
                                return threshold(high, low).upper_double();
                              }});
  const Interval eps = [&] {
    const WorkingPrecision scope(bits_for_digits(digits) + 64);
    return threshold(k, k);
  }();
  if (certainly_positive(eps)) {
    record.add("eps", enclose(digits, [&] { return threshold(k, k); }));
    record.add("k", k);
  } else {
    record.add("eps", Integer(0));
  }
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  if (arguments.choice(parameters::norm) != "max")
    no_coq_theorem(record, "it is proved in its box form, --norm max");
  const Packing functions = packing(arguments, arguments.rational(parameters::eps));
  const Rational& Lambda = arguments.rational(parameters::Lambda);
  const Integer k = printed_integer(record, "k");
  const Integer c = numerator(packing_base(arguments, separation_radius(functions, Lambda, k)));
  const Integer tokens = printed_integer(record, "tokens");
  const Integer w = arguments.integer(parameters::w);
  const LogRatio ratio{floor(*functions.bits(k).exact()), Rational(2), w, Rational(c)};
  // d L w R Lambda eps C
  const std::string problem = fmt::format(
      "{} {} {} {} {} {} {}", arguments.integer(parameters::d).str(), arguments.integer(parameters::L).str(),
      w.str(), coq_quotient(arguments.rational(parameters::R)), coq_quotient(Lambda),
      coq_quotient(functions.eps), coq_quotient(functions.C));
  certificate.require("entropy_lipschitz_claim");
  certificate.theorem(
      "integers", "k < C/(2 eps), c = floor(R/rho_k) + 1, and the tokens are ceil(s (k+1)^n ln 2/(w ln c))",
      fmt::format("entropy_lipschitz_claim {} {} {} {} {}", problem, functions.s.str(), k.str(), c.str(),
                  tokens.str()),
      fmt::format("apply entropy_lipschitz_sound; [{}|]. {}", coq_computed,
                  coq_prove_ceil(ratio, tokens, certificate)));
  certificate.require("lipschitz_necessary");
  const bool max = arguments.number(parameters::alpha).infinite;
  certificate.theorem(
      "necessary",
      fmt::format("Every Lipschitz model that serves F(C, alpha), {}, needs {} tokens",
                  max ? "alpha = inf" : "whatever alpha", tokens.str()),
      fmt::format("lipschitz_necessary_{} {} {}", max ? "alpha_inf" : "any_alpha", problem, tokens.str()),
      fmt::format("exact (entropy_lipschitz_necessary{} {} eq_refl).", max ? "_max" : "",
                  certificate.full_name("integers")));
}

}  // namespace

Bound entropy_lipschitz_bound() {
  using namespace parameters;
  return {
      .id = "entropy-lipschitz",
      .kind = Kind::necessary,
      .theory = "1.3",
      .source = "own",
      .claim =
          "Prompt tokens that a Lipschitz model needs to serve all of F(C, alpha), with real prompt entries.",
      .formula =
          "m >= s (k+1)^n ln 2/(w ln(1 + R/rho)), rho = (min(1, C/k) - 2 eps)/(2 Lambda), best k < C/(2 eps)",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2"),
               defaulted(w, d), required(R), required(Lambda), defaulted(norm, "euclidean")},
      .outputs = {{"k", "grid number that gives the best bound"},
                  {"value", "the bound before rounding up"},
                  {"tokens", "tokens that are necessary"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "every accuracy below this is impossible with m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2"),
                     defaulted(w, d), required(R), required(Lambda), defaulted(norm, "euclidean")},
                    accuracy_for_length}},
      .certify = certify,
  };
}

}  // namespace promptbound
