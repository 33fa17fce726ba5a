// Any bytes as the program of a file of torch.save, and as such a file: refused with a reason, or every
// tensor lies inside its storage.
#include <cstdint>

#include <promptbound/models/torch_file.hpp>
#include <promptbound/numeric/error.hpp>

using namespace promptbound;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    for (const PickledTensor& tensor : pickled_tensors(bytes, "program")) {
      std::size_t count = 1;
      for (const std::size_t side : tensor.shape) count *= side;
      if (tensor.offset > tensor.elements || count > tensor.elements - tensor.offset) __builtin_trap();
    }
  } catch (const InputError&) {
  }
  try {
    const TensorFile file = parse_torch(bytes, "input");
    for (const auto& [name, tensor] : file.tensors()) {
      try {
        if (values<double>(tensor).size() != tensor.size()) __builtin_trap();
      } catch (const InputError&) {
      }
    }
  } catch (const InputError&) {
  }
  return 0;
}
