#include <nlohmann/json.hpp>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/models/text_file.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/number.hpp>

namespace promptbound {
namespace {

/// Documents nested deeper are refused: copying and writing them recurses.
constexpr std::size_t deepest = 64;

/// Builds the document, but keeps the text of every number that is no 64-bit integer, and refuses an object
/// that has two members of one name: readers differ in which of them they take.
class ExactReader final : public Json::json_sax_t {
 public:
  explicit ExactReader(Fractions fractions) : fractions_(fractions) {}
  Json document() && { return std::move(document_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(Json::number_integer_t value) override { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) override { return add(value); }
  bool number_float(Json::number_float_t, const Json::string_t& text) override {
    if (fractions_ == Fractions::refused) throw InputError(text + " is no whole number below 2^64");
    return add(text);
  }
  bool string(Json::string_t& text) override { return add(std::move(text)); }
  bool binary(Json::binary_t&) override { return false; }  // not in texts

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(Json::string_t& name) override {
    Level& object = open_.back();
    if (object.value->contains(name)) {
      const std::string place = place_of_innermost();
      throw InputError(place + (place.empty() ? "" : ": ") + "the member \"" + name.substr(0, 60) +
                       "\" occurs twice");
    }
    object.member = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    const std::string what = error.what();
    const auto place = what.find("] ");
    throw InputError("not JSON: " + (place == std::string::npos ? what : what.substr(place + 2)));
  }

 private:
  /// An object or array that is being read.
  struct Level {
    Json* value;
    std::string member;  ///< the member of the object that was named last
  };

  Json& added(Json value) {
    if (open_.empty()) return document_ = std::move(value);
    const Level& level = open_.back();
    if (level.value->is_object()) return (*level.value)[level.member] = std::move(value);
    level.value->push_back(std::move(value));
    return level.value->back();
  }
  bool add(Json value) {
    added(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() == deepest) throw InputError("nested deeper than " + std::to_string(deepest));
    open_.push_back({&added(std::move(value)), ""});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  /// `layers[0].heads[1]`; of the document, empty.
  [[nodiscard]] std::string place_of_innermost() const {
    std::string place;
    for (auto level = open_.begin(); level + 1 != open_.end(); ++level) {
      if (level->value->is_array()) {
        place += "[" + std::to_string(level->value->size() - 1) + "]";
      } else {
        place += (place.empty() ? "" : ".") + level->member;
      }
    }
    return place;
  }

  Fractions fractions_;
  Json document_;
  std::vector<Level> open_;  ///< outermost first
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where, Fractions fractions) {
  ExactReader reader(fractions);
  try {
    Json::sax_parse(text, &reader);
  } catch (const InputError& error) {
    throw InputError(where + ": " + printable(error.what(), 160));
  }
  return std::move(reader).document();
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
