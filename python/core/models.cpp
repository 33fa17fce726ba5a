// Models: instances in and out, their outputs, constructions, memorization, structure, certificates.
#include <fmt/format.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/construction.hpp>
#include <promptbound/cli/commands/construction_proofs.hpp>
#include <promptbound/cli/commands/run_memory.hpp>
#include <promptbound/cli/render/render_json.hpp>
#include <promptbound/models/instance_safetensors.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>
#include <promptbound/verify/check/check.hpp>
#include <promptbound/verify/memorization/memorize.hpp>
#include <promptbound/verify/prefix/memorize_prefix.hpp>
#include <promptbound/verify/structure/injectivity_certificate.hpp>
#include <promptbound/verify/structure/structure.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// Tokens as rows, from arrays, sequences or numbers.
Matrix<Rational> tokens_from(py::handle tokens, const std::string& what) {
  return matrix_from(json_of(tokens, what), what).transpose();
}

Instance make_instance(const py::dict& members) { return instance_from(json_of(members, ""), "model"); }

// --- outputs

py::list as_lists(const Matrix<double>& output) {
  py::list rows;
  for (Index token = 0; token < output.cols(); ++token) {
    py::list row;
    for (Index c = 0; c < output.rows(); ++c) row.append(output(c, token));
    rows.append(std::move(row));
  }
  return rows;
}

py::object run(const Instance& instance, py::handle input, const std::string& scalar, long digits) {
  const Matrix<Rational> X = tokens_from(input, "input");
  if (scalar == "binary64")
    return as_lists(interruptible([instance, X](Running&) { return evaluate<double>(instance, X); }));
  if (scalar == "rational")
    return tokens_of(interruptible([instance, X](Running&) { return evaluate<Rational>(instance, X); }));
  if (scalar == "interval") {
    return tokens_of(interruptible([instance, X, digits](Running& running) {
      return enclose_output(instance, X, digits, [&] {
        if (running.cancelled) throw Cancelled();
      });
    }));
  }
  throw InputError("scalar: '" + scalar.substr(0, 60) + "' (accepted: binary64, interval, rational)");
}

// --- constructions

py::list construction_entries() {
  py::list result;
  for (const Construction& construction : constructions()) {
    py::dict entry;
    entry["id"] = std::string(construction.id);
    entry["theory"] = std::string(construction.theory);
    entry["source"] = std::string(construction.source);
    entry["summary"] = std::string(construction.summary);
    entry["parameters"] = std::string(construction.parameters);
    result.append(std::move(entry));
  }
  return result;
}

long whole(py::handle value, const std::string& what, long least, long most) {
  const Rational number = rational_of(value, what);
  if (!is_integer(number) || number < least || number > most)
    throw InputError(fmt::format("{}: {} (accepted: a whole number from {} to {})", what,
                                 number.str().substr(0, 60), least, most));
  return numerator(number).convert_to<long>();
}

/// Sets the value of an option of the command.
void set(const ValueOption& option, py::handle value) {
  const std::string name(option.name);
  if (auto* const* text = std::get_if<std::string*>(&option.value)) {
    **text = option.type == "NUMBER" ? number_text(value, name) : py::str(value).cast<std::string>();
  } else if (auto* const* number = std::get_if<long*>(&option.value)) {
    **number = whole(value, name, option.least, option.most);
  } else {
    *std::get<unsigned long*>(option.value) =
        static_cast<unsigned long>(whole(value, name, 0, std::numeric_limits<long>::max()));
  }
}

ConstructOptions construct_options(const Construction& construction, const py::dict& parameters) {
  ConstructOptions options;
  std::vector<ValueOption> known = options.own();
  for (const ValueOption& option : options.target.own()) known.push_back(option);
  const std::string used = " " + std::string(construction.parameters) + " ";
  for (const auto& [key, value] : parameters) {
    std::string name = key.cast<std::string>();
    std::replace(name.begin(), name.end(), '_', '-');
    const auto option =
        std::find_if(known.begin(), known.end(), [&](const ValueOption& one) { return one.name == name; });
    if (option == known.end() || used.find(" " + name + " ") == std::string::npos) {
      throw InputError("--" + name + ": " + std::string(construction.id) +
                       " does not use it (accepted: " + std::string(construction.parameters) + ")");
    }
    set(*option, value);
  }
  return options;
}

