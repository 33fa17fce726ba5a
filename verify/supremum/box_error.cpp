#include <promptbound/verify/supremum/box_error.hpp>

#include <algorithm>
#include <map>
#include <optional>

#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/transformer/attention_means.hpp>
#include <promptbound/transformer/layer_loop.hpp>
#include <promptbound/verify/supremum/softmax_mean.hpp>
#include <promptbound/verify/supremum/static_prompt.hpp>

namespace promptbound {
namespace {

template <class S>
using Forms = Matrix<LinearForm<S>>;

template <class S>
bool is_exactly_zero(const S& x) {
  return lower_end(x) == 0 && upper_end(x) == 0;
}

/// A matrix without its zeros: most weights of the constructions are zero.
template <class S>
class SparseMatrix {
 public:
  explicit SparseMatrix(const Matrix<Rational>& M) : rows_(static_cast<std::size_t>(M.rows())) {
    for (Index row = 0; row < M.rows(); ++row) {
      for (Index column = 0; column < M.cols(); ++column) {
        if (M(row, column) == 0) continue;
        rows_[static_cast<std::size_t>(row)].push_back({column, from_rational<S>(M(row, column))});
      }
    }
  }

  friend Forms<S> multiply(const SparseMatrix& W, const Forms<S>& Z) {
    Forms<S> result(static_cast<Index>(W.rows_.size()), Z.cols());
    for (std::size_t row = 0; row < W.rows_.size(); ++row) {
      for (Index token = 0; token < Z.cols(); ++token) {
        LinearForm<S>& sum = result(static_cast<Index>(row), token);
        for (const Entry& entry : W.rows_[row]) {
          LinearForm<S> term = Z(entry.column, token);
          sum += term *= entry.value;
        }
      }
    }
    return result;
  }

