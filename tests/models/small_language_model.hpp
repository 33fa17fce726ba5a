/// Small random language models on disk, in the three layouts that are read.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/files.hpp"
#include "random.hpp"

namespace promptbound {

/// The tensors of a model by name, in C order, as the test wrote them.
struct WrittenTensor {
  std::vector<std::size_t> shape;
  std::vector<double> values;
};
using WrittenTensors = std::map<std::string, WrittenTensor>;

/// Writes the tensors as a safetensors file of that name.
void write_tensors(const TemporaryFolder& folder, const std::string& file, const WrittenTensors& written);

/// Returns the message with which the folder is refused as a language model; empty if it is one.
std::string refusal_of_model(const std::string& folder);

/// Writes config.json and model.safetensors of a model of width 8 with two layers of two (llama: four, two of
/// keys) heads, hidden width 12, vocabulary 5 and 16 positions, and returns its tensors. family: gpt2, llama,
/// bert.
WrittenTensors write_small_model(const TemporaryFolder& folder, const std::string& family, std::uint64_t seed,
                                 double scale = 0.5);

/// Writes a prompt of 3 tokens for it, in the PEFT layout; returns its rows one after the other.
std::vector<double> write_small_prompt(const TemporaryFolder& folder, std::uint64_t seed);

}  // namespace promptbound
