// The catalogue of bounds and its records. What a record is stands here and nowhere else in the module.
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <pybind11/stl.h>

#include <nlohmann/json.hpp>

#include <promptbound/bounds/overview.hpp>
#include <promptbound/cli/bound_sweep.hpp>
#include <promptbound/cli/render/gap.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/cli/sweep.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/precision.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// The parameter that a keyword names: `Lambda_W` is Lambda-W.
const Parameter& parameter_named(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  std::vector<std::string_view> known;
  for (const Parameter* parameter : all_parameters()) {
    if (parameter->name == name) return *parameter;
    known.push_back(parameter->name);
  }
  throw InputError("no parameter is called '" + name.substr(0, 60) + "': did you mean " +
                   nearest(name, known) + "?");
}

/// Refuses a parameter that the bound does not use.
void require_used(const Bound& bound, const std::vector<Use>& uses, const Parameter& parameter) {
  std::string names;
  for (const Use& use : uses) {
    if (use.parameter == &parameter) return;
    names += (names.empty() ? "" : ", ") + std::string(use.parameter->name);
  }
  throw InputError(std::string(bound.id) + " does not use " + std::string(parameter.name) +
                   " (accepted: " + names + ")");
}

Argument argument_of(const Parameter& parameter, py::handle value) {
  return parse_argument(parameter, number_text(value, std::string(parameter.name)));
}

/// A bound and the direction in which it is read.
struct Question {
  const Bound* bound;
  const Inverse* inverse = nullptr;

  Question(const std::string& id, const std::optional<std::string>& unknown)
      : bound(&find_bound(id)),
        inverse(unknown ? &find_inverse(*bound, parameter_named(*unknown).name) : nullptr) {}

  [[nodiscard]] const std::vector<Use>& uses() const {
    return inverse != nullptr ? inverse->uses : bound->uses;
  }
  [[nodiscard]] Record answer(const Arguments& arguments, long digits) const {
    return inverse == nullptr ? evaluate(*bound, arguments, digits)
                              : evaluate(*bound, *inverse, arguments, digits);
  }
};

long checked(long digits) {
  if (digits < 1 || digits > 1000000)
    throw InputError("digits: " + std::to_string(digits) + " (accepted: 1 to 1000000)");
  return digits;
}

Record evaluate_bound(const std::string& id, const py::dict& parameters, long digits,
                      const std::optional<std::string>& unknown) {
  const Question question(id, unknown);
  Arguments arguments;
  for (const auto& [name, value] : parameters) {
    const Parameter& parameter = parameter_named(name.cast<std::string>());
    require_used(*question.bound, question.uses(), parameter);
    arguments.set(parameter.name, argument_of(parameter, value));
  }
  if (checked(digits) <= 100) return question.answer(arguments, digits);
  return interruptible([=](Running&) { return question.answer(arguments, digits); });
}

/// The values of one parameter of a sweep: one value, a text as the command takes it (`1:8`, `1/10,1/100`),
/// or any iterable.
std::vector<Argument> values_of(const Parameter& parameter, py::handle value) {
  std::vector<Argument> arguments;
  if (py::isinstance<py::str>(value)) {
    const Values values(parameter, value.cast<std::string>());
    for (std::uint64_t i = 0; i < values.size(); ++i) arguments.push_back(values.at(i));
  } else if (py::isinstance<py::iterable>(value)) {
    for (const py::handle one : value) {
      arguments.push_back(argument_of(parameter, one));
      if (arguments.size() > most_points)
        throw InputError(std::string(parameter.name) + ": more than 10000000 points");
    }
    if (arguments.empty())
      throw InputError(std::string(parameter.name) + ": no values (accepted: at least one)");
  } else {
    arguments.push_back(argument_of(parameter, value));
  }
  return arguments;
}

std::vector<Record> sweep(const std::string& id, const py::dict& parameters, long digits, int threads,
                          const std::optional<std::string>& unknown, const py::object& progress) {
  const Question question(id, unknown);
  std::vector<std::pair<const Parameter*, std::vector<Argument>>> axes;
  std::uint64_t points = 1;
  for (const auto& [name, value] : parameters) {
    const Parameter& parameter = parameter_named(name.cast<std::string>());
    require_used(*question.bound, question.uses(), parameter);
    axes.emplace_back(&parameter, values_of(parameter, value));
    points *= axes.back().second.size();
    if (points > most_points) throw InputError("the sweep has more than 10000000 points: shorten a range");
  }
  if (threads < 1) throw InputError("threads: " + std::to_string(threads) + " (accepted: a number >= 1)");
  checked(digits);
  return interruptible(
      [=](Running& running) {
        // The last parameter runs fastest.
        const auto point = [&](std::uint64_t index) {
          Arguments arguments;
          for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
            arguments.set(axis->first->name, axis->second[index % axis->second.size()]);
            index /= axis->second.size();
          }
          return arguments;
        };
        std::vector<Record> records(points);
        running.total = points;
        const auto compute = [&](std::uint64_t i) {
          if (running.cancelled) throw Cancelled();
          records[i] = question.answer(point(i), digits);
          ++running.done;
        };
        if (threads == 1) {
          for (std::uint64_t i = 0; i < points; ++i) compute(i);
        } else {
          oneapi::tbb::task_arena arena(threads);
          arena.execute([&] { oneapi::tbb::parallel_for(std::uint64_t{0}, points, compute); });
        }
        return records;
      },
      [&](const Running& running) {
        if (!progress.is_none()) progress(running.done.load(), running.total.load());
      });
}

