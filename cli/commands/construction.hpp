/// The constructions that `construct` builds: what each reads, writes and claims.
#pragma once

#include <functional>
#include <span>
#include <variant>

#include <promptbound/cli/command.hpp>
#include <promptbound/cli/commands/construct_target.hpp>
#include <promptbound/models/instance.hpp>
#include <promptbound/records/record.hpp>

namespace promptbound {

/// Values of the command line; files stand by name, numbers as text.
struct ConstructOptions : CommonOptions {
  std::string id;
  Index d = 1, L = 1, rank = 1;
  long k = 0;  ///< 0: not given
  long N = 4, D = 16, t = 1, gap = 2, m = 0, q = 2;
  long K = 2, b = 16, P = 0;  ///< P: 0 when it is not given
  std::string eta, C = "1", alpha = "2", eps, accuracy = "0", radius = "1", form;
  std::string model, data, query, tokens;
  TargetOptions target;

  /// Returns the options that set these values, but for those of every subcommand and of the target.
  [[nodiscard]] std::vector<ValueOption> own();

  [[nodiscard]] Number alpha_number() const;
  [[nodiscard]] Target make_target() const;
  [[nodiscard]] long cells() const;                ///< InputError when k is not given
  [[nodiscard]] Rational ramp() const;             ///< 1/(1000k) when eta is not given
  [[nodiscard]] Rational accuracy_wanted() const;  ///< eps; InputError when it is not given
  /// Returns the model file, a token list such as "1/2,0.3", and a file of tokens (returned as columns).
  [[nodiscard]] Instance read_model() const;
  [[nodiscard]] Vector<Rational> query_token(Index width) const;
  [[nodiscard]] Matrix<Rational> read_tokens(Index width) const;
};

/// A construction as built: the content of its file, without the claim, and the claim. What is a model with a
/// prompt and no more can be written as safetensors as well.
struct Built {
  std::variant<Instance, Json> content;
  Record claim;
};

struct Construction {
  std::string_view id, theory, source;
  std::string_view summary;
  std::string_view reader;  ///< the subcommand that reads the file
  /// Names of the options that it uses, beside those of every subcommand, blank-separated.
  std::string_view parameters;
  Built (*build)(const ConstructOptions&);
};

/// Returns all of them, in the order of the theory page.
[[nodiscard]] std::span<const Construction> constructions();

/// Throws InputError naming the nearest id when there is none.
[[nodiscard]] const Construction& find_construction(std::string_view id);

// Transformers with a prompt.
[[nodiscard]] Built build_universal(const ConstructOptions& options);
[[nodiscard]] Built build_softmax(const ConstructOptions& options);
[[nodiscard]] Built build_lookup(const ConstructOptions& options);
[[nodiscard]] Built build_packed_lookup(const ConstructOptions& options);
[[nodiscard]] Built build_packed_memory(const ConstructOptions& options);
[[nodiscard]] Built build_memorization_prompt(const ConstructOptions& options);
[[nodiscard]] Built build_selective_shift(const ConstructOptions& options);
// Prompts for a given model.
[[nodiscard]] Built build_least_length_prompt(const ConstructOptions& options);
[[nodiscard]] Built build_compressed_prompt(const ConstructOptions& options);
[[nodiscard]] Built build_separated_prompts(const ConstructOptions& options);
// Data sets and instances.
[[nodiscard]] Built build_layer(const ConstructOptions& options);
[[nodiscard]] Built build_impossible_pair(const ConstructOptions& options);
[[nodiscard]] Built build_lora_data_set(const ConstructOptions& options);
[[nodiscard]] Built build_hardness_instance(const ConstructOptions& options);

}  // namespace promptbound
