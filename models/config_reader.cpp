#include <algorithm>
#include <nlohmann/json.hpp>

#include <promptbound/models/config_reader.hpp>
#include <promptbound/models/foreign_file.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {
namespace {

/// Python writes numbers that are none as words, which JSON does not have.
void refuse_words(const std::string& text, const std::string& path) {
  bool is_in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_in_text && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      is_in_text = !is_in_text;
    }
    if (is_in_text) continue;
    for (const std::string word : {"NaN", "Infinity"}) {
      if (text.compare(i, word.size(), word) != 0) continue;
      const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(i), '\n');
      const std::string place = path + ": line " + std::to_string(line) + ": ";
      throw InputError(place + word + " is not JSON (accepted: numbers and null)");
    }
  }
}

}  // namespace

std::string excerpt(const Json& value) {
  // ASCII only, so that no character is cut in two.
  const std::string text = value.dump(-1, ' ', true);
  return text.size() <= 40 ? text : text.substr(0, 40) + "...";
}

Json read_foreign_json(const std::string& path) {
  const std::string text = read_text_file(path);
  refuse_pointer(text, path);
  const std::string start = text.substr(0, 2);
  if (start == "\xff\xfe" || start == "\xfe\xff" || start.find('\0') != std::string::npos) {
    throw InputError(path + ": UTF-16 text, and JSON is UTF-8: save it again as UTF-8");
  }
  refuse_words(text, path);
  return parse_json(text, path);
}

ConfigReader::ConfigReader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
  if (!json.is_object()) throw InputError(where_ + ": not a JSON object");
}

bool ConfigReader::has(const std::string& name) const {
  known_.insert(name);
  return json_.contains(name);
}

const Json* ConfigReader::find(const std::string& name) const {
  known_.insert(name);
  const auto place = json_.find(name);
  return place == json_.end() || place->is_null() ? nullptr : &*place;
}

std::size_t ConfigReader::count(const std::string& name) const {
  const Json* value = find(name);
  if (value == nullptr) throw InputError(where_ + ": the member \"" + name + "\" is missing");
  constexpr std::uint64_t most = 1U << 30;
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() < 1 || value->get<std::uint64_t>() > most) {
    fail(name, "a whole number from 1 to 2^30 is needed");
  }
  return value->get<std::size_t>();
}

std::size_t ConfigReader::count_or(const std::string& name, std::size_t otherwise) const {
  return find(name) == nullptr ? otherwise : count(name);
}

std::size_t ConfigReader::whole_or(const std::string& name, std::size_t otherwise) const {
  if (!has(name)) return otherwise;
  const Json* value = find(name);
  if (value != nullptr && *value == 0) return 0;
  return count(name);
}

Rational ConfigReader::positive_or(const std::string& name, const char* otherwise) const {
  const Json* value = find(name);
  Rational number =
      value == nullptr ? parse_rational(otherwise, name) : rational_from(*value, where_ + ": " + name);
  if (number <= 0) fail(name, "a number > 0 is needed");
  return number;
}

bool ConfigReader::flag_or(const std::string& name, bool otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) fail(name, "true or false is needed");
  return value->get<bool>();
}

std::string ConfigReader::text_or(const std::string& name, const char* otherwise) const {
  const Json* value = find(name);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) fail(name, "a text is needed");
  return value->get<std::string>();
}

void ConfigReader::require(const std::string& name, const Json& value, const std::string& reason) const {
  const Json* found = find(name);
  if (found != nullptr && *found != value) {
    fail(name, excerpt(*found) + " is not supported: " + reason);
  }
}

void ConfigReader::fail(const std::string& name, const std::string& what) const {
  throw InputError(where_ + ": " + name + ": " + what);
}

void ConfigReader::doubt(const std::string& name, const std::string& detail) const {
  known_.erase(name);
  doubts_[name] = detail;
}

std::vector<std::string> ConfigReader::check_all(const std::function<bool(const std::string&)>& is_inert,
                                                 const std::vector<std::string>& assumed) const {
  std::vector<std::string> vouched;
  std::string refused;
  for (const auto& [name, value] : json_.items()) {
    const auto doubt = doubts_.find(name);
    const bool is_known = known_.contains(name) || (doubt == doubts_.end() && is_inert(name));
    if (value.is_null() || is_known) continue;
    if (std::find(assumed.begin(), assumed.end(), name) != assumed.end()) {
      vouched.push_back(name);
      continue;
    }
    const std::string quoted = Json(name).dump(-1, ' ', true);
    refused += (refused.empty() ? "" : ", ") + quoted.substr(1, quoted.size() - 2);
    if (doubt != doubts_.end()) refused += " (" + doubt->second + ")";
  }
  if (refused.empty()) return vouched;
  throw InputError(where_ + ": may change what is computed, and is not modelled: " + refused +
                   " (--assume-inert NAME goes on, with results that are conditional on it)");
}

}  // namespace promptbound
