/// The map of an attention block, its norm included, around a sequence of tokens (theory 3.4).
///
/// Of one head, u being what the norm puts out, queries q_i (divided by sqrt(s)) and keys k_t with rotary
/// positions, v_t = W_O times a value, p_it the weights, o_i = sum_t p_it v_t, kappa_i = sum_t p_it k_t:
///   do_i = sum_t p_it (W_O W_V + (v_t - o_i) y_it^T) du_t + C_i W_Q du_i,
///   y_it = W_K^T q_i,  C_i = sum_t p_it (v_t - o_i)(k_t - kappa_i)^T   (W_Q and W_K rotated).
/// Sums with weights p_it, of which each lies in an enclosed range and all of which have the sum 1, are at
/// most those with the lower ends, the rest of the weights on the largest term; sums with |p_it - p_it at the
/// centre| are at most twice the largest term.
#pragma once

#include <promptbound/transformer/trained_layer.hpp>
#include <promptbound/verify/audit/norm_on_ball.hpp>

namespace promptbound {

class CentredAttention : public CentredMap {
 public:
  /// Takes the tokens Z that enter and their projections, with the block's norm where that stands before it.
  /// The weights must outlive this object's calls of derivative() only. Throws InputError where the
  /// projections are not W u + b, rotated: then the layer has something that is not modelled here.
  CentredAttention(const TrainedAttention& attention, const NormWeights* norm,
                   const Sequence<FastInterval>& Z,
                   const std::vector<ProjectedGroup<FastInterval>>& projections,
                   const PromptJacobian* jacobian);
  [[nodiscard]] BallMatrix derivative(Index token) const override;
  [[nodiscard]] Index first_source(Index) const override { return 0; }
  [[nodiscard]] MapOnBall on_ball(const OnBall& ball, const UpperBounds& x) const override;

 private:
  /// q, k or v of one head: how changes of tokens reach them.
  struct Projection {
    UpperBound norm;                 ///< of W diag(gain)
    std::vector<UpperBound> normed;  ///< of W N, by token; with a Jacobian only, as the next
    DerivativeNorms by_prompt;
  };
  struct Head {
    const KeyGroup* group;
    const KeyGroup::QueryHead* of_query;
    Matrix<FastInterval> queries, keys, values, outputs;  ///< outputs: W_O times the values
    Matrix<FastInterval> weights;                         ///< (key, query)
    Matrix<FastInterval> means;                           ///< of the values, by query
    Matrix<FastInterval> scores;                          ///< (key, query)
    Projection query, key, value;
    UpperBound output_norm, output_value_norm;       ///< ||W_O||, ||W_O W_V diag(gain)||
    UpperBounds key_distance, output_distance;       ///< from their means at the centre: (key, query)
    UpperBounds turned_query;                        ///< ||diag(gain) y||: (key, query)
    std::vector<UpperBound> query_norm, covariance;  ///< ||q_i||, ||C_i W_Q diag(gain)||
    std::vector<DerivativeNorms>
        scores_by_prompt;  ///< by query: of each score, minus what all have in common
  };
  /// How far q, k or v is from its value at the centre, and its derivatives from theirs.
  struct Ranges {
    std::vector<UpperBound> moved;
    UpperBounds error;
  };
  /// Returns y_it without the gain: W_K^T times the query turned back to the key's position.
  [[nodiscard]] Vector<FastInterval> turned_query(const Head& head, Index key, Index query) const;
  [[nodiscard]] Matrix<FastInterval> rotated_rows(const Matrix<FastInterval>& W, Index token,
                                                  bool back) const;
  [[nodiscard]] Matrix<FastInterval> covariance(const Head& head, Index query) const;
  [[nodiscard]] Matrix<FastInterval> scaled_query(const Head& head) const;
  void add_head(const KeyGroup& group, const KeyGroup::QueryHead& of_query, const Matrix<FastInterval>& U,
                const ProjectedGroup<FastInterval>& made, std::size_t number);
  void add_jacobian(Head& head, const PromptJacobian& jacobian);
  [[nodiscard]] Ranges ranges(const Projection& projection, const OnBall& ball) const;
  [[nodiscard]] std::vector<UpperBound> score_ranges(const Head& head, Index query, const OnBall& ball,
                                                     const Ranges& queries, const Ranges& keys) const;
  void add_on_ball(const Head& head, const OnBall& ball, const UpperBounds& x, MapOnBall& result) const;
  [[nodiscard]] Index visible(Index query) const;

  NormOnBall norm_;
  Mask mask_;
  Index tokens_, width_;
  FastInterval scale_;
  std::optional<Rotations<FastInterval>> turns_;
  Matrix<double> outputs_;  ///< W_O of all heads side by side
  std::vector<Head> heads_;
};

}  // namespace promptbound
