#include <filesystem>
#include <nlohmann/json.hpp>

#include <promptbound/models/mapped_file.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/file_hashes.hpp>

namespace promptbound {
namespace {

std::string file_hash(const std::filesystem::path& path) {
  const MappedFile file(path.string());
  const auto bytes = file.bytes();
  std::string result = sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  // A model's files may be larger than the memory that others leave.
  give_back(bytes);
  return result;
}

}  // namespace

Json file_hashes(const std::string& folder, const std::string& config, const std::string& weights) {
  const std::filesystem::path path(folder);
  Json files = {{config, file_hash(path / config)}};
  std::error_code ignored;
  if (std::filesystem::exists(path / weights, ignored)) {
    files[weights] = file_hash(path / weights);
    return files;
  }
  const std::string index = weights + ".index.json";
  files[index] = file_hash(path / index);
  const Json json = parse_json(read_text_file((path / index).string()), index);
  for (const auto& [tensor, file] : member(json, "weight_map", index).items()) {
    const std::string name = file.get<std::string>();
    if (!files.contains(name)) files[name] = file_hash(path / name);
  }
  return files;
}

}  // namespace promptbound
