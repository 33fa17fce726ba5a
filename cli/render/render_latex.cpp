// The LaTeX writer of table.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

#include <promptbound/cli/render/latex_text.hpp>
#include <promptbound/cli/render/table.hpp>

namespace promptbound {
namespace {

/// How a column is set: as wide as its widest cell, or in lines of a share of the page; numbers on their
/// decimal point where each is one number of few digits.
struct ColumnLayout {
  bool is_wrapped = false;
  bool is_aligned = false;
  double width = 0;  ///< points, where it is wrapped
  std::size_t whole = 0, decimals = 0;
};

/// The width that an A4 page of the article class has for text, and how far a table may reach into both
/// margins together.
constexpr double text_width = 345, margins = 140;

/// A size of type, what an average character takes in it, and the width of the table, in points.
struct Setting {
  const char* size;
  double character, width;
};
/// In the order in which they are tried, first with whole cells, then with broken ones.
constexpr Setting whole[] = {
    {"", 5.2, text_width}, {"\\small", 4.8, text_width}, {"\\footnotesize", 4.4, text_width}};
constexpr Setting broken[] = {{"\\footnotesize", 4.4, text_width},
                              {"\\scriptsize", 4, text_width},
                              {"\\footnotesize", 4.4, text_width + margins},
                              {"\\scriptsize", 4, text_width + margins},
                              {"\\tiny", 3.5, text_width + margins}};
constexpr double column_gap = 6;
/// Columns up to this many characters are never broken.
constexpr std::size_t short_column = 12;
constexpr double lines_of_a_page = 45;
/// The layout is decided by this many rows; those that follow are written as they come.
constexpr std::size_t rows_to_measure = 1000;

/// booktabs tables with siunitx numbers, ready for \input: needs \usepackage{booktabs,siunitx}, and longtable
/// where a table is longer than a page. No table is wider than the text of an A4 page as far as breaking
/// cells can do it. Sentences are comments.
class LatexWriter : public TableWriter {
 public:
  LatexWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}

  void paragraph(const std::string& text) override {
    if (text.empty()) return;
    std::string comment = "% ";
    for (const char c : text) comment += c == '\n' ? std::string("\n% ") : std::string(1, c);
    file_.write(comment + "\n");
  }

  void begin(const std::string& title, const std::vector<Column>& columns) override {
    title_ = title;
    columns_ = columns;
    rows_.clear();
    is_open_ = false;
  }

  void row(const std::vector<Cell>& cells) override {
    if (is_open_) return write_row(cells);
    rows_.push_back(cells);
    if (rows_.size() == rows_to_measure) open();
  }

  void end() override {
    if (!is_open_) open();
    file_.write("\\bottomrule\n\\end{" + environment_ + "}" + (is_boxed() ? "}" : "") + "%\n}\n\n");
  }

 private:
  void open() {
    setting_ = decide_layout();
    environment_ = lines() > lines_of_a_page ? "longtable" : "tabular";
    std::string alignment, headings;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      alignment += specification(columns_[i], layout_[i]);
      headings += (i > 0 ? " & " : "") + heading(i);
    }
    if (!title_.empty()) file_.write("% " + title_ + "\n");
    file_.write(fmt::format(
        "{{{}\\setlength{{\\tabcolsep}}{{{}pt}}{}%\n\\begin{{{}}}{{{}}}\n\\toprule\n{} \\\\\n\\midrule\n",
        setting_.size, column_gap / 2, placement(), environment_, alignment, headings));
    if (environment_ == "longtable") file_.write("\\endhead\n");
    is_open_ = true;
    for (const std::vector<Cell>& cells : rows_) write_row(cells);
    rows_.clear();
  }

  /// A short table that is wider than the text is set in the middle of the page, in a box as wide as the
  /// text.
  [[nodiscard]] bool is_boxed() const { return environment_ == "tabular" && setting_.width > text_width; }

  /// What stands before the table.
  [[nodiscard]] std::string placement() const {
    if (is_boxed()) return "\\noindent\\makebox[\\linewidth]{";
    if (environment_ == "tabular") return "\\noindent";
    return setting_.width == text_width ? ""
                                        : fmt::format(
                                              "\\setlength{{\\LTleft}}{{-{0}pt plus "
                                              "1fill}}\\setlength{{\\LTright}}{{-{0}pt plus 1fill}}",
                                              margins / 2);
  }