 private:
  struct Entry {
    Index column;
    S value;
  };
  std::vector<std::vector<Entry>> rows_;
};

template <class S>
struct CompiledHead {
  SparseMatrix<S> W_Q, W_K, W_V;
  std::optional<SparseMatrix<S>> W_O;
  /// Of the prompt, where it is static, without repetition: one row a key that `count` tokens have.
  Matrix<S> keys, values;
  std::vector<S> count;
  std::vector<S> value_range;  ///< of each column of values
};

/// A key with a smaller share of the softmax all over a box is dropped from there on.
constexpr double negligible_share = 0x1p-40;

template <class S>
struct CompiledBlock {
  SparseMatrix<S> W_1, W_2;
  Vector<LinearForm<S>> b_1, b_2;
};

template <class S>
struct CompiledLayer {
  std::vector<CompiledHead<S>> heads;
  std::optional<CompiledBlock<S>> ffn;
};

/// The weights of one query over the selected keys and then the first `visible` moving ones, up to a common
/// factor: exp of the score minus that of the key which is best at the centre, whose weight is 1 for each
/// token that has it. Differences are formed slope by slope, so that what keys have in common cancels.
template <class S>
std::vector<S> relative_weights(const CompiledHead<S>& head, const std::vector<std::uint32_t>& selected,
                                const Forms<S>& moving_keys, Index visible, const Forms<S>& queries,
                                Index query, std::size_t variables) {
  const std::size_t fixed = selected.size();
  const std::size_t count = fixed + static_cast<std::size_t>(visible);
  // scores[0]: at the centre; scores[1 + i]: along variable i.
  std::vector<std::vector<S>> scores(1 + variables, std::vector<S>(count, S(0)));
  const auto part = [](const LinearForm<S>& form, std::size_t column) -> S {
    if (column == 0) return form.centre();
    return column <= form.slopes().size() ? form.slopes()[column - 1] : S(0);
  };
  for (Index a = 0; a < queries.rows(); ++a) {
    for (std::size_t column = 0; column <= variables; ++column) {
      const S factor = part(queries(a, query), column);
      if (is_exactly_zero(factor)) continue;
      for (std::size_t j = 0; j < fixed; ++j) {
        const S& key = head.keys(static_cast<Index>(selected[j]), a);
        if (!is_exactly_zero(key)) scores[column][j] += key * factor;
      }
    }
  }
  for (Index j = 0; j < visible; ++j) {
    LinearForm<S> score;
    for (Index a = 0; a < queries.rows(); ++a) score += moving_keys(a, j) * queries(a, query);
    for (std::size_t column = 0; column <= variables; ++column) {
      scores[column][fixed + static_cast<std::size_t>(j)] = part(score, column);
    }
  }
  std::size_t best = 0;
  for (std::size_t j = 1; j < count; ++j) {
    if (upper_end(scores[0][j]) > upper_end(scores[0][best])) best = j;
  }
  std::vector<S> weights(count, S(1));
  for (std::size_t j = 0; j < count; ++j) {
    if (j != best) {
      S difference = scores[0][j] - scores[0][best];
      for (std::size_t column = 1; column <= variables; ++column) {
        const S slope = scores[column][j] - scores[column][best];
        difference += hull(-slope, slope);
      }
      weights[j] = exp(difference);
    }
    if (j < fixed) weights[j] *= head.count[selected[j]];
  }
  return weights;
}

/// The selection without the keys of negligible weight. The total is at least 1, so a weight bounds its
/// share.
template <class S>
KeySelection::Query refine(const KeySelection::Query& selection, const std::vector<S>& weights) {
  KeySelection::Query result;
  FastInterval dropped(selection.dropped);
  for (std::size_t j = 0; j < selection.keys.size(); ++j) {
    const double share = upper_end(weights[j]);
    if (share < negligible_share) {
      dropped += FastInterval(share);
    } else {
      result.keys.push_back(selection.keys[j]);
    }
  }
  result.dropped = dropped.upper();
  return result;
}

/// W_V sum_j p_j z_j as forms: the mean of the centres, and of every slope. With a share s <= dropped of
/// other keys, of values within [v], the mean is off by s ([v] - mean).
template <class S>
void average_values(const CompiledHead<S>& head, const KeySelection::Query& selection,
                    const Forms<S>& moving_values, Index visible, const std::vector<S>& weights,
                    std::size_t variables, Forms<S>& result, Index query) {
  const SoftmaxMean<S> mean(weights);
  const S share = hull(S(0), S(selection.dropped));
  const std::size_t fixed = selection.keys.size();
  std::vector<S> values(weights.size(), S(0));
  for (Index row = 0; row < moving_values.rows(); ++row) {
    for (std::size_t j = 0; j < fixed; ++j) {
      values[j] = head.values(static_cast<Index>(selection.keys[j]), row);
    }
    for (Index j = 0; j < visible; ++j) {
      values[fixed + static_cast<std::size_t>(j)] = moving_values(row, j).centre();
    }
    const S centre = mean(values);
    LinearForm<S>& form = result(row, query);
    form = LinearForm<S>(centre);
    if (selection.dropped > 0) {
      const S others = head.value_range[static_cast<std::size_t>(row)];
      form = LinearForm<S>(S(centre + share * (others - centre)));
    }
    std::fill(values.begin(), values.end(), S(0));
    for (std::size_t i = 0; i < variables; ++i) {
      bool any = false;
      for (Index j = 0; j < visible; ++j) {
        const auto& slopes = moving_values(row, j).slopes();
        S& slope = values[fixed + static_cast<std::size_t>(j)];
        slope = i < slopes.size() ? slopes[i] : S(0);
        any = any || !is_exactly_zero(slope);
      }
      if (any) form.add_slope(i, mean(values) * (S(1) - share));
    }
  }
}

/// W applied to the states: one row a token.
template <class S>
Matrix<S> projected(const Matrix<Rational>& W, const Matrix<Interval>& states) {
  const Matrix<Interval> columns = multiply(from_rational<Interval>(W), states);
  return columns.transpose().unaryExpr([](const Interval& x) { return S(x); });
}

/// Gives the head the prompt's keys and values. Tokens with the same enclosures of both count as one: the sum
/// of their weights and the mean of their values are in the enclosures times their number.
template <class S>
void set_prompt(CompiledHead<S>& head, const Matrix<S>& keys, const Matrix<S>& values) {
  std::map<std::vector<double>, std::pair<Index, int>> distinct;  // ends -> first token, number of tokens
  for (Index token = 0; token < keys.rows(); ++token) {
    std::vector<double> ends;
    for (const Matrix<S>* part : {&keys, &values}) {
      for (Index column = 0; column < part->cols(); ++column) {
        ends.push_back(lower_end((*part)(token, column)));
        ends.push_back(upper_end((*part)(token, column)));
      }
    }
    // Rounded to binary64, the ends of multiple-precision enclosures tell nothing apart.
    if constexpr (!std::is_same_v<S, FastInterval>) ends.push_back(static_cast<double>(token));
    ++distinct.try_emplace(std::move(ends), token, 0).first->second.second;
  }
  std::vector<std::pair<Index, int>> kept;
  kept.reserve(distinct.size());
  for (const auto& entry : distinct) kept.push_back(entry.second);
  std::sort(kept.begin(), kept.end());
  head.keys.resize(static_cast<Index>(kept.size()), keys.cols());
  head.values.resize(static_cast<Index>(kept.size()), values.cols());
  head.count.clear();
  for (std::size_t k = 0; k < kept.size(); ++k) {
    head.keys.row(static_cast<Index>(k)) = keys.row(kept[k].first);
    head.values.row(static_cast<Index>(k)) = values.row(kept[k].first);
    head.count.push_back(S(kept[k].second));
  }
  for (Index column = 0; column < values.cols(); ++column) {
    S range = values(0, column);
    for (const S& value : values.col(column)) range = hull(range, value);
    head.value_range.push_back(range);
  }
}

}  // namespace

void ApproximationProblem::check() const {
  model.check_shapes();
  const auto need = [&](bool holds, const std::string& what) {
    if (!holds) throw InputError(what);
  };
  need(prompt.cols() == 0 || prompt.rows() == model.width, "prompt: tokens of the model's width are needed");
  need(tokens.rows() == model.width, "tokens: tokens of the model's width are needed");
  need(tokens.cols() == target.L, "tokens: as many as the target's L are needed");
  need(target.d <= model.width, "target: d is larger than the model's width");
}

template <class S>
struct BoxError<S>::Compiled {
  std::vector<CompiledLayer<S>> layers;
  Matrix<S> start;  ///< tokens that move with the input, before it is added
  Index first = 0;  ///< the first of them that is an input position
  Mask mask = Mask::bidirectional;
  Target target;
  KeySelection all_keys;

