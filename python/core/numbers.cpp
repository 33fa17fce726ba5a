#include <pybind11/numpy.h>

#include <nlohmann/json.hpp>

#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// An attribute of a module, looked up once. It is never released: the interpreter may be gone by then.
py::handle imported(py::handle& cache, const char* module, const char* name) {
  if (!cache) cache = py::object(py::module_::import(module).attr(name)).release();
  return cache;
}

py::handle fraction_type() {
  static py::handle cache;
  return imported(cache, "fractions", "Fraction");
}

std::string text_of(py::handle value) { return py::str(value).cast<std::string>(); }

[[noreturn]] void refuse(py::handle value, const std::string& what) {
  throw InputError(what + ": " + py::repr(value).cast<std::string>().substr(0, 60) +
                   " is not a number (accepted: int, Fraction, Decimal, str such as '1/10', or float)");
}

Integer integer_of(py::handle value) {
  int overflow = 0;
  const long small = PyLong_AsLongAndOverflow(value.ptr(), &overflow);
  if (overflow == 0) {
    if (small == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    return Integer(small);
  }
  // Hexadecimal: Python limits the length of decimal texts.
  const auto digits = py::reinterpret_steal<py::str>(PyNumber_ToBase(value.ptr(), 16));
  if (!digits) throw py::error_already_set();
  const std::string text = digits.cast<std::string>();
  const bool is_negative = text.front() == '-';
  const Integer size(text.substr(is_negative ? 1 : 0));
  return is_negative ? Integer(-size) : size;
}

std::string integer_text(py::handle value) { return integer_of(value).str(); }

/// p/q of an object with as_integer_ratio().
std::string ratio_text(py::handle value, const std::string& what) {
  try {
    const py::tuple ratio = value.attr("as_integer_ratio")();
    return integer_text(ratio[0]) + "/" + integer_text(ratio[1]);
  } catch (const py::error_already_set& error) {
    if (error.matches(PyExc_OverflowError) && value > py::int_(0)) return "inf";
    if (error.matches(PyExc_OverflowError) || error.matches(PyExc_ValueError)) refuse(value, what);
    throw;
  }
}

/// Says so where the float's text is a decimal that a person may have written, and another number.
void warn_of_decimal(py::handle value, const std::string& ratio) {
  const std::string shown = text_of(value);
  constexpr std::ptrdiff_t most_digits = 15;  // of decimals that binary64 tells apart
  const auto significant = std::count_if(shown.begin(), std::find(shown.begin(), shown.end(), 'e'),
                                         [](char c) { return c >= '0' && c <= '9'; });
  const auto written = parse_number(shown);
  if (significant > most_digits + 1 || !written || written == parse_number(ratio)) return;
  static py::handle category;
  const std::string message = shown + " is a float, taken as the binary64 number " + ratio + ": write '" +
                              shown + "' for the decimal";
  // Level 2: where the package was called.
  if (PyErr_WarnEx(imported(category, "promptbound._core", "FloatWarning").ptr(), message.c_str(), 2) != 0)
    throw py::error_already_set();
}

Json array_json(const py::array& array, const std::string& what) {
  // Entries as Python numbers: floats stay the exact binary64 numbers that they are, without a warning each.
  const auto convert = [&](const auto& self, py::handle entry) -> Json {
    if (!py::isinstance<py::list>(entry)) {
      if (PyFloat_Check(entry.ptr())) return ratio_text(entry, what);
      return number_text(entry, what);
    }
    Json rows = Json::array();
    for (const py::handle row : entry) rows.push_back(self(self, row));
    return rows;
  };
  return convert(convert, array.attr("tolist")());
}

}  // namespace

std::string number_text(py::handle value, const std::string& what) {
  PyObject* object = value.ptr();
  if (PyBool_Check(object)) refuse(value, what);
  if (PyLong_Check(object)) return integer_text(value);
  if (PyUnicode_Check(object)) return value.cast<std::string>();
  if (PyIndex_Check(object)) return integer_text(py::reinterpret_steal<py::object>(PyNumber_Index(object)));
  if (!py::hasattr(value, "as_integer_ratio")) refuse(value, what);
  std::string ratio = ratio_text(value, what);
  if ((PyFloat_Check(object) || py::hasattr(value, "dtype")) && ratio != "inf") warn_of_decimal(value, ratio);
  return ratio;
}

