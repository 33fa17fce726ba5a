// Every form of every bound says what proves it: the theorems named are listed in proofs/theorems.txt for
// that item and id, every declared form is reached, and `--coq` agrees with the label.
#include <doctest/doctest.h>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/numeric/error.hpp>
#include <set>

#include "theorem_list.hpp"

using namespace promptbound;

namespace {

/// The values that a parameter takes in the enumeration; an empty text leaves an optional one out.
const std::map<std::string_view, std::vector<std::string>>& grid() {
  static const std::map<std::string_view, std::vector<std::string>> values = {
      {"d", {"1", "2"}},
      {"L", {"2"}},
      {"eps", {"1/10", "2/7", "2"}},
      {"C", {"1"}},
      {"alpha", {"1", "2", "3/2", "1.1", "inf"}},
      {"b", {"", "16"}},
      {"w", {"2"}},
      {"norm", {"euclidean", "max"}},
      {"R", {"1", "1/1000000"}},
      {"Lambda", {"1", "20"}},
      {"Lambda-W", {"3"}},
      {"Delta", {"1"}},
      {"m", {"1", "9", "1000", "1000000000000"}},
      {"K", {"2", "3"}},
      {"P", {"3", "64"}},
      {"N", {"50"}},
      {"v", {"1000"}},
      {"l", {"7"}},
      {"S", {"", "2"}},
      {"eta", {"1/100"}},
      {"g", {"", "4"}},
      {"T", {"100"}},
      {"B", {"2"}},
      {"d-v", {"2"}},
      {"exp-cost", {"6"}},
      {"s", {"1/2"}},
      {"r-min", {"1"}},
      {"r-max", {"2"}},
      {"ball-radius", {"1", "61.47"}},
      {"told-apart", {"1/2048", "6"}},
  };
  return values;
}

/// A bound in one direction, with everything given that it uses.
struct Evaluation {
  const Bound* bound;
  const Inverse* inverse;
  Arguments arguments;
  Record record;

  const std::vector<Form>& forms() const { return inverse == nullptr ? bound->forms : inverse->forms; }
  std::string name() const {
    return std::string(bound->id) + (inverse == nullptr ? "" : " --solve " + std::string(inverse->unknown));
  }
  /// The form that holds.
  const Form* form() const {
    for (const Form& one : forms()) {
      if (one.holds(arguments, record)) return &one;
    }
    return nullptr;
  }
};

/// Every choice of values for the parameters from the `next` on.
void add_choices(const std::vector<Use>& uses, std::size_t next, const Arguments& chosen,
                 std::vector<Arguments>& all) {
  if (next == uses.size()) return all.push_back(chosen);
  const Parameter& parameter = *uses[next].parameter;
  REQUIRE_MESSAGE(grid().count(parameter.name) == 1, parameter.name);
  for (const std::string& text : grid().at(parameter.name)) {
    // Defaults are stated, so that forms see all arguments.
    if (text.empty() && (uses[next].required || uses[next].has_default())) continue;
    Arguments more = chosen;
    if (!text.empty()) more.set(parameter.name, parse_argument(parameter, text));
    add_choices(uses, next + 1, more, all);
  }
}

/// Every bound in every direction at every choice.
const std::vector<Evaluation>& evaluations() {
  static const std::vector<Evaluation> all = [] {
    std::vector<Evaluation> result;
    for (const Bound& bound : catalogue()) {
      std::vector<Arguments> choices;
      add_choices(bound.uses, 0, {}, choices);
      for (const Arguments& given : choices) {
        // Either the degree is given or what decides it.
        if (bound.id == "polynomial-degree" && !given.has(parameters::g) &&
            !(given.has(parameters::S) && given.has(parameters::eta)))
          continue;
        result.push_back({&bound, nullptr, given, evaluate(bound, given, 20)});
      }
      for (const Inverse& inverse : bound.inverses) {
        choices.clear();
        add_choices(inverse.uses, 0, {}, choices);
        for (const Arguments& given : choices)
          result.push_back({&bound, &inverse, given, evaluate(bound, inverse, given, 20)});
      }
    }
    return result;
  }();
  return all;
}

bool is_proved_in_coq(const Record& record) {
  const std::vector<ProofStatus> proofs = record.proofs();
  return std::any_of(proofs.begin(), proofs.end(),
                     [](const ProofStatus& proof) { return proof.kind == ProofKind::coq; });
}

struct Expected {
  std::string id, solve, arguments, output, text;
};

Arguments parsed(const std::string& text) {
  Arguments result;
  std::istringstream words(text);
  for (std::string name, value; words >> name >> value;) {
    for (const Parameter* parameter : all_parameters()) {
      if (parameter->name == name) result.set(parameter->name, parse_argument(*parameter, value));
    }
  }
  return result;
}

Record evaluated(const Expected& expected) {
  const Bound& bound = find_bound(expected.id);
  const Arguments given = parsed(expected.arguments);
  return expected.solve.empty() ? evaluate(bound, given, 20)
                                : evaluate(bound, find_inverse(bound, expected.solve), given, 20);
}

}  // namespace

