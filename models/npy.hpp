/// NumPy arrays: .npy (versions 1 to 3) and .npz (a ZIP archive of them, stored or deflated).
///
/// Read are C-ordered little-endian arrays of binary32 ('<f4') and binary64 ('<f8'), and of whole numbers of
/// 64 bits
/// ('<i8': token ids).
#pragma once

#include <promptbound/models/tensor.hpp>

namespace promptbound {

/// Returns the array of a .npy file's content, as a view of `bytes`. Throws InputError naming `where` and
/// what is wrong: nothing outside `bytes` is ever read.
[[nodiscard]] Tensor parse_npy(std::span<const std::byte> bytes, const std::string& where);

/// Returns the arrays of a .npz file's content, copied, by their names without ".npy". Lengths and checksums
/// are checked.
[[nodiscard]] TensorFile parse_npz(std::span<const std::byte> bytes, const std::string& where);

/// Maps a .npy file: one tensor, named "array".
[[nodiscard]] TensorFile read_npy(const std::string& path);
[[nodiscard]] TensorFile read_npz(const std::string& path);

/// Returns the content of a .npy file (version 1) for a tensor of type F32 or F64.
[[nodiscard]] std::string npy_text(const Tensor& tensor);

/// Reads a file of arrays by the end of its name: .npy, .npz, .safetensors, or .safetensors.index.json.
[[nodiscard]] TensorFile read_tensors(const std::string& path);

}  // namespace promptbound
