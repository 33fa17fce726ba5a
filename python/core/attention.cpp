// Attention on arrays of NumPy, read where they are.
#include <pybind11/numpy.h>

#include <promptbound/attention/choice/exact_scale.hpp>
#include <promptbound/numeric/certify.hpp>
#include <promptbound/numeric/decimal.hpp>
#include <promptbound/numeric/error.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// A vector as an array of the shape, which keeps the vector.
template <class T>
py::array owned(std::vector<T> values, const std::vector<py::ssize_t>& shape) {
  auto* kept = new std::vector<T>(std::move(values));
  const py::capsule owner(kept, [](void* vector) { delete static_cast<std::vector<T>*>(vector); });
  return py::array_t<T>(shape, kept->data(), owner);
}

/// Why the accuracy asked for cannot be certified, as the command says it.
std::string refusal_text(const Refusal& refusal) {
  std::string text = "refused: " + refusal.why;
  if (refusal.reachable) {
    text += " " + (std::isfinite(*refusal.reachable) ? decimal(Rational(*refusal.reachable), 3, Direction::up)
                                                     : std::string("no finite bound"));
  }
  return text;
}

/// Arrays of shape (heads, rows, columns), C order, all of one type, which the caller
/// (promptbound/attention.py) has checked. They are kept until the work ends, also where nobody waits for it
/// any more.
template <class T>
py::dict attend_arrays(const py::array& q, const py::array& k, const py::array& v, const py::object& prompt_k,
                       const py::object& prompt_v, const Rational& scale,
                       const std::optional<Rational>& accuracy, const AttentionRequest& request,
                       bool causal) {
  AttentionArrays<T> arrays;
  const auto data = [](const py::object& array) {
    return static_cast<const T*>(array.cast<py::array>().data());
  };
  arrays.heads = q.shape(0);
  arrays.n = q.shape(1);
  arrays.d = q.shape(2);
  arrays.m = k.shape(1);
  arrays.d_v = v.shape(2);
  arrays.q = data(q);
  arrays.k = data(k);
  arrays.v = data(v);
  if (!prompt_k.is_none()) {
    arrays.prompt = prompt_k.cast<py::array>().shape(1);
    arrays.prompt_k = data(prompt_k);
    arrays.prompt_v = data(prompt_v);
  }
  arrays.mask = causal ? Mask::causal : Mask::bidirectional;
  std::variant<AttentionAnswer, Refusal> outcome;
  try {
    outcome = interruptible([=](Running&) { return attend_at_scale(arrays, scale, request, accuracy); });
  } catch (const py::error_already_set&) {
    // The work still reads the arrays.
    for (const py::object& array : {py::object(q), py::object(k), py::object(v), prompt_k, prompt_v})
      array.inc_ref();
    throw;
  }
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) throw Undecided(refusal_text(*refusal));
  auto& answer = std::get<AttentionAnswer>(outcome);
  const std::vector<py::ssize_t> shape = {arrays.heads, arrays.n, arrays.d_v};
  py::dict result;
  std::visit(
      [&](auto& attended) {
        result["output"] = owned(std::move(attended.output), shape);
        result["error"] = owned(std::move(attended.error), shape);
      },
      answer.result);
  result["error_bound"] = answer.error_bound;
  result["method"] = name(answer.method);
  result["why"] = answer.why;
  result["degree"] = answer.degree;
  result["rank"] = answer.rank;
  result["seconds"] = *answer.spent.seconds;
  return result;
}

py::dict attention(const py::array& q, const py::array& k, const py::array& v, const py::object& prompt_k,
                   const py::object& prompt_v, py::handle scale, py::handle accuracy,
                   const std::string& method, const std::string& rounding, bool causal, int threads) {
  if (threads < 1) throw InputError("threads: " + std::to_string(threads) + " (accepted: a number >= 1)");
  AttentionRequest request;
  request.method = parse_method(method);
  request.rounding = parse_rounding(rounding);
  request.threads = threads;
  std::optional<Rational> wanted;
  if (!accuracy.is_none()) wanted = rational_of(accuracy, "--accuracy");
  const Rational exact_scale = rational_of(scale, "--scale");
  const auto call = q.dtype().is(py::dtype::of<float>()) ? attend_arrays<float> : attend_arrays<double>;
  return call(q, k, v, prompt_k, prompt_v, exact_scale, wanted, request, causal);
}

}  // namespace

void add_attention(py::module_& module) {
  module.def("attention", attention, py::arg("q"), py::arg("k"), py::arg("v"), py::arg("prompt_k"),
             py::arg("prompt_v"), py::arg("scale"), py::arg("accuracy"), py::arg("method"),
             py::arg("rounding"), py::arg("causal"), py::arg("threads"));
}

}  // namespace promptbound::python
