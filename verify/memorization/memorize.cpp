#include <algorithm>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/numeric/scalar.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/memorization/memorize_certificate.hpp>
#include <promptbound/verify/memorization/memorize_layer.hpp>
#include <promptbound/verify/memorization/memorize_proof.hpp>
#include <promptbound/verify/memorization/prompt_choice.hpp>
#include <promptbound/verify/memorization/prompt_error.hpp>
#include <promptbound/verify/memorization/prompt_fit.hpp>
#include <promptbound/verify/memorization/rank_lower.hpp>
#include <promptbound/verify/memorization/shared_query_prompt.hpp>

namespace promptbound {
namespace {

constexpr long floor_bits = 40;
/// A search that finds nothing is repeated up to this many times the bits that the accuracy asks for.
constexpr long search_factor = 4;

/// Bits that resolve errors of the size of the accuracy, twice over.
long bits_for(const Rational& accuracy) {
  if (accuracy == 0) return 512;
  const auto digits = static_cast<long>(decimal_digits(ceil(Rational(1 / accuracy))));
  return std::max(256L, bits_for_digits(2 * digits + 40));
}

/// An example and coordinate at which the empty prompt has an error above the level.
std::optional<EmptyMiss> empty_miss(const MemorizationGroup& group, const Rational& level) {
  for (std::size_t i = 0; i < group.examples.size(); ++i) {
    const FloorExample& example = group.examples[i];
    const Interval S = example.sums.S.enclosure();
    for (Index c = 0; c < example.target.size(); ++c) {
      const Interval b = S * Interval(example.target(c)) -
                         example.sums.weighted_values[static_cast<std::size_t>(c)].enclosure();
      if (certainly_less(Interval(level) * S, abs(b))) return EmptyMiss{i, c};
    }
  }
  return std::nullopt;
}

/// The steps of one decision at the working precision; each sets the answer and says whether it is final.
class Decision {
 public:
  Decision(const MemorizationProblem& problem, const MemorizationGroup& group, const PromptError& error_of,
           MemorizationAnswer& answer)
      : problem_(problem), group_(group), error_of_(error_of), answer_(answer) {}

  /// No prompt at all: rows of the floor, or a target off the image of V.
  bool refute() {
    if (!problem_.level) return false;
    if (const auto away = off_image(group_, problem_.V, *problem_.level)) {
      return impossible(MemorizeEvidence::image,
                        "a target is further from the image of V than the accuracy allows",
                        image_evidence(*away));
    }
    const MemorizationFloor floor(group_.examples);
    const auto certificate = floor.refute(*problem_.level);
    if (!certificate && !floor.reaches(*problem_.level))
      doubt_ = "whether the memorization floor is above the accuracy";
    if (certificate) {
      return impossible(MemorizeEvidence::rows,
                        floor.limit() > *problem_.level ? "the memorization floor is above the accuracy"
                                                        : reason_not_attained(),
                        rows_evidence(*certificate));
    }
    return false;
  }

  /// The empty prompt, then the prompt of about least length; or too little mass at every feasible S_P.
  bool attempt() {
    if (accept(Matrix<Rational>(group_.query.size(), 0))) return true;
    if (problem_.accuracy == 0) return attempt_equality();
    const Rational inner = problem_.accuracy / problem_.stretch * Rational(255, 256);
    const PromptChoice choice = choose_prompt(group_.examples, problem_.V, group_.direction, inner);
    answer_.why = choice.why;
    if (choice.needs_bits) doubt_ = "which S_P are feasible a little below the accuracy";
    if (choice.tokens) {
      const auto decimals = decimal_digits(ceil(Rational(1 / problem_.accuracy)));
      for (const unsigned long extra : {4UL, 12UL, 40UL}) {
        if (accept(rounded(*choice.tokens, decimals + extra))) return true;
      }
      answer_.why = "the prompt that was built misses the accuracy";
    }
    return choice.needs_mass && refute_lengths();
  }

  /// What more bits may decide; empty where they cannot.
  [[nodiscard]] const std::string& doubt() const { return doubt_; }

