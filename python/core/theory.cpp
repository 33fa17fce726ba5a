// Items of the theory, as `promptbound list N.M` prints them.
#include <pybind11/stl.h>

#include <promptbound/cli/theory_item.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// (number, ids, page, Markdown, plain text).
py::tuple theory(const std::string& name) {
  const TheoryItem* item = find_theory_item(name);
  if (item == nullptr) refuse_unknown_item(name, {});
  return py::make_tuple(item->number, py::tuple(py::cast(item->ids)), item->page, without_links(*item),
                        plain_text(*item));
}

}  // namespace

void add_theory(py::module_& module) { module.def("theory", theory); }

}  // namespace promptbound::python
