/// What the parts of the module promptbound._core share: numbers and JSON in and out, and long calls that
/// Ctrl-C ends.
#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <promptbound/models/exact_json.hpp>
#include <promptbound/numeric/number.hpp>
#include <promptbound/numeric/quantity.hpp>
#include <promptbound/numeric/work.hpp>

namespace promptbound::python {

namespace py = pybind11;

/// The exact text (`1/10`, `inf`) of an int, Fraction, Decimal, float, str or NumPy number. A float is the
/// binary64 number that it is; one that looks like a decimal and is another number gives a FloatWarning.
/// Throws InputError naming `what` for everything else.
[[nodiscard]] std::string number_text(py::handle value, const std::string& what);
/// The same, finite.
[[nodiscard]] Rational rational_of(py::handle value, const std::string& what);

/// int, Fraction, Interval, Magnitude, PowerTower or str.
[[nodiscard]] py::object object_of(const Integer& value);
[[nodiscard]] py::object object_of(const Rational& value);
[[nodiscard]] py::object object_of(const Interval& value);
[[nodiscard]] py::object object_of(const Quantity& value);
/// An int where it is whole, else a Fraction; infinity as a float.
[[nodiscard]] py::object object_of(const Number& value);
/// Tokens as rows, as the files have them: lists of the entries of each column.
template <class Scalar>
[[nodiscard]] py::list tokens_of(const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& columns) {
  py::list rows;
  for (Index token = 0; token < columns.cols(); ++token) {
    py::list row;
    for (Index r = 0; r < columns.rows(); ++r) row.append(object_of(columns(r, token)));
    rows.append(std::move(row));
  }
  return rows;
}

/// Dictionaries, sequences, arrays and numbers as the JSON of the project's files: exact texts for numbers.
[[nodiscard]] Json json_of(py::handle value, const std::string& what);
/// The JSON text as dictionaries, lists and texts.
[[nodiscard]] py::object parsed(const std::string& json);

/// What a long call and the thread that works on it share.
struct Running {
  std::atomic<bool> cancelled = false;  ///< nobody waits for the result any more
  std::atomic<std::uint64_t> done = 0, total = 0;
};

/// Thrown by work that has seen that it is cancelled.
struct Cancelled {};

/// Counts work that goes on though nobody waits for it; where there is such work when the process ends, it
/// ends at once, with its status, before the library is taken down under the working thread.
void count_abandoned(int change);

/// work(running) on a thread of its own, which must own all that it uses and touch no Python object. This
/// thread waits without the GIL and looks for signals; where one raises an exception, such as
/// KeyboardInterrupt, it is passed on at once and the work is cancelled: it ends where it looks at
/// running.cancelled or tells how far it is (numeric/work), else by itself.
template <class Work>
auto interruptible(Work work, const std::function<void(const Running&)>& look = {}) {
  using Result = decltype(work(std::declval<Running&>()));
  struct State {
    explicit State(Work work) : work(std::move(work)) {}
    Work work;
    Running running;
    std::mutex mutex;
    std::condition_variable finished;
    bool is_finished = false;
    std::optional<Result> result;
    std::exception_ptr error;
  };
  const auto state = std::make_shared<State>(std::move(work));
  std::thread([state] {
    std::optional<Result> result;
    std::exception_ptr error;
    try {
      const WorkWatch watch([state](std::uint64_t done, std::uint64_t total) {
        if (state->running.cancelled) throw Cancelled();
        state->running.done = done;
        state->running.total = total;
      });
      result.emplace(state->work(state->running));
    } catch (const Cancelled&) {  // nobody asks
    } catch (...) {
      error = std::current_exception();
    }
    const std::scoped_lock lock(state->mutex);
    state->result = std::move(result);
    state->error = error;
    state->is_finished = true;
    if (state->running.cancelled) count_abandoned(-1);
    state->finished.notify_all();
  }).detach();
  constexpr std::chrono::milliseconds pause(50);
  const auto is_finished_soon = [&] {
    const py::gil_scoped_release release;
    std::unique_lock lock(state->mutex);
    return state->finished.wait_for(lock, pause, [&] { return state->is_finished; });
  };
  const auto abandon = [&] {
    const std::scoped_lock lock(state->mutex);
    if (state->is_finished) return;
    count_abandoned(1);
    state->running.cancelled = true;
  };
  try {
    while (!is_finished_soon()) {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      if (look) look(state->running);
    }
  } catch (...) {
    abandon();
    throw;
  }
  if (state->error) std::rethrow_exception(state->error);
  return std::move(*state->result);
}

// Each adds one part to the module.
void add_bounds(py::module_& module);
void add_attention(py::module_& module);
void add_audit(py::module_& module);
void add_models(py::module_& module);
void add_recall(py::module_& module);
void add_verify(py::module_& module);
void add_theory(py::module_& module);

}  // namespace promptbound::python