 private:
  /// For a level that is e* itself, excluded for every prompt.
  [[nodiscard]] std::string reason_not_attained() const {
    std::string reason = *problem_.level == 0
                             ? "the memorization floor e* = 0 is approached as S_P grows, but not attained"
                             : "the memorization floor e*, as large as the accuracy allows, is approached as "
                               "S_P grows, but not attained";
    const bool is_whole = group_.members.size() == problem_.data.size();
    if (is_whole && middle_is_approached(group_, problem_.V))
      reason += "; so is the least error at the attention output, by ever longer prompts";
    return reason;
  }

  bool attempt_equality() {
    answer_.why = "equality is not claimed for a rounded prompt";
    SharedQueryData data{problem_.A, problem_.V, group_.query, {}};
    for (std::size_t i = 0; i < group_.members.size(); ++i) {
      const Vector<Rational>& t = group_.examples[i].target;
      data.examples.push_back({group_.tokens[i], ExactVector(t.begin(), t.end())});
    }
    PromptLengths lengths;
    try {
      lengths = decide_prompt_lengths(shared_query_problem(data));
    } catch (const Undecided& undecided) {
      answer_.why += std::string("; exactly, it is undecided: ") + undecided.what();
      return false;
    }
    // Where outputs do not determine attention outputs, these lengths are those of one preimage's fits.
    if (problem_.level) {
      answer_.why += "; exactly, " + lengths.reason;
      answer_.exact = lengths;
    }
    if (lengths.set == PromptLengths::Set::none) return refute_lengths();
    if (!group_.direction.isZero(0) || lengths.least > longest_written_prompt) return false;
    // A x0 = 0: m copies of one rational token.
    const Rational S = lengths.S ? *lengths.S->rational() : Rational(1);
    const FloorExample& first = group_.examples.front();
    const Rational own = *ExponentialQuotient(first.sums.S).rational();
    Vector<Rational> value(first.target.size());
    for (Index c = 0; c < value.size(); ++c) {
      const auto& weighted = first.sums.weighted_values[static_cast<std::size_t>(c)];
      value(c) = ((S + own) * first.target(c) - *ExponentialQuotient(weighted).rational()) / S;
    }
    const Matrix<Rational> token = multiply(generalized_inverse(problem_.V), Matrix<Rational>(value));
    return accept(token.replicate(1, numerator(S).convert_to<Index>()));
  }

  bool refute_lengths() {
    if (!problem_.level) return false;
    const auto miss = empty_miss(group_, *problem_.level);
    const auto y = solve(Matrix<Rational>(problem_.V.transpose()), group_.direction);
    if (!miss || !y) return false;
    const bool by_count = group_.direction.isZero(0);
    const auto certificate = LengthBound(group_.examples, *y, *problem_.level)
                                 .certify(by_count ? LengthGoal::no_integer : LengthGoal::below_one, 1);
    if (!certificate) return false;
    return impossible(by_count ? MemorizeEvidence::no_integer : MemorizeEvidence::below_one,
                      by_count ? "A x0 = 0, and no feasible S_P is an integer"
                               : "every feasible S_P is too small for its mean token: rho < 1",
                      lengths_evidence(*certificate, *y, *miss));
  }

  bool accept(const Matrix<Rational>& prompt) {
    bool is_algebraic = false;  // an equality that no enclosure confirms
    if (problem_.accuracy == 0) {
      if (!fits_exactly(problem_, group_, prompt)) return false;
      answer_.error = Interval(0);
    } else {
      const Interval allowed(problem_.accuracy);
      Interval error = error_of_(prompt);
      if (!certainly_less_equal(error, allowed)) {
        if (!error.is_finite() || certainly_less(allowed, error)) return false;
        const std::optional<bool> meets = meets_exactly(problem_, group_, prompt);
        if (!meets) doubt_ = "whether the error of a prompt is within the accuracy";
        if (meets != true) return false;
        error = min(error, allowed);
        is_algebraic = true;
      }
      answer_.error = error;
    }
    answer_.verdict = Verdict::proved;
    answer_.evidence = is_algebraic ? MemorizeEvidence::algebra : MemorizeEvidence::prompt;
    answer_.prompt = prompt;
    answer_.why = prompt.cols() == 0 ? "the empty prompt fits" : "a prompt was built and its error enclosed";
    answer_.least_length = 0;
    const std::string evidence = prompt_evidence(prompt, bound_length(prompt.cols()));
    if (!is_algebraic) answer_.certificate = certificate_text(problem_, group_.members, answer_, evidence);
    return true;
  }

