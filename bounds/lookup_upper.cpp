// One bound of catalogue.hpp.
#include <fmt/format.h>

#include <cmath>

#include <promptbound/bounds/forms.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/power_product.hpp>

// Theory 1.4 (own; construction 5.2). With k = floor(C n^{1/alpha}/(2 eps)) + 1, m = k^n prompt tokens of
// width w = 4n + d + L + 2 suffice for every f in F(C, alpha) in the supremum norm, for one fixed
// transformer. With b-bit prompt entries the error grows by n^{1/alpha} 2^{-b-1}, so k is chosen for eps -
// n^{1/alpha} 2^{-b-1}.

namespace promptbound {
namespace {

struct Problem {
  Integer d, L, n;
  Rational C;
  Number alpha;

  /// n^{1/alpha}
  [[nodiscard]] PowerProduct root() const {
    return PowerProduct().times_root(Rational(n), reciprocal(alpha));
  }
};

Problem problem(const Arguments& arguments) {
  Problem result;
  result.d = arguments.integer(parameters::d);
  result.L = arguments.integer(parameters::L);
  result.n = result.d * result.L;
  result.C = arguments.rational(parameters::C);
  result.alpha = arguments.number(parameters::alpha);
  return result;
}

/// 2^{-b-1}, the rounding of one value in [0,1] to b bits.
Rational rounding(const Arguments& arguments) {
  const Integer b = arguments.integer(parameters::b);
  return {Integer(1), power(Integer(2), b.convert_to<unsigned long>() + 1)};
}

/// About floor(C r/(2 (eps - r q))); nothing where binary64 cannot tell.
std::optional<Integer> guessed_cells(const Problem& problem, const Rational& eps, const Rational& q) {
  const auto nearly = [](const Rational& x) { return mpq_get_d(x.backend().data()); };
  const double r = std::pow(mpz_get_d(problem.n.backend().data()), nearly(reciprocal(problem.alpha)));
  const double room = nearly(eps) - r * nearly(q);
  const double cells = nearly(problem.C) * r / (2 * room);
  constexpr double most = 1e12;
  if (!(room > 0) || !(cells < most)) return std::nullopt;
  return Integer(static_cast<long>(cells));
}

/// floor(C r/(2 (eps - r q))) + 1 with r = n^{1/alpha}; nothing when eps <= r q.
std::optional<PowerProduct> cells_for_rounded_entries(const Problem& problem, const Rational& eps,
                                                      const Rational& q) {
  // At least 0 iff r x/y >= 1.
  const auto root_times = [&](const Rational& x, const Rational& y) {
    if (const auto whole = whole_part_in_words(x, y, problem.n, problem.alpha))
      return whole->floor >= 1 ? 1 : -1;
    return compare(problem.root().times(x / y), 1);
  };
  if (root_times(q, eps) >= 0) return std::nullopt;
  // C r/(2 (eps - r q)) >= K  iff  r (C + 2 K q) >= 2 K eps
  const auto reaches = [&](const Integer& K) {
    return K <= 0 ? 1 : root_times(problem.C + 2 * K * q, 2 * K * eps);
  };
  // Nearly always binary64 is near enough to guess, and exact arithmetic confirms.
  if (const auto guess = guessed_cells(problem, eps, q);
      guess && reaches(*guess) >= 0 && reaches(*guess + 1) < 0)
    return PowerProduct().times(Rational(*guess + 1));
  if (const auto r = problem.root().exact()) {
    return least_above(PowerProduct().times(Rational(problem.C * *r / (2 * (eps - *r * q)))));
  }
  const auto value = [&] {
    const Interval r = problem.root().value();
    return Interval(problem.C) * r / (Interval(2) * (Interval(eps) - r * Interval(q)));
  };
  // An enclosure within 2^-150000 decides where rounding no longer matters.
  const Interval rough = enclose(1, value);
  if (certainly_less(Interval(Integer(longest_exact_integer)), log10(rough))) {
    constexpr long ample_digits = 46000;
    return PowerProduct().times(enclose(ample_digits, value).lower()).rounded_beyond_writing();
  }
  const Integer below = decide_floor_comparing(value, reaches);
  return PowerProduct().times(Rational(below + 1));
}

void add_assumptions(Record& record) {
  record.holds(
      "the error is the supremum over X of the entrywise alpha-norm; every f in F(C, alpha) is served");
}

void evaluate(const Arguments& arguments, long digits, Record& record) {
  const Problem p = problem(arguments);
  const Rational& eps = arguments.rational(parameters::eps);
  std::optional<PowerProduct> k;
  if (arguments.has(parameters::b)) {
    k = cells_for_rounded_entries(p, eps, rounding(arguments));
    if (!record.require(
            k.has_value(), "eps > n^(1/alpha) 2^(-b-1)",
            "eps <= n^(1/alpha) 2^(-b-1): entries of b bits are too coarse for this construction")) {
      return;
    }
    record.assume("each prompt entry is one of 2^b values of its own code book");
  } else {
    k = least_cells(p.C, p.n, p.alpha, eps);
    record.assume("prompt entries are real numbers");
  }
  const Quantity cells = quantity(*k, digits);
  const auto* whole = std::get_if<Integer>(&cells.value());
  record.add("k", cells);
  record.add("tokens",
             whole != nullptr ? power_quantity(*whole, p.n, 1, digits) : quantity(k->raised(p.n), digits));
  record.add("width", Integer(4 * p.n + p.d + p.L + 2));
  record.add("attention_blocks", Integer(p.L == 1 ? 1 : 2));
  record.add("ffn_blocks", Integer(p.L == 1 ? 1 : 2));
  add_assumptions(record);
}

// m >= k^n tokens hold a grid with k cells per coordinate, which serves every eps > C n^{1/alpha}/(2 k).
void accuracy_for_length(const Arguments& arguments, long digits, Record& record) {
  const Problem p = problem(arguments);
  const Integer k = floor_root(arguments.integer(parameters::m), p.n.convert_to<unsigned long>());
  PowerProduct infimum = p.root();
  infimum.times(p.C / (2 * k));
  record.add("eps", quantity(infimum, digits));
  record.add("k", k);
  record.assume("prompt entries are real numbers");
  add_assumptions(record);
}

void certify(const Arguments& arguments, const Record& record, CoqCertificate& certificate) {
  if (arguments.has(parameters::b))
    no_coq_certificate(record, "prompt entries must be real numbers: leave out --b");
  const Problem problem_data = problem(arguments);
  const Rational& eps = arguments.rational(parameters::eps);
  const Number& alpha = problem_data.alpha;
  const Integer k = printed_integer(record, "k");
  const Integer p = alpha.infinite ? Integer(1) : numerator(alpha.value);
  limit_coq_bits(
      record, std::max(Integer(problem_data.n * bit_size(k)),
                       Integer(p * (bit_size(problem_data.C) + bit_size(eps) + bit_size(problem_data.n)))));
  // d L eps C q p, 1/alpha = q/p
  const std::string arguments_text =
      fmt::format("{} {} {} {} {}", problem_data.d.str(), problem_data.L.str(), coq_quotient(eps),
                  coq_quotient(problem_data.C), coq_inverse_exponent(alpha));
  certificate.require("lookup_upper_claim");
  certificate.theorem("integers", "k = floor(C n^(1/alpha)/(2 eps)) + 1 and the tokens are k^n",
                      fmt::format("lookup_upper_claim {} {} {}", arguments_text, k.str(),
                                  printed_integer(record, "tokens").str()),
                      fmt::format("apply lookup_upper_sound. {}.", coq_computed));
  certificate.require("lookup_upper_sufficient");
  certificate.theorem("sufficient",
                      "One lookup transformer with that many prompt tokens serves every f in F(C, alpha)",
                      fmt::format("lookup_sufficient {} {} {}", arguments_text, k.str(),
                                  printed_integer(record, "tokens").str()),
                      fmt::format("refine (lookup_upper_sufficient _ _ _ _ _ _ {}); easy || lra.",
                                  certificate.full_name("integers")));
}

std::vector<Form> forms() {
  const ProofStatus layout = proved_on_paper("5.2").of({"width", "attention_blocks", "ffn_blocks"});
  const auto has_bits = [](const Arguments& arguments, const Record&) {
    return arguments.has(parameters::b);
  };
  return joined(
      where(
          "entries of b bits", has_bits,
          always({proved_in_coq("1.4", {"analysis.every_alpha.lookup_upper_bits_alpha"}).of({"k", "tokens"}),
                  layout})),
      where(
          "real entries", [](const Arguments&, const Record&) { return true; },
          always({proved_in_coq("1.4", {"analysis.every_alpha.lookup_upper_alpha"}).of({"k", "tokens"}),
                  layout})));
}

}  // namespace

Bound lookup_upper_bound() {
  using namespace parameters;
  return {
      .id = "lookup-upper",
      .kind = Kind::sufficient,
      .theory = "1.4",
      .source = "own; construction 5.2",
      .claim = "Prompt tokens that suffice, for one fixed transformer and every function of F(C, alpha).",
      .formula = "m = k^n, k = floor(C n^(1/alpha)/(2 eps)) + 1; tokens of width 4n + d + L + 2",
      .uses = {required(d), required(L), required(eps), defaulted(C, "1"), defaulted(alpha, "2"),
               optional(b)},
      .outputs = {{"k", "grid cells per coordinate"},
                  {"tokens", "tokens that suffice"},
                  {"width", "entries of one token"},
                  {"attention_blocks", "single-head attention blocks"},
                  {"ffn_blocks", "feed-forward blocks"}},
      .evaluate = evaluate,
      .inverses = {{"eps",
                    "every accuracy above this is reached with at most m tokens",
                    {required(d), required(L), required(m), defaulted(C, "1"), defaulted(alpha, "2")},
                    accuracy_for_length,
                    always({proved_in_coq("1.4", {"analysis.every_alpha.lookup_upper_accuracy"})})}},
      .forms = forms(),
      .certify = certify,
  };
}

}  // namespace promptbound
