#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/multiprecision/integer.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/memorization/memorization_problem.hpp>
#include <promptbound/verify/memorization/memorize_in_coq.hpp>

namespace promptbound {
namespace {

/// Coq writes a length in unary when it compares it with 1.
const Integer most_length = 100000;

[[noreturn]] void not_covered(const std::string& why) {
  throw InputError(
      fmt::format("--coq: no Coq theorem covers this answer: {} (covered, without a feed-forward block: "
                  "impossible by the "
                  "floor, by a target off the image of V, by contradicting S_P or by rho < 1; and the least "
                  "length of exact "
                  "fits, rho > 1)",
                  why));
}

/// Rationals over one denominator.
Integer common_denominator(const std::vector<Rational>& numbers) {
  Integer result = 1;
  for (const Rational& x : numbers) result = lcm(result, Integer(denominator(x)));
  return result;
}

std::vector<Rational> entries(const Matrix<Rational>& M) {
  return {M.reshaped().begin(), M.reshaped().end()};
}

std::string coq_integer(const Rational& x) { return Integer(numerator(x)).str(); }

std::string coq_list(const std::vector<std::string>& items) {
  return fmt::format("[:: {}]", fmt::join(items, "; "));
}

/// The entries times the scale, which clears their denominators.
std::string coq_vector(const Vector<Rational>& v, const Integer& scale) {
  std::vector<std::string> items;
  for (const Rational& x : v) items.push_back(coq_integer(x * scale));
  return coq_list(items);
}

std::string coq_rows(const Matrix<Rational>& M, const Integer& scale) {
  std::vector<std::string> items;
  for (Index row = 0; row < M.rows(); ++row) items.push_back(coq_vector(M.row(row).transpose(), scale));
  return items.empty() ? "[::]" : coq_list(items);
}

/// Coq's `instance`: everything over common denominators.
struct CoqInstance {
  Integer den_token, den_A, den_V, den_target;
  std::string text;

  CoqInstance(const MemorizationProblem& problem, const MemorizationGroup& group) {
    std::vector<Rational> tokens = entries(group.query), targets;
    for (std::size_t i = 0; i < group.examples.size(); ++i) {
      const auto more_tokens = entries(group.tokens[i]), more_targets = entries(group.examples[i].target);
      tokens.insert(tokens.end(), more_tokens.begin(), more_tokens.end());
      targets.insert(targets.end(), more_targets.begin(), more_targets.end());
    }
    den_token = common_denominator(tokens);
    den_A = common_denominator(entries(problem.A));
    den_V = common_denominator(entries(problem.V));
    den_target = common_denominator(targets);
    std::vector<std::string> examples;
    for (std::size_t i = 0; i < group.examples.size(); ++i) {
      examples.push_back(fmt::format("({}, {})",
                                     coq_rows(Matrix<Rational>(group.tokens[i].transpose()), den_token),
                                     coq_vector(group.examples[i].target, den_target)));
    }
    text =
        fmt::format("(Instance {} {} {} {} {}\n    {}%Z\n    {}%Z\n    {}%Z\n    {}%Z)", group.query.size(),
                    den_token.str(), den_A.str(), den_V.str(), den_target.str(), coq_rows(problem.A, den_A),
                    coq_rows(problem.V, den_V), coq_vector(group.query, den_token), coq_list(examples));
  }

  /// Scores are integers over this.
  [[nodiscard]] Integer score_denominator() const { return den_token * den_A * den_token; }
};

/// The rows that refute a level, and twice the bits at which enclosures show it.
struct RefutingRows {
  FloorCertificate certificate;
  long bits;
};

/// Nothing where no rows do.
std::optional<RefutingRows> refuting_rows(const MemorizationGroup& group, const Rational& level) {
  const MemorizationFloor floor(group.examples);
  std::optional<RefutingRows> rows;
  (void)at_rising_precision("whether the memorization floor is above the level", 64, [&] {
    if (auto found = floor.refute(level)) rows = RefutingRows{*std::move(found), 2 * working_precision()};
    return rows || floor.reaches(level) ? std::optional(true) : std::nullopt;
  });
  return rows;
}

std::string coq_row(const FloorRow& row) {
  return fmt::format("({}, {}, {}, {})", row.i, row.j, row.coordinate, row.sign < 0);
}

class Emission {
 public:
  Emission(const MemorizationProblem& problem, CoqCertificate& certificate)
      : problem_(problem), groups_(memorization_groups(problem)), certificate_(certificate) {}

