#include <promptbound/cli/shipped.hpp>

namespace promptbound {

std::filesystem::path shipped(const char* name) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path installed = fs::weakly_canonical(folder / PROMPTBOUND_INSTALLED_DATA / name);
  const fs::path built = folder / name;
  std::error_code error;
  const bool is_built = !fs::exists(installed, error) && fs::exists(built, error);
  return is_built ? fs::weakly_canonical(built) : installed;
}

}  // namespace promptbound
