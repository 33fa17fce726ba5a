/// Arrays as files hold them: the exact numbers, not yet copied.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace promptbound {

/// The element types of safetensors files. Weights are read from the four floating-point ones. `other` stands
/// for any that has no name here: its tensors may be in a file, as a number of bytes.
enum class ElementType {
  F64,
  F32,
  F16,
  BF16,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  BOOL,
  F8_E4M3,
  F8_E5M2,
  other
};

[[nodiscard]] std::string_view name(ElementType type);
/// Returns the bytes of one element; of `other`, 1.
[[nodiscard]] std::size_t size_of(ElementType type);

/// A view of an array in C order, little-endian, at any alignment. It does not own its bytes.
struct Tensor {
  std::string where;  ///< file and name, for messages
  std::vector<std::size_t> shape;
  ElementType type = ElementType::F32;
  std::span<const std::byte> bytes;
  std::string other_type = {};  ///< the file's name of the type, where it is `other`

  /// Returns the number of elements: the product of the shape.
  [[nodiscard]] std::size_t size() const { return bytes.size() / size_of(type); }
};

/// Returns the product of a shape times the element size; nothing beyond 2^63. Throws InputError naming
/// `where` then.
[[nodiscard]] std::size_t byte_count(const std::vector<std::size_t>& shape, ElementType type,
                                     const std::string& where);

/// Writes a shape as `(8, 64)`.
[[nodiscard]] std::string shape_text(const std::vector<std::size_t>& shape);

/// Converts the elements first, first + step, ... of a floating-point tensor in C order, as many as `target`
/// has, to the exact numbers of the file. Throws InputError if the type is another, if Scalar (double or
/// float) cannot hold it exactly, or at a NaN or an infinity; std::out_of_range beyond the tensor.
template <class Scalar>
void read_elements(const Tensor& tensor, std::size_t first, std::size_t step, std::span<Scalar> target);

/// Returns all elements of a floating-point tensor; throws as read_elements.
template <class Scalar>
[[nodiscard]] std::vector<Scalar> values(const Tensor& tensor);

/// Returns a view of numbers in memory, for the writers.
[[nodiscard]] Tensor view(std::span<const double> values, std::vector<std::size_t> shape);
[[nodiscard]] Tensor view(std::span<const float> values, std::vector<std::size_t> shape);

/// The named tensors of one or several files, with what keeps their bytes alive. Copies share the bytes.
class TensorFile {
 public:
  explicit TensorFile(std::string where) : where_(std::move(where)) {}

  /// Adds a tensor; throws InputError when the name is there already.
  void add(const std::string& name, Tensor tensor);
  /// Keeps the bytes of another file alive, whose tensors are added.
  void keep_alive(const TensorFile& other);
  /// Notes a name that an index promises, and why there is no tensor: `at` throws InputError with that
  /// reason.
  void add_absent(const std::string& name, std::string why);
  void keep_alive(std::shared_ptr<const void> owner) { owners_.push_back(std::move(owner)); }

  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  [[nodiscard]] const std::map<std::string, std::string>& absent() const { return absent_; }
  /// Returns null when there is none.
  [[nodiscard]] const Tensor* find(const std::string& name) const;
  /// Throws InputError when there is none.
  [[nodiscard]] const Tensor& at(const std::string& name) const;
  /// Returns the tensor of a file that holds exactly one; throws InputError naming those that it holds
  /// otherwise.
  [[nodiscard]] const Tensor& only() const;

  /// The `__metadata__` of a safetensors file.
  std::map<std::string, std::string> metadata;

 private:
  std::string where_;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> absent_;  ///< name -> why
  std::vector<std::shared_ptr<const void>> owners_;
};

}  // namespace promptbound