  /// The largest certified bound on the lengths of all prompts of this accuracy, at most the length given.
  std::optional<LengthEvidence> bound_length(Index known) {
    if (known == 0 || !problem_.level) return std::nullopt;
    const auto miss = empty_miss(group_, *problem_.level);
    if (!miss) return std::nullopt;
    answer_.least_length = 1;
    LengthEvidence evidence{std::nullopt, Vector<Rational>(), *miss};
    const auto y = solve(Matrix<Rational>(problem_.V.transpose()), group_.direction);
    if (!y || known == 1) return evidence;
    evidence.y = *y;
    const LengthBound bound(group_.examples, *y, *problem_.level);
    // The certified lengths are an initial part of 1, ..., known.
    Integer low = 1, high = known;
    Integer next = high;
    while (low < high) {
      if (auto certificate = bound.certify(LengthGoal::at_least, next)) {
        evidence.certificate = std::move(certificate);
        low = next;
      } else {
        high = next - 1;
      }
      next = (low + high + 1) / 2;
    }
    answer_.least_length = low;
    return evidence;
  }

  bool impossible(MemorizeEvidence kind, std::string why, const std::string& evidence) {
    answer_.verdict = Verdict::refuted;
    answer_.evidence = kind;
    answer_.why = std::move(why);
    answer_.certificate = certificate_text(problem_, group_.members, answer_, evidence);
    return true;
  }