TEST_CASE("every output of every form is proved - transcribed or said to be neither - theorems are listed") {
  const auto listed = listed_theorems();
  REQUIRE(listed.size() > 80);
  for (const Evaluation& one : evaluations()) {
    const Record& record = one.record;
    CAPTURE(one.name());
    CHECK(record.proofs().empty() == record.outputs.empty());
    for (const ProofStatus& proof : record.proofs()) {
      CAPTURE(proof.text());
      CHECK(proof.kind != ProofKind::unproved);
      CHECK(proof.kind != ProofKind::computed);
      CHECK((proof.kind == ProofKind::coq) == !proof.theorems.empty());
      CHECK(!proof.theory.empty());
      if (proof.kind == ProofKind::coq) {
        const auto theorem = listed.find(std::string(proof.theorems.front()));
        REQUIRE(theorem != listed.end());
        CHECK(theorem->second.item == proof.theory);
        CHECK(theorem->second.has(std::string(one.bound->id)));
      }
      for (const auto& names : {proof.theorems, proof.related}) {
        for (const std::string_view name : names) CHECK_MESSAGE(listed.count(std::string(name)) == 1, name);
      }
    }
  }
}

TEST_CASE("every declared form is reached") {
  std::set<std::pair<std::string, std::string>> reached;
  for (const Evaluation& one : evaluations()) {
    if (!one.record.is_applicable()) continue;
    const Form* form = one.form();
    REQUIRE_MESSAGE(form != nullptr, one.name());
    CHECK(one.record.proof == form->proof);
    reached.insert({one.name(), form->when});
  }
  for (const Bound& bound : catalogue()) {
    const auto check = [&](const Evaluation& one) {
      CHECK_MESSAGE(!one.forms().empty(), one.name());
      for (const Form& form : one.forms())
        CHECK_MESSAGE(reached.count({one.name(), form.when}) == 1, one.name(), ": ", form.when);
    };
    check({&bound, nullptr, {}, {}});
    for (const Inverse& inverse : bound.inverses) check({&bound, &inverse, {}, {}});
  }
}

TEST_CASE(
    "a form labelled as proved in Coq has a certificate or says why not and no form beyond its label has "
    "one") {
  std::size_t emitted = 0, refused = 0;
  for (const Evaluation& one : evaluations()) {
    if (!one.record.is_applicable()) continue;
    const bool proved = is_proved_in_coq(one.record);
    CAPTURE(one.name());
    CoqCertificate certificate;
    std::string message;
    try {
      certify_in_coq(*one.bound, one.inverse, one.arguments, one.record, certificate);
    } catch (const InputError& error) {
      message = error.what();
    }
    if (message.empty()) {
      ++emitted;
      // 2.8's certificates are about functions, as its label says; that a network computes them is on paper.
      const bool of_functions =
          one.record.proofs().front().text().find("in Coq at function level") != std::string::npos;
      CHECK((proved || of_functions));
    } else {
      ++refused;
      CAPTURE(message);
      CHECK(proved == (message.find("is proved in Coq (") != std::string::npos));
      CHECK(proved == (message.find("no Coq theorem covers") == std::string::npos));
    }
  }
  CHECK(emitted > 100);
  CHECK(refused > 100);
}

