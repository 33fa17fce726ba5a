#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <promptbound/bounds/catalogue.hpp>
#include <promptbound/cli/model_table.hpp>
#include <promptbound/numeric/integers.hpp>
#include <promptbound/numeric/precision.hpp>

namespace promptbound {
namespace {

/// A line of the file with the forms of 2.7 evaluated, per prompt token.
struct ModelRow {
  PublishedModel model;
  bool is_further_slope;       ///< an earlier line is about the same model
  Record bits;                 ///< accessible-length at its default of 16 bits
  Record notebook;             ///< accessible-length-published at its defaults
  std::optional<Record> ball;  ///< that of MMCT26's Table 1, where r is known
  long digits;
};

std::vector<ModelRow> evaluated(const std::vector<PublishedModel>& models, long digits) {
  const Bound& published = find_bound("accessible-length-published");
  std::vector<ModelRow> rows;
  for (const PublishedModel& model : models) {
    const bool is_further_slope = std::any_of(rows.begin(), rows.end(), [&](const ModelRow& earlier) {
      return earlier.model.model == model.model && earlier.model.width == model.width &&
             earlier.model.vocabulary == model.vocabulary;
    });
    Arguments arguments;
    arguments.set(parameters::w.name, model.width);
    arguments.set(parameters::v.name, model.vocabulary);
    rows.push_back({model, is_further_slope, evaluate(find_bound("accessible-length"), arguments, digits),
                    evaluate(published, arguments, digits), std::nullopt, digits});
    if (!model.radius) continue;
    arguments.set(parameters::ball_radius.name, *model.radius);
    arguments.set(parameters::told_apart.name, Rational(Integer(1), Integer(1024)));
    rows.back().ball = evaluate(published, arguments, digits);
  }
  return rows;
}

Cell published(const std::optional<Rational>& value) {
  return value ? Cell(Quantity(*value)) : Cell(std::string("-"));
}

Cell text_cell(const std::string& text) { return text.empty() ? "-" : text; }

/// The form over the slope measured, which is known.
Quantity ratio(const ModelRow& row, const Quantity& form) {
  const WorkingPrecision scope(bits_for_digits(row.digits) + 64);
  return Interval(form.enclosure() / Interval(*row.model.slope));
}

Cell ratio_cell(const ModelRow& row, const Quantity& form) {
  return row.model.slope ? Cell(ratio(row, form)) : Cell(std::string("-"));
}

/// Where the bits form is beside the ball form, which there is: the forms differ in 2^b and 1 + 2r/eps alone.
std::string_view bits_beside_ball(const ModelRow& row) {
  const Rational values = power(Integer(2), row.bits.input("b").integer().convert_to<unsigned long>());
  const Rational cells = 1 + 2 * row.ball->input(parameters::ball_radius.name).number().value /
                                 row.ball->input(parameters::told_apart.name).number().value;
  return values < cells ? "below" : values == cells ? "equal" : "above";
}

/// A column, and the tables for people in which it stands.
struct ModelColumn {
  Column column;
  bool of_capacity, of_slopes;
  Cell (*cell)(const ModelRow&);
};

const std::vector<ModelColumn>& model_columns() {
  using Row = const ModelRow&;
  static const std::vector<ModelColumn> columns = {
      {{"model"}, true, true, [](Row row) -> Cell { return row.model.model; }},
      {{"width", true}, true, false, [](Row row) -> Cell { return Quantity(row.model.width); }},
      {{"vocabulary", true}, true, false, [](Row row) -> Cell { return Quantity(row.model.vocabulary); }},
      {{"bits form", true}, true, false, [](Row row) -> Cell { return row.bits.output("tokens"); }},
      {{"capacity published", true}, true, false, [](Row row) { return published(row.model.capacity); }},
      {{"gain measured", true}, true, false, [](Row row) { return published(row.model.gain); }},
      {{"gain random", true}, true, false, [](Row row) { return published(row.model.gain_random); }},
      {{"notebook form", true}, true, false, [](Row row) -> Cell { return row.notebook.output("slope"); }},
      {{"ball form", true},
       false,
       false,
       [](Row row) { return row.ball ? Cell(row.ball->output("slope")) : Cell(std::string("-")); }},
      {{"slope measured", true}, false, true, [](Row row) { return published(row.model.slope); }},
      {{"slope source"}, false, true, [](Row row) { return text_cell(row.model.slope_source); }},
      {{"r", true}, false, true, [](Row row) { return published(row.model.radius); }},
      {{"bits ratio", true}, false, true, [](Row row) { return ratio_cell(row, row.bits.output("tokens")); }},
      {{"bits beside ball"},
       false,
       true,
       [](Row row) { return text_cell(row.ball ? std::string(bits_beside_ball(row)) : ""); }},
      {{"ball ratio", true},
       false,
       true,
       [](Row row) {
         return row.ball ? ratio_cell(row, row.ball->output("slope")) : Cell(std::string("-"));
       }},
      {{"ball published", true}, false, true, [](Row row) { return published(row.model.ball_ratio); }},
      {{"ellipsoid published", true},
       false,
       true,
       [](Row row) { return published(row.model.ellipsoid_ratio); }},
      {{"non-uniform published", true},
       false,
       true,
       [](Row row) { return published(row.model.nonuniform_ratio); }},
      {{"notebook ratio", true},
       false,
       true,
       [](Row row) { return ratio_cell(row, row.notebook.output("slope")); }},
      {{"notebook published", true},
       false,
       true,
       [](Row row) { return published(row.model.notebook_ratio); }},
  };
  return columns;
}

void write_rows(const std::string& title, const std::vector<ModelRow>& rows,
                bool (*is_shown)(const ModelColumn&), bool (*is_listed)(const ModelRow&),
                TableWriter& writer) {
  std::vector<Column> headings;
  for (const ModelColumn& one : model_columns()) {
    if (is_shown(one)) headings.push_back(one.column);
  }
  writer.begin(title, headings);
  for (const ModelRow& row : rows) {
    if (!is_listed(row)) continue;
    std::vector<Cell> cells;
    for (const ModelColumn& one : model_columns()) {
      if (is_shown(one)) cells.push_back(one.cell(row));
    }
    writer.row(cells);
  }
  writer.end();
}

/// For how many of the models that have what is compared `holds` does: `6 of 7 models (not A)`; empty where
/// none has it.
std::string how_many(const std::vector<ModelRow>& rows, bool (*is_compared)(const ModelRow&),
                     bool (*holds)(const ModelRow&)) {
  std::size_t compared = 0;
  std::vector<std::string> others;
  for (const ModelRow& row : rows) {
    if (row.is_further_slope || !is_compared(row)) continue;
    ++compared;
    if (!holds(row)) others.push_back(row.model.model);
  }
  if (compared == 0) return "";
  return fmt::format("{} of {} models{}", compared - others.size(), compared,
                     others.empty() ? "" : fmt::format(" (not {})", fmt::join(others, ", ")));
}

/// Says on which side of the published rows counting bits is.
void describe_bits(const std::vector<ModelRow>& rows, TableWriter& writer) {
  const std::string below = how_many(
      rows, [](const ModelRow& row) { return row.ball.has_value(); },
      [](const ModelRow& row) { return bits_beside_ball(row) == "below"; });
  if (!below.empty()) writer.paragraph(fmt::format("The bits form is below the ball form for {}.", below));
  const std::string above = how_many(
      rows,
      [](const ModelRow& row) {
        return row.model.slope && row.model.ellipsoid_ratio && row.model.nonuniform_ratio;
      },
      [](const ModelRow& row) {
        const Rational other = std::max(*row.model.ellipsoid_ratio, *row.model.nonuniform_ratio);
        return certainly_less(Interval(other), ratio(row, row.bits.output("tokens")).enclosure());
      });
  if (!above.empty()) {
    writer.paragraph(fmt::format("It is above the published ellipsoid and non-uniform rows for {}.", above));
  }
}

}  // namespace

void write_model_table(const std::vector<PublishedModel>& models, Format format, long digits,
                       TableWriter& writer) {
  const std::vector<ModelRow> rows = evaluated(models, digits);
  const std::string title = "Capacity of language models";
  if (is_for_programs(format)) {
    write_rows(
        title, rows, [](const ModelColumn&) { return true; }, [](const ModelRow&) { return true; }, writer);
    return;
  }
  writer.paragraph("Output tokens that one prompt token can determine.");
  writer.paragraph(
      "Bits form: theory 2.7, necessary, entries of 16 bits. Notebook form: MMCT26's, 2r/eps = 4096.");
  writer.paragraph("Capacity published, and gain: the tokens that one trained vector stores, KAGDB25.");
  write_rows(
      title, rows, [](const ModelColumn& one) { return one.of_capacity; },
      [](const ModelRow& row) { return !row.is_further_slope; }, writer);
  const auto has_slope = [](const ModelRow& row) { return row.model.slope.has_value(); };
  if (std::none_of(rows.begin(), rows.end(), has_slope)) return;
  writer.paragraph("");
  writer.paragraph("Each form over the slope measured (MMCT26; where its sources disagree, each has a row).");
  writer.paragraph("Ball, ellipsoid, non-uniform: MMCT26's Table 1, eps = 2^-10 and r of each model.");
  describe_bits(rows, writer);
  write_rows(
      "Forms over measured slopes", rows, [](const ModelColumn& one) { return one.of_slopes; }, has_slope,
      writer);
}

}  // namespace promptbound
