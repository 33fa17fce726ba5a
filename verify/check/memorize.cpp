// Certificates of memorization, for report.hpp. Shares rationals and intervals with the producers; floors,
// lengths and errors are computed again from the data.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/check/memorize_problem.hpp>

namespace promptbound::checker {
namespace {

Example& example_at(Problem& problem, const Json& value) {
  return problem.examples[index_from(value, problem.examples.size(), "example")];
}

/// g(s) = alpha + gamma s, positive where a pair of examples has an error above the level (theory 2.3).
struct Line {
  Interval alpha;
  Rational gamma;

  Line(Problem& problem, const Json& row) {
    const Example& first = example_at(problem, member(row, "i", "row"));
    const Example& second = example_at(problem, member(row, "j", "row"));
    const std::size_t c = index_from(member(row, "coordinate", "row"), first.b.size(), "coordinate");
    const Integer sign = integer_from(member(row, "sign", "row"), "sign");
    require(sign == 1 || sign == -1, "row: the sign must be 1 or -1");
    const auto entry = static_cast<Index>(c);
    alpha = Interval(sign) * (first.b[c] - second.b[c]) - Interval(problem.level) * (first.S + second.S);
    gamma = Rational(sign) * (first.t(entry) - second.t(entry)) - 2 * problem.level;
  }
};

void check_rows(Problem& problem, const Json& evidence) {
  const Line first(problem, member(evidence, "first", "evidence"));
  const Line second(problem, member(evidence, "second", "evidence"));
  const Rational weight = rational_from(member(evidence, "first_weight", "evidence"), "first_weight");
  require(weight >= 0 && weight <= 1, "first_weight: a number from 0 to 1 is needed");
  require(weight * first.gamma + (1 - weight) * second.gamma >= 0, "rows: the combined line falls");
  require(certainly_positive(Interval(weight) * first.alpha + Interval(Rational(1 - weight)) * second.alpha),
          "rows: the combined line is not positive at 0");
}

void check_image(Problem& problem, const Json& evidence) {
  const Example& example = example_at(problem, member(evidence, "example", "evidence"));
  const Vector<Rational> k = sized_vector(member(evidence, "vector", "evidence"), problem.V.rows(), "vector");
  require(product(k.transpose(), problem.V).isZero(0), "vector: it does not annihilate the image of V");
  require(abs(k.dot(example.t)) > problem.level * k.cwiseAbs().sum(),
          "vector: the target is within the accuracy");
}

void check_empty(Problem& problem, const Json& evidence) {
  const Json& empty = member(evidence, "empty", "evidence");
  const Example& example = example_at(problem, member(empty, "example", "empty"));
  const std::size_t c = index_from(member(empty, "coordinate", "empty"), example.b.size(), "coordinate");
  require(certainly_less(Interval(problem.level) * example.S, abs(example.b[c])),
          "empty: the empty prompt is not shown to miss");
}

/// Bounds on rho = s exp(-y^T r) over the feasible (s, r) with u <= s <= v; u > 0; v absent for infinity.
std::pair<Interval, std::optional<Interval>> ratio(const Problem& problem, const Vector<Rational>& y,
                                                   const Rational& u, const std::optional<Rational>& v) {
  const Interval inverse_u = Interval(1) / Interval(u);
  const Interval inverse_v = v ? Interval(1) / Interval(*v) : Interval(0);
  const Interval inverse_s = hull(inverse_u, inverse_v), e(problem.level);
  Interval least, most;
  for (Index k = 0; k < y.size(); ++k) {
    if (y(k) == 0) continue;
    const auto c = static_cast<std::size_t>(k);
    std::optional<Interval> low, high;
    for (const Example& example : problem.examples) {
      // t -+ e + (b -+ e S)/s, linear in 1/s: its range over the piece is that of the product.
      const Interval below =
          Interval(Rational(example.t(k) - problem.level)) + (example.b[c] - e * example.S) * inverse_s;
      const Interval above =
          Interval(Rational(example.t(k) + problem.level)) + (example.b[c] + e * example.S) * inverse_s;
      low = low ? max(*low, below) : below;
      high = high ? min(*high, above) : above;
    }
    const Interval range(low->lower_point(), high->upper_point());
    const Interval term = Interval(y(k)) * range;
    least += term.lower_point();
    most += term.upper_point();
  }
  std::optional<Interval> upper;
  if (v) upper = Interval(*v) * exp(-least);
  return {Interval(u) * exp(-most), upper};
}

enum class Goal { at_least, below_one, no_integer };

void check_pieces(Problem& problem, const Json& pieces, Goal goal, const Integer& least) {
  const Vector<Rational> y = sized_vector(member(pieces, "y", "pieces"), problem.V.rows(), "y");
  require(product(problem.V.transpose(), y) == problem.direction, "y: V^T y differs from A x0");
  const bool is_flat = problem.direction.isZero(0);
  require(goal != Goal::below_one || !is_flat, "pieces: rho < 1 excludes nothing when A x0 = 0");
  require(goal != Goal::no_integer || is_flat, "pieces: S_P need not be an integer unless A x0 = 0");
  const Json& rows = member(pieces, "rows", "pieces");
  const Json& breaks = member(pieces, "breaks", "pieces");
  require(breaks.is_array() && rows.is_array() && !breaks.empty() && rows.size() == breaks.size() &&
              rows.size() <= 10000,
          "pieces: as many rows as breaks are needed, at most 10000");
  const Vector<Rational> ends = vector_from(breaks, "breaks");
  require(ends(0) == 0, "breaks: the first must be 0");
  for (Index k = 0; k < ends.size(); ++k) {
    const Rational& u = ends(k);
    const std::optional<Rational> v = k + 1 < ends.size() ? std::optional(ends(k + 1)) : std::nullopt;
    require(!v || u < *v, "breaks: they must increase");
    const Json& row = rows[static_cast<std::size_t>(k)];
    if (!row.is_null()) {
      const Line line(problem, row);
      require(
          certainly_positive(line.alpha + Interval(line.gamma) * Interval(u)) &&
              (v ? certainly_positive(line.alpha + Interval(line.gamma) * Interval(*v)) : line.gamma >= 0),
          "pieces: a row does not exclude its piece");
      continue;
    }
    if (goal == Goal::no_integer) {
      require(v && u > 0 && floor(*v) < ceil(u), "pieces: a piece contains an integer");
      continue;
    }
    require(u > 0, "pieces: the piece at 0 needs a row");
    const auto [lower, upper] = ratio(problem, y, u, v);
    if (goal == Goal::below_one) {
      require(upper && certainly_less(*upper, Interval(1)), "pieces: rho is not shown to be below 1");
    } else {
      require(certainly_less(Interval(Integer(least - 1)), lower),
              "pieces: rho is not shown to be large enough");
    }
  }
}

/// Is the error of the prompt exactly 0? It is when the residuals t - V z of keys of equal score cancel.
bool cancels(const Problem& problem, const Matrix<Rational>& prompt, const Example& example) {
  std::map<Rational, Vector<Rational>> residuals;
  const auto add = [&](const Vector<Rational>& key) {
    const Vector<Rational> residual = example.t - product(problem.V, key).col(0);
    const auto [place, is_new] = residuals.try_emplace(key.dot(problem.direction), residual);
    if (!is_new) place->second += residual;
  };
  for (const Vector<Rational>& key : example.keys) add(key);
  for (Index j = 0; j < prompt.rows(); ++j) add(prompt.row(j));
  return std::all_of(residuals.begin(), residuals.end(),
                     [](const auto& entry) { return entry.second.isZero(0); });
}

/// The maximum error at the layer's output, enclosed.
Interval prompt_error(const Problem& problem, const Matrix<Rational>& prompt) {
  std::vector<Vector<Rational>> tokens;
  for (Index j = 0; j < prompt.rows(); ++j) tokens.emplace_back(prompt.row(j));
  const HeadSums alone = head_sums(problem.heads.front(), problem.query, tokens);
  Interval error;
  for (const Example& example : problem.examples) {
    std::vector<Interval> output;
    for (std::size_t c = 0; c < example.b.size(); ++c) {
      output.push_back(Interval(problem.query(static_cast<Index>(c))) +
                       (alone.weighted[c] + example.weighted[c]) / (alone.S + example.S));
    }
    if (problem.block) output = problem.block->image(output);
    for (std::size_t c = 0; c < output.size(); ++c) {
      error = max(error, abs(output[c] - Interval(example.target(static_cast<Index>(c)))));
    }
  }
  return error;
}

/// Returns the prompt's length and the certified least length.
std::pair<Index, Integer> check_prompt(Problem& problem, const Json& evidence) {
  require(problem.complete, "members: a prompt must fit all examples");
  const Json& tokens = member(evidence, "prompt", "evidence");
  Matrix<Rational> prompt(0, problem.V.rows());
  if (!(tokens.is_array() && tokens.empty())) prompt = matrix_from(tokens, "prompt");
  require(prompt.cols() == problem.V.rows(), "prompt: the width does not fit");
  if (problem.accuracy == 0) {
    for (const Example& example : problem.examples) {
      require(cancels(problem, prompt, example), "prompt: it is not shown to fit exactly");
    }
  } else {
    require(certainly_less_equal(prompt_error(problem, prompt), Interval(problem.accuracy)),
            "prompt: its error is not shown to be within the accuracy");
  }
  Integer least = 0;
  if (evidence.contains("least_length")) {
    require(problem.expansion.has_value(),
            "least_length: the feed-forward block is not shown to be injective");
    least = integer_from(evidence["least_length"], "least_length");
    require(least >= 1 && least <= Integer(prompt.rows()),
            "least_length: a length from 1 to the prompt's is needed");
    check_empty(problem, evidence);
    if (least > 1) check_pieces(problem, member(evidence, "pieces", "evidence"), Goal::at_least, least);
  }
  return {prompt.rows(), least};
}

Index rank_bound(const Problem& problem) {
  Index columns = 0;
  for (const Example& example : problem.examples) columns += static_cast<Index>(example.keys.size());
  const Index d = problem.V.rows(), N = static_cast<Index>(problem.examples.size());
  Matrix<Rational> values(d, columns), both(d, columns + N);
  Index column = 0;
  for (const Example& example : problem.examples) {
    for (const Vector<Rational>& key : example.keys) values.col(column++) = product(problem.V, key);
  }
  both.leftCols(columns) = values;
  for (Index i = 0; i < N; ++i) both.col(columns + i) = problem.examples[static_cast<std::size_t>(i)].t;
  return Elimination(both).rank - Elimination(values).rank;
}

std::string check_evidence(Problem& problem, const Json& evidence, const std::string& claim) {
  const Json& kind = member(evidence, "kind", "evidence");
  const std::string text = kind.is_string() ? kind.get<std::string>() : "";
  if (claim == "possible") {
    require(text == "prompt", "evidence: a prompt is needed");
    const auto [length, least] = check_prompt(problem, evidence);
    return "a prompt of " + std::to_string(length) + " tokens has an error of at most " +
           problem.accuracy.str() + "; none of fewer than " + least.str() + " tokens has";
  }
  require(problem.expansion.has_value(), "model: the feed-forward block is not shown to be injective");
  if (text == "rows") {
    check_rows(problem, evidence);
  } else if (text == "image") {
    check_image(problem, evidence);
  } else if (text == "below-one" || text == "no-integer") {
    check_empty(problem, evidence);
    check_pieces(problem, evidence, text == "below-one" ? Goal::below_one : Goal::no_integer, 1);
  } else {
    reject("evidence: the kind is not known");
  }
  return "no prompt of any length has an error of at most " + problem.accuracy.str();
}

}  // namespace

void check_memorization(const Json& certificate, const CheckLimits& limits, CheckReport& report) {
  const Json& claim = member(certificate, "claim", "certificate");
  require(claim == "possible" || claim == "impossible", "claim: possible or impossible is needed");
  const WorkingPrecision scope(precision_of(certificate, limits.bits));

  Problem problem;
  problem.accuracy = rational_from(member(certificate, "accuracy", "certificate"), "accuracy");
  require(problem.accuracy >= 0, "accuracy: a number >= 0 is needed");
  const bool causal = read_model(member(certificate, "model", "certificate"), problem);
  problem.expansion = problem.block ? problem.block->expansion() : Rational(1);
  const bool injective = problem.expansion.has_value();
  if (problem.accuracy > 0 && injective) {
    if (*problem.expansion > 0) {
      problem.level = problem.accuracy / *problem.expansion;
    } else {
      problem.expansion.reset();  // injective, but nothing carries the accuracy back
    }
  }
  read_examples(certificate, causal, problem);
  const Integer rank = integer_from(member(certificate, "rank_lower", "certificate"), "rank_lower");
  const bool has_several = problem.heads.size() > 1;
  require(rank == (injective && problem.complete && !has_several ? Integer(rank_bound(problem)) : Integer(0)),
          "rank_lower: not the rank bound");
  const std::string heads = has_several ? std::to_string(problem.heads.size()) : "one";
  report.object = "a one-layer, " + heads + "-head model and the examples written in the certificate";
  const Json& evidence = member(certificate, "evidence", "certificate");
  report.statement = has_several ? check_layer_evidence(problem, evidence, claim.get<std::string>())
                                 : check_evidence(problem, evidence, claim.get<std::string>());
  const char* const theorem =
      has_several ? (claim == "possible" ? "2.1" : "2.3H") : (evidence["kind"] == "rows" ? "2.3" : "2.2");
  require(member(certificate, "theorem", "certificate") == theorem, "theorem: it does not fit the evidence");
}

}  // namespace promptbound::checker
