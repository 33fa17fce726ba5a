/// Recognises the network of theory 5.9 in a model with a prompt, whoever wrote it.
#pragma once

#include <promptbound/constructions/lookup/packed_lookup.hpp>

namespace promptbound {

/// A network of theory 5.9 and what its prompt holds.
struct RecognisedPacked {
  PackedLookup network;
  Matrix<Integer> values;  ///< as PackedLookup::stored_values
};

/// Reads the recipe off the weights, builds the network again, and compares every weight, the tokens that
/// inputs are added to, and the prompt with the one that holds the values decoded from it; nothing where one
/// number differs, a value is outside 0 .. most(), or a size is none that 5.9 allows. What no weight depends
/// on is not there to be read: the recipe's alpha is inf and its eps 0, and in the direct form its C is 1.
[[nodiscard]] std::optional<RecognisedPacked> recognise_packed_lookup(const Transformer<Rational>& model,
                                                                      const Matrix<Rational>& prompt,
                                                                      const Matrix<Rational>& tokens,
                                                                      Index d);

}  // namespace promptbound
