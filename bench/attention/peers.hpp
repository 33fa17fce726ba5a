/// What other libraries make of attention: blocks of rows, a matrix product, exp, a matrix product.
#pragma once

#include <cblas.h>

#include <Eigen/Dense>
#include <thread>

#include <promptbound/attention/arrays.hpp>

namespace promptbound::bench {

template <class T>
using Rows = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using ConstRows = Eigen::Map<const Rows<T>>;

inline void product(bool transpose_b, int m, int n, int k, float alpha, const float* a, const float* b,
                    int ldb, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, k, b,
              ldb, 0, c, n);
}
inline void product(bool transpose_b, int m, int n, int k, double alpha, const double* a, const double* b,
                    int ldb, double* c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, k, b,
              ldb, 0, c, n);
}

/// exp of scores minus their row's maximum, and the inverse sums, with Eigen's vector exp.
template <class T>
void soften(Rows<T>& scores, Eigen::Array<T, Eigen::Dynamic, 1>& inverse) {
  for (Eigen::Index i = 0; i < scores.rows(); ++i) {
    auto row = scores.row(i).array();
    row = (row - row.maxCoeff()).exp();
    inverse(i) = 1 / row.sum();
  }
}

/// Blocks of 64 query rows, spread over threads. Each thread has its own copy of `block`, which may keep
/// things from one block to the next.
template <class T, class Block>
void for_each_block(const AttentionArrays<T>& arrays, int threads, Block block) {
  constexpr Index rows = 64;
  const auto part = [&](int thread) {
    Block own = block;
    for (Index first = thread * rows; first < arrays.n; first += threads * rows)
      own(first, std::min(rows, arrays.n - first));
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(part, thread);
  part(0);
  for (std::thread& other : others) other.join();
}

template <class T>
void eigen_attention(const AttentionArrays<T>& arrays, int threads, T* out) {
  for_each_block(arrays, threads, [&](Index first, Index rows) {
    const ConstRows<T> q(arrays.q + first * arrays.d, rows, arrays.d), k(arrays.k, arrays.m, arrays.d),
        v(arrays.v, arrays.m, arrays.d_v);
    Rows<T> scores = (q * static_cast<T>(arrays.scale)) * k.transpose();
    Eigen::Array<T, Eigen::Dynamic, 1> inverse(rows);
    soften(scores, inverse);
    Eigen::Map<Rows<T>>(out + first * arrays.d_v, rows, arrays.d_v) =
        inverse.matrix().asDiagonal() * (scores * v);
  });
}

template <class T>
void openblas_attention(const AttentionArrays<T>& arrays, int threads, T* out) {
  for_each_block(arrays, threads, [&](Index first, Index rows) {
    Rows<T> scores(rows, arrays.m);
    Eigen::Array<T, Eigen::Dynamic, 1> inverse(rows);
    const auto m = static_cast<int>(arrays.m), d = static_cast<int>(arrays.d),
               d_v = static_cast<int>(arrays.d_v);
    product(true, static_cast<int>(rows), m, d, static_cast<T>(arrays.scale), arrays.q + first * arrays.d,
            arrays.k, d, scores.data());
    soften(scores, inverse);
    T* result = out + first * arrays.d_v;
    product(false, static_cast<int>(rows), d_v, m, T(1), scores.data(), arrays.v, d_v, result);
    Eigen::Map<Rows<T>>(result, rows, arrays.d_v).array().colwise() *= inverse;
  });
}

}  // namespace promptbound::bench
