/// Can a prompt make a one-layer model produce the wanted outputs? (theory 2.2 to 2.4, 2.3H)
#pragma once

#include <promptbound/verify/memorization/memorization_answer.hpp>

namespace promptbound {

/// Decides at the accuracy given (maximum error over examples and coordinates, >= 0; 0 asks for equality).
/// Impossible: at every prompt length. Equality is only claimed where it is algebraic. Where the examples do
/// not share one query, only necessary conditions are known. Throws InputError when shapes do not fit.
/// @code
/// #include <promptbound/models/instance_safetensors.hpp>
/// const Instance instance = read_instance("layer.json");
/// const MemorizationData data = {{Matrix<Rational>::Identity(2, 2), 1, Vector<Rational>::Zero(2)}};
/// const MemorizationAnswer answer = memorize(instance.model, data, Rational(1, 1000));
/// if (answer.verdict == Verdict::proved) std::printf("%ld tokens suffice\n", answer.prompt->cols());
/// @endcode
[[nodiscard]] MemorizationAnswer memorize(const Transformer<Rational>& model, const MemorizationData& data,
                                          const Rational& accuracy);

}  // namespace promptbound
