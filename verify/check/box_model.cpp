#include <algorithm>

#include <promptbound/verify/check/box_model.hpp>

namespace promptbound::checker {
namespace {

using Coordinates = std::vector<bool>;

bool reads(const Matrix<Rational>& M, Index row) { return !M.row(row).isZero(0); }

void add_columns(const Matrix<Rational>& M, Index row, Coordinates& set) {
  for (Index column = 0; column < M.cols(); ++column) {
    if (M(row, column) != 0) set[static_cast<std::size_t>(column)] = true;
  }
}

void add_columns(const Matrix<Rational>& M, Coordinates& set) {
  for (Index row = 0; row < M.rows(); ++row) add_columns(M, row, set);
}

bool is_zero(const Form& form) {
  return form.is_constant() && form.centre().lower() == 0 && form.centre().upper() == 0;
}

/// Slope of a form along one variable.
FastInterval slope_of(const Form& form, std::size_t variable) {
  return variable < form.slopes().size() ? form.slopes()[variable] : FastInterval(0);
}

/// An upper bound on w (v - lambda) for the w in the weight.
double excess(const FastInterval& weight, double value, double lambda) {
  const double over = (FastInterval(value) - FastInterval(lambda)).upper();
  if (over > 0) return (FastInterval(weight.upper()) * FastInterval(over)).upper();
  return std::min(0.0, (FastInterval(weight.lower()) * FastInterval(over)).upper());
}

/// Is every mean <= lambda? It is when sum_j w_j (v_j - lambda) <= 0 for all weights.
bool bounds_means(const std::vector<FastInterval>& weights, const std::vector<double>& values,
                  double lambda) {
  FastInterval sum(0);
  for (std::size_t j = 0; j < values.size(); ++j) {
    sum += FastInterval(excess(weights[j], values[j], lambda));
  }
  return sum.upper() <= 0;
}

/// An upper bound on the mean of values that are at most these.
double largest_mean(const std::vector<FastInterval>& weights, const std::vector<double>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  // Each step takes the larger weights for the values above lambda: the mean then rises to the largest one.
  double lambda = *least;
  constexpr int steps = 12;
  for (int step = 0; step < steps; ++step) {
    double sum = 0, total = 0;
    for (std::size_t j = 0; j < values.size(); ++j) {
      const double weight = values[j] > lambda ? weights[j].upper() : weights[j].lower();
      sum += weight * values[j];
      total += weight;
    }
    const double next = sum / total;
    if (!(next > lambda)) break;
    lambda = next;
  }
  for (const double part : {0x1p-50, 0x1p-44, 0x1p-36, 0x1p-24, 0x1p-12}) {
    const double candidate = lambda + part * std::max(std::abs(lambda), *most - *least);
    if (candidate < *most && bounds_means(weights, values, candidate)) return candidate;
  }
  return *most;
}

}  // namespace

FastInterval weighted_mean(const std::vector<FastInterval>& weights,
                           const std::vector<FastInterval>& values) {
  std::vector<double> above, below;
  for (const FastInterval& value : values) {
    above.push_back(value.upper());
    below.push_back(-value.lower());
  }
  return {-largest_mean(weights, below), largest_mean(weights, above)};
}

BoxModel::Map::Map(const Matrix<Rational>& M) : rows(static_cast<std::size_t>(M.rows())) {
  for (Index row = 0; row < M.rows(); ++row) {
    for (Index column = 0; column < M.cols(); ++column) {
      if (M(row, column) == 0) continue;
      rows[static_cast<std::size_t>(row)].emplace_back(static_cast<std::size_t>(column),
                                                       FastInterval(M(row, column)));
    }
  }
}

FormToken BoxModel::Map::operator()(const FormToken& z) const {
  FormToken result(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (const auto& [column, weight] : rows[row]) {
      Form term = z[column];
      result[row] += term *= weight;
    }
  }
  return result;
}

/// Backwards: which coordinates of prompt tokens are read by what is read later? Where attention adds nothing
/// to such a coordinate, no input reaches it; under a causal mask none does anyway.
bool BoxModel::input_changes_prompt(const Model& model) const {
  Coordinates read(static_cast<std::size_t>(model.width), false);
  for (auto layer = model.layers.rbegin(); layer != model.layers.rend(); ++layer) {
    if (layer->ffn) {
      const Coordinates after = read;
      const Block& block = *layer->ffn;
      for (Index hidden = 0; hidden < block.W_1.rows(); ++hidden) {
        for (Index row = 0; row < block.W_2.rows(); ++row) {
          if (!after[static_cast<std::size_t>(row)] || block.W_2(row, hidden) == 0) continue;
          add_columns(block.W_1, hidden, read);
          break;
        }
      }
    }
    for (const Head& head : layer->heads) {
      for (Index row = 0; row < head.V.rows() && !model.causal; ++row) {
        if (read[static_cast<std::size_t>(row)] && reads(head.V, row)) return true;
      }
    }
    for (const Head& head : layer->heads) {
      add_columns(head.W_K, read);
      add_columns(head.V, read);
      if (model.causal) add_columns(head.W_Q, read);
    }
  }
  return false;
}

BoxModel::BoxModel(const Model& model, const Matrix<Rational>& prompt, const Matrix<Rational>& offsets)
    : causal_(model.causal) {
  for (const LayerWeights& weights : model.layers) {
    BoxLayer& layer = layers_.emplace_back();
    for (const Head& head : weights.heads) {
      BoxHead& made =
          layer.heads.emplace_back(BoxHead{Map(head.W_Q), Map(head.W_K), Map(head.V), {}, {}, {}});
      for (Index row = 0; row < head.V.rows(); ++row) {
        if (reads(head.V, row)) made.value_rows.push_back(static_cast<std::size_t>(row));
      }
    }
    if (!weights.ffn) continue;
    layer.W_1.emplace(weights.ffn->W_1);
    layer.W_2.emplace(weights.ffn->W_2);
    for (const Rational& bias : weights.ffn->b_1) layer.b_1.emplace_back(FastInterval(bias));
    for (const Rational& bias : weights.ffn->b_2) layer.b_2.emplace_back(FastInterval(bias));
  }
  const auto append = [](const Matrix<Rational>& rows, std::vector<FormToken>& tokens) {
    for (Index row = 0; row < rows.rows(); ++row) {
      FormToken& token = tokens.emplace_back();
      for (const Rational& entry : rows.row(row)) token.emplace_back(FastInterval(entry));
    }
  };
  std::vector<FormToken> states;
  append(prompt, states);
  if (!states.empty() && input_changes_prompt(model)) {
    moving_ = std::move(states);
  } else {
    for (BoxLayer& layer : layers_) {
      std::vector<FormToken> next = states;
      for (BoxHead& head : layer.heads) {
        for (const FormToken& token : states) {
          head.keys.push_back(head.W_K(token));
          head.values.push_back(head.V(token));
        }
      }
      // Without a mask the coordinates that attention changes are never read again.
      if (causal_) {
        BoxLayer own = layer;
        for (BoxHead& head : own.heads) {
          head.keys.clear();
          head.values.clear();
        }
        advance(own, next, 0);
      } else if (layer.W_1) {
        BoxLayer own = layer;
        own.heads.clear();
        advance(own, next, 0);
      }
      states = std::move(next);
    }
  }
  first_input_ = moving_.size();
  append(offsets, moving_);
}

void BoxModel::attend(const BoxHead& head, const std::vector<FormToken>& Z, std::size_t variables,
                      std::vector<FormToken>& result) const {
  std::vector<FormToken> keys, values;
  for (const FormToken& token : Z) {
    keys.push_back(head.W_K(token));
    values.push_back(head.V(token));
  }
  const std::size_t fixed = head.keys.size();
  for (std::size_t i = 0; i < Z.size(); ++i) {
    const FormToken query = head.W_Q(Z[i]);
    const std::size_t count = fixed + (causal_ ? i + 1 : Z.size());
    std::vector<Form> scores(count);
    for (std::size_t j = 0; j < count; ++j) {
      const FormToken& key = j < fixed ? head.keys[j] : keys[j - fixed];
      for (std::size_t a = 0; a < query.size(); ++a) {
        if (!is_zero(query[a]) && !is_zero(key[a])) scores[j] += query[a] * key[a];
      }
    }
    const auto best = std::max_element(scores.begin(), scores.end(), [](const Form& x, const Form& y) {
      return x.centre().upper() < y.centre().upper();
    });
    const Form reference = *best;
    std::vector<FastInterval> weights, entries(count);
    for (auto score = scores.begin(); score != scores.end(); ++score) {
      weights.push_back(score == best ? FastInterval(1) : exp((*score - reference).range()));
    }
    const auto value_of = [&](std::size_t j, std::size_t row) -> const Form& {
      return j < fixed ? head.values[j][row] : values[j - fixed][row];
    };
    for (const std::size_t row : head.value_rows) {
      for (std::size_t j = 0; j < count; ++j) entries[j] = value_of(j, row).centre();
      Form mean(weighted_mean(weights, entries));
      for (std::size_t variable = 0; variable < variables; ++variable) {
        bool moves = false;
        for (std::size_t j = 0; j < count; ++j) {
          const Form& value = value_of(j, row);
          entries[j] = slope_of(value, variable);
          moves = moves || variable < value.slopes().size();
        }
        if (moves) mean.add_slope(variable, weighted_mean(weights, entries));
      }
      result[i][row] += mean;
    }
  }
}

void BoxModel::advance(const BoxLayer& layer, std::vector<FormToken>& Z, std::size_t variables) const {
  std::vector<FormToken> result = Z;
  for (const BoxHead& head : layer.heads) attend(head, Z, variables, result);
  Z = std::move(result);
  if (!layer.W_1) return;
  for (FormToken& token : Z) {
    FormToken hidden = (*layer.W_1)(token);
    for (std::size_t h = 0; h < hidden.size(); ++h) hidden[h] = (hidden[h] + layer.b_1[h]).positive_part();
    const FormToken added = (*layer.W_2)(hidden);
    for (std::size_t row = 0; row < token.size(); ++row) token[row] += added[row] + layer.b_2[row];
  }
}

std::vector<FormToken> BoxModel::operator()(const std::vector<FormToken>& X, std::size_t variables) const {
  std::vector<FormToken> Z = moving_;
  for (std::size_t i = 0; i < X.size(); ++i) {
    for (std::size_t c = 0; c < X[i].size(); ++c) Z[first_input_ + i][c] += X[i][c];
  }
  for (const BoxLayer& layer : layers_) advance(layer, Z, variables);
  std::vector<FormToken> result;
  for (std::size_t i = 0; i < X.size(); ++i) {
    const FormToken& token = Z[first_input_ + i];
    result.emplace_back(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(X[i].size()));
  }
  return result;
}

}  // namespace promptbound::checker
