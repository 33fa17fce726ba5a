// proofs/theorems.txt: what the development proves, and for which item and ids.
#pragma once

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

struct ListedTheorem {
  std::string item;
  std::vector<std::string> ids;

  bool has(const std::string& id) const { return std::find(ids.begin(), ids.end(), id) != ids.end(); }
};

/// By full name; definitions and what is listed as open ("-") left out.
inline std::map<std::string, ListedTheorem> listed_theorems() {
  const auto split = [](const std::string& text, const std::string& separator) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(separator, begin), text.size());
      parts.push_back(text.substr(begin, end - begin));
      begin = end + separator.size();
    }
    return parts;
  };
  std::map<std::string, ListedTheorem> theorems;
  std::ifstream file(PROMPTBOUND_PROOFS "/theorems.txt");
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> parts = split(line, " | ");
    if (line.empty() || line[0] == '#' || parts.size() != 5) continue;
    if (parts[2] == "-" || parts[3] == "definition") continue;
    theorems[parts[2]] = {parts[0], split(parts[1], ", ")};
  }
  return theorems;
}
