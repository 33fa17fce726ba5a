/// The safetensors format: 8 bytes with the length of a JSON header, the header, the elements.
///
/// Header: {"NAME": {"dtype": "F32", "shape": [96, 64], "data_offsets": [begin, end]}, ..., "__metadata__":
/// {"KEY": "TEXT"}}, offsets from the end of the header. The tensors cover the data exactly, without gap or
/// overlap.
#pragma once

#include <promptbound/models/tensor.hpp>

namespace promptbound {

/// Returns the tensors of a file's content, as views of `bytes`. Throws InputError naming `where` and what is
/// wrong: nothing outside `bytes` is ever read.
[[nodiscard]] TensorFile parse_safetensors(std::span<const std::byte> bytes, const std::string& where);

/// Maps one file.
[[nodiscard]] TensorFile read_safetensors(const std::string& path);

/// Maps the files of an index, model.safetensors.index.json: {"weight_map": {"NAME": "FILE"}}, files beside
/// it. The index decides which of several copies is a tensor. What it promises and its file does not hold is
/// absent, with the reason, and so is what a file holds and the index does not name: neither matters before
/// that tensor is asked for.
[[nodiscard]] TensorFile read_safetensors_index(const std::string& path);

/// Returns a file with these tensors, in the order of their names, and a header padded to whole 8 bytes.
[[nodiscard]] std::string safetensors_text(const std::map<std::string, Tensor>& tensors,
                                           const std::map<std::string, std::string>& metadata = {});

}  // namespace promptbound
