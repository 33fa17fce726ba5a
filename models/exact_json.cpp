#include <nlohmann/json.hpp>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {
namespace {

using Base = nlohmann::detail::json_sax_dom_parser<Json>;

/// Documents nested deeper are refused: copying and writing them recurses.
constexpr int deepest = 64;

/// Builds the document, but keeps the text of every number that is no 64-bit integer, and refuses an object
/// that has two members of one name: readers differ in which of them they take.
class ExactReader : public Base {
 public:
  explicit ExactReader(Json& document) : Base(document, true), document_(document) {}

  bool start_object(std::size_t members) {
    enter();
    names_.emplace_back();
    return Base::start_object(members);
  }
  bool start_array(std::size_t entries) {
    enter();
    return Base::start_array(entries);
  }
  bool key(Json::string_t& name) {
    const auto [object, place] = open_object();
    if (object->contains(name)) {
      throw InputError(place + "the member \"" + name.substr(0, 60) + "\" occurs twice");
    }
    names_.back() = name;
    return Base::key(name);
  }
  bool end_object() {
    --depth_;
    names_.pop_back();
    return Base::end_object();
  }
  bool end_array() {
    --depth_;
    return Base::end_array();
  }
  bool number_float(Json::number_float_t, const Json::string_t& text) {
    Json::string_t copy = text;
    return string(copy);
  }

 private:
  void enter() {
    if (++depth_ > deepest) throw InputError("nested deeper than " + std::to_string(deepest));
  }

  /// The innermost object that is being read, and its place in the document as "layers[0].heads[1]: ".
  [[nodiscard]] std::pair<const Json*, std::string> open_object() const {
    const Json* value = &document_;
    std::string place;
    // What is read at present is the last entry of an array, and the member named last of an object.
    for (auto name = names_.begin(); name + 1 != names_.end(); ++name) {
      for (; value->is_array(); value = &value->back()) {
        place += "[" + std::to_string(value->size() - 1) + "]";
      }
      place += (place.empty() ? "" : ".") + *name;
      value = &(*value)[*name];
    }
    for (; value->is_array(); value = &value->back()) {
      place += "[" + std::to_string(value->size() - 1) + "]";
    }
    return {value, place.empty() ? place : place + ": "};
  }

  Json& document_;
  int depth_ = 0;
  std::vector<std::string> names_;  ///< the member named last of every object that is being read
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  Json result;
  ExactReader reader(result);
  try {
    Json::sax_parse(text, &reader);
  } catch (const InputError& error) {
    throw InputError(where + ": " + error.what());
  } catch (const Json::exception& error) {
    const std::string what = error.what();
    const auto place = what.find("] ");
    throw InputError(where + ": not JSON: " + (place == std::string::npos ? what : what.substr(place + 2)));
  }
  return result;
}

const Json& member(const Json& object, const std::string& name, const std::string& where) {
  if (!object.is_object()) throw InputError(where + ": an object with the member \"" + name + "\" is needed");
  const auto place = object.find(name);
  if (place == object.end()) throw InputError(where + ": the member \"" + name + "\" is missing");
  return *place;
}

Rational rational_from(const Json& value, const std::string& where) {
  if (value.is_number_integer()) {
    return value.is_number_unsigned() ? Rational(value.get<std::uint64_t>())
                                      : Rational(value.get<std::int64_t>());
  }
  if (!value.is_string()) throw InputError(where + ": a number is needed (accepted: 3, \"1/10\", 0.1)");
  return parse_rational(value.get_ref<const std::string&>(), where);
}

Integer integer_from(const Json& value, const std::string& where) {
  const Rational number = rational_from(value, where);
  if (!is_integer(number)) throw InputError(where + ": a whole number is needed");
  return numerator(number);
}

Vector<Rational> vector_from(const Json& value, const std::string& where) {
  if (!value.is_array()) throw InputError(where + ": an array of numbers is needed");
  Vector<Rational> result(static_cast<Index>(value.size()));
  for (std::size_t k = 0; k < value.size(); ++k) {
    result(static_cast<Index>(k)) = rational_from(value[k], where + "[" + std::to_string(k) + "]");
  }
  return result;
}

Matrix<Rational> matrix_from(const Json& value, const std::string& where) {
  if (!value.is_array() || value.empty()) throw InputError(where + ": an array of rows is needed");
  Matrix<Rational> result;
  for (std::size_t row = 0; row < value.size(); ++row) {
    const std::string place = where + "[" + std::to_string(row) + "]";
    const Vector<Rational> entries = vector_from(value[row], place);
    if (row == 0) result.resize(static_cast<Index>(value.size()), entries.size());
    if (entries.size() == 0 || entries.size() != result.cols()) {
      throw InputError(place + ": rows must have one length, at least 1");
    }
    result.row(static_cast<Index>(row)) = entries.transpose();
  }
  return result;
}

Json to_json(const Rational& value) { return exact_text(value); }

Json to_json(const Vector<Rational>& values) {
  Json result = Json::array();
  for (const Rational& value : values) result.push_back(to_json(value));
  return result;
}

Json to_json(const Matrix<Rational>& values) {
  Json result = Json::array();
  for (Index row = 0; row < values.rows(); ++row) {
    result.push_back(to_json(Vector<Rational>(values.row(row))));
  }
  return result;
}

}  // namespace promptbound
