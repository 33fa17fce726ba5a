/// Heads whose values are all 0 have the output 0, exactly and whatever the scores are: no method is needed,
/// and none could reach an error that is a part of the largest |value|.
#pragma once

#include <vector>

#include <promptbound/attention/exact/exact.hpp>

namespace promptbound {

/// The heads that have a value other than 0, as arrays of their own.
template <class T>
class ValuedHeads {
 public:
  /// Takes the sizes that check_arrays gives.
  ValuedHeads(const AttentionArrays<T>& arrays, const std::vector<ArraySizes>& sizes);
  // The arrays point into this object.
  ValuedHeads(const ValuedHeads&) = delete;
  ValuedHeads& operator=(const ValuedHeads&) = delete;

  [[nodiscard]] const AttentionArrays<T>& arrays() const { return arrays_; }
  [[nodiscard]] const std::vector<ArraySizes>& sizes() const { return sizes_; }

  /// Returns what was attended for these heads, among those of `all`, with outputs and errors 0 for the
  /// others. Result may be binary32 or binary64.
  template <class Result>
  [[nodiscard]] Attended<Result> among(const AttentionArrays<T>& all, const Attended<Result>& attended) const;

 private:
  std::vector<Index> heads_;
  std::vector<ArraySizes> sizes_;
  std::vector<T> q_, k_, v_, prompt_k_, prompt_v_;
  AttentionArrays<T> arrays_;
};

}  // namespace promptbound
