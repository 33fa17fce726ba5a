// Any bytes as a .npy and as a .npz file: they are refused with a reason, or all their numbers can be read.
#include <cstdint>

#include <promptbound/models/npy.hpp>
#include <promptbound/numeric/error.hpp>

using namespace promptbound;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    if (const Tensor tensor = parse_npy(bytes, "input"); values<double>(tensor).size() != tensor.size()) {
      __builtin_trap();
    }
  } catch (const InputError&) {
  }
  try {
    const TensorFile archive = parse_npz(bytes, "input");
    for (const auto& [name, tensor] : archive.tensors()) {
      if (values<double>(tensor).size() != tensor.size()) __builtin_trap();
    }
  } catch (const InputError&) {
  }
  return 0;
}
