// The module promptbound._core: the library's functions and answers, as the files of the package promptbound
// use them.
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>

#include "core.hpp"

namespace {

namespace py = pybind11;
using namespace promptbound;

/// Decimal text of an exact number, rounded in the direction given.
std::string decimal_text(py::handle value, long digits, bool up) {
  return decimal(python::rational_of(value, "value"), digits, up ? Direction::up : Direction::down);
}

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.attr("__version__") = PROMPTBOUND_VERSION;
  const auto public_class = [](py::object type, const char* meaning) {
    type.attr("__module__") = "promptbound";
    type.attr("__doc__") = meaning;
  };
  public_class(py::register_exception<InputError>(module, "InputError", PyExc_ValueError),
               "Unusable input: one line that says what is wrong, where, and what is accepted.");
  public_class(py::register_exception<Undecided>(module, "Undecided", PyExc_RuntimeError),
               "No working precision, and no algebraic argument, decides: the answer is not known.");
  module.attr("FloatWarning") = py::reinterpret_steal<py::object>(
      PyErr_NewException("promptbound.FloatWarning", PyExc_UserWarning, nullptr));
  public_class(module.attr("FloatWarning"),
               "A float that looks like a decimal was taken as the binary64 number that it is.");
  module.def("decimal", decimal_text, py::arg("value"), py::arg("digits"), py::arg("up"));
  module.def("number_text",
             [](py::handle value, const std::string& what) { return python::number_text(value, what); });
  python::add_bounds(module);
  python::add_attention(module);
  python::add_audit(module);
  python::add_models(module);
  python::add_recall(module);
  python::add_verify(module);
  python::add_theory(module);
}
