/// All parameters of a result, for its head and its columns: what was given, and what was taken by default.
#pragma once

#include <string>
#include <vector>

#include <promptbound/bounds/bound.hpp>
#include <promptbound/cli/parameter_options.hpp>
#include <promptbound/cli/render/table.hpp>

namespace promptbound {

/// The parameters of the bounds that a command evaluates, at one point or over a sweep.
class ParameterView {
 public:
  /// Takes in `uses` those of all the bounds. Of two uses of one parameter that was not given, one with a
  /// default wins.
  ParameterView(const ParameterOptions& options, const std::vector<Use>& uses);

  /// Returns what the head of an output says.
  [[nodiscard]] const std::vector<ShownParameter>& shown() const { return shown_; }

  /// Writes the head of a sweep. CSV, whose rows are read by programs, has columns instead.
  void write_head(Format format, TableWriter& writer) const {
    if (format != Format::csv) writer.parameters(shown_);
  }
  /// Returns the columns of a sweep that hold parameters: those that vary, in CSV all.
  [[nodiscard]] std::vector<Column> headings(Format format) const;
  [[nodiscard]] std::vector<Cell> cells(Format format, const Arguments& arguments) const;

 private:
  struct Entry {
    const Parameter* parameter;
    bool varies;
    bool is_default;
    Use use;            ///< its default, if it was not given
    std::string fixed;  ///< the text of a value that every row has; empty where it may differ
  };
  /// Tells whether this entry has a column.
  [[nodiscard]] static bool is_column(const Entry& entry, Format format) {
    return entry.varies || format == Format::csv;
  }

  std::vector<Entry> entries_;
  std::vector<ShownParameter> shown_;
};

}  // namespace promptbound
