/// The members of a configuration file: each is read, known to change nothing, or refused by name.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <promptbound/models/exact_json.hpp>

namespace promptbound {

/// Reads a JSON file that others wrote. Throws InputError with one line that names the path and what stands
/// there instead of JSON (a git-lfs pointer, UTF-16, the words NaN and Infinity).
[[nodiscard]] Json read_foreign_json(const std::string& path);

/// The members of one object. The reader notes every member that it is asked for, so that at the end those
/// that nobody asked for are found. Absent and null are the same, but for `has`.
class ConfigReader {
 public:
  /// Throws InputError when the JSON is not an object.
  ConfigReader(const Json& json, std::string where);

  [[nodiscard]] const std::string& where() const { return where_; }
  /// Returns null when the member is absent or null.
  [[nodiscard]] const Json* find(const std::string& name) const;
  /// Tells whether the member is there, null or not.
  [[nodiscard]] bool has(const std::string& name) const;

  /// Reads a whole number from 1 to 2^30.
  [[nodiscard]] std::size_t count(const std::string& name) const;
  [[nodiscard]] std::size_t count_or(const std::string& name, std::size_t otherwise) const;
  /// Reads a whole number from 0 to 2^30.
  [[nodiscard]] std::size_t whole_or(const std::string& name, std::size_t otherwise) const;
  [[nodiscard]] Rational positive_or(const std::string& name, const char* otherwise) const;
  [[nodiscard]] bool flag_or(const std::string& name, bool otherwise) const;
  [[nodiscard]] std::string text_or(const std::string& name, const char* otherwise) const;
  /// Throws InputError unless the member is absent, null or equal to the value. `reason` ends the message.
  void require(const std::string& name, const Json& value, const std::string& reason) const;

  /// Throws InputError: file, member, what is wrong.
  [[noreturn]] void fail(const std::string& name, const std::string& what) const;

  /// Notes that a member stands for code or classes that are not known here, as if nobody had asked for it.
  void doubt(const std::string& name, const std::string& detail) const;

  /// Throws InputError naming every member that is not null, that nobody asked for, that is not inert, and
  /// that is not among those whose inertness the user assumes. Returns the members of which it is assumed.
  [[nodiscard]] std::vector<std::string> check_all(const std::function<bool(const std::string&)>& is_inert,
                                                   const std::vector<std::string>& assumed) const;

 private:
  const Json& json_;
  std::string where_;
  mutable std::set<std::string> known_;
  mutable std::map<std::string, std::string> doubts_;  ///< member -> detail
};

/// Quotes a piece of a value from a file, for a message: on one line, at most 40 characters.
[[nodiscard]] std::string excerpt(const Json& value);

}  // namespace promptbound
