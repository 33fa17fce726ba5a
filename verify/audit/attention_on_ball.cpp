#include <promptbound/numeric/error.hpp>
#include <promptbound/transformer/attention_means.hpp>
#include <promptbound/transformer/softmax.hpp>
#include <promptbound/verify/audit/attention_on_ball.hpp>
#include <promptbound/verify/audit/norm_enclosure.hpp>

namespace promptbound {
namespace {

FastInterval scalar_product(const Eigen::Ref<const Vector<FastInterval>>& a,
                            const Eigen::Ref<const Vector<FastInterval>>& b) {
  FastInterval result(0);
  for (Index k = 0; k < a.size(); ++k) result += a(k) * b(k);
  return result;
}

FastInterval vector_length(const Eigen::Ref<const Vector<FastInterval>>& a) {
  FastInterval squares(0);
  for (const FastInterval& x : a) squares += abs(x) * abs(x);
  return sqrt(squares);
}

Matrix<FastInterval> exact_intervals(const Matrix<double>& W) {
  return W.unaryExpr([](double x) { return FastInterval(x); });
}

/// Weighted sums over the keys of one query.
class RangedWeights {
 public:
  RangedWeights(const Vector<FastInterval>& on_ball,
                const Eigen::Ref<const Vector<FastInterval>>& at_centre) {
    FastInterval rest(1);
    for (Index t = 0; t < on_ball.size(); ++t) {
      below_.emplace_back(std::max(0.0, on_ball(t).lower()));
      rest -= FastInterval(below_.back().value());
      above_.emplace_back(on_ball(t));
      change_.emplace_back(abs(on_ball(t) - at_centre(t)));
      centre_.emplace_back(at_centre(t));
    }
    rest_ = UpperBound(rest);
  }
  /// sum_t p_t x_t, for every p on the ball.
  template <class Term>
  [[nodiscard]] UpperBound mean(Term term) const {
    UpperBound low, largest;
    for (std::size_t t = 0; t < below_.size(); ++t) {
      const UpperBound x = term(static_cast<Index>(t));
      low += below_[t] * x;
      largest = max(largest, x);
    }
    // What the weights have above their lower ends, in sum, may all go to the largest term.
    return min(bounded(above_, UpperBound(1), term), low + rest_ * largest);
  }
  /// sum_t |p_t - p_t at the centre| x_t.
  template <class Term>
  [[nodiscard]] UpperBound change(Term term) const {
    return bounded(change_, UpperBound(2), term);
  }
  template <class Term>
  [[nodiscard]] UpperBound mean_at_centre(Term term) const {
    return bounded(centre_, UpperBound(1), term);
  }

 private:
  template <class Term>
  static UpperBound bounded(const std::vector<UpperBound>& weights, const UpperBound& total, Term term) {
    UpperBound sum, largest;
    for (std::size_t t = 0; t < weights.size(); ++t) {
      const UpperBound x = term(static_cast<Index>(t));
      sum += weights[t] * x;
      largest = max(largest, x);
    }
    return min(sum, total * largest);
  }

