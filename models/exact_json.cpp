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

/// Builds the document, but keeps the text of every number that is no 64-bit integer.
class ExactReader : public Base {
 public:
  using Base::Base;
  bool start_object(std::size_t members) {
    enter();
    return Base::start_object(members);
  }
  bool start_array(std::size_t entries) {
    enter();
    return Base::start_array(entries);
  }
  bool end_object() {
    --depth_;
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

  int depth_ = 0;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  Json result;
  ExactReader reader(result, true);
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