  explicit Compiled(const ApproximationProblem& problem) : mask(problem.model.mask), target(problem.target) {
    problem.check();
    const auto states = static_prompt(problem.model, problem.prompt);
    const Matrix<Rational> moving = states ? problem.tokens : concatenate(problem.prompt, problem.tokens);
    first = moving.cols() - problem.tokens.cols();
    start = from_rational<S>(moving);
    for (std::size_t l = 0; l < problem.model.layers.size(); ++l) {
      const Layer<Rational>& layer = problem.model.layers[l];
      CompiledLayer<S>& made = layers.emplace_back();
      for (const AttentionHead<Rational>& head : layer.heads) {
        std::optional<SparseMatrix<S>> W_O;
        if (head.W_O) W_O.emplace(*head.W_O);
        made.heads.push_back({SparseMatrix<S>(head.W_Q),
                              SparseMatrix<S>(head.W_K),
                              SparseMatrix<S>(head.W_V),
                              std::move(W_O),
                              {},
                              {},
                              {},
                              {}});
        if (!states || problem.prompt.cols() == 0) continue;
        const WorkingPrecision scope(prompt_bits);
        set_prompt(made.heads.back(), projected<S>(head.W_K, (*states)[l]),
                   projected<S>(head.W_V, (*states)[l]));
      }
      if (layer.ffn) {
        made.ffn = CompiledBlock<S>{SparseMatrix<S>(layer.ffn->W_1), SparseMatrix<S>(layer.ffn->W_2),
                                    forms(layer.ffn->b_1), forms(layer.ffn->b_2)};
      }
    }
    const std::size_t attending = attending_layers(layers);
    for (std::size_t l = 0; l < attending; ++l) {
      for (const CompiledHead<S>& head : layers[l].heads) {
        KeySelection::Query every;
        for (std::uint32_t j = 0; j < head.keys.rows(); ++j) every.keys.push_back(j);
        for (Index i = l + 1 == attending ? first : 0; i < start.cols(); ++i)
          all_keys.queries.push_back(every);
      }
    }
  }