// --- sweeps that several processes share

/// Texts by parameter, as the command takes them.
BoundSweep sweep_in_parts(const std::string& id, const std::map<std::string, std::string>& parameters,
                          long digits, const std::optional<std::string>& unknown) {
  ParameterOptions options(most_points_in_parts);
  for (const auto& [name, text] : parameters) options.set(std::string(parameter_named(name).name), text);
  return {id, unknown ? std::string(parameter_named(*unknown).name) : std::string(), std::move(options),
          checked(digits)};
}

/// Writes the rows first to last - 1 as `promptbound eval --format csv` does, under their heading.
void write_part(const BoundSweep& sweep, const std::string& path, std::uint64_t first, std::uint64_t last) {
  if (first >= last || last > sweep.points().size())
    throw InputError(
        "rows: no such part (accepted: 0 <= first < last <= " + std::to_string(sweep.points().size()) + ")");
  const py::gil_scoped_release release;
  CommonOptions options;
  options.format = Format::csv;
  options.quiet = true;
  OutputFile file(path);
  sweep.write_rows(first, last, options, *make_table_writer(Format::csv, file, sweep.digits()));
  file.commit();
}

void add_sweeps_in_parts(py::module_& module) {
  py::class_<BoundSweep>(module, "SweepInParts")
      .def(py::init(&sweep_in_parts))
      .def_property_readonly("points", [](const BoundSweep& sweep) { return sweep.points().size(); })
      .def("look_at_first", [](const BoundSweep& sweep) { (void)sweep.record(sweep.points().at(0)); })
      .def("write", write_part);
}

py::object input_object(const Input& input) {
  return input.value.is_word() ? py::object(py::str(input.value.word())) : object_of(input.value.number());
}

py::dict inputs(const Record& record) {
  py::dict result;
  for (const Input& input : record.inputs) result[py::str(input.name)] = input_object(input);
  return result;
}

py::list defaults(const Record& record) {
  py::list names;
  for (const Input& input : record.inputs)
    if (input.is_default) names.append(input.name);
  return names;
}

py::list output_names(const Record& record) {
  py::list names;
  for (const Output& output : record.outputs) names.append(output.name);
  return names;
}

/// Nothing where the record has no output of that name.
const Quantity* find_output(const Record& record, const std::string& name) {
  for (const Output& output : record.outputs)
    if (output.name == name) return &output.value;
  return nullptr;
}

py::object output(const Record& record, const std::string& name) {
  const Quantity* quantity = find_output(record, name);
  return quantity == nullptr ? py::object(py::none()) : object_of(*quantity);
}

/// (lower, upper, log10) as floats, ends rounded outward; None where there is no number.
py::object ends(const Record& record, const std::string& name) {
  const Quantity* quantity = find_output(record, name);
  if (quantity == nullptr || std::holds_alternative<std::string>(quantity->value())) return py::none();
  const WorkingPrecision scope(128);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (std::holds_alternative<PowerTower>(quantity->value()))
    return py::make_tuple(std::numeric_limits<double>::max(), infinity, infinity);
  const Interval value = quantity->enclosure();
  py::object log10 = py::none();
  if (certainly_positive(value)) {
    const Interval logarithm = quantity->log10().midpoint();
    log10 = py::float_(logarithm.lower_double());
  }
  return py::make_tuple(value.lower_double(), value.upper_double(), log10);
}

/// (lower, upper) with `digits` significant digits, as the command prints them; None where an end is not
/// known.
py::tuple texts(const Record& record, const std::string& name, long digits) {
  const Quantity* quantity = find_output(record, name);
  const auto text = [](const std::string& end) {
    return end.empty() ? py::object(py::none()) : py::str(end);
  };
  if (quantity == nullptr) return py::make_tuple(py::none(), py::none());
  return py::make_tuple(text(quantity->lower(digits)), text(quantity->upper(digits)));
}

py::list assumptions(const Record& record) {
  py::list result;
  for (const Assumption& assumption : record.assumptions)
    result.append(py::make_tuple(std::string(name(assumption.status)), assumption.text));
  return result;
}

/// Meanings of the outputs of a bound.
py::dict meanings(const std::string& id) {
  py::dict result;
  const Bound& bound = find_bound(id);
  for (const OutputDescription& output : bound.outputs)
    result[py::str(std::string(output.name))] = std::string(output.meaning);
  for (const Inverse& inverse : bound.inverses)
    if (!result.contains(std::string(inverse.unknown)))
      result[py::str(std::string(inverse.unknown))] = std::string(inverse.meaning);
  return result;
}