TEST_CASE("labels of the forms that a user meets") {
  const std::string entropy = "d 2 L 2 eps 1/10 ";
  const std::string lipschitz = entropy + "R 1 Lambda 10 ";
  const std::string memory = "w 4 R 1 Lambda 10 Delta 1 eps 1/10 ";
  const std::string saturation = "w 1 R 1 Lambda 2 Lambda-W 3 Delta 1 eps 1/10 ";
  const std::vector<Expected> all = {
      {"entropy-bits", "", entropy + "alpha inf", "tokens",
       "proved in Coq: analysis.every_alpha.entropy_bits_alpha"},
      {"entropy-bits", "eps", "d 2 L 2 m 100 alpha inf", "eps",
       "proved in Coq: analysis.every_alpha.entropy_bits_accuracy"},
      {"entropy-lipschitz", "", lipschitz + "norm max alpha inf", "tokens",
       "proved in Coq: analysis.every_alpha.entropy_lipschitz_alpha"},
      {"memory-linear", "", memory + "m 5 norm max", "max_examples",
       "proved in Coq: algebra.memory_linear.memory_linear"},
      {"memory-linear", "m", memory + "N 5 norm max", "m",
       "proved in Coq: algebra.memory_linear.memory_linear"},
      {"memory-linear", "", memory + "m 5", "max_examples",
       "proved in Coq: analysis.euclidean_form.memory_linear_euclidean"},
      {"memory-linear", "m", memory + "N 5", "m",
       "proved in Coq: analysis.euclidean_form.memory_linear_euclidean"},
      {"memory-saturation", "", saturation + "m 1", "capacity_bits",
       "proved in Coq: analysis.euclidean_form.memory_linear_euclidean"},
      {"memory-saturation", "", saturation + "m 1", "multiset_bits",
       "proved in Coq: analysis.euclidean_form.memory_saturation_euclidean"},
      {"memory-saturation", "", saturation + "m 1", "m_multiset", "proof on paper (theory 2.6)"},
      {"memory-saturation", "", saturation + "m 30", "capacity_bits",
       "proved in Coq: analysis.euclidean_form.memory_saturation_euclidean"},
      {"memory-saturation", "", saturation + "m 1000000000", "capacity_bits", "proof on paper (theory 2.6)"},
      {"memory-bits", "", "m 3 w 4", "max_examples", "proved in Coq: algebra.memory_bits.memory_bits"},
      {"accessible-length", "m", "l 3 w 4 v 10", "m", "proved in Coq: algebra.memory_bits.accessible_length"},
      {"context-separation", "", "T 4 s 1 r-min 1 r-max 2 v 3 d 2", "r", "transcribed, not proved here"},
      {"lookup-upper", "", entropy + "alpha 2", "width", "proof on paper (theory 5.2)"},
      {"efficiency-threshold", "", "B 1 T 100 d 2", "ratio", "transcribed, not proved here"},
      {"efficiency-threshold", "", "B 1 T 100 d 2", "rank",
       "proved in Coq: algebra.polynomial_attention.polynomial_attention_rank"},
      {"polynomial-degree", "", "S 2 eta 1/10 d 3", "degree", "proof on paper (theory 4.2)"},
      {"polynomial-degree", "", "S 2 eta 1/10 d 3", "rank",
       "proved in Coq: algebra.polynomial_attention.polynomial_attention_rank"},
      {"universality-size", "", entropy, "wide_ffn_width", "proof on paper (theory 1.5)"},
      {"universality-size", "", entropy, "wcwh23_attention_order", "transcribed, not proved here"},
  };
  for (const Expected& expected : all) {
    CAPTURE(expected.id);
    CAPTURE(expected.arguments);
    CHECK(evaluated(expected).proof_of(expected.output).text() == expected.text);
  }
}