  [[nodiscard]] static Vector<LinearForm<S>> forms(const Vector<Rational>& b) {
    return b.unaryExpr([](const Rational& x) { return LinearForm<S>(from_rational<S>(x)); });
  }

  /// What a head adds at the positions from `from` on; `next` is the first of its queries in the selection.
  [[nodiscard]] Forms<S> attend(const CompiledHead<S>& head, const Forms<S>& Z, Index from,
                                std::size_t variables, const KeySelection& selection, std::size_t& next,
                                KeySelection* refined) const {
    const Forms<S> queries = multiply(head.W_Q, Forms<S>(Z.rightCols(Z.cols() - from)));
    const Forms<S> keys = multiply(head.W_K, Z);
    const Forms<S> values = multiply(head.W_V, Z);
    Forms<S> means(values.rows(), queries.cols());
    for (Index i = 0; i < queries.cols(); ++i) {
      const Index visible = visible_keys(mask, from + i, Z.cols());
      const KeySelection::Query& selected = selection.queries[next++];
      const std::vector<S> weights =
          relative_weights(head, selected.keys, keys, visible, queries, i, variables);
      average_values(head, selected, values, visible, weights, variables, means, i);
      if (refined != nullptr) refined->queries.push_back(refine(selected, weights));
    }
    return head.W_O ? multiply(*head.W_O, means) : means;
  }
};

template <class S>
BoxError<S>::BoxError(const ApproximationProblem& problem) : compiled_(std::make_unique<Compiled>(problem)) {}
template <class S>
BoxError<S>::~BoxError() = default;
template <class S>
BoxError<S>::BoxError(BoxError&&) noexcept = default;

template <class S>
const KeySelection& BoxError<S>::all_keys() const {
  return compiled_->all_keys;
}

template <class S>
Matrix<LinearForm<S>> BoxError<S>::operator()(const Box& box, const KeySelection& keys,
                                              KeySelection* refined) const {
  const Compiled& model = *compiled_;
  std::size_t next_query = 0;
  const Index d = model.target.d, L = model.target.L;
  const bool is_point = std::all_of(box.radius.begin(), box.radius.end(), [](double r) { return r == 0; });
  const std::size_t variables = is_point ? 0 : box.centre.size();
  Forms<S> X(d, L);
  for (Index o = 0; o < d * L; ++o) {
    const auto i = static_cast<std::size_t>(o);
    const S centre(box.centre[i]);
    X(o % d, o / d) = is_point ? LinearForm<S>(centre) : LinearForm<S>(centre, S(box.radius[i]), i);
  }
  Forms<S> Z = model.start.unaryExpr([](const S& entry) { return LinearForm<S>(entry); });
  Z.block(0, model.first, d, L) += X;
  Z = through_layers(model.layers, std::move(Z), model.first,
                     [&](const CompiledHead<S>& head, const Forms<S>& tokens, Index from) {
                       return model.attend(head, tokens, from, variables, keys, next_query, refined);
                     });
  return Z.topRows(d) - evaluate(model.target, X);
}

template class BoxError<FastInterval>;
template class BoxError<Interval>;

}  // namespace promptbound
