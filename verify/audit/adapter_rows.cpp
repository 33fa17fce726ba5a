// The rows about an adapter, of rows.hpp.
#include <fmt/format.h>

#include <promptbound/verify/audit/rows.hpp>

namespace promptbound {
namespace {

/// Adds a row with the output of a bound, which also says whether it applies.
void add_bound_row(Audit& audit, TheoremRow row, Record record, std::string_view output) {
  row.verdict = record.verdict;
  if (record.is_applicable()) {
    row.value = record.output(output);
    if (row.proof.empty()) row.proof = {record.proof_of(output).of({output})};
  } else {
    row.proof = {};
    row.why = "does not apply: " + record.why;
  }
  audit.theorems.push_back(std::move(row));
  audit.records.push_back(std::move(record));
}

/// m tokens of w entries of b bits: what they can hold, and how far they can choose a text (2.7).
struct Stored {
  Integer m, w, b;
  std::string_view bits_row, length_row;
  std::string entries;  ///< in words
};

void add_counting_rows(Audit& audit, const Stored& stored) {
  Arguments arguments;
  arguments.set(parameters::m.name, stored.m);
  arguments.set(parameters::w.name, stored.w);
  arguments.set(parameters::b.name, stored.b);
  arguments.set(parameters::v.name, audit.config.vocabulary);
  TheoremRow bits = theorem_row("2.7", stored.bits_row);
  bits.why = "holds for any model";
  bits.instead = fmt::format("bits that {} can hold, at most", stored.entries);
  add_bound_row(audit, std::move(bits), evaluate(find_bound("memory-bits"), arguments, row_digits), "bits");

  TheoremRow length = theorem_row("2.7", stored.length_row);
  length.why = "holds for any model";
  length.instead = fmt::format("longest l such that {} could choose among all {}^l continuations",
                               stored.entries, audit.config.vocabulary);
  add_bound_row(audit, std::move(length), evaluate(find_bound("accessible-length"), arguments, row_digits),
                "longest");
}

void add_prompt_rows(Audit& audit, const AuditQuestion& question, const Matrix<double>& prompt) {
  const AuditAdapter& adapter = *audit.adapter;
  if (!question.config_only) {
    TheoremRow linear = theorem_row("2.5", "capacity of a prompt of this length");
    linear.why = fmt::format(
        "holds with 3.1's constant and the prompt's radius, for labels more than {} apart met within {}",
        question.Delta.str(), question.eps.str());
    linear.instead = "bits that prompts of this length and radius can hold, at most";
    linear.proof = {memory_proof("3.1")};
    add_bound_row(audit, std::move(linear),
                  memory_linear(audit, question, audit.norms.log_lipschitz, largest_token(prompt)), "bits");
  }
  TheoremRow saturation = theorem_row("2.6", "capacity saturates as the context grows");
  saturation.verdict = Verdict::not_applicable;
  saturation.why =
      audit.config.is_causal()
          ? "does not apply: the attention is causal, so a prompt is not an unordered set of tokens"
          : "does not apply: prompt tokens carry positions, so a prompt is not an unordered set of tokens";
  saturation.instead = "2.5 and 2.7 hold instead, linear in m: see their rows";
  audit.theorems.push_back(std::move(saturation));
  add_counting_rows(audit, {audit.prompt_length, audit.config.width, adapter.entry_bits,
                            "capacity of the stored numbers", "accessible length",
                            fmt::format("{} x {} entries of {} bits", audit.prompt_length, audit.config.width,
                                        adapter.entry_bits)});
}

/// An adapter that is no prompt stores numbers like one: 2.7 counts them. Where entries differ in size, their
/// bits are counted one by one.
void add_stored_rows(Audit& audit) {
  const AuditAdapter& adapter = *audit.adapter;
  const bool is_even = adapter.entry_bits > 0;
  add_counting_rows(audit,
                    {1, is_even ? adapter.numbers : adapter.bits, is_even ? adapter.entry_bits : 1,
                     "capacity of the stored numbers", "accessible length",
                     is_even ? fmt::format("{} numbers of {} bits", adapter.numbers, adapter.entry_bits)
                             : fmt::format("{} numbers of {} bits together", adapter.numbers, adapter.bits)});
}

/// Theory 2.2 with keys and values apart: at a query q a prefix acts through S = sum_j exp(<k_j, q>/sqrt(s))
/// and the mean of its values, and |<k_j, q>| <= ||k_j|| ||q||.
void add_prefix_row(Audit& audit) {
  FastInterval largest(0);
  const std::size_t shared = audit.config.heads / audit.config.key_heads;
  const FastInterval root(sqrt(FastInterval(static_cast<double>(audit.config.head_width))));
  for (std::size_t l = 0; l < audit.norms.layers.size(); ++l) {
    for (std::size_t h = 0; h < audit.config.heads; ++h) {
      const FastInterval query = root * audit.norms.layers[l].heads[h].query_entry;
      const FastInterval score = audit.adapter->prefix[l][h / shared].key.norm * query;
      largest = max(largest, audit.config.scaled ? score / root : score);
    }
  }
  TheoremRow row = theorem_row("2.2", "what a prefix can do at a query");
  row.verdict = Verdict::computed;
  row.why =
      "holds for every query that the norms put out: a prefix acts there through S and the mean of its "
      "values alone";
  row.instead = "|ln(S/m)| at most, S the prefix's part of the sum of exponentials";
  row.value = quantity(largest);
  row.proof = {computed("the longest key of each head times a bound on its queries")};
  audit.theorems.push_back(std::move(row));
}

/// A prompt with as many numbers as the low-rank update has, and what 5.5 says of the two.
void add_comparison_rows(Audit& audit) {
  const AuditAdapter& adapter = *audit.adapter;
  const std::size_t d = audit.config.width, tokens = adapter.numbers / d;
  const std::size_t entry = adapter.entry_bits > 0 ? adapter.entry_bits : 32;
  if (tokens > 0) {
    add_counting_rows(
        audit, {tokens, d, entry, "capacity of a prompt of as many numbers",
                "accessible length of a prompt of as many numbers",
                fmt::format("a prompt of {} tokens, {} x {} entries of {} bits,", tokens, tokens, d, entry)});
  }
  TheoremRow row = theorem_row("5.5", "data sets that a rank-one update fits and short prompts do not");
  row.verdict = Verdict::not_applicable;
  row.why =
      "does not apply as it stands: a statement about the one layer of construction 5.5, not about this "
      "model";
  const std::size_t N = d / 2;
  row.instead = fmt::format(
      "N at this width: there N examples need N tokens of any prompt, {} numbers, and a "
      "rank-one update of N + d = {} fits them",
      Integer(Integer(N) * d).str(), N + d);
  row.value = Quantity(Integer(N));
  audit.theorems.push_back(std::move(row));
}

}  // namespace

Record memory_linear(const Audit& audit, const AuditQuestion& question, const Interval& log_lipschitz,
                     const FastInterval& radius) {
  const Interval Lambda = exp(log_lipschitz.upper_point());
  const auto R = finite_argument(radius);
  if (!Lambda.is_finite() || !R) {
    return not_computed("memory-linear", "Lambda and R are finite",
                        R ? "no finite Lipschitz constant" : "the prompt's tokens have no finite radius");
  }
  if (Lambda.upper() <= 0 || radius.upper() <= 0) {
    return not_computed("memory-linear", "Lambda > 0 and R > 0",
                        radius.upper() <= 0
                            ? "every token of the prompt is 0, and so is its radius"
                            : "the Lipschitz constant is 0: outputs do not depend on a prompt");
  }
  Arguments arguments;
  arguments.set(parameters::m.name, audit.prompt_length);
  arguments.set(parameters::w.name, audit.config.width);
  arguments.set(parameters::Delta.name, question.Delta);
  arguments.set(parameters::eps.name, question.eps);
  arguments.set(parameters::Lambda.name, Lambda.upper());
  arguments.set(parameters::R.name, *R);
  return evaluate(find_bound("memory-linear"), arguments, row_digits);
}

ProofStatus memory_proof(std::string_view item) {
  return proved_on_paper(item, "from this constant on it is proved in Coq",
                         {"analysis.euclidean_form.memory_linear_euclidean"});
}

void add_adapter_rows(Audit& audit, const AuditQuestion& question, const Matrix<double>& prompt) {
  if (audit.prompt_length > 0) return add_prompt_rows(audit, question, prompt);
  add_stored_rows(audit);
  if (!question.config_only && !audit.adapter->prefix.empty()) add_prefix_row(audit);
  if (!audit.adapter->updates.empty()) add_comparison_rows(audit);
}

}  // namespace promptbound
