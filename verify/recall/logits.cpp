#include <algorithm>
#include <cmath>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <promptbound/numeric/matrices/ball_matrix.hpp>
#include <promptbound/numeric/matrices/product_kernel.hpp>
#include <promptbound/transformer/affine.hpp>
#include <promptbound/verify/recall/ball_numbers.hpp>
#include <promptbound/verify/recall/logits.hpp>

namespace promptbound {
namespace {

/// Some rows of the table with what bounds their products.
struct Rows {
  Matrix<double> W;  ///< d x count
  Vector<double> bias;
  Vector<double> size, gained;  ///< at least ||w|| and ||g * w||

  Rows(Matrix<double> rows, Vector<double> biases, const Vector<double>& gain)
      : W(std::move(rows)), bias(std::move(biases)), size(W.cols()), gained(W.cols()) {
    for (Index j = 0; j < W.cols(); ++j) {
      size(j) = raised(W.col(j).norm());
      gained(j) = raised(gain.cwiseProduct(W.col(j)).norm());
    }
  }
};

/// The states at the positions asked for.
struct States {
  Matrix<double> mid;
  Matrix<double> core, post;  ///< cases x positions
  Vector<double> size;
  double largest_gain;

  [[nodiscard]] double radius(const Rows& rows, Index row, Index position, Index k,
                              const Rounding& rounding) const {
    const double d = static_cast<double>(mid.rows()), w = rows.size(row), reach = size(position);
    const double moved = rows.gained(row) * core(k, position) + w * post(k, position);
    // The midpoints' lower halves, and the rounding of this very product; then that of the evaluation.
    const double computed =
        w * reach * (gamma_bound(mid.rows()) + 0x1p-51) + (std::fabs(rows.bias(row)) + w * reach) * 0x1p-51;
    const double evaluated =
        gamma_above(d + 4, rounding.unit) *
            (w * (reach + largest_gain * core(k, position) + post(k, position)) + std::fabs(rows.bias(row))) +
        (d + 4) * rounding.tiny;
    return raised(moved + computed + evaluated);
  }
};

Matrix<double> products(const Rows& rows, const States& states) {
  Matrix<double> result = Matrix<double>::Zero(rows.W.cols(), states.mid.cols());
  add_product({rows.W.data(), rows.W.rows(), 1}, {states.mid.data(), 1, states.mid.rows()}, rows.W.cols(),
              states.mid.cols(), rows.W.rows(), false, result.data(), result.rows());
  return result;
}

FastInterval around(double mid, double radius) { return FastInterval(mid) + FastInterval(-radius, radius); }

/// Adds one more rival.
void add_rival(PositionLogits& position, std::size_t token, const FastInterval& logit) {
  if (logit.lower() > position.rival.lower()) position.rival_token = token;
  position.rival = max(position.rival, logit);
}

/// Before any rival has come: below all numbers.
PositionLogits before_rivals(const FastInterval& token) {
  PositionLogits position;
  position.token = token;
  position.rival = FastInterval(-unbounded);
  position.odds = FastInterval(1);
  return position;
}

void merge(PositionLogits& into, const PositionLogits& part) {
  if (part.rival.lower() > into.rival.lower())
    into.rival_token = part.rival_token;  // of equal ones the first
  into.rival = max(into.rival, part.rival);
  into.odds += part.odds - FastInterval(1);
  into.has_twin = into.has_twin || part.has_twin;
}

/// How many rows are converted at a time: some megabytes.
std::size_t chunk_rows(Index d) {
  return std::max<std::size_t>(64, (std::size_t{1} << 21) / static_cast<std::size_t>(d));
}

}  // namespace

std::vector<std::vector<PositionLogits>> compare_logits(const Unembedding& table, const NormedBalls& states,
                                                        const BallNorm& norm, const std::vector<Asked>& asked,
                                                        const std::vector<BallCase>& cases, int threads) {
  const Index d = states.mid.rows(), positions = static_cast<Index>(asked.size());
  const Index count = static_cast<Index>(cases.size());
  States at{Matrix<double>(d, positions), Matrix<double>(count, positions), Matrix<double>(count, positions),
            Vector<double>(positions), norm.largest_gain};
  std::vector<std::vector<PositionLogits>> result(asked.size());
  for (Index p = 0; p < positions; ++p) {
    const auto [column, token] = asked[static_cast<std::size_t>(p)];
    at.mid.col(p) = states.mid.hi.col(column);
    at.core.col(p) = states.core.col(column);
    at.post.col(p) = states.post.col(column);
    at.size(p) = states.size(column);
  }
  std::vector<Vector<double>> own_rows;
  std::vector<double> own_bias;
  for (Index p = 0; p < positions; ++p) {
    const std::size_t token = asked[static_cast<std::size_t>(p)].token;
    const Rows own(table.rows(token, 1), table.bias(token, 1), norm.weights.gain);
    own_rows.emplace_back(own.W.col(0));
    own_bias.push_back(own.bias(0));
    const double logit = own.W.col(0).dot(at.mid.col(p)) + own.bias(0);
    for (Index k = 0; k < count; ++k) {
      const double radius = at.radius(own, 0, p, k, cases[static_cast<std::size_t>(k)].rounding);
      result[static_cast<std::size_t>(p)].push_back(before_rivals(around(logit, radius)));
    }
  }
  const std::size_t step = chunk_rows(d), chunks = (table.count() + step - 1) / step;
  // Put together in their order, so that the last digits do not depend on the threads.
  std::vector<std::vector<std::vector<PositionLogits>>> parts(chunks);
  oneapi::tbb::task_arena arena(threads);
  const auto piece = [&](std::size_t chunk) {
    const std::size_t first = chunk * step, rows_here = std::min(step, table.count() - first);
    const Rows rows(table.rows(first, rows_here), table.bias(first, rows_here), norm.weights.gain);
    const Matrix<double> logits = products(rows, at);
    std::vector<std::vector<PositionLogits>>& part = parts[chunk];
    part.resize(asked.size());
    for (Index p = 0; p < positions; ++p) {
      const auto place = static_cast<std::size_t>(p);
      for (Index k = 0; k < count; ++k) {
        const FastInterval& own = result[place][static_cast<std::size_t>(k)].token;
        PositionLogits& here = part[place].emplace_back(before_rivals(own));
        for (Index row = 0; row < logits.rows(); ++row) {
          const std::size_t token = first + static_cast<std::size_t>(row);
          if (token == asked[place].token) continue;
          const double radius = at.radius(rows, row, p, k, cases[static_cast<std::size_t>(k)].rounding);
          const FastInterval logit = around(logits(row, p) + rows.bias(row), radius);
          add_rival(here, token, logit);
          if (k > 0) continue;
          here.odds += exp(logit - own);
          if (logit.upper() >= own.lower() && rows.bias(row) == own_bias[place] &&
              rows.W.col(row) == own_rows[place]) {
            here.has_twin = true;
          }
        }
      }
    }
  };
  arena.execute([&] { oneapi::tbb::parallel_for(std::size_t{0}, chunks, piece); });
  for (const auto& part : parts) {
    for (std::size_t p = 0; p < part.size(); ++p) {
      for (std::size_t k = 0; k < part[p].size(); ++k) merge(result[p][k], part[p][k]);
    }
  }
  return result;
}

std::vector<PositionLogits> compare_logits(const Unembedding& table, const Matrix<Interval>& states,
                                           const std::vector<Asked>& asked) {
  const Index positions = static_cast<Index>(asked.size());
  Matrix<Interval> at(states.rows(), positions);
  for (Index p = 0; p < positions; ++p) at.col(p) = states.col(asked[static_cast<std::size_t>(p)].column);
  const auto logits_of = [&](const Matrix<double>& columns, const Vector<double>& bias) {
    const Matrix<double> W = columns.transpose();
    Matrix<Interval> logits = multiply(W, at);
    for (Index p = 0; p < positions; ++p) {
      for (Index row = 0; row < logits.rows(); ++row) logits(row, p) += Interval(bias(row));
    }
    return logits;
  };
  // Differences are taken before anything is rounded to binary64.
  std::vector<Interval> own;
  std::vector<Matrix<double>> own_row;
  std::vector<Vector<double>> own_bias;
  std::vector<PositionLogits> result;
  for (Index p = 0; p < positions; ++p) {
    const std::size_t token = asked[static_cast<std::size_t>(p)].token;
    own_row.push_back(table.rows(token, 1));
    own_bias.push_back(table.bias(token, 1));
    own.push_back(logits_of(own_row.back(), own_bias.back())(0, p));
    result.push_back(before_rivals(FastInterval(0)));
  }
  const std::size_t step = chunk_rows(states.rows());
  for (std::size_t first = 0; first < table.count(); first += step) {
    const std::size_t rows_here = std::min(step, table.count() - first);
    const Matrix<double> rows = table.rows(first, rows_here);
    const Vector<double> bias = table.bias(first, rows_here);
    const Matrix<Interval> logits = logits_of(rows, bias);
    for (Index p = 0; p < positions; ++p) {
      const auto place = static_cast<std::size_t>(p);
      for (Index row = 0; row < logits.rows(); ++row) {
        const std::size_t token = first + static_cast<std::size_t>(row);
        if (token == asked[place].token) continue;
        const FastInterval above(logits(row, p) - own[place]);
        add_rival(result[place], token, above);
        result[place].odds += exp(above);
        if (above.contains(FastInterval(0)) && bias(row) == own_bias[place](0) &&
            rows.col(row) == own_row[place].col(0)) {
          result[place].has_twin = true;
        }
      }
    }
  }
  return result;
}

}  // namespace promptbound
