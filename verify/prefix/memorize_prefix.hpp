/// Can a prefix, m key-value pairs of the head's own, make a one-layer, one-head model produce the wanted
/// outputs exactly? (theory 2.2p)
#pragma once

#include <promptbound/records/answer.hpp>
#include <promptbound/records/proved_form.hpp>
#include <promptbound/transformer/transformer.hpp>
#include <promptbound/verify/memorization/memorization_data.hpp>
#include <promptbound/verify/prefix/prefix_fit.hpp>

namespace promptbound {

/// Proved where a prefix fits exactly, the empty one among them; refuted where none does; or unknown.
struct PrefixAnswer : Answer {
  PrefixCaps caps;
  /// The numbers of pairs that fit, where examples share a query and the feed-forward block is shown to be
  /// injective. Its set may be undecided.
  std::optional<PrefixLengths> lengths;
  /// The certificate for `promptbound check`; empty when the verdict is unknown.
  std::string certificate;
};

/// Returns the verdict as this question's answer: `possible`, `impossible` or `unknown`.
[[nodiscard]] std::string_view verdict_name(const PrefixAnswer& answer);

/// Decides at accuracy 0. Where the examples do not share one query, only necessary conditions are known.
/// Throws InputError when shapes do not fit or a cap is negative.
/// @code
/// #include <promptbound/models/instance_safetensors.hpp>
/// const Instance instance = read_instance("layer.json");
/// const MemorizationData data = {{Matrix<Rational>::Identity(2, 2), 1, Vector<Rational>::Zero(2)}};
/// const PrefixAnswer answer = memorize_by_prefix(instance.model, data, {.key = Rational(3)});
/// if (answer.verdict == Verdict::refuted) std::puts(answer.why.c_str());
/// @endcode
[[nodiscard]] PrefixAnswer memorize_by_prefix(const Transformer<Rational>& model,
                                              const MemorizationData& data, const PrefixCaps& caps);

/// Returns what proves the verdict and the lengths, for `list`.
[[nodiscard]] std::vector<ProvedForm> prefix_forms();

}  // namespace promptbound