  const MemorizationProblem& problem_;
  const MemorizationGroup& group_;
  const PromptError& error_of_;
  MemorizationAnswer& answer_;
  std::string doubt_;
};

Index rank_bound(const MemorizationProblem& problem) {
  Index columns = 0;
  for (const MemorizationExample& example : problem.data) columns += example.tokens.cols();
  Matrix<Rational> tokens(problem.model.width, columns),
      targets(problem.model.width, static_cast<Index>(problem.data.size()));
  Index column = 0;
  for (std::size_t i = 0; i < problem.data.size(); ++i) {
    const Matrix<Rational> visible = visible_tokens(problem.data[i], problem.model.mask);
    tokens.middleCols(column, visible.cols()) = visible;
    column += visible.cols();
    targets.col(static_cast<Index>(i)) = problem.attention_targets[i];
  }
  return rank_lower(problem.V, tokens.leftCols(column), targets);
}

/// The floor is the largest over the groups; it needs enclosures, hence a precision in force.
void set_floor(const MemorizationProblem& problem, const std::vector<MemorizationGroup>& groups,
               MemorizationAnswer& answer) {
  const Rational least =
      problem.accuracy > 0 ? Rational(problem.accuracy / 4096) : Rational(1, power(Integer(10), 30));
  for (const MemorizationGroup& group : groups) {
    if (group.examples.size() < 2) continue;
    const MemorizationFloor::Bounds bounds = MemorizationFloor(group.examples).bounds(floor_bits, least);
    if (!answer.floor) answer.floor = FloorBounds{bounds.lower, bounds.upper};
    answer.floor =
        FloorBounds{std::max(answer.floor->lower, bounds.lower), std::max(answer.floor->upper, bounds.upper)};
  }
  if (answer.floor) answer.output_floor = problem.block.expansion * answer.floor->lower;
}

/// Is V = 0 in every head, so that no prompt changes any output?
bool reads_no_values(const Transformer<Rational>& model) {
  for (const Layer<Rational>& layer : model.layers) {
    for (const AttentionHead<Rational>& head : layer.heads) {
      if (!head.value_map().isZero(0)) return false;
    }
  }
  return true;
}

/// What is known of the infimum of all prompts' errors before a decision: the empty prompt leaves no less
/// than that, and with V = 0 every prompt leaves what it does.
LeastError least_error_of(const Transformer<Rational>& model, const PromptError& error_of) {
  const Interval empty = error_of(Matrix<Rational>(model.width, 0));
  LeastError result;
  if (!empty.is_finite()) return result;
  result.upper = empty.upper();
  if (reads_no_values(model)) result.lower = empty.lower();
  return result;
}

/// The same for one layer of one head: the image of V and the floor force an error, prompts of growing S_P
/// come close to half the largest distance of two targets.
void narrow_least_error(const MemorizationProblem& problem, const std::vector<MemorizationGroup>& groups,
                        MemorizationAnswer& answer) {
  LeastError& least = answer.least_error;
  least.lower = std::max(least.lower, answer.output_floor);
  if (problem.block.injective) {
    for (const MemorizationGroup& group : groups) {
      const Rational forced = problem.block.expansion * image_distance(group, problem.V);
      least.lower = std::max(least.lower, forced);
    }
  }
  if (groups.size() == 1 && middle_is_approached(groups.front(), problem.V)) {
    const Rational limit = problem.stretch * MemorizationFloor(groups.front().examples).limit();
    least.upper = least.upper ? std::min(*least.upper, limit) : limit;
  }
}

/// The verdict by rising precision, and why.
void decide(MemorizationProblem& problem, const std::vector<MemorizationGroup>& groups,
            const PromptError& error_of, MemorizationAnswer& answer) {
  const long first_bits = bits_for(problem.accuracy);
  std::string doubt;  // the subject of the last attempt
  const auto attempt = [&]() -> std::optional<bool> {
    problem.bits = working_precision();
    doubt.clear();
    for (const MemorizationGroup& group : groups) {
      Decision decision(problem, group, error_of, answer);
      if (decision.refute()) return true;
      if (!decision.doubt().empty()) doubt = decision.doubt();
    }
    if (groups.size() == 1) {
      Decision decision(problem, groups.front(), error_of, answer);
      if (decision.attempt()) return true;
      if (!decision.doubt().empty()) doubt = decision.doubt();
    }
    const bool is_searched = problem.bits >= std::min(search_factor * first_bits, precision_limit());
    return doubt.empty() && is_searched ? std::optional(false) : std::nullopt;
  };
  try {
    if (at_rising_precision(doubt, first_bits, attempt)) return;
  } catch (const Undecided& undecided) {
    answer.why = undecided.what();
  }
  if (answer.exact && answer.exact->set == PromptLengths::Set::none && !answer.exact->empty_fits) {
    answer.verdict = Verdict::refuted;
    answer.evidence = MemorizeEvidence::algebra;
    answer.why = "exactly, " + answer.exact->reason;
    return;
  }
  if (groups.size() > 1) {
    answer.why =
        "the examples do not share one query: only necessary conditions are known, and none of them "
        "excludes a prompt";
  }
  if (!problem.block.injective) answer.why += "; " + problem.block.reason;
}

/// What the verdict says of the least error, and what proves the answer.
MemorizationAnswer finished(const MemorizationProblem& problem, MemorizationAnswer answer) {
  LeastError& least = answer.least_error;
  least.lower = std::max(least.lower, answer.output_floor);
  if (answer.verdict == Verdict::refuted) least.lower = std::max(least.lower, problem.accuracy);
  if (answer.error)
    least.upper = least.upper ? std::min(*least.upper, answer.error->upper()) : answer.error->upper();
  answer.proof = proof_of(problem, answer);
  return answer;
}

}  // namespace

MemorizationAnswer memorize(const Transformer<Rational>& model, const MemorizationData& data,
                            const Rational& accuracy) {
  model.check_shapes();
  if (accuracy < 0) throw InputError("accuracy: a number >= 0 is needed");
  if (data.empty()) throw InputError("memorization data: at least one example is needed");
  MemorizationAnswer answer;
  const PromptError error_of(model, data);
  {
    const WorkingPrecision scope(bits_for(accuracy));
    answer.least_error = least_error_of(model, error_of);
  }
  if (model.layers.size() != 1 || model.layers.front().heads.empty()) {
    answer.why = "theory 2.2 to 2.4 concern one layer with attention heads";
    return answer;
  }
  MemorizationProblem problem = memorization_problem(model, data, accuracy, answer.why);
  if (!answer.why.empty()) return answer;
  if (model.layers.front().heads.size() > 1) {
    memorize_layer(problem, error_of, answer);
    return finished(problem, std::move(answer));
  }
  const std::vector<MemorizationGroup> groups = memorization_groups(problem);
  {
    const WorkingPrecision scope(bits_for(accuracy));
    if (problem.block.injective) {
      answer.rank_lower = rank_bound(problem);
      set_floor(problem, groups, answer);
    }
    narrow_least_error(problem, groups, answer);
  }
  decide(problem, groups, error_of, answer);
  return finished(problem, std::move(answer));
}

}  // namespace promptbound
