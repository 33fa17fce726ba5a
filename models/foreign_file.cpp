#include <algorithm>
#include <filesystem>
#include <vector>

#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {
namespace {

namespace fs = std::filesystem;

/// The names of the entries of a folder for which the condition holds, in order. Folders that cannot be read
/// have none.
template <class Condition>
std::vector<std::string> names_in(const fs::path& folder, Condition condition) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (condition(*entry)) names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// `a, b, c, ...`
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += i == 0 ? "" : ", ";
    if (i == 3 && names.size() > 4) return text + "...";
    text += printable(names[i], 100);
  }
  return text;
}

/// A folder inside, at most two levels down, that holds the file; empty when none does. Caches of the hub
/// keep models in snapshots/HASH, trainers in checkpoint-STEPS.
std::string inner_folder(const fs::path& folder, const char* config) {
  std::error_code ignored;
  const auto is_folder = [](const fs::directory_entry& entry) {
    std::error_code unreadable;
    return entry.is_directory(unreadable);
  };
  for (const std::string& name : names_in(folder, is_folder)) {
    if (fs::exists(folder / name / config, ignored)) return name;
    for (const std::string& inner : names_in(folder / name, is_folder)) {
      if (fs::exists(folder / name / inner / config, ignored)) return (fs::path(name) / inner).string();
    }
  }
  return {};
}

}  // namespace

void refuse_pointer(std::string_view content, const std::string& path) {
  if (content.substr(0, 64).find("git-lfs.github.com/spec/") == std::string_view::npos) return;
  throw InputError(path + ": a git-lfs pointer, not the file itself (git lfs pull fetches it)");
}

void require_folder(const std::string& folder, const char* config) {
  std::error_code ignored;
  const fs::path path(folder);
  if (!fs::exists(path, ignored)) {
    throw InputError(folder + ": no such folder (folders on disk are read; hub ids are not downloaded)");
  }
  if (!fs::is_directory(path, ignored)) throw InputError(folder + ": a folder with " + config + " is needed");
  if (fs::exists(path / config, ignored)) return;
  const std::string inner = inner_folder(path, config);
  throw InputError(folder + ": no " + config + " is there" +
                   (inner.empty() ? "" : "; " + listed({inner}) + " inside holds one"));
}

void refuse_weights(const std::string& folder, const std::string& wanted) {
  const auto ending = [](const std::string& name) {
    const auto dot = name.find_last_of('.');
    return dot == std::string::npos ? std::string() : name.substr(dot);
  };
  const std::vector<std::string> tensors = names_in(folder, [&](const fs::directory_entry& entry) {
    return ending(entry.path().filename().string()) == ".safetensors";
  });
  const std::vector<std::string> others = names_in(folder, [&](const fs::directory_entry& entry) {
    const std::string end = ending(entry.path().filename().string());
    return end == ".bin" || end == ".pt" || end == ".pth" || end == ".ckpt" || end == ".h5" ||
           end == ".msgpack" || end == ".gguf" || end == ".onnx";
  });
  std::string message = folder + ": no " + wanted + " is there";
  if (!tensors.empty()) {
    const bool is_shard = tensors.front().find("-of-") != std::string::npos;
    message += "; " + listed(tensors) +
               (is_shard ? " is a shard, and its index, model.safetensors.index.json, is missing"
                         : " is not read under this name");
  }
  if (!others.empty()) message += "; " + listed(others) + " is in a format that is not read";
  throw InputError(message);
}

}  // namespace promptbound
