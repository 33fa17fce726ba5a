// The largest and the mean error of a model over the cube, for targets by name and by expression.
#include <pybind11/stl.h>

#include <nlohmann/json.hpp>

#include <promptbound/cli/commands/construct_target.hpp>
#include <promptbound/numeric/alpha_norm.hpp>
#include <promptbound/numeric/error.hpp>
#include <promptbound/records/sha256.hpp>
#include <promptbound/verify/supremum/integral.hpp>
#include <promptbound/verify/supremum/region_search.hpp>
#include <promptbound/verify/supremum/supremum_certificate.hpp>
#include <promptbound/verify/supremum/supremum_checkpoint.hpp>

#include "core.hpp"

namespace promptbound::python {
namespace {

/// A decided or open search, with what its certificate is made of.
struct Verification {
  ApproximationProblem problem;
  Rational eps;
  SupremumAnswer answer;
};

ApproximationProblem problem_of(const Instance& instance, const py::dict& target, py::handle alpha,
                                const std::optional<long>& L) {
  TargetOptions options;
  for (const auto& [key, value] : target) {
    const std::string name = key.cast<std::string>();
    if (name == "name") options.name = value.cast<std::string>();
    if (name == "expression") options.expression = value.cast<std::string>();
    if (name == "frequency") options.frequency = number_text(value, "frequency");
    if (name == "table") options.table = value.cast<std::string>();
  }
  const Number exponent = parse_norm_exponent(number_text(alpha, "alpha"), "alpha");
  const Index tokens = L ? *L : instance.input_offsets.cols();
  if (tokens < 1) throw InputError("L: the model has no input_offsets (accepted: L=N, the input tokens)");
  return approximation_problem(instance, options.make(instance.data_width, tokens, Rational(1), exponent),
                               exponent);
}

/// What a search says of itself while it runs.
struct Progress {
  std::mutex mutex;
  SupremumProgress state;
};

std::function<void(const SupremumProgress&)> told_to(const std::shared_ptr<Progress>& progress,
                                                     Running& running) {
  return [progress, &running](const SupremumProgress& state) {
    if (running.cancelled) throw Cancelled();
    const std::scoped_lock lock(progress->mutex);
    progress->state = state;
  };
}

std::function<void(const Running&)> passed_on(const std::shared_ptr<Progress>& progress,
                                              const py::object& say) {
  return [progress, say](const Running&) {
    if (say.is_none()) return;
    SupremumProgress state;
    {
      const std::scoped_lock lock(progress->mutex);
      state = progress->state;
    }
    say(state.lower, state.upper, state.boxes, state.waiting);
  };
}

Verification verify(const Instance& instance, const py::dict& target, py::handle eps, py::handle alpha,
                    py::handle ratio, const std::optional<long>& L, int threads, std::uint64_t most_boxes,
                    std::size_t most_waiting, const py::object& say) {
  if (threads < 1) throw InputError("threads: " + std::to_string(threads) + " (accepted: a number >= 1)");
  const ApproximationProblem problem = problem_of(instance, target, alpha, L);
  SupremumOptions options;
  options.eps = rational_of(eps, "eps");
  options.ratio = rational_of(ratio, "ratio");
  options.threads = threads;
  options.most_boxes = most_boxes;
  options.most_waiting = most_waiting;
  const auto progress = std::make_shared<Progress>();
  SupremumAnswer answer = interruptible(
      [problem, options, progress](Running& running) mutable {
        options.progress = told_to(progress, running);
        return enclose_supremum(problem, options);
      },
      passed_on(progress, say));
  return {problem, *options.eps, std::move(answer)};
}

py::dict verify_integral(const Instance& instance, const py::dict& target, py::handle eps, py::handle alpha,
                         py::handle ratio, const std::optional<long>& L, int threads, std::size_t most_boxes,
                         const py::object& say) {
  if (threads < 1) throw InputError("threads: " + std::to_string(threads) + " (accepted: a number >= 1)");
  const ApproximationProblem problem = problem_of(instance, target, alpha, L);
  IntegralOptions options;
  options.eps = rational_of(eps, "eps");
  options.ratio = rational_of(ratio, "ratio");
  options.threads = threads;
  options.most_boxes = most_boxes;
  const auto progress = std::make_shared<Progress>();
  const IntegralAnswer answer = interruptible(
      [problem, options, progress](Running& running) mutable {
        options.progress = told_to(progress, running);
        return enclose_integral(problem, options);
      },
      passed_on(progress, say));
  py::dict result;
  result["verdict"] = std::string(name(answer.verdict));
  result["why"] = answer.why;
  result["d_alpha"] = object_of(answer.d_alpha);
  result["boxes"] = answer.spent.boxes.value_or(0);
  return result;
}

py::object optional_number(const std::optional<Rational>& value) {
  return value ? object_of(*value) : py::object(py::none());
}

// --- searches that several processes share

/// In a checkpoint's digest: no search of one process has the ratio of one that ends where eps is decided.
Rational ratio_of(const RegionSearch& search) { return search.ratio().value_or(-1); }

py::dict report_of(RegionSearch& search, const std::string& path, const std::string& tree,
                   std::uint64_t most_boxes, double lower) {
  RegionReport report;
  {
    const py::gil_scoped_release release;
    report = search({path, tree}, most_boxes, lower);
  }
  py::dict result;
  result["tree"] = report.tree;
  result["open"] = report.open;
  result["settled"] = report.settled;
  result["lower"] = report.point.lower;
  result["witness"] = report.point.X;
  result["refuted"] = report.is_refuted;
  result["too_small"] = report.is_too_small;
  return result;
}

void add_regions(py::module_& module) {
  py::class_<RegionSearch>(module, "RegionSearch")
      .def(py::init([](const Instance& instance, const py::dict& target, py::handle eps, py::handle alpha,
                       py::handle ratio, const std::optional<long>& L) {
        return std::make_unique<RegionSearch>(
            problem_of(instance, target, alpha, L), rational_of(eps, "eps"),
            ratio.is_none() ? std::nullopt : std::optional(rational_of(ratio, "ratio")));
      }))
      .def("goal", &RegionSearch::goal)
      .def("digest",
           [](const RegionSearch& search) {
             return sha256(problem_json(search.problem(), search.eps()).dump());
           })
      .def("search", report_of)
      .def("checkpoint",
           [](const RegionSearch& search, const std::string& tree, const std::vector<double>& witness) {
             return checkpoint_json({tree, witness}, problem_json(search.problem(), search.eps()),
                                    ratio_of(search))
                 .dump(1);
           })
      .def("resumed",
           [](const RegionSearch& search, const std::string& text, const std::string& where) {
             const SupremumState state =
                 checkpoint_from(parse_json(text, where), problem_json(search.problem(), search.eps()),
                                 ratio_of(search), where);
             (void)HalvingTree(state.tree, static_cast<std::size_t>(search.problem().target.n()));
             return py::make_tuple(state.tree, state.witness);
           })
      .def("large_error",
           [](const RegionSearch& search, std::uint64_t most_boxes) {
             Point point;
             {
               const py::gil_scoped_release release;
               point = search.large_error(most_boxes);
             }
             return py::make_tuple(point.lower, point.X);
           })
      .def("error_at", [](RegionSearch& search,
                          const std::vector<double>& witness) { return search.point(witness).lower; })
      .def("answer",
           [](const RegionSearch& search, const std::string& tree, const std::optional<double>& upper,
              double lower, const std::vector<double>& witness, const std::string& why) {
             return Verification{search.problem(), search.eps(),
                                 search.answer(tree, upper, {lower, witness}, why)};
           });
}

}  // namespace

void add_verify(py::module_& module) {
  add_regions(module);
  py::class_<Verification>(module, "Verification")
      .def_property_readonly("verdict",
                             [](const Verification& v) { return std::string(name(v.answer.verdict)); })
      .def_property_readonly("why", [](const Verification& v) { return v.answer.why; })
      .def_property_readonly("eps", [](const Verification& v) { return object_of(v.eps); })
      .def_property_readonly("upper", [](const Verification& v) { return optional_number(v.answer.upper); })
      .def_property_readonly("witness",
                             [](const Verification& v) -> py::object {
                               return v.answer.witness ? py::object(tokens_of(v.answer.witness->X))
                                                       : py::none();
                             })
      .def_property_readonly("lower",
                             [](const Verification& v) {
                               return object_of(v.answer.witness ? v.answer.witness->error : Rational(0));
                             })
      .def_property_readonly("boxes", [](const Verification& v) { return v.answer.spent.boxes.value_or(0); })
      .def("target",
           [](const Verification& v) {
             const auto* expression = std::get_if<Expression>(&v.problem.target.function);
             return expression == nullptr ? std::string() : canonical_text(*expression);
           })
      .def("proof", [](const Verification& v) { return proof_lines(v.answer.proof.statuses()); })
      .def("certificate", [](const Verification& v) {
        return interruptible(
            [v](Running&) { return supremum_certificate(v.problem, v.eps, v.answer).dump(1); });
      });
  module.def("verify", verify);
  module.def("verify_integral", verify_integral);
}

}  // namespace promptbound::python
