/// Files of theory 5.10: a transformer, the inputs that it is for, and a prompt that holds a label of each.
#pragma once

#include <promptbound/cli/command.hpp>
#include <promptbound/constructions/lookup/packed_memory.hpp>
#include <promptbound/models/exact_json.hpp>

namespace promptbound {

/// Returns {"K","b","P"} and the examples of a file: [{"input": tokens as rows, "label": 0 .. K-1}].
[[nodiscard]] Json memory_members(const PackedMemory& memory, const Integer& K,
                                  const std::vector<Integer>& labels);
/// Returns the inputs of examples, and their labels where all have one: none where none has. Throws
/// InputError where some have.
struct LabelledInputs {
  std::vector<Matrix<Rational>> inputs;
  std::vector<Integer> labels;
};
[[nodiscard]] LabelledInputs labelled_inputs_from(const Json& file, const std::string& where);

/// Labels in the order of the examples.
struct MemoryReading {
  std::vector<Integer> given;  ///< of the examples
  std::vector<Integer> held;   ///< by the prompt
  std::vector<Integer> read;   ///< by the network with that prompt
};

[[nodiscard]] bool is_memory(const Json& json);
/// Builds the network of theory 5.10 again for the file's inputs, compares every weight with the file's,
/// decodes the prompt, and evaluates the network at every input. Throws InputError for a malformed file, for
/// weights that are not these, and for a prompt that holds no labels.
[[nodiscard]] MemoryReading read_memory(const Json& json, const std::string& where);
/// Runs it. exit_refuted where a label that is read is not the one given.
[[nodiscard]] int run_memory(const Json& json, const std::string& where, const CommonOptions& options);

}  // namespace promptbound
