// Any text as a model file with a prompt: refused with a reason, or written and read again without loss.
#include <cstdint>
#include <nlohmann/json.hpp>

#include <promptbound/models/instance.hpp>
#include <promptbound/numeric/error.hpp>

using namespace promptbound;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Instance instance = instance_from(parse_json(text, "input"), "input");
    const Json written = to_json(instance);
    if (to_json(instance_from(parse_json(written.dump(), "written"), "written")) != written) __builtin_trap();
  } catch (const InputError&) {
  }
  return 0;
}