TEST_CASE(
    "the real and the grid form of 1.1 are the same number and proved - only where 1/delta is an integer") {
  const auto kind = [](const std::string& arguments, const char* output, const std::string& solve = "") {
    return evaluated({"quantized-capacity", solve, arguments, "", ""}).proof_of(output).kind;
  };
  // 1/delta = 20: Coq counts both.
  CHECK(kind("d 1 L 2 eps 1/10 alpha inf", "least_integer") == ProofKind::coq);
  CHECK(kind("d 1 L 2 eps 1/10 alpha inf", "tokens") == ProofKind::coq);
  // 1/delta = 7 and 20 sqrt 2: the formula is the paper's.
  CHECK(kind("d 1 L 2 eps 2/7 alpha inf", "least_integer") == ProofKind::coq);
  CHECK(kind("d 1 L 2 eps 1/10 alpha 2", "least_integer") == ProofKind::published);
  CHECK(kind("d 1 L 2 eps 1/10 alpha 2", "tokens") == ProofKind::coq);
  CHECK(kind("d 1 L 2 eps 3/7 alpha inf", "value") == ProofKind::published);
  // 1/delta = 1: one map, so L tokens are not needed.
  CHECK(kind("d 1 L 2 eps 2 alpha inf", "tokens") == ProofKind::published);
  CHECK(kind("d 1 L 2 m 5 alpha inf", "eps", "eps") == ProofKind::published);
}

TEST_CASE(
    "1.2 to 1.4 are proved in Coq for every alpha - forwards and backwards for real entries and for b bits") {
  for (const char* exponent : {"1", "2", "3/2", "1.1", "inf"}) {
    const std::string alpha = std::string(" alpha ") + exponent;
    const auto theorem = [&](const Expected& expected) {
      CAPTURE(expected.id);
      CAPTURE(exponent);
      CHECK(evaluated(expected).proof_of(expected.output).text() ==
            "proved in Coq: analysis.every_alpha." + expected.text);
    };
    theorem({"entropy-bits", "", "d 2 L 2 eps 1/10" + alpha, "tokens", "entropy_bits_alpha"});
    theorem({"entropy-bits", "eps", "d 2 L 2 m 9" + alpha, "eps", "entropy_bits_accuracy"});
    theorem({"entropy-lipschitz", "", "d 2 L 2 eps 1/10 R 1 Lambda 10 norm max" + alpha, "tokens",
             "entropy_lipschitz_alpha"});
    theorem({"entropy-lipschitz", "", "d 2 L 2 eps 1/10 R 1e-9 Lambda 1 norm max" + alpha, "tokens",
             "entropy_lipschitz_impossible_alpha"});
    theorem({"entropy-lipschitz", "eps", "d 2 L 2 m 9 R 1 Lambda 10 norm max" + alpha, "eps",
             "entropy_lipschitz_accuracy"});
    const auto euclidean = [&](const Expected& expected) {
      CHECK(evaluated(expected).proof_of(expected.output).text() ==
            "proved in Coq: analysis.euclidean_form." + expected.text);
    };
    euclidean({"entropy-lipschitz", "", "d 2 L 2 eps 1/10 R 1 Lambda 10 norm euclidean" + alpha, "tokens",
               "entropy_lipschitz_euclidean"});
    euclidean({"entropy-lipschitz", "eps", "d 2 L 2 m 9 R 1 Lambda 10 norm euclidean" + alpha, "eps",
               "entropy_lipschitz_euclidean_accuracy"});
    theorem({"lookup-upper", "", "d 2 L 2 eps 1/10" + alpha, "tokens", "lookup_upper_alpha"});
    theorem({"lookup-upper", "", "d 2 L 2 eps 1/10 b 16" + alpha, "tokens", "lookup_upper_bits_alpha"});
    theorem({"lookup-upper", "eps", "d 2 L 2 m 99" + alpha, "eps", "lookup_upper_accuracy"});
  }
}
