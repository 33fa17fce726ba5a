#include <algorithm>
#include <nlohmann/json.hpp>

#include <promptbound/models/model_json.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/memorization/memorization_problem.hpp>
#include <promptbound/verify/prefix/memorize_prefix.hpp>

namespace promptbound {
namespace {

ProofStatus prefix_proof() {
  return proved_on_paper("2.2p", "equalities of exponential sums are decided exactly");
}

Matrix<Rational> output_map(const AttentionHead<Rational>& head) {
  return head.W_O ? *head.W_O : Matrix<Rational>::Identity(head.W_V.rows(), head.W_V.rows());
}

/// What the examples of one query allow.
PrefixLengths lengths_of_group(const MemorizationProblem& problem, const MemorizationGroup& group,
                               const PrefixCaps& caps) {
  const AttentionHead<Rational>& head = problem.model.layers.front().heads.front();
  return decide_prefix_lengths(
      {output_map(head), multiply(head.W_Q, Matrix<Rational>(group.query)).col(0), caps, group.examples});
}

Json cap_json(const Number& cap) { return cap.infinite ? Json("inf") : to_json(cap.value); }

/// A precision at which neighbours of the lengths are told apart.
long bits_of(const PrefixLengths& lengths) {
  const Integer largest = lengths.most ? std::max(lengths.least, *lengths.most) : lengths.least;
  return 512 + static_cast<long>(bit_size(largest));
}

/// The claim on the examples of one query, which the checker recomputes.
std::string certificate_text(const MemorizationProblem& problem, const MemorizationGroup& group,
                             const PrefixAnswer& answer, const PrefixLengths& lengths) {
  Json targets = Json::array();
  for (const std::size_t member : group.members)
    targets.push_back(to_json(problem.attention_targets[member]));
  Json range;
  if (lengths.set == PrefixLengths::Set::range) {
    range = {{"least", lengths.least.str()}, {"most", Json()}};
    if (lengths.most) range["most"] = lengths.most->str();
  }
  Json certificate = {{"schema", 1},
                      {"kind", "prefix"},
                      {"claim", answer.verdict == Verdict::proved ? "possible" : "impossible"},
                      {"model", to_json(problem.model)},
                      {"data", to_json(problem.data)},
                      {"members", group.members},
                      {"attention_targets", std::move(targets)},
                      {"key_cap", cap_json(answer.caps.key)},
                      {"value_cap", cap_json(answer.caps.value)},
                      {"bits", bits_of(lengths)},
                      {"empty_fits", lengths.empty_fits},
                      {"lengths", std::move(range)}};
  if (!answer.caps.value.infinite) {
    const Matrix<Rational> W_O = output_map(problem.model.layers.front().heads.front());
    certificate["norm_form"] = to_json(norm_form(W_O));
  }
  seal(certificate);
  return certificate.dump(1);
}

/// The verdict where all examples share one query.
void decide_one_query(const MemorizationProblem& problem, const MemorizationGroup& group,
                      PrefixAnswer& answer) {
  const PrefixLengths lengths = lengths_of_group(problem, group, answer.caps);
  if (problem.block.injective) answer.lengths = lengths;
  answer.why = lengths.reason;
  if (lengths.set == PrefixLengths::Set::range || lengths.empty_fits) {
    answer.verdict = Verdict::proved;
    if (lengths.empty_fits) answer.why = "the empty prefix fits; else " + lengths.reason;
  } else if (lengths.set == PrefixLengths::Set::none && problem.block.injective) {
    answer.verdict = Verdict::refuted;
  } else if (!problem.block.injective) {
    answer.why += "; " + problem.block.reason;
  }
  // What the checker accepts is one claim on the lengths, which it can make only where they are decided.
  if (answer.verdict != Verdict::unknown && answer.lengths && lengths.set != PrefixLengths::Set::undecided)
    answer.certificate = certificate_text(problem, group, answer, lengths);
}

/// Where the examples do not share one query, one of them may still exclude every prefix.
void decide_several_queries(const MemorizationProblem& problem, const std::vector<MemorizationGroup>& groups,
                            PrefixAnswer& answer) {
  answer.why =
      "the examples do not share one query: only necessary conditions are known, and none of them excludes a "
      "prefix";
  bool empty_fits = true;
  const MemorizationGroup* excluding = nullptr;
  std::string reason;
  for (const MemorizationGroup& group : groups) {
    const PrefixLengths lengths = lengths_of_group(problem, group, answer.caps);
    empty_fits = empty_fits && lengths.empty_fits;
    if (lengths.set != PrefixLengths::Set::none || lengths.empty_fits) continue;
    excluding = &group;
    reason = lengths.reason;
  }
  if (empty_fits) {
    answer.verdict = Verdict::proved;
    answer.why = "the empty prefix fits";
  } else if (excluding != nullptr && problem.block.injective) {
    answer.verdict = Verdict::refuted;
    answer.why = "at one of the queries: " + reason;
    PrefixLengths none;
    none.set = PrefixLengths::Set::none;
    answer.certificate = certificate_text(problem, *excluding, answer, none);
  }
}

void check_cap(const Number& cap, const char* name) {
  if (!cap.infinite && cap.value < 0)
    throw InputError(std::string(name) + ": a number >= 0 or inf is needed");
}

}  // namespace

std::string_view verdict_name(const PrefixAnswer& answer) {
  return answer.verdict == Verdict::proved    ? "possible"
         : answer.verdict == Verdict::refuted ? "impossible"
                                              : "unknown";
}

PrefixAnswer memorize_by_prefix(const Transformer<Rational>& model, const MemorizationData& data,
                                const PrefixCaps& caps) {
  model.check_shapes();
  check_cap(caps.key, "key cap");
  check_cap(caps.value, "value cap");
  if (data.empty()) throw InputError("memorization data: at least one example is needed");
  PrefixAnswer answer;
  answer.caps = caps;
  if (model.layers.size() != 1 || model.layers.front().heads.size() != 1) {
    answer.why = "theory 2.2p concerns one layer with one attention head";
    return answer;
  }
  const MemorizationProblem problem = memorization_problem(model, data, 0, answer.why);
  if (!answer.why.empty()) return answer;
  const std::vector<MemorizationGroup> groups = memorization_groups(problem);
  if (groups.size() == 1) {
    decide_one_query(problem, groups.front(), answer);
  } else {
    decide_several_queries(problem, groups, answer);
  }
  std::vector<std::string_view> parts;
  if (answer.verdict != Verdict::unknown) parts.emplace_back("verdict");
  if (answer.lengths && answer.lengths->set != PrefixLengths::Set::undecided) parts.emplace_back("lengths");
  answer.proof = proofs_of({prefix_proof()}, parts);
  return answer;
}

std::vector<ProvedForm> prefix_forms() { return {{"", proofs_of({prefix_proof()}, {"verdict", "lengths"})}}; }

}  // namespace promptbound
