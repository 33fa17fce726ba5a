// Any text as a certificate: nothing crashes or hangs the checker, and nothing is accepted that is not, up to
// blanks, a certificate of the corpus. Sealed anew, a text gets past the seal to the checks behind it, and
// then may be accepted: a change need not make a claim false.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include <promptbound/numeric/error.hpp>
#include <promptbound/verify/certificate.hpp>
#include <promptbound/verify/check/check.hpp>

using namespace promptbound;

namespace {

std::set<std::string>& known() {
  static std::set<std::string> texts;
  return texts;
}

}  // namespace

/// Reads the corpus: the folders among the arguments.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int k = 1; k < *argc; ++k) {
    std::error_code ignored;
    if (!std::filesystem::is_directory((*argv)[k], ignored)) continue;
    for (const auto& entry : std::filesystem::directory_iterator((*argv)[k])) {
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      try {
        known().insert(parse_json(text.str(), "corpus").dump());
      } catch (const std::exception&) {
      }
    }
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const CheckReport report = check_certificate(text, "input");
    Json certificate = parse_json(text, "input");
    if (report.accepted() && known().count(certificate.dump()) == 0) __builtin_trap();
    if (report.accepted() != report.why.empty()) __builtin_trap();
    seal(certificate);
    (void)check_certificate(certificate.dump(), "sealed");
  } catch (const InputError&) {
  } catch (const nlohmann::json::exception&) {  // texts that are not UTF-8 cannot be written again
  }
  return 0;
}
