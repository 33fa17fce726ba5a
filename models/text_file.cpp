#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <promptbound/models/input_files.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>

namespace promptbound {

std::string printable(std::string_view text, std::size_t most) {
  std::string result(text.substr(0, most));
  for (char& c : result) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text.size() <= most ? result : result + "...";
}

std::string read_text_file(const std::string& path) {
  constexpr std::uintmax_t largest = 1UL << 30;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) throw InputError(path + ": a file is needed, not a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be read: " + std::strerror(errno));
  note_input(path);
  std::string text;
  for (char buffer[1 << 16]; file.read(buffer, sizeof buffer) || file.gcount() > 0;) {
    text.append(buffer, static_cast<std::size_t>(file.gcount()));
    if (text.size() > largest) throw InputError(path + ": larger than 1 GiB");
  }
  if (file.bad()) throw InputError(path + ": cannot be read");
  return text;
}

}  // namespace promptbound
