/// Tensors in files of torch.save: a zip archive with the program NAME/data.pkl and the bytes NAME/data/KEY
/// of each storage.
///
/// A pickle is a program for a machine with a stack, and Python's machine calls whatever function the program
/// names. The machine here calls nothing: it knows the few instructions that torch.save writes, the types
/// of storages, and three names whose calls it replaces by notes of what would come out. Everything else ends
/// it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <promptbound/models/tensor.hpp>

namespace promptbound {

/// A tensor as the program describes it: a part of one storage, in C order.
struct PickledTensor {
  std::string name = {};
  ElementType type = ElementType::F32;
  std::string storage = {};  ///< the storage's key
  std::size_t elements = 0;  ///< of the storage
  std::size_t offset = 0;    ///< in elements
  std::vector<std::size_t> shape = {};
};

/// Returns the tensors of a dictionary from names to tensors. Throws InputError naming `where` and the place
/// for any other instruction, name, call or result; for parts that do not fit into their storage; and for
/// tensors that are not in C order. Time and memory are linear in the length of the program.
[[nodiscard]] std::vector<PickledTensor> pickled_tensors(std::span<const std::byte> program,
                                                         const std::string& where);

/// Returns the tensors of a file's content. Nothing in it is executed. Throws InputError
/// naming `where` for archives that torch.save does not write (compressed or nested members, several
/// programs, big-endian numbers), storages that are missing or of another length than the program says, and
/// for what pickled_tensors refuses.
[[nodiscard]] TensorFile parse_torch(std::span<const std::byte> bytes, const std::string& where);

[[nodiscard]] TensorFile read_torch(const std::string& path);

}  // namespace promptbound
