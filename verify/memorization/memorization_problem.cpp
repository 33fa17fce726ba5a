#include <algorithm>

#include <promptbound/numeric/linear_algebra.hpp>
#include <promptbound/verify/memorization/memorization_problem.hpp>

namespace promptbound {

Matrix<Rational> visible_tokens(const MemorizationExample& example, Mask mask) {
  if (mask == Mask::bidirectional) return example.tokens;
  return example.tokens.leftCols(example.query + 1);
}

MemorizationProblem memorization_problem(const Transformer<Rational>& model, const MemorizationData& data,
                                         const Rational& accuracy, std::string& failure) {
  MemorizationProblem problem;
  problem.model = model;
  problem.data = data;
  problem.accuracy = accuracy;
  const auto& heads = model.layers.front().heads;
  if (heads.size() == 1) {
    problem.A = heads.front().score_matrix();
    problem.V = heads.front().value_map();
  }
  const auto& ffn = model.layers.front().ffn;
  problem.block = ffn ? block_injectivity(*ffn) : BlockInjectivity{true, 1, "no feed-forward block"};
  problem.stretch = ffn ? Rational(1 + row_sum_norm(ffn->W_1) * row_sum_norm(ffn->W_2)) : Rational(1);
  if (problem.block.injective && problem.block.expansion > 0)
    problem.level = accuracy / problem.block.expansion;
  if (problem.block.injective && accuracy == 0) problem.level = 0;
  for (const MemorizationExample& example : data) {
    const Vector<Rational> query = example.tokens.col(example.query);
    Vector<Rational> before = example.target;
    if (ffn) {
      const auto preimage = block_preimage(*ffn, example.target);
      if (!preimage) {
        failure = "no preimage of a target under the feed-forward block was found";
        return problem;
      }
      before = *preimage;
    }
    problem.attention_targets.push_back(before - query);
  }
  return problem;
}

std::vector<MemorizationGroup> memorization_groups(const MemorizationProblem& problem) {
  std::vector<MemorizationGroup> groups;
  for (std::size_t i = 0; i < problem.data.size(); ++i) {
    const MemorizationExample& example = problem.data[i];
    const Vector<Rational> query = example.tokens.col(example.query);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const MemorizationGroup& known) { return known.query == query; });
    if (group == groups.end()) {
      groups.push_back({{}, query, multiply(problem.A, Matrix<Rational>(query)).col(0), {}, {}});
      group = groups.end() - 1;
    }
    group->members.push_back(i);
    group->tokens.push_back(visible_tokens(example, problem.model.mask));
    group->examples.push_back(
        {attention_sums(problem.V, group->direction, group->tokens.back()), problem.attention_targets[i]});
  }
  return groups;
}

Rational image_distance(const MemorizationGroup& group, const Matrix<Rational>& V) {
  const Matrix<Rational> left_kernel = kernel(Matrix<Rational>(V.transpose()));
  Rational result = 0;
  for (const FloorExample& example : group.examples) {
    for (Index k = 0; k < left_kernel.cols(); ++k) {
      const Vector<Rational> vector = left_kernel.col(k);
      result = std::max<Rational>(result, abs(vector.dot(example.target)) / vector.cwiseAbs().sum());
    }
  }
  return result;
}

bool middle_is_approached(const MemorizationGroup& group, const Matrix<Rational>& V) {
  Vector<Rational> least = group.examples.front().target, largest = least;
  for (const FloorExample& example : group.examples) {
    least = least.cwiseMin(example.target);
    largest = largest.cwiseMax(example.target);
  }
  return solve(V, Vector<Rational>((least + largest) / Rational(2))).has_value();
}

std::optional<OffImage> off_image(const MemorizationGroup& group, const Matrix<Rational>& V,
                                  const Rational& level) {
  const Matrix<Rational> left_kernel = kernel(Matrix<Rational>(V.transpose()));
  for (std::size_t i = 0; i < group.examples.size(); ++i) {
    for (Index k = 0; k < left_kernel.cols(); ++k) {
      const Vector<Rational> vector = left_kernel.col(k);
      if (abs(vector.dot(group.examples[i].target)) > level * vector.cwiseAbs().sum())
        return OffImage{i, vector};
    }
  }
  return std::nullopt;
}

}  // namespace promptbound