  std::vector<UpperBound> below_, above_, change_, centre_;
  UpperBound rest_;
};

/// Throws where an independent expression of the same numbers does not meet them.
void require_same(const Matrix<FastInterval>& mine, const Matrix<FastInterval>& theirs, const char* what) {
  for (Index k = 0; k < mine.size(); ++k) {
    const FastInterval &a = mine.data()[k], &b = theirs.data()[k];
    if (certainly_less(a, b) || certainly_less(b, a)) {
      throw InputError(std::string("local constants: the model's ") + what +
                       " are not affine maps of the tokens with rotary positions (accepted: those)");
    }
  }
}

}  // namespace

CentredAttention::CentredAttention(const TrainedAttention& attention, const NormWeights* norm,
                                   const Sequence<FastInterval>& Z,
                                   const std::vector<ProjectedGroup<FastInterval>>& projections,
                                   const PromptJacobian* jacobian)
    : norm_(norm == nullptr ? NormOnBall(Z) : NormOnBall(*norm, Z)),
      mask_(attention.mask),
      tokens_(Z.cols()),
      width_(Z.rows()),
      scale_(FastInterval(1) / sqrt(FastInterval(attention.score_divisor))) {
  const Sequence<FastInterval> U = norm == nullptr ? Z : normalized(*norm, Z);
  Index columns = 0;
  for (const KeyGroup& group : attention.groups) {
    for (const auto& head : group.queries) columns += head.output.cols();
  }
  outputs_.resize(width_, columns);
  columns = 0;
  for (std::size_t g = 0; g < attention.groups.size(); ++g) {
    const KeyGroup& group = attention.groups[g];
    if (attention.rotary && !turns_) {
      turns_ = rotations<FastInterval>(*attention.rotary, group.key.W.rows(), tokens_);
    }
    for (std::size_t h = 0; h < group.queries.size(); ++h) {
      outputs_.middleCols(columns, group.queries[h].output.cols()) = group.queries[h].output;
      columns += group.queries[h].output.cols();
      add_head(group, group.queries[h], U, projections[g], h);
      if (jacobian != nullptr) add_jacobian(heads_.back(), *jacobian);
    }
  }
}

Index CentredAttention::visible(Index query) const { return visible_keys(mask_, query, tokens_); }

Matrix<FastInterval> CentredAttention::rotated_rows(const Matrix<FastInterval>& W, Index token,
                                                    bool back) const {
  if (!turns_) return W;
  Rotations<FastInterval> turn{turns_->cosines.col(token).replicate(1, W.cols()),
                               turns_->sines.col(token).replicate(1, W.cols())};
  if (back) turn.sines = -turn.sines;
  return rotated(turn, W);
}

Matrix<FastInterval> CentredAttention::scaled_query(const Head& head) const {
  return exact_intervals(head.of_query->query.W) * scale_;
}

Vector<FastInterval> CentredAttention::turned_query(const Head& head, Index key, Index query) const {
  const Matrix<double> transposed = head.group->key.W.transpose();
  return multiply(transposed, rotated_rows(head.queries.col(query), key, true));
}

Matrix<FastInterval> CentredAttention::covariance(const Head& head, Index query) const {
  const Index n = visible(query);
  Matrix<FastInterval> of_values = head.values.leftCols(n), of_keys = head.keys.leftCols(n);
  Vector<FastInterval> mean_key = Vector<FastInterval>::Constant(of_keys.rows(), FastInterval(0));
  for (Index t = 0; t < n; ++t) mean_key += head.weights(t, query) * of_keys.col(t);
  for (Index t = 0; t < n; ++t) {
    of_values.col(t) = (of_values.col(t) - head.means.col(query)) * head.weights(t, query);
    of_keys.col(t) -= mean_key;
  }
  return multiply<FastInterval>(of_values, of_keys.transpose());
}

void CentredAttention::add_head(const KeyGroup& group, const KeyGroup::QueryHead& of_query,
                                const Matrix<FastInterval>& U, const ProjectedGroup<FastInterval>& made,
                                std::size_t number) {
  Head& head = heads_.emplace_back();
  head.group = &group;
  head.of_query = &of_query;
  const auto turned = [&](const Matrix<FastInterval>& X) { return turns_ ? rotated(*turns_, X) : X; };
  require_same(turned(apply(of_query.query, U)), made.queries[number], "queries");
  require_same(turned(apply(group.key, U)), made.keys, "keys");
  require_same(apply(group.value, U), made.values, "values");
  head.queries = made.queries[number] * scale_;
  head.keys = made.keys;
  head.values = made.values;
  head.outputs = multiply(of_query.output, head.values);
  head.query.norm = norm_.norm_behind(BallMatrix::around(scaled_query(head)));
  head.key.norm = norm_.norm_behind(group.key.W);
  head.value.norm = norm_.norm_behind(group.value.W);
  head.output_norm = UpperBound(norm_enclosure(BallMatrix(of_query.output)));
  const Matrix<double> output = of_query.output.transpose();
  head.output_value_norm =
      UpperBound(product_norm(BallMatrix(output), times_diagonal(group.value.W, norm_.gain())));
  head.scores = head.weights = Matrix<FastInterval>::Constant(tokens_, tokens_, FastInterval(0));
  head.means.resize(head.values.rows(), tokens_);
  head.key_distance = head.output_distance = head.turned_query = UpperBounds(tokens_, tokens_);
  for (Index i = 0; i < tokens_; ++i) {
    const Index n = visible(i);
    Vector<FastInterval> scores(n);
    for (Index t = 0; t < n; ++t) scores(t) = scalar_product(head.keys.col(t), head.queries.col(i));
    const Vector<FastInterval> weights = softmax(scores);
    Vector<FastInterval> mean_key = Vector<FastInterval>::Constant(head.keys.rows(), FastInterval(0));
    Vector<FastInterval> mean = mean_key;
    Vector<FastInterval> output_mean = Vector<FastInterval>::Constant(width_, FastInterval(0));
    mean = Vector<FastInterval>::Constant(head.values.rows(), FastInterval(0));
    for (Index t = 0; t < n; ++t) {
      head.scores(t, i) = scores(t);
      head.weights(t, i) = weights(t);
      mean_key += weights(t) * head.keys.col(t);
      mean += weights(t) * head.values.col(t);
      output_mean += weights(t) * head.outputs.col(t);
    }
    head.means.col(i) = mean;
    for (Index t = 0; t < n; ++t) {
      head.key_distance(t, i) = UpperBound(vector_length(head.keys.col(t) - mean_key));
      head.output_distance(t, i) = UpperBound(vector_length(head.outputs.col(t) - output_mean));
      if (t > 0 && !turns_) {
        head.turned_query(t, i) = head.turned_query(0, i);
        continue;
      }
      Vector<FastInterval> y = turned_query(head, t, i);
      for (Index k = 0; k < width_; ++k) y(k) *= FastInterval(norm_.gain()(k));
      head.turned_query(t, i) = UpperBound(vector_length(y));
    }
    head.query_norm.emplace_back(vector_length(head.queries.col(i)));
    head.covariance.push_back(head.output_norm * head.query.norm *
                              UpperBound(norm_enclosure(BallMatrix::around(covariance(head, i)))));
  }
}

void CentredAttention::add_jacobian(Head& head, const PromptJacobian& jacobian) {
  const Index m = jacobian.prompt_tokens;
  const auto project = [&](Projection& projection, const Matrix<FastInterval>& W, bool turns) {
    projection.by_prompt = empty_norms(tokens_, m);
    std::vector<BallMatrix> result;
    for (Index t = 0; t < tokens_; ++t) {
      const BallMatrix normed =
          BallMatrix::around(turns ? rotated_rows(W, t, false) : W) * norm_.derivative(t);
      projection.normed.emplace_back(norm_enclosure(normed));
      result.push_back(normed * jacobian.of_token(t, width_));
      set_norms(projection.by_prompt, t, result.back());
    }
    return result;
  };
  const std::vector<BallMatrix> queries = project(head.query, scaled_query(head), true);
  const std::vector<BallMatrix> keys = project(head.key, exact_intervals(head.group->key.W), true);
  (void)project(head.value, exact_intervals(head.group->value.W), false);
  for (Index i = 0; i < tokens_; ++i) {
    const Index n = visible(i), columns = queries[place(i)].cols();
    Matrix<FastInterval> distances(n, head.keys.rows()), centring(n, n);
    Vector<FastInterval> mean_key = Vector<FastInterval>::Constant(head.keys.rows(), FastInterval(0));
    for (Index t = 0; t < n; ++t) mean_key += head.weights(t, i) * head.keys.col(t);
    for (Index t = 0; t < n; ++t) {
      distances.row(t) = (head.keys.col(t) - mean_key).transpose();
      for (Index k = 0; k < n; ++k) centring(t, k) = FastInterval(t == k ? 1 : 0) - head.weights(k, i);
    }
    Matrix<double> mid(n, columns), rad(n, columns);
    const BallMatrix query = BallMatrix::around(head.queries.col(i).transpose());
    for (Index t = 0; t < n; ++t) {
      const BallMatrix row = query * keys[place(t)];
      mid.row(t) = row.mid();
      rad.row(t) = row.rad();
    }
    const BallMatrix scores = BallMatrix::around(centring) *
                              sum_of(BallMatrix::around(distances) * queries[place(i)], BallMatrix(mid, rad));
    DerivativeNorms& norms = head.scores_by_prompt.emplace_back(empty_norms(n, m));
    for (Index t = 0; t < n; ++t) set_norms(norms, t, BallMatrix(scores.mid().row(t), scores.rad().row(t)));
  }
}

BallMatrix CentredAttention::derivative(Index token) const {
  const Index n = visible(token);
  Matrix<double> mid(width_, n * width_), rad(width_, n * width_);
  const BallMatrix outputs(outputs_);
  for (Index t = 0; t < n; ++t) {
    Matrix<FastInterval> stack(outputs_.cols(), width_);
    Index row = 0;
    for (const Head& head : heads_) {
      const Index s = head.values.rows();
      const FastInterval& p = head.weights(t, token);
      const Vector<FastInterval> y = turned_query(head, t, token);
      const Vector<FastInterval> away = (head.values.col(t) - head.means.col(token)) * p;
      Matrix<FastInterval> rows = exact_intervals(head.group->value.W) * p + away * y.transpose();
      if (t == token) {
        rows +=
            multiply<FastInterval>(covariance(head, token), rotated_rows(scaled_query(head), token, false));
      }
      stack.middleRows(row, s) = rows;
      row += s;
    }
    const BallMatrix block = outputs * BallMatrix::around(stack) * norm_.derivative(t);
    mid.middleCols(t * width_, width_) = block.mid();
    rad.middleCols(t * width_, width_) = block.rad();
  }
  return {std::move(mid), std::move(rad)};
}

CentredAttention::Ranges CentredAttention::ranges(const Projection& projection, const OnBall& ball) const {
  Ranges result;
  const Index m = ball.error.cols();
  result.error = UpperBounds(tokens_, m);
  for (Index t = 0; t < tokens_; ++t) {
    const UpperBound& deviation = ball.deviation[place(t)];
    UpperBound moved = projection.norm * norm_.moved(t, deviation);
    if (m > 0) {
      const UpperBound change = projection.norm * norm_.change(t, deviation);
      UpperBound sum = projection.by_prompt.whole[place(t)];
      for (Index j = 0; j < m; ++j) {
        result.error(t, j) = projection.normed[place(t)] * ball.error(t, j) + change * ball.size(t, j);
        sum += result.error(t, j);
      }
      moved = min(moved, sum * ball.radius);
    }
    result.moved.push_back(moved);
  }
  return result;
}

std::vector<UpperBound> CentredAttention::score_ranges(const Head& head, Index query, const OnBall& ball,
                                                       const Ranges& queries, const Ranges& keys) const {
  const Index n = visible(query), m = ball.error.cols();
  const UpperBound &moved_query = queries.moved[place(query)], &at_centre = head.query_norm[place(query)];
  // <q + dq, k_t + dk_t> - <q, k_t> = <dq, k_t - kappa> + <q + dq, dk_t> + what is the same for all t.
  std::vector<UpperBound> result;
  for (Index t = 0; t < n; ++t) {
    result.push_back(head.key_distance(t, query) * moved_query +
                     (at_centre + moved_query) * keys.moved[place(t)]);
  }
  if (m == 0) return result;
  std::vector<UpperBound> sums;
  for (Index t = 0; t < n; ++t) sums.push_back(head.scores_by_prompt[place(query)].whole[place(t)]);
  for (Index j = 0; j < m; ++j) {
    std::vector<UpperBound> errors;
    UpperBound mean;
    for (Index t = 0; t < n; ++t) {
      errors.push_back((head.key_distance(t, query) + keys.moved[place(t)]) * queries.error(query, j) +
                       keys.moved[place(t)] * head.query.by_prompt.blocks(query, j) +
                       (at_centre + moved_query) * keys.error(t, j) +
                       moved_query * head.key.by_prompt.blocks(t, j));
      mean += UpperBound(head.weights(t, query)) * errors.back();
    }
    for (Index t = 0; t < n; ++t) sums[place(t)] += errors[place(t)] + mean;
  }
  for (Index t = 0; t < n; ++t) result[place(t)] = min(result[place(t)], sums[place(t)] * ball.radius);
  return result;
}

void CentredAttention::add_on_ball(const Head& head, const OnBall& ball, const UpperBounds& x,
                                   MapOnBall& result) const {
  const Ranges queries = ranges(head.query, ball), keys = ranges(head.key, ball),
               values = ranges(head.value, ball);
  std::vector<UpperBound> outputs, slope,
      change;  // outputs: how far W_O times the values are from the centre
  for (Index t = 0; t < tokens_; ++t) {
    const UpperBound& deviation = ball.deviation[place(t)];
    outputs.push_back(
        min(head.output_norm * values.moved[place(t)], head.output_value_norm * norm_.moved(t, deviation)));
    slope.push_back(norm_.slope(t, deviation));
    change.push_back(norm_.change(t, deviation));
  }
  for (Index i = 0; i < tokens_; ++i) {
    const Index n = visible(i);
    const std::vector<UpperBound> reach = score_ranges(head, i, ball, queries, keys);
    Vector<FastInterval> scores(n);
    for (Index t = 0; t < n; ++t) {
      scores(t) = head.scores(t, i) + FastInterval(-reach[place(t)].value(), reach[place(t)].value());
    }
    const RangedWeights weights(softmax(scores), head.weights.col(i).head(n));
    const auto of_key = [&](Index t) { return keys.moved[place(t)]; };
    const auto of_output = [&](Index t) { return outputs[place(t)]; };
    const auto key_distance = [&](Index t) { return head.key_distance(t, i); };
    const auto output_distance = [&](Index t) { return head.output_distance(t, i); };
    const auto square = [](const UpperBound& a) { return a * a; };
    // How far the means are from those of the centre, and C_i.
    const UpperBound mean_output = weights.mean(of_output) + weights.change(output_distance);
    const UpperBound mean_key = weights.mean(of_key) + weights.change(key_distance);
    const UpperBound covariance_change = weights.change([&](Index t) {
      return output_distance(t) * key_distance(t);
    }) + weights.mean([&](Index t) {
      return of_output(t) * (key_distance(t) + of_key(t)) + output_distance(t) * of_key(t);
    }) + mean_output * mean_key;
    const UpperBound output_spread =
        sqrt(weights.mean([&](Index t) { return square(output_distance(t) + of_output(t)); }));
    const UpperBound key_spread =
        sqrt(weights.mean([&](Index t) { return square(key_distance(t) + of_key(t)); }));
    // How far y_it is from its value at the centre, with the gain.
    const UpperBound turned = head.key.norm * queries.moved[place(i)];
    const auto at_centre = [&](Index t) {
      return head.output_value_norm + output_distance(t) * head.turned_query(t, i);
    };
    UpperBound largest_query;
    for (Index t = 0; t < n; ++t) largest_query = max(largest_query, head.turned_query(t, i) + turned);
    for (Index c = 0; c < x.cols(); ++c) {
      const auto normed = [&](Index t) { return slope[place(t)] * x(t, c); };
      const auto renormed = [&](Index t) { return change[place(t)] * x(t, c); };
      result.change(i, c) += weights.change([&](Index t) { return at_centre(t) * normed(t); }) +
                             weights.mean_at_centre([&](Index t) { return at_centre(t) * renormed(t); }) +
                             weights.mean([&](Index t) {
                               return ((of_output(t) + mean_output) * (head.turned_query(t, i) + turned) +
                                       output_distance(t) * turned) *
                                      normed(t);
                             }) +
                             covariance_change * head.query.norm * normed(i) +
                             head.covariance[place(i)] * renormed(i);
      UpperBound largest;
      for (Index t = 0; t < n; ++t) largest = max(largest, normed(t));
      result.plain(i, c) += weights.mean([&](Index t) { return head.output_value_norm * normed(t); }) +
                            output_spread * largest_query * largest +
                            output_spread * key_spread * head.query.norm * normed(i);
    }
    result.moved[place(i)] += mean_output;
  }
}

MapOnBall CentredAttention::on_ball(const OnBall& ball, const UpperBounds& x) const {
  MapOnBall result{UpperBounds(x.rows(), x.cols()), UpperBounds(x.rows(), x.cols()),
                   std::vector<UpperBound>(place(tokens_))};
  for (const Head& head : heads_) add_on_ball(head, ball, x, result);
  return result;
}

}  // namespace promptbound