  /// Every prompt leaves an error of at least the floor.
  bool floor(const Rational& level) {
    for (const MemorizationGroup& group : groups_) {
      const auto rows = refuting_rows(group, level);
      if (!rows) continue;
      const Rational& first = rows->certificate.first_weight;
      const Integer scale = denominator(first);
      instance_ = CoqInstance(problem_, group).text;
      certificate_.theorem(
          "floor",
          "theory 2.3: every prompt, of any length, leaves at the attention output an error of at least",
          fmt::format("floor_claim {} {} {}", instance_, Integer(numerator(level)).str(),
                      Integer(denominator(level)).str()),
          fmt::format("eapply (@floor_sound _ _ _ {} {} {} {}); close_certificate {}%positive.",
                      coq_row(rows->certificate.first), coq_row(rows->certificate.second),
                      coq_integer(first * scale), coq_integer((1 - first) * scale), rows->bits));
      return true;
    }
    return false;
  }

  /// floor() was added, and its level is above the accuracy.
  void impossible_by_floor() {
    impossible(fmt::format("apply (floor_impossible {}); reflexivity.", certificate_.full_name("floor")));
  }

  bool impossible_by_image() {
    for (const MemorizationGroup& group : groups_) {
      const auto away = off_image(group, problem_.V, problem_.accuracy);
      if (!away) continue;
      instance_ = CoqInstance(problem_, group).text;
      impossible(fmt::format("eapply (@image_impossible _ {} {}%Z); vm_compute; reflexivity.", away->example,
                             coq_vector(away->vector, common_denominator(entries(away->vector)))));
      return true;
    }
    return false;
  }

  /// Accuracy 0: S_P tau = w has no solution S_P >= 0 for some pair of examples.
  bool impossible_by_separation() {
    for (const MemorizationGroup& group : groups_) {
      const auto rows = refuting_rows(group, 0);
      if (!rows || rows->certificate.first_weight != 1) continue;
      const FloorRow& row = rows->certificate.first;
      Vector<Rational> functional = Vector<Rational>::Zero(group.query.size());
      functional(row.coordinate) = row.sign;
      instance_ = CoqInstance(problem_, group).text;
      impossible(fmt::format("eapply (@separation_impossible _ {} {} {}%Z); close_certificate {}%positive.",
                             row.i, row.j, coq_vector(functional, 1), rows->bits));
      return true;
    }
    return false;
  }

  /// Accuracy 0: exactly the lengths from m on, or none, where rho decides (Case I).
  void lengths(const PromptLengths& lengths) {
    if (!lengths.rho || lengths.freedom != Freedom::none) not_covered(lengths.reason);
    const bool none = lengths.set == PromptLengths::Set::none;
    if (lengths.set == PromptLengths::Set::undecided) not_covered(lengths.reason);
    if (!none && (lengths.set != PromptLengths::Set::from || lengths.least > most_length))
      not_covered("rho is 1 or too large");
    const Integer least = none ? Integer(1) : lengths.least;
    if (lengths.rho->equals(least) == true) not_covered("rho is an integer, which enclosures do not show");
    const MemorizationGroup& group = groups_.front();
    const CoqInstance instance(problem_, group);
    instance_ = instance.text;
    const std::string arguments = length_arguments(group, instance);
    const long bits = ratio_bits(*lengths.rho, least);
    if (none) {
      impossible(
          fmt::format("apply no_length_impossible; [reflexivity|].\n"
                      "  eapply (@no_length_sound _ {}); close_certificate {}%positive.",
                      arguments, bits));
      return;
    }
    const std::string m = least.str();
    certificate_.theorem(
        "lengths", "theory 2.2: a prompt of m' tokens gives the wanted outputs exactly iff m' is at least",
        fmt::format("least_length_claim {} (Pos.to_nat {})", instance_, m),
        fmt::format("eapply (@least_length_sound _ {} {}); close_certificate {}%positive.", m, arguments,
                    bits));
  }

 private:
  void impossible(const std::string& proof) {
    certificate_.theorem(
        "impossible", "every prompt, of any length, leaves at the attention output an error above",
        fmt::format("impossible_claim {} {} {}", instance_, Integer(numerator(problem_.accuracy)).str(),
                    Integer(denominator(problem_.accuracy)).str()),
        proof);
  }

