/// Instances as safetensors files: for models too large for JSON.
#pragma once

#include <promptbound/models/instance.hpp>
#include <promptbound/models/safetensors.hpp>

namespace promptbound {

/// Returns the file's content. Tensors (binary64): "layers.I.heads.J.W_Q", W_K, W_V and perhaps W_O,
/// "layers.I.ffn.W_1", b_1, W_2, b_2, "prompt" and "input_offsets" (tokens as rows). An entry that is no
/// binary64 number is rounded there and stands exactly in the metadata:
///   "promptbound": {"schema":1,"d":..,"causal":..,"data_width":..,"heads":[heads of each layer]},
///   "exact": {"TENSOR": {"INDEX in C order": "1/3", ..}, ..},
/// beside the metadata given. Throws InputError when the exact entries are too many for a header.
[[nodiscard]] std::string instance_safetensors(const Instance& instance,
                                               std::map<std::string, std::string> metadata = {});

/// Reads it without loss. Throws InputError for tensors that are missing, of another shape or unknown, and
/// for exact entries that are not what the tensor rounds.
[[nodiscard]] Instance instance_from(const TensorFile& file);

/// Tells a model file's format by the end of its name: .safetensors, otherwise JSON.
[[nodiscard]] bool is_safetensors_name(const std::string& path);
/// Reads the model file, in the format of its name.
/// @code
/// const Instance instance = read_instance("model.json");
/// const Matrix<Rational> X = Matrix<Rational>::Constant(instance.data_width, 2, Rational(1, 3));
/// const Matrix<Interval> output = enclose_output(instance, X, 40);
/// @endcode
[[nodiscard]] Instance read_instance(const std::string& path);

}  // namespace promptbound
