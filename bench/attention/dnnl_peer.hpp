/// Attention of oneDNN's primitives, made once a thread for blocks of 64 rows. oneDNN 2 has no binary64 on
/// processors.
#pragma once

#include <dnnl.hpp>
#include <optional>

#include "peers.hpp"

extern "C" void omp_set_num_threads(int);

namespace promptbound::bench {

/// Scores, softmax and outputs of a block of rows.
class DnnlBlock {
  using Tag = dnnl::memory::format_tag;

 public:
  DnnlBlock(const AttentionArrays<float>& arrays, Index rows)
      : arrays_(arrays),
        q_(matrix(rows, arrays.d)),
        k_(matrix(arrays.d, arrays.m, Tag::ba)),
        v_(matrix(arrays.m, arrays.d_v)),
        out_(matrix(rows, arrays.d_v)),
        scores_(matrix(rows, arrays.m), engine_) {
    dnnl::primitive_attr scaled;
    scaled.set_output_scales(0, {static_cast<float>(arrays.scale)});
    const dnnl::memory::desc scores = scores_.get_desc();
    multiply_ = dnnl::matmul({{q_, k_, scores}, scaled, engine_});
    soften_ = dnnl::softmax_forward({{dnnl::prop_kind::forward_inference, scores, 1}, engine_});
    average_ = dnnl::matmul({{scores, v_, out_}, engine_});
  }

  void run(Index first, float* out) {
    dnnl::memory q(q_, engine_, entries(arrays_.q + first * arrays_.d)), k(k_, engine_, entries(arrays_.k)),
        v(v_, engine_, entries(arrays_.v)), result(out_, engine_, out + first * arrays_.d_v);
    multiply_.execute(stream_, {{DNNL_ARG_SRC, q}, {DNNL_ARG_WEIGHTS, k}, {DNNL_ARG_DST, scores_}});
    soften_.execute(stream_, {{DNNL_ARG_SRC, scores_}, {DNNL_ARG_DST, scores_}});
    average_.execute(stream_, {{DNNL_ARG_SRC, scores_}, {DNNL_ARG_WEIGHTS, v}, {DNNL_ARG_DST, result}});
    stream_.wait();
  }

 private:
  static dnnl::memory::desc matrix(Index rows, Index columns, Tag order = Tag::ab) {
    return {{rows, columns}, dnnl::memory::data_type::f32, order};
  }
  static void* entries(const float* constant) { return const_cast<float*>(constant); }

  AttentionArrays<float> arrays_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::memory::desc q_, k_, v_, out_;
  dnnl::memory scores_;
  dnnl::primitive multiply_, soften_, average_;
};

inline void dnnl_attention(const AttentionArrays<float>& arrays, int threads, float* out) {
  std::optional<DnnlBlock> primitives;
  Index made_for = 0;
  for_each_block(arrays, threads, [=, &arrays](Index first, Index rows) mutable {
    if (rows != made_for) {
      omp_set_num_threads(1);  // of this thread: the blocks are spread already
      primitives.emplace(arrays, rows);
      made_for = rows;
    }
    primitives->run(first, out);
  });
}

}  // namespace promptbound::bench