  /// S_P as a sum of exponentials, u with V u = t_0 and h with h V = (A x0)^T.
  std::string length_arguments(const MemorizationGroup& group, const CoqInstance& instance) const {
    const ExponentialSum S = total_weight(group);
    std::vector<Rational> coefficients;
    for (const auto& [exponent, coefficient] : S.terms()) coefficients.push_back(coefficient);
    const Integer q = common_denominator(coefficients);
    std::vector<std::string> terms;
    for (const auto& [exponent, coefficient] : S.terms()) {
      terms.push_back(fmt::format("({}, {})", coq_integer(exponent * instance.score_denominator()),
                                  coq_integer(coefficient * q)));
    }
    const auto u = solve(problem_.V, group.examples.front().target);
    const auto h = solve(Matrix<Rational>(problem_.V.transpose()), group.direction);
    if (!u || !h) not_covered("t_1 is not in the image of V, or A x0 not orthogonal to its kernel");
    const Integer u_scale = common_denominator(entries(*u)), h_scale = common_denominator(entries(*h));
    return fmt::format("{}%Z {} {}%Z {} {}%Z {}", coq_list(terms), q.str(), coq_vector(*u, u_scale),
                       u_scale.str(), coq_vector(*h, h_scale), h_scale.str());
  }

  /// S_P = w_i / tau_i at an entry with tau_i != 0.
  static ExponentialSum total_weight(const MemorizationGroup& group) {
    const auto b = [](const FloorExample& example, Index c) {
      return example.sums.S * ExponentialSum(example.target(c)) -
             example.sums.weighted_values[static_cast<std::size_t>(c)];
    };
    const FloorExample& first = group.examples.front();
    for (const FloorExample& example : group.examples) {
      for (Index c = 0; c < first.target.size(); ++c) {
        const Rational tau = example.target(c) - first.target(c);
        if (tau != 0) return (b(first, c) - b(example, c)) * ExponentialSum(Rational(1 / tau));
      }
    }
    not_covered("all targets agree");
  }

  /// Twice the bits at which rho is seen between m - 1 and m.
  static long ratio_bits(const EntropyRatio& rho, const Integer& m) {
    return at_rising_precision("the place of rho between two integers", 64, [&] {
      const Interval value = rho.enclosure();
      const bool is_inside =
          certainly_less(Interval(Integer(m - 1)), value) && certainly_less_equal(value, Interval(m));
      return is_inside ? std::optional(2 * working_precision()) : std::nullopt;
    });
  }

  const MemorizationProblem& problem_;
  std::vector<MemorizationGroup> groups_;
  CoqCertificate& certificate_;
  std::string instance_;  ///< of the group that the last theorem speaks of
};

}  // namespace

void memorize_in_coq(const Transformer<Rational>& model, const MemorizationData& data,
                     const Rational& accuracy, const MemorizationAnswer& answer, long digits,
                     CoqCertificate& certificate) {
  if (model.layers.size() != 1) not_covered(answer.why);
  if (model.layers.front().heads.size() != 1) not_covered("the layer has not one head");
  if (model.layers.front().ffn) not_covered("there is a feed-forward block");
  std::string failure;
  const MemorizationProblem problem = memorization_problem(model, data, accuracy, failure);
  Record record;
  record.id = "memorize";
  record.theory = "2.2, 2.3";
  record.inputs = {{"accuracy", accuracy}};
  certificate.begin(record);
  for (const char* const module : {"attention_instance", "prompt_length", "impossible_claim"})
    certificate.require(module);

  Emission emission(problem, certificate);
  if (answer.verdict == Verdict::refuted) {
    const Rational lower = answer.floor ? answer.floor->lower : Rational(0);
    const Rational printed = rounded(lower, digits, Direction::down);
    const bool has_floor = printed > 0 && emission.floor(printed);
    if (has_floor && accuracy < printed) {
      emission.impossible_by_floor();
    } else if (!emission.impossible_by_image() && !(accuracy == 0 && emission.impossible_by_separation())) {
      if (!answer.exact) not_covered("the floor is too close to the accuracy");
      emission.lengths(*answer.exact);
    }
  } else if (answer.verdict == Verdict::unknown && answer.exact) {
    emission.lengths(*answer.exact);
  } else {
    not_covered(answer.why);
  }
}

}  // namespace promptbound
