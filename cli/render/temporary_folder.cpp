#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <promptbound/cli/render/temporary_folder.hpp>

namespace promptbound {

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "promptbound-XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr)
    throw std::runtime_error(fmt::format("no temporary folder: {}", std::strerror(errno)));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace promptbound
