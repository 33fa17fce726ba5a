/// One bound over a sweep, as records and as the rows of a table: what `eval` writes, and each part of a
/// sweep that several machines share.
#pragma once

#include <cstdint>
#include <string>

#include <promptbound/bounds/bound.hpp>
#include <promptbound/cli/command.hpp>
#include <promptbound/cli/parameter_options.hpp>

namespace promptbound {

class BoundSweep {
 public:
  /// Takes the bound's id, the parameter that it is solved for (empty: forwards) and the significant digits
  /// of enclosures. Throws InputError for an unknown id or parameter, and for values that are not accepted.
  BoundSweep(const std::string& id, const std::string& unknown, ParameterOptions parameters, long digits);

  [[nodiscard]] const Bound& bound() const { return *bound_; }
  /// Returns null where the bound is read forwards.
  [[nodiscard]] const Inverse* inverse() const { return inverse_; }
  [[nodiscard]] const Sweep& points() const { return points_; }
  [[nodiscard]] long digits() const { return digits_; }

  /// Evaluates the bound at the arguments of a point. Throws InputError where one is missing or out of range.
  [[nodiscard]] Record record(const Arguments& arguments) const;

  /// Writes the points first to last - 1 as a table with its head: rows are the same however a sweep is cut.
  /// options: their format, threads and progress.
  void write_rows(std::uint64_t first, std::uint64_t last, const CommonOptions& options,
                  TableWriter& writer) const;

 private:
  [[nodiscard]] const std::vector<Use>& uses() const {
    return inverse_ == nullptr ? bound_->uses : inverse_->uses;
  }

  const Bound* bound_;
  const Inverse* inverse_;
  ParameterOptions parameters_;
  long digits_;
  Sweep points_;
};

}  // namespace promptbound