py::list uses_of(const std::vector<Use>& uses) {
  py::list result;
  for (const Use& use : uses) {
    py::dict entry;
    entry["name"] = std::string(use.parameter->name);
    entry["meaning"] = std::string(use.parameter->meaning);
    entry["unit"] = std::string(use.parameter->unit);
    entry["accepted"] = use.parameter->accepted();
    entry["required"] = use.required;
    entry["default"] = use.has_default() ? py::object(py::str(std::string(use.fallback))) : py::none();
    result.append(std::move(entry));
  }
  return result;
}

py::list entries() {
  py::list result;
  for (const Bound& bound : catalogue()) {
    py::dict entry;
    entry["id"] = std::string(bound.id);
    entry["kind"] = std::string(name(bound.kind));
    entry["theory"] = std::string(bound.theory);
    entry["source"] = std::string(bound.source);
    entry["claim"] = std::string(bound.claim);
    entry["formula"] = std::string(bound.formula);
    entry["parameters"] = uses_of(bound.uses);
    entry["outputs"] = meanings(std::string(bound.id));
    py::list unknowns;
    for (const Inverse& inverse : bound.inverses) unknowns.append(std::string(inverse.unknown));
    entry["solve"] = unknowns;
    result.append(std::move(entry));
  }
  return result;
}

Overview bounds_at(const py::dict& parameters, long digits) {
  Arguments arguments;
  for (const auto& [name, value] : parameters) {
    const Parameter& parameter = parameter_named(name.cast<std::string>());
    arguments.set(parameter.name, argument_of(parameter, value));
  }
  checked(digits);
  return interruptible([=](Running&) { return overview(arguments, digits); });
}

py::object length_object(const std::optional<PromptLength>& length) {
  if (!length) return py::none();
  return py::make_tuple(object_of(length->tokens), object_of(length->width), length->models, length->record);
}

py::object why_object(const std::optional<Record>& none) {
  return none ? py::object(py::str(why_none(*none))) : py::none();
}

/// The parts of a bracket by their names in Python; None where there is none.
py::object bracket_object(const std::optional<Bracket>& bracket, const std::optional<BracketInBits>& bits) {
  if (!bracket) return py::none();
  py::dict parts;
  parts["models"] = bracket->models;
  parts["necessary"] = length_object(bracket->necessary);
  parts["necessary_at_equal_width"] = length_object(bracket->necessary_at_equal_width);
  parts["sufficient"] = length_object(bracket->sufficient);
  parts["no_necessary"] = why_object(bracket->no_necessary);
  parts["no_sufficient"] = why_object(bracket->no_sufficient);
  py::list beside;
  for (const PromptLength& length : bracket->beside) beside.append(length_object(length));
  parts["beside"] = beside;
  parts["bits"] = py::none();
  parts["limit_factor"] = py::none();
  if (bits) {
    parts["bits"] = py::make_tuple(object_of(bits->necessary), object_of(bits->sufficient));
    if (bits->limit_factor) parts["limit_factor"] = object_of(*bits->limit_factor);
  }
  return parts;
}

}  // namespace

void add_bounds(py::module_& module) {
  py::class_<Record>(module, "Record")
      .def_property_readonly("id", [](const Record& r) { return std::string(r.id); })
      .def_property_readonly("kind", [](const Record& r) { return std::string(name(r.kind)); })
      .def_property_readonly("theory", [](const Record& r) { return std::string(r.theory); })
      .def_property_readonly("source", [](const Record& r) { return std::string(r.source); })
      .def_property_readonly("applicable", &Record::is_applicable)
      .def_property_readonly("undecided", &Record::is_undecided)
      .def_property_readonly("reason", [](const Record& r) { return r.why; })
      .def("inputs", inputs)
      .def("defaults", defaults)
      .def("output_names", output_names)
      .def("output", output)
      .def("ends", ends)
      .def("texts", texts)
      .def("assumptions", assumptions)
      .def("proof", [](const Record& r) { return proof_lines(r.proofs()); })
      .def("json", [](const Record& r, long digits) { return record_json(r, digits).dump(); });
  py::class_<Overview>(module, "Overview")
      .def_readonly("records", &Overview::records)
      .def("lines", [](const Overview& o) { return describe_gap(o); })
      .def_property_readonly("bracket", [](const Overview& o) { return bracket_object(o.bracket, o.bits); })
      .def_property_readonly("memory",
                             [](const Overview& o) { return bracket_object(o.memory, o.memory_bits); });
  add_sweeps_in_parts(module);
  module.def("catalogue", entries);
  module.def("meanings", meanings);
  module.def("evaluate", evaluate_bound, py::arg("id"), py::arg("parameters"), py::arg("digits"),
             py::arg("unknown"));
  module.def("sweep", sweep, py::arg("id"), py::arg("parameters"), py::arg("digits"), py::arg("threads"),
             py::arg("unknown"), py::arg("progress"));
  module.def("bounds", bounds_at, py::arg("parameters"), py::arg("digits"));
}

}  // namespace promptbound::python
