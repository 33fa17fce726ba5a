#include <promptbound/verify/supremum/supremum_certificate.hpp>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

constexpr long least_bits = 128;

struct TargetJson {
  Json operator()(const Identity&) const { return {{"name", "identity"}}; }
  Json operator()(const Reversal&) const { return {{"name", "reversal"}}; }
  Json operator()(const MeanPooling&) const { return {{"name", "mean"}}; }
  Json operator()(const CoordinateMaximum&) const { return {{"name", "maximum"}}; }
  Json operator()(const SineField& field) const {
    return {{"name", "sine"}, {"frequency", to_json(field.frequency)}};
  }
  Json operator()(const NodeTable& table) const {
    Json values = Json::array();
    for (const Rational& value : table.values) values.push_back(to_json(value));
    return {{"name", "table"}, {"cells", table.cells}, {"values", std::move(values)}};
  }
  Json operator()(const Expression& expression) const {
    return {{"name", "expression"}, {"expression", canonical_text(expression)}};
  }
};

/// What the weights of theory 5.9 are made of.
Json recipe_json(const PackedRecipe& recipe) {
  return {{"form", recipe.form == PackedForm::difference ? "difference" : "direct"},
          {"steps", recipe.steps},
          {"step", to_json(recipe.step())},
          {"k", recipe.k},
          {"b", recipe.b},
          {"P", recipe.P},
          {"digits_per_entry", recipe.digits_per_entry},
          {"first_digits", recipe.first_digits},
          {"cells_per_token", recipe.cells_per_token},
          {"index_digits", recipe.index_digits},
          {"eta", to_json(recipe.eta)},
          {"Lambda",
           {to_json(recipe.Lambda_1), to_json(recipe.Lambda_2), to_json(recipe.Lambda_3),
            to_json(recipe.Lambda_4)}}};
}

}  // namespace

ApproximationProblem approximation_problem(const Instance& instance, const Target& target,
                                           const Number& alpha) {
  if (target.d != instance.data_width) {
    throw InputError("d: the target has " + std::to_string(target.d) +
                     " (accepted: the model's data_width, " + std::to_string(instance.data_width) + ")");
  }
  ApproximationProblem problem{instance.model, instance.prompt, instance.input_offsets, target, alpha};
  if (problem.tokens.cols() == 0) problem.tokens = Matrix<Rational>::Zero(instance.model.width, target.L);
  problem.check();
  return problem;
}

Json problem_json(const ApproximationProblem& problem, const Rational& eps) {
  const Instance instance{problem.model, problem.prompt, problem.tokens, problem.target.d};
  return {{"instance", to_json(instance)},
          {"target", std::visit(TargetJson{}, problem.target.function)},
          {"alpha", exact_text(problem.alpha)},
          {"eps", to_json(eps)}};
}

Json supremum_certificate(const ApproximationProblem& problem, const Rational& eps,
                          const SupremumAnswer& answer) {
  Json certificate = problem_json(problem, eps);
  certificate["schema"] = 1;
  certificate["kind"] = "supremum";
  if (answer.verdict == Verdict::refuted) {
    const Matrix<Rational>& X = answer.witness.value().X;
    const long bits = at_rising_precision("certificate: the error at the witness", least_bits, [&] {
      const bool suffices = certainly_less(Interval(eps), error_at(problem, X));
      return suffices ? std::optional(working_precision()) : std::nullopt;
    });
    certificate["claim"] = "above";
    certificate["witness"] = to_json(Matrix<Rational>(X.transpose()));
    // Twice what sufficed: another order of operations may round a little more.
    certificate["bits"] = 2 * bits;
  } else if (answer.verdict == Verdict::proved && (answer.packed || !answer.tree.empty())) {
    certificate["claim"] = "below";
    if (answer.packed) {
      certificate["packed"] = recipe_json(*answer.packed);
    } else {
      certificate["tree"] = answer.tree;
    }
  } else {
    throw InputError("certificate: only a decided claim on at most 62 coordinates has one");
  }
  seal(certificate);
  return certificate;
}

}  // namespace promptbound
