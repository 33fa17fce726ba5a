#include <algorithm>
#include <nlohmann/json.hpp>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/check/memorize_problem.hpp>

namespace promptbound::checker {
namespace {

Matrix<Rational> sized_matrix(const Json& value, Index rows, Index columns, const std::string& where) {
  Matrix<Rational> result = matrix_from(value, where);
  if (result.rows() != rows || result.cols() != columns) reject(where + ": the shape does not fit");
  return result;
}

}  // namespace

std::size_t index_from(const Json& value, std::size_t count, const std::string& where) {
  const Integer index = integer_from(value, where);
  if (index < 0 || index >= Integer(count)) reject(where + ": the index is out of range");
  return index.convert_to<std::size_t>();
}

Matrix<Rational> product(const Matrix<Rational>& A, const Matrix<Rational>& B) {
  require(A.cols() == B.rows(), "model: shapes do not fit");
  Matrix<Rational> result = Matrix<Rational>::Zero(A.rows(), B.cols());
  for (Index r = 0; r < A.rows(); ++r) {
    for (Index c = 0; c < B.cols(); ++c) {
      for (Index k = 0; k < A.cols(); ++k) result(r, c) += A(r, k) * B(k, c);
    }
  }
  return result;
}

Elimination::Elimination(Matrix<Rational> M) {
  for (Index column = 0; column < M.cols(); ++column) {
    Index pivot = rank;
    while (pivot < M.rows() && M(pivot, column) == 0) ++pivot;
    if (pivot == M.rows()) continue;
    if (pivot != rank) {
      M.row(pivot).swap(M.row(rank));
      determinant = -determinant;
    }
    determinant *= M(rank, column);
    for (Index row = rank + 1; row < M.rows(); ++row) {
      const Rational factor = M(row, column) / M(rank, column);
      for (Index k = column; factor != 0 && k < M.cols(); ++k) M(row, k) -= factor * M(rank, k);
    }
    ++rank;
  }
  if (rank < M.cols()) determinant = 0;
}

std::optional<Rational> Block::expansion() const {
  const auto norm = [](const Matrix<Rational>& M) {
    return Rational(M.cwiseAbs().rowwise().sum().maxCoeff());
  };
  const Matrix<Rational> inner = product(W_1, W_2);
  const Rational G = norm(W_1) * norm(W_2);
  if (inner.isZero(0)) return 1 / (1 + G);
  if (G < 1) return 1 - G;
  if (inner.rows() > 12) return std::nullopt;
  for (unsigned long active = 0; active < 1UL << inner.rows(); ++active) {
    Matrix<Rational> piece = Matrix<Rational>::Identity(inner.rows(), inner.rows());
    for (Index row = 0; row < inner.rows(); ++row) {
      if ((active >> row & 1U) != 0) piece.row(row) += inner.row(row);
    }
    if (Elimination(piece).determinant <= 0) return std::nullopt;
  }
  return Rational(0);
}

Vector<Rational> sized_vector(const Json& value, Index size, const std::string& where) {
  Vector<Rational> result = vector_from(value, where);
  if (result.size() != size) reject(where + ": the length does not fit");
  return result;
}

bool read_model(const Json& model, Problem& problem) {
  require(integer_from(member(model, "schema", "model"), "model.schema") == 1, "model: schema 1 is needed");
  const Json& layers = member(model, "layers", "model");
  require(layers.is_array() && layers.size() == 1, "model: one layer is needed");
  const Json& heads = member(layers[0], "heads", "model.layers[0]");
  require(heads.is_array() && !heads.empty(), "model: a head is needed");
  for (const Json& head : heads) {
    const auto weights = [&](const char* name) { return matrix_from(member(head, name, "head"), name); };
    const Matrix<Rational> W_Q = weights("W_Q"), W_K = weights("W_K"), W_V = weights("W_V");
    problem.heads.push_back(
        {product(W_K.transpose(), W_Q), head.contains("W_O") ? product(weights("W_O"), W_V) : W_V});
  }
  const Index d = problem.width = problem.heads.front().A.rows();
  require(integer_from(member(model, "d", "model"), "model.d") == Integer(d), "model: d does not fit");
  for (const HeadMaps& head : problem.heads) {
    require(head.A.rows() == d && head.A.cols() == d && head.V.rows() == d && head.V.cols() == d,
            "model: shapes do not fit");
  }
  if (problem.heads.size() == 1) {
    problem.A = problem.heads.front().A;
    problem.V = problem.heads.front().V;
  }
  if (layers[0].contains("ffn")) {
    const Json& ffn = layers[0]["ffn"];
    Block block;
    block.W_1 = matrix_from(member(ffn, "W_1", "ffn"), "W_1");
    require(block.W_1.cols() == d, "model: shapes do not fit");
    block.b_1 = sized_vector(member(ffn, "b_1", "ffn"), block.W_1.rows(), "b_1");
    block.W_2 = sized_matrix(member(ffn, "W_2", "ffn"), d, block.W_1.rows(), "W_2");
    block.b_2 = sized_vector(member(ffn, "b_2", "ffn"), d, "b_2");
    problem.block = std::move(block);
  }
  const Json& causal = member(model, "causal", "model");
  require(causal.is_boolean(), "model.causal: true or false is needed");
  return causal.get<bool>();
}

HeadSums head_sums(const HeadMaps& head, const Vector<Rational>& query,
                   const std::vector<Vector<Rational>>& keys) {
  const auto d = static_cast<std::size_t>(head.V.rows());
  const Vector<Rational> direction = product(head.A, query).col(0);
  HeadSums sums{Interval(0), std::vector<Interval>(d)};
  for (const Vector<Rational>& key : keys) {
    const Interval weight = exp(Interval(Rational(key.dot(direction))));
    const Matrix<Rational> value = product(head.V, key);
    sums.S += weight;
    for (std::size_t c = 0; c < d; ++c)
      sums.weighted[c] += weight * Interval(value(static_cast<Index>(c), 0));
  }
  return sums;
}

void read_examples(const Json& certificate, bool causal, Problem& problem) {
  const Json& examples = member(member(certificate, "data", "certificate"), "examples", "data");
  const Json& members = member(certificate, "members", "certificate");
  const Json& targets = member(certificate, "attention_targets", "certificate");
  require(integer_from(member(certificate["data"], "schema", "data"), "data.schema") == 1,
          "data: schema 1 is needed");
  require(examples.is_array() && members.is_array() && targets.is_array() && !members.empty() &&
              members.size() == targets.size(),
          "members: as many as attention targets are needed");
  const Index d = problem.width;
  std::optional<std::size_t> last;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const std::size_t i = index_from(members[k], examples.size(), "members");
    require(!last || i > *last, "members: an increasing list is needed");
    last = i;
    Example example;
    const Matrix<Rational> tokens = matrix_from(member(examples[i], "tokens", "example"), "tokens");
    require(tokens.cols() == d, "tokens: the width does not fit");
    const auto position = static_cast<Index>(index_from(member(examples[i], "query", "example"),
                                                        static_cast<std::size_t>(tokens.rows()), "query"));
    const Vector<Rational> query = tokens.row(position);
    if (k == 0) problem.query = query;
    require(query == problem.query, "members: the queries differ");
    for (Index j = 0; j < (causal ? position + 1 : tokens.rows()); ++j)
      example.keys.emplace_back(tokens.row(j));
    example.target = sized_vector(member(examples[i], "target", "example"), d, "target");
    example.t = sized_vector(targets[k], d, "attention_targets");
    const Vector<Rational> before = query + example.t;
    const std::vector<Rational> input(before.begin(), before.end());
    const std::vector<Rational> output = problem.block ? problem.block->image(input) : input;
    require(std::equal(output.begin(), output.end(), example.target.begin()),
            "attention_targets: the feed-forward block does not map them to the targets");
    problem.examples.push_back(std::move(example));
  }
  problem.complete = members.size() == examples.size();
  for (Example& example : problem.examples)
    for (const HeadMaps& head : problem.heads)
      example.heads.push_back(head_sums(head, problem.query, example.keys));
  if (problem.heads.size() > 1) return;
  problem.direction = product(problem.A, problem.query).col(0);
  for (Example& example : problem.examples) {
    example.S = example.heads.front().S;
    example.weighted = example.heads.front().weighted;
    for (std::size_t c = 0; c < example.weighted.size(); ++c)
      example.b.push_back(example.S * Interval(example.t(static_cast<Index>(c))) - example.weighted[c]);
  }
}

}  // namespace promptbound::checker