  /// Decides every column's layout, and the size of the type.
  Setting decide_layout() {
    layout_.assign(columns_.size(), {});
    std::vector<std::size_t> natural(columns_.size()), least(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      natural[i] = latex_symbol(columns_[i].heading).empty() ? columns_[i].heading.size() : 1;
      least[i] = std::min(natural[i], longest_piece(columns_[i].heading, true));
      layout_[i].is_aligned = columns_[i].is_number && !rows_.empty();
      for (const std::vector<Cell>& cells : rows_)
        measure(cells[i], columns_[i].is_number, layout_[i], natural[i], least[i]);
    }
    const auto total = [&](double character) {
      double sum = column_gap * static_cast<double>(columns_.size());
      for (const std::size_t characters : natural) sum += static_cast<double>(characters) * character;
      return sum;
    };
    for (const Setting& setting : whole) {
      if (total(setting.character) <= setting.width) return setting;
    }
    for (const Setting& setting : broken) {
      if (break_columns(natural, least, setting)) return setting;
    }
    return *std::rbegin(broken);
  }

  void measure(const Cell& cell, bool is_number, ColumnLayout& layout, std::size_t& natural,
               std::size_t& least) const {
    const std::string text = cell_text(cell, digits_);
    natural = std::max(natural, set_length(text));
    least = std::max(least, longest_piece(text, !is_number));
    const auto* quantity = std::get_if<Quantity>(&cell);
    const std::string number = quantity != nullptr ? plain_number(*quantity) : "";
    if (number.empty()) {
      layout.is_aligned = false;
      return;
    }
    const std::size_t point = std::min(number.find('.'), number.size());
    layout.whole = std::max(layout.whole, point);
    layout.decimals = std::max(layout.decimals, number.size() - std::min(point + 1, number.size()));
  }

