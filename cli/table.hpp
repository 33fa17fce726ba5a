/// Tables and paragraphs, written row by row in the format asked for.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <promptbound/cli/figure.hpp>
#include <promptbound/cli/output_file.hpp>
#include <promptbound/numeric/quantity.hpp>

namespace promptbound {

enum class Format { text, markdown, latex, csv, json, html };

/// A cell is a text, a number, or the absence of a number with its reason.
struct Absent {
  std::string reason;
};
using Cell = std::variant<std::string, Quantity, Absent>;

struct Column {
  std::string heading;
  bool is_number = false;  ///< holds quantities: right-aligned; two columns (lower, upper) in CSV
};

/// Writes paragraphs and tables. Rows go out as they come, except in the text format, which aligns its
/// columns.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  /// A sentence or two outside any table. CSV and JSON have no place for it and drop it.
  virtual void paragraph(const std::string& text) = 0;
  virtual void begin(const std::string& title, const std::vector<Column>& columns) = 0;
  virtual void row(const std::vector<Cell>& cells) = 0;
  virtual void end() = 0;
  /// Plots: only HTML has a place for them, and only there are they worth making.
  [[nodiscard]] virtual bool has_figures() const { return false; }
  virtual void figure(const Figure&) {}
};

/// digits: significant digits of enclosed numbers.
[[nodiscard]] std::unique_ptr<TableWriter> make_table_writer(Format format, OutputFile& file, long digits);

// One per file, for make_table_writer.
[[nodiscard]] std::unique_ptr<TableWriter> text_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> markdown_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> latex_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> csv_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> json_writer(OutputFile& file, long digits);
[[nodiscard]] std::unique_ptr<TableWriter> html_writer(OutputFile& file, long digits);

/// A number for people: an integer in full up to 24 digits, else with leading digits and length; an enclosure
/// as
/// `[lower, upper]`; a fraction that no short decimal equals with its enclosure.
[[nodiscard]] std::string readable(const Quantity& quantity, long digits);

/// A cell for people: its text, its number, or why there is none.
[[nodiscard]] std::string cell_text(const Cell& cell, long digits);

}  // namespace promptbound