Rational rational_of(py::handle value, const std::string& what) {
  // Of any length, where parse_number has a limit.
  if (py::isinstance(value, fraction_type()))
    return Rational(integer_of(value.attr("numerator")), integer_of(value.attr("denominator")));
  return parse_rational(number_text(value, what), what);
}

py::object object_of(const Integer& value) {
  if (mpz_fits_slong_p(value.backend().data()) != 0)
    return py::reinterpret_steal<py::object>(PyLong_FromLong(mpz_get_si(value.backend().data())));
  const std::unique_ptr<char, void (*)(void*)> text(mpz_get_str(nullptr, 16, value.backend().data()),
                                                    std::free);
  return py::reinterpret_steal<py::object>(PyLong_FromString(text.get(), nullptr, 16));
}

py::object object_of(const Rational& value) {
  return fraction_type()(object_of(Integer(numerator(value))), object_of(Integer(denominator(value))));
}

py::object object_of(const Number& value) {
  if (value.infinite) return py::float_(std::numeric_limits<double>::infinity());
  if (is_integer(value.value)) return object_of(Integer(numerator(value.value)));
  return object_of(value.value);
}

py::object object_of(const Interval& value) {
  static py::handle type;
  const auto end = [](const Interval& point, double infinite) {
    return point.is_finite() ? object_of(point.lower()) : py::object(py::float_(infinite));
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return imported(type, "promptbound.numbers", "Interval")(end(value.lower_point(), -infinity),
                                                           end(value.upper_point(), infinity));
}

py::object object_of(const Quantity& value) {
  struct Convert {
    py::object operator()(const Integer& x) const { return object_of(x); }
    py::object operator()(const Rational& x) const { return object_of(x); }
    py::object operator()(const Interval& x) const { return object_of(x); }
    py::object operator()(const Magnitude& x) const {
      static py::handle type;
      return imported(type, "promptbound.numbers", "Magnitude")(object_of(x.log10));
    }
    py::object operator()(const PowerTower& x) const {
      static py::handle type;
      return imported(type, "promptbound.numbers", "PowerTower")(object_of(x.log10_log10));
    }
    py::object operator()(const std::string& text) const { return py::str(text); }
  };
  return std::visit(Convert{}, value.value());
}

Json json_of(py::handle value, const std::string& what) {
  if (value.is_none()) return nullptr;
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>();
  if (PyLong_Check(value.ptr())) {
    int overflow = 0;
    const long small = PyLong_AsLongAndOverflow(value.ptr(), &overflow);
    return overflow == 0 ? Json(small) : Json(number_text(value, what));
  }
  if (py::isinstance<py::array>(value)) return array_json(value.cast<py::array>(), what);
  if (py::isinstance<py::dict>(value)) {
    Json object = Json::object();
    for (const auto& [key, entry] : value.cast<py::dict>()) {
      const std::string name = text_of(key);
      object[name] = json_of(entry, what.empty() ? name : what + "." + name);
    }
    return object;
  }
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    Json array = Json::array();
    for (const py::handle entry : value)
      array.push_back(json_of(entry, what + "[" + std::to_string(array.size()) + "]"));
    return array;
  }
  // Tensors of other libraries.
  if (py::hasattr(value, "__array__") && !py::hasattr(value, "as_integer_ratio")) {
    static py::handle as_array;
    return array_json(imported(as_array, "numpy", "asarray")(value).cast<py::array>(), what);
  }
  return number_text(value, what);
}

py::object parsed(const std::string& json) {
  static py::handle loads;
  return imported(loads, "json", "loads")(json);
}

namespace {
std::atomic<int> abandoned = 0;
void leave(int status, void*) {
  if (abandoned == 0) return;
  std::fflush(nullptr);
  std::_Exit(status);
}
}  // namespace

void count_abandoned(int change) {
  static const bool registered = on_exit(leave, nullptr) == 0;
  static_cast<void>(registered);
  abandoned += change;
}

}  // namespace promptbound::python