  /// Shares what short columns leave of the page among the others, by how much they hold. Tells whether the
  /// page is wide enough.
  bool break_columns(const std::vector<std::size_t>& natural, const std::vector<std::size_t>& least,
                     const Setting& setting) {
    const double character = setting.character;
    double left = setting.width - column_gap * static_cast<double>(columns_.size());
    double wanted = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      layout_[i].is_wrapped = natural[i] > short_column;
      if (layout_[i].is_wrapped) {
        layout_[i].is_aligned = false;
        layout_[i].width = static_cast<double>(least[i]) * character;
        wanted += weight(natural[i]);
      }
      left -= layout_[i].is_wrapped ? layout_[i].width : static_cast<double>(natural[i]) * character;
    }
    if (left < 0) return false;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (layout_[i].is_wrapped) layout_[i].width += left * weight(natural[i]) / wanted;
    }
    return true;
  }

  /// What a broken column gets of the page, by the characters of its longest cell: less than proportional, so
  /// that one long sentence does not starve the rest.
  static double weight(std::size_t characters) { return std::pow(static_cast<double>(characters), 0.75); }

  /// About as many lines as the table takes.
  double lines() const {
    double sum = 0;
    for (const std::vector<Cell>& cells : rows_) {
      double most = 1;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!layout_[i].is_wrapped) continue;
        const auto characters = static_cast<double>(cell_text(cells[i], digits_).size());
        most = std::max(most, std::ceil(characters * setting_.character / layout_[i].width));
      }
      sum += most;
    }
    return sum;
  }

  static std::string specification(const Column& column, const ColumnLayout& layout) {
    if (layout.is_wrapped) {
      return fmt::format(">{{{}\\arraybackslash}}p{{{:.0f}pt}}",
                         column.is_number ? "\\raggedleft" : "\\raggedright", std::floor(layout.width));
    }
    if (layout.is_aligned) return fmt::format("S[table-format={}.{}]", layout.whole, layout.decimals);
    return column.is_number ? "r" : "l";
  }

  std::string heading(std::size_t i) const {
    const std::string tex = latex_symbol(columns_[i].heading);
    const std::string text = tex.empty() ? latex_breakable(latex_escaped(columns_[i].heading)) : tex;
    return layout_[i].is_aligned ? "{" + text + "}" : text;
  }

  void write_row(const std::vector<Cell>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) line += " & ";
      const auto* quantity = std::get_if<Quantity>(&cells[i]);
      const std::string plain = quantity != nullptr && layout_[i].is_aligned ? plain_number(*quantity) : "";
      std::string text = plain.empty() ? text_of(cells[i]) : plain;
      // Names may be broken at their points where a column is narrow.
      if (layout_[i].is_wrapped && !columns_[i].is_number) text = latex_breakable(text);
      // Where numbers stand on their decimal point, all else is in braces.
      line += layout_[i].is_aligned && plain.empty() && !text.empty() ? "{" + text + "}" : text;
    }
    file_.write(line + " \\\\\n");
  }

  /// A number of at most 18 digits without exponent; empty for anything else.
  std::string plain_number(const Quantity& quantity) const {
    if (std::holds_alternative<std::string>(quantity.value())) return "";
    const std::string exact = quantity.exact();
    if (exact.empty() || exact.size() > 18) return "";
    const std::string lower = quantity.lower(digits_);
    const bool is_plain = lower == quantity.upper(digits_) && lower.find('e') == std::string::npos;
    return is_plain && lower.size() <= 18 ? lower : "";
  }

  std::string text_of(const Cell& cell) const {
    if (const auto* quantity = std::get_if<Quantity>(&cell)) return number(*quantity);
    if (const auto* absent = std::get_if<Absent>(&cell))
      return (absent->is_undecided ? "undecided (" : "n/a (") + latex_escaped(absent->reason) + ")";
    return latex_escaped(std::get<std::string>(cell));
  }

  /// \num understands plain and scientific notation; everything else is set as text.
  std::string number(const Quantity& quantity) const {
    if (std::holds_alternative<std::string>(quantity.value()))
      return latex_escaped(readable(quantity, digits_));
    const std::string exact = quantity.exact();
    if (!exact.empty() && exact.size() <= 24) {
      const bool terminates = quantity.lower(digits_) == quantity.upper(digits_);
      return terminates ? "\\num{" + quantity.lower(digits_) + "}" : "$" + exact + "$";
    }
    if (const auto* tower = std::get_if<PowerTower>(&quantity.value()))
      return power_ends("$10^{10^{", Quantity(tower->log10_log10), "}}$");
    const std::string text = readable(quantity, digits_);
    if (text.rfind("10^", 0) == 0) {
      const auto& log10 = std::get<Magnitude>(quantity.value()).log10;
      return power_ends("$10^{", Quantity(log10), "}$");
    }
    return ends(quantity);
  }

  /// The ends of a power whose exponent is enclosed. A line may be broken between them.
  std::string power_ends(const std::string& before, const Quantity& exponent,
                         const std::string& after) const {
    const std::string lower = exponent.lower(digits_), upper = exponent.upper(digits_);
    const auto power = [&](const std::string& end) { return before + "\\num{" + end + "}" + after; };
    if (lower.empty() || upper.empty()) return before + ends(exponent) + after;
    return lower == upper ? power(lower) : "[" + power(lower) + ", " + power(upper) + "]";
  }

  std::string ends(const Quantity& quantity) const {
    const bool is_long_integer = std::holds_alternative<Integer>(quantity.value());
    const Quantity shown =
        is_long_integer ? Quantity(Rational(std::get<Integer>(quantity.value()))) : quantity;
    const std::string lower = shown.lower(digits_);
    const std::string upper = shown.upper(digits_);
    if (lower == upper) return lower.empty() ? "unbounded" : "\\num{" + lower + "}";
    const std::string infinity = "\\ensuremath{\\infty}";
    return (lower.empty() ? "(-" + infinity : "[\\num{" + lower + "}") + ", " +
           (upper.empty() ? infinity + ")" : "\\num{" + upper + "}]");
  }

  OutputFile& file_;
  long digits_;
  std::string title_, environment_;
  Setting setting_ = whole[0];
  std::vector<Column> columns_;
  std::vector<ColumnLayout> layout_;
  std::vector<std::vector<Cell>> rows_;  ///< until the layout is decided
  bool is_open_ = false;
};

}  // namespace

std::unique_ptr<TableWriter> latex_writer(OutputFile& file, long digits) {
  return std::make_unique<LatexWriter>(file, digits);
}

}  // namespace promptbound