/// (an Instance or the JSON text of what is none, the claim)
py::tuple construct(const std::string& id, const py::dict& parameters) {
  const Construction& construction = find_construction(id);
  const ConstructOptions options = construct_options(construction, parameters);
  Built built = interruptible([&construction, options](Running&) {
    const WorkingPrecision scope(bits_for_digits(options.computed_digits()) + 64);
    Built result = construction.build(options);
    result.claim.proof = construction_proof(result.claim.id);
    return result;
  });
  py::object content;
  if (auto* instance = std::get_if<Instance>(&built.content)) {
    content = py::cast(std::move(*instance));
  } else {
    content = parsed(std::get<Json>(built.content).dump());
  }
  return py::make_tuple(std::move(content), std::move(built.claim));
}

/// The labels that the network of theory 5.10 reads.
py::list read_labels(py::handle file) {
  const MemoryReading reading =
      interruptible([json = json_of(file, "file")](Running&) { return read_memory(json, "file"); });
  py::list result;
  for (const Integer& label : reading.read) result.append(object_of(label));
  return result;
}

// --- memorization

py::dict memorize_data(const Instance& instance, py::handle examples, py::handle accuracy) {
  const Rational wanted = rational_of(accuracy, "--accuracy");
  const MemorizationData data =
      memorization_data_from(json_of(examples, "data"), instance.model.width, "data");
  const MemorizationAnswer answer = interruptible(
      [model = instance.model, data, wanted](Running&) { return memorize(model, data, wanted); });
  const auto optional = [](const auto& value) { return value ? object_of(*value) : py::object(py::none()); };
  py::dict result;
  result["verdict"] = std::string(verdict_name(answer));
  result["why"] = answer.why;
  result["prompt"] = answer.prompt ? py::object(tokens_of(*answer.prompt)) : py::none();
  result["error"] = optional(answer.error);
  result["no_prompt_shorter_than"] = answer.prompt ? object_of(answer.least_length) : py::object(py::none());
  result["floor"] = py::none();
  if (answer.floor)
    result["floor"] = py::make_tuple(object_of(answer.floor->lower), object_of(answer.floor->upper));
  result["output_floor"] = object_of(answer.output_floor);
  result["least_error"] =
      py::make_tuple(object_of(answer.least_error.lower), optional(answer.least_error.upper));
  result["rank_lower"] = answer.rank_lower;
  result["certificate"] =
      answer.certificate.empty() ? py::object(py::none()) : py::object(py::str(answer.certificate));
  result["proof"] = proof_lines(answer.proof.statuses());
  return result;
}

Number cap_of(py::handle value, const std::string& what) {
  if (py::isinstance<py::str>(value)) {
    const std::optional<Number> number = parse_number(value.cast<std::string>());
    if (number && number->infinite) return *number;
  } else if (py::isinstance<py::float_>(value) && std::isinf(value.cast<double>()) &&
             value.cast<double>() > 0) {
    return Number::infinity();
  }
  return rational_of(value, what);
}

py::dict memorize_by_prefix_data(const Instance& instance, py::handle examples, py::handle key_cap,
                                 py::handle value_cap) {
  const PrefixCaps caps{cap_of(key_cap, "--key-cap"), cap_of(value_cap, "--value-cap")};
  const MemorizationData data =
      memorization_data_from(json_of(examples, "data"), instance.model.width, "data");
  const PrefixAnswer answer = interruptible(
      [model = instance.model, data, caps](Running&) { return memorize_by_prefix(model, data, caps); });
  py::dict result;
  result["verdict"] = std::string(verdict_name(answer));
  result["why"] = answer.why;
  for (const char* name : {"empty_fits", "least", "most"}) result[name] = py::none();
  if (const auto& lengths = answer.lengths; lengths && lengths->set != PrefixLengths::Set::undecided) {
    result["empty_fits"] = lengths->empty_fits;
    if (lengths->set == PrefixLengths::Set::range) {
      result["least"] = object_of(lengths->least);
      result["most"] = lengths->most ? object_of(*lengths->most)
                                     : py::object(py::float_(std::numeric_limits<double>::infinity()));
    }
  }
  result["certificate"] =
      answer.certificate.empty() ? py::object(py::none()) : py::object(py::str(answer.certificate));
  result["proof"] = proof_lines(answer.proof.statuses());
  return result;
}

