// Any bytes as a safetensors file: they are refused with a reason, or all their tensors can be read to the
// last byte.
#include <cstdint>

#include <promptbound/models/safetensors.hpp>
#include <promptbound/numeric/error.hpp>

using namespace promptbound;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const TensorFile file = parse_safetensors({reinterpret_cast<const std::byte*>(data), size}, "input");
    std::size_t covered = 0;
    for (const auto& [name, tensor] : file.tensors()) {
      covered += tensor.bytes.size();
      try {
        if (values<double>(tensor).size() != tensor.size()) __builtin_trap();
      } catch (const InputError&) {
      }
    }
    if (covered > size) __builtin_trap();
    // What was read can be written and read again.
    const std::string text = safetensors_text(file.tensors(), file.metadata);
    const TensorFile again =
        parse_safetensors(std::as_bytes(std::span<const char>(text.data(), text.size())), "written");
    if (again.tensors().size() != file.tensors().size() || again.metadata != file.metadata) __builtin_trap();
  } catch (const InputError&) {
  }
  return 0;
}
