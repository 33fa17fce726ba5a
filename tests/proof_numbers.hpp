/// Numbers that stand in the scripts of proofs/, to compare with those that the program computes with.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

/// The hexadecimal numbers of a file between the first `from` and the next `to`, in their order.
inline std::vector<double> numbers(const std::string& name, const std::string& from, const std::string& to) {
  std::ifstream file(std::string(PROMPTBOUND_PROOFS) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  const std::size_t start = all.find(from);
  REQUIRE(start != std::string::npos);
  const std::string part = all.substr(start, all.find(to, start) - start);
  const std::regex number("0x1[.0-9a-f]*p[-0-9]+");
  std::vector<double> result;
  for (std::sregex_iterator match(part.begin(), part.end(), number), end; match != end; ++match)
    result.push_back(std::strtod(match->str().c_str(), nullptr));
  return result;
}