// --- structure

py::dict structure(const Instance& instance, py::handle radius, py::handle diameter) {
  TokenSet tokens{.R = rational_of(radius, "--R")};
  if (!diameter.is_none()) tokens.D = rational_of(diameter, "--D");
  const auto [answer, certificate] = interruptible([model = instance.model, tokens](Running&) {
    StructureAnswer found = structure_of(model, {.tokens = tokens, .distance = {}, .outputs = {}});
    std::string text;
    if (found.verdict == Verdict::proved)
      text = injectivity_certificate(model, tokens, found.norms, found).dump(1);
    return std::make_pair(std::move(found), std::move(text));
  });
  const bool is_proved = answer.verdict == Verdict::proved;
  py::dict result;
  result["injective"] = is_proved;
  result["why"] = answer.why;
  result["separation"] = is_proved ? object_of(answer.separation) : py::object(py::none());
  result["lipschitz"] = object_of(answer.lipschitz);
  py::list layers;
  for (const LayerConstants& layer : answer.layers) {
    py::dict entry;
    entry["R"] = object_of(layer.R);
    entry["D"] = object_of(layer.D);
    entry["c"] = object_of(layer.c);
    entry["g"] = object_of(layer.g);
    entry["R_out"] = object_of(layer.R_out);
    layers.append(std::move(entry));
  }
  result["layers"] = std::move(layers);
  result["certificate"] = is_proved ? py::object(py::str(certificate)) : py::none();
  result["proof"] = proof_lines(answer.proof.statuses());
  return result;
}

// --- certificates

py::dict check(const std::string& text, const std::string& where, long bits, int threads,
               const std::string& model, const std::vector<std::string>& prompts) {
  if (threads < 1) throw InputError("threads: " + std::to_string(threads) + " (accepted: a number >= 1)");
  const CheckReport report = interruptible([=](Running&) {
    std::vector<GivenInput> folders;
    if (!model.empty()) folders.push_back({"model", model, ""});
    for (const std::string& prompt : prompts) folders.push_back({"prompt", prompt, ""});
    return check_certificate(text, where, CheckLimits{bits, std::nullopt, threads}, folders);
  });
  py::dict result;
  result["verdict"] = verdict_name(report);
  result["reason"] = report.why;
  result["object"] = report.object;
  result["format"] = report.format;
  result["statement"] = report.statement;
  result["theorem"] = report.theorem;
  result["trusted"] = report.trusted;
  result["text"] = report_text(report);
  return result;
}

}  // namespace

void add_models(py::module_& module) {
  py::class_<Instance>(module, "Instance")
      .def(py::init(&make_instance))
      .def_static("read", &read_instance)
      .def_property_readonly("width", [](const Instance& i) { return i.model.width; })
      .def_property_readonly("data_width", [](const Instance& i) { return i.data_width; })
      .def_property_readonly("layers", [](const Instance& i) { return i.model.layers.size(); })
      .def_property_readonly("causal", [](const Instance& i) { return i.model.mask == Mask::causal; })
      .def_property_readonly("input_tokens", [](const Instance& i) { return i.input_offsets.cols(); })
      .def_property_readonly("prompt_tokens", [](const Instance& i) { return i.prompt.cols(); })
      .def("prompt", [](const Instance& i) { return tokens_of(i.prompt); })
      .def("json", [](const Instance& i) { return to_json(i).dump(); })
      .def("safetensors", [](const Instance& i) { return py::bytes(instance_safetensors(i)); })
      .def("run", run);
  module.def("constructions", construction_entries);
  module.def("construct", construct);
  module.def("read_labels", read_labels);
  module.def("memorize", memorize_data);
  module.def("memorize_by_prefix", memorize_by_prefix_data);
  module.def("structure", structure);
  module.def("check", check);
}

}  // namespace promptbound::python
