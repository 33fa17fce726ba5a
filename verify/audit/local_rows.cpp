#include <fmt/format.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/audit/local_lipschitz.hpp>
#include <promptbound/verify/audit/local_rows.hpp>
#include <promptbound/verify/audit/rows.hpp>

namespace promptbound {
namespace {

/// The grid of radii: powers of 2 with these exponents.
constexpr int least_exponent = -64, most_exponent = 16;
constexpr int search_starts = 100;

/// What is found over all texts.
struct LocalFindings {
  Interval log_constant = Interval(-std::numeric_limits<double>::infinity());
  std::optional<double> below;  ///< absent where a text is too long for the Jacobian
  std::optional<int> exponent;  ///< of the largest radius on the grid where 2.5 is below the stored bits
  bool has_jacobian = true;
};

Matrix<double> embeddings(const LanguageModel& model, const std::vector<std::size_t>& ids) {
  Matrix<double> text(static_cast<Index>(model.config().width), static_cast<Index>(ids.size()));
  for (std::size_t k = 0; k < ids.size(); ++k) {
    text.col(static_cast<Index>(k)) = model.token_embeddings(ids[k], 1);
  }
  return text;
}

void require_text(const Audit& audit, const std::vector<std::size_t>& ids, std::size_t number) {
  const std::string where = fmt::format("--text: sequence {}", number);
  if (ids.empty()) throw InputError(where + ": no tokens (accepted: at least one)");
  for (const std::size_t id : ids) {
    if (id >= audit.config.vocabulary) {
      throw InputError(
          fmt::format("{}: token {} (accepted: 0 to {})", where, id, audit.config.vocabulary - 1));
    }
  }
  if (Integer(audit.prompt_length + ids.size()) > audit.T) {
    throw InputError(
        fmt::format("{}: {} tokens behind {} of the prompt (accepted: together at most {}, the context)",
                    where, ids.size(), audit.prompt_length, audit.T.str()));
  }
}

/// Is w m log2(1 + 2 r Lambda/(Delta - 2 eps)) < w m b, that is, 2 r Lambda/(Delta - 2 eps) < 2^b - 1?
bool is_below_stored(const Audit& audit, const AuditQuestion& question, double r,
                     const Interval& log_constant) {
  if (!log_constant.upper_point().is_finite()) return false;
  const Rational gap = question.Delta - 2 * question.eps;
  const Interval left =
      log(Interval(2.0 * r)) + log_constant.upper_point() - log(from_rational<Interval>(gap));
  const Interval right =
      log(from_rational<Interval>(Rational((Integer(1) << audit.adapter->entry_bits) - 1)));
  return certainly_less(left, right);
}

/// The largest exponent of the grid, if any; none where the labels of 2.5 cannot be told apart.
std::optional<int> largest_exponent(const Audit& audit, const AuditQuestion& question,
                                    const LocalPass& pass) {
  if (question.Delta <= 2 * question.eps) return std::nullopt;
  const auto holds = [&](int exponent) {
    const double r = std::ldexp(1.0, exponent);
    return is_below_stored(audit, question, r, pass.constant(r).log_smaller());
  };
  if (!holds(least_exponent)) return std::nullopt;
  int low = least_exponent, high = most_exponent + 1;
  while (high - low > 1) {
    const int middle = low + (high - low) / 2;
    (holds(middle) ? low : high) = middle;
  }
  return low;
}

LocalFindings find(const Audit& audit, const AuditQuestion& question, const LanguageModel& model,
                   const Matrix<double>& prompt) {
  LocalFindings found;
  const ModelConfig& config = audit.config;
  const InputWeights input = model.input();
  bool is_first = true;
  double below = 0;
  for (const std::vector<std::size_t>& ids : question.texts) {
    const bool fits = fits_jacobian(config.width, audit.prompt_length, audit.prompt_length + ids.size());
    LocalPass pass(input, prompt, embeddings(model, ids), config.layers, fits);
    for (std::size_t l = 0; l < config.layers; ++l) pass.add(model.layer(l));
    if (const auto norm = model.final_norm()) pass.add(*norm);
    const Interval log_constant = pass.constant(question.radius).log_smaller();
    found.log_constant = is_first ? log_constant : max(found.log_constant, log_constant);
    const std::optional<int> exponent = largest_exponent(audit, question, pass);
    if (is_first) {
      found.exponent = exponent;
    } else if (found.exponent) {
      found.exponent = exponent ? std::optional(std::min(*found.exponent, *exponent)) : std::nullopt;
    }
    found.has_jacobian = found.has_jacobian && fits;
    if (const auto of_text = pass.derivative_below(search_starts)) below = std::max(below, *of_text);
    is_first = false;
  }
  if (found.has_jacobian) found.below = below;
  return found;
}

TheoremRow local_row(std::string_view theory, std::string_view what) {
  TheoremRow row = theorem_row(theory, what);
  row.verdict = Verdict::computed;
  row.proof = {proved_on_paper("3.4")};
  return row;
}

Quantity constant_quantity(const Interval& log_constant) {
  const Interval log10 = log_constant / interval_log10();
  if (certainly_less(Interval(9), log10)) return Magnitude{log10};
  return exp(log_constant);
}

}  // namespace

void add_local_rows(Audit& audit, const AuditQuestion& question, const LanguageModel& model,
                    const Matrix<double>& prompt) {
  if (question.texts.empty()) return;
  if (audit.prompt_length == 0)
    throw InputError("--text: local constants are about a prompt (accepted: with --prompt)");
  for (std::size_t n = 0; n < question.texts.size(); ++n) require_text(audit, question.texts[n], n);
  // Products of intervals take the threads of the arena that they are called in.
  LocalFindings found;
  oneapi::tbb::task_arena(question.threads).execute([&] { found = find(audit, question, model, prompt); });
  const std::string ball =
      fmt::format("within {} of the prompt", decimal(Rational(question.radius), 6, Direction::down));
  const std::string texts =
      question.texts.size() == 1 ? "this text" : fmt::format("these {} texts", question.texts.size());

  TheoremRow constant = local_row("3.4", "Lipschitz constant near this prompt, on these texts");
  const bool is_finite = found.log_constant.upper_point().is_finite();
  const Interval upper = found.log_constant.upper_point();
  const bool is_smaller = is_finite && certainly_less(upper, audit.norms.log_lipschitz.upper_point());
  if (is_smaller) {
    constant.why =
        found.has_jacobian
            ? "holds: the derivative at the prompt and a bound on its change, or the product of the "
              "blocks' local constants, whichever is smaller"
            : "holds: the product of the blocks' local constants (the derivative has too many entries)";
    constant.instead =
        fmt::format("normed outputs on {} per prompt change, {}, max-token Euclidean, at most", texts, ball);
    constant.value = constant_quantity(upper);
  } else {
    constant.verdict = Verdict::unknown;
    constant.why = fmt::format("vacuous: nothing below 3.1's constant is certified {}", ball);
    constant.instead = "a smaller --radius says more";
    constant.proof = {};
  }
  audit.theorems.push_back(std::move(constant));

  if (found.below) {
    TheoremRow below = local_row("3.4", "derivative at this prompt, on these texts");
    below.why =
        fmt::format("holds: the longest image found by maximisation from {} starts, enclosed", search_starts);
    below.instead = "no Lipschitz constant on any ball around the prompt is smaller: at least";
    below.value = Quantity(Interval(*found.below));
    audit.theorems.push_back(std::move(below));
  }

  TheoremRow memory = local_row("2.5", "capacity of prompts near this one, on these texts");
  memory.proof = {memory_proof("3.4")};
  memory.instead = fmt::format("bits that prompts {} can hold in the outputs on {}, at most", ball, texts);
  const double stored = static_cast<double>(audit.adapter->bits);
  if (question.radius == 0 || !is_smaller || !exp(upper).is_finite() || upper.upper() < -1e300) {
    memory.verdict = Verdict::not_applicable;
    memory.why = question.radius == 0 ? "does not apply: a ball of radius 0 is one prompt"
                                      : "does not apply: no local constant is certified";
    memory.proof = {};
  } else {
    // The ball's radius is R: 2.5 is about distances of prompts only.
    Record record = memory_linear(audit, question, found.log_constant, FastInterval(question.radius));
    memory.verdict = record.verdict;
    if (record.is_applicable()) {
      memory.value = record.output("bits");
      memory.why = certainly_less(memory.value.enclosure(), Interval(stored))
                       ? fmt::format("holds, and is below the {} bits that the prompt stores", stored)
                       : fmt::format("vacuous: not below the {} bits that the prompt stores", stored);
    } else {
      memory.why = "does not apply: " + record.why;
      memory.proof = {};
    }
    audit.records.push_back(std::move(record));
  }
  audit.theorems.push_back(std::move(memory));

  TheoremRow radius = local_row("2.5", "largest ball on which 2.5 says less than the stored bits");
  if (found.exponent) {
    radius.proof = {memory_proof("3.4")};
    radius.value = Quantity(Interval(std::ldexp(1.0, *found.exponent)));
    radius.why = fmt::format("holds at this radius (searched: the powers of 2 from 2^{} to 2^{})",
                             least_exponent, most_exponent);
    radius.instead =
        fmt::format("radius 2^{}: prompts that close hold fewer bits in the outputs on {} than they store",
                    *found.exponent, texts);
  } else {
    radius.verdict = Verdict::not_applicable;
    radius.proof = {};
    radius.why =
        fmt::format("does not apply: at no power of 2 from 2^{} to 2^{}", least_exponent, most_exponent);
  }
  audit.theorems.push_back(std::move(radius));
}

}  // namespace promptbound
