// The LaTeX writer of table.hpp.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>

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

/// The width that an A4 page of the article class has for text, and what an average character takes, by size.
constexpr double page_width = 345;
constexpr std::pair<const char*, double> sizes[] = {{"", 5.2}, {"\\small", 4.8}, {"\\footnotesize", 4.4}};
constexpr double column_gap = 6;
/// Columns up to this many characters are never broken.
constexpr std::size_t short_column = 12;
constexpr double lines_of_a_page = 45;
/// The layout is decided by this many rows; those that follow are written as they come.
constexpr std::size_t rows_to_measure = 1000;

/// The longest piece of a text that is broken at blanks and after the points and hyphens of names.
std::size_t longest_piece(const std::string& text) {
  std::size_t longest = 0, length = 0;
  for (const char c : text) {
    length = c == ' ' ? 0 : length + 1;
    longest = std::max(longest, length);
    if (c == '.' || c == '-' || c == '_' || c == '/') length = 0;
  }
  return longest;
}

/// The symbols of the field where a column is a parameter.
std::string symbol(const std::string& heading) {
  constexpr std::pair<std::string_view, const char*> symbols[] = {
      {"eps", "$\\varepsilon$"},    {"alpha", "$\\alpha$"},   {"Lambda", "$\\Lambda$"},
      {"Lambda-W", "$\\Lambda_W$"}, {"Delta", "$\\Delta$"},   {"eta", "$\\eta$"},
      {"r-min", "$r_{\\min}$"},     {"r-max", "$r_{\\max}$"}, {"d-v", "$d_v$"}};
  for (const auto& [name, tex] : symbols) {
    if (heading == name) return tex;
  }
  return heading.size() == 1 && std::isalpha(static_cast<unsigned char>(heading.front())) != 0
             ? "$" + heading + "$"
             : "";
}

/// booktabs tables with siunitx numbers, ready for \input: needs \usepackage{booktabs,siunitx}, and longtable
/// where a table is longer than a page. No table is wider than the text of an A4 page as far as breaking
/// cells can do it. Sentences are comments.
class LatexWriter : public TableWriter {
 public:
  LatexWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}

  void paragraph(const std::string& text) override { file_.write(text.empty() ? "" : "% " + text + "\n"); }

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
    file_.write("\\bottomrule\n\\end{" + environment_ + "}\n}\n\n");
  }

 private:
  void open() {
    const char* size = decide_layout();
    environment_ = lines() > lines_of_a_page ? "longtable" : "tabular";
    std::string alignment, headings;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      alignment += specification(columns_[i], layout_[i]);
      headings += (i > 0 ? " & " : "") + heading(i);
    }
    if (!title_.empty()) file_.write("% " + title_ + "\n");
    file_.write(fmt::format(
        "{{{}\\setlength{{\\tabcolsep}}{{{}pt}}\n\\begin{{{}}}{{{}}}\n\\toprule\n{} \\\\\n\\midrule\n", size,
        column_gap / 2, environment_, alignment, headings));
    if (environment_ == "longtable") file_.write("\\endhead\n");
    is_open_ = true;
    for (const std::vector<Cell>& cells : rows_) write_row(cells);
    rows_.clear();
  }

  /// Decides every column's layout, and the size of the type.
  const char* decide_layout() {
    layout_.assign(columns_.size(), {});
    std::vector<std::size_t> natural(columns_.size()), least(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      natural[i] = symbol(columns_[i].heading).empty() ? columns_[i].heading.size() : 1;
      least[i] = std::min(natural[i], longest_piece(columns_[i].heading));
      layout_[i].is_aligned = columns_[i].is_number && !rows_.empty();
      for (const std::vector<Cell>& cells : rows_) measure(cells[i], layout_[i], natural[i], least[i]);
    }
    const auto total = [&](double character) {
      double sum = column_gap * static_cast<double>(columns_.size());
      for (const std::size_t characters : natural) sum += static_cast<double>(characters) * character;
      return sum;
    };
    for (const auto& [size, character] : sizes) {
      if (total(character) <= page_width) return size;
    }
    break_columns(natural, least, std::rbegin(sizes)->second);
    return std::rbegin(sizes)->first;
  }

  void measure(const Cell& cell, ColumnLayout& layout, std::size_t& natural, std::size_t& least) const {
    const std::string text = cell_text(cell, digits_);
    natural = std::max(natural, text.size());
    least = std::max(least, longest_piece(text));
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

  /// Shares what short columns leave of the page among the others, by how much they hold.
  void break_columns(const std::vector<std::size_t>& natural, const std::vector<std::size_t>& least,
                     double character) {
    double left = page_width - column_gap * static_cast<double>(columns_.size());
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
    if (left <= 0) return;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (layout_[i].is_wrapped) layout_[i].width += left * weight(natural[i]) / wanted;
    }
  }

  /// What a broken column gets of the page, by the characters of its longest cell: less than proportional, so
  /// that one long sentence does not starve the rest.
  static double weight(std::size_t characters) { return std::pow(static_cast<double>(characters), 0.75); }

  /// About as many lines as the table takes.
  double lines() const {
    const double character = std::rbegin(sizes)->second;
    double sum = 0;
    for (const std::vector<Cell>& cells : rows_) {
      double most = 1;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!layout_[i].is_wrapped) continue;
        const auto characters = static_cast<double>(cell_text(cells[i], digits_).size());
        most = std::max(most, std::ceil(characters * character / layout_[i].width));
      }
      sum += most;
    }
    return sum;
  }

  static std::string specification(const Column& column, const ColumnLayout& layout) {
    if (layout.is_wrapped) {
      return fmt::format(">{{{}\\arraybackslash}}p{{{:.0f}pt}}",
                         column.is_number ? "\\raggedleft" : "\\raggedright", layout.width);
    }
    if (layout.is_aligned) return fmt::format("S[table-format={}.{}]", layout.whole, layout.decimals);
    return column.is_number ? "r" : "l";
  }

  std::string heading(std::size_t i) const {
    const std::string tex = symbol(columns_[i].heading);
    const std::string text = tex.empty() ? breakable(escaped(columns_[i].heading)) : tex;
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
      if (layout_[i].is_wrapped && !columns_[i].is_number) text = breakable(text);
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

  static std::string breakable(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
      result += text[i];
      const bool ends_piece = text[i] == '.' || text[i] == '_' || text[i] == '/' || text[i] == '-';
      if (ends_piece && i + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[i + 1])) != 0)
        result += "\\allowbreak{}";
    }
    return result;
  }

  std::string text_of(const Cell& cell) const {
    if (const auto* quantity = std::get_if<Quantity>(&cell)) return number(*quantity);
    if (const auto* absent = std::get_if<Absent>(&cell))
      return (absent->is_undecided ? "undecided (" : "n/a (") + escaped(absent->reason) + ")";
    return escaped(std::get<std::string>(cell));
  }

  /// \num understands plain and scientific notation; everything else is set as text.
  std::string number(const Quantity& quantity) const {
    if (std::holds_alternative<std::string>(quantity.value())) return escaped(readable(quantity, digits_));
    const std::string exact = quantity.exact();
    if (!exact.empty() && exact.size() <= 24) {
      const bool terminates = quantity.lower(digits_) == quantity.upper(digits_);
      return terminates ? "\\num{" + quantity.lower(digits_) + "}" : "$" + exact + "$";
    }
    if (const auto* tower = std::get_if<PowerTower>(&quantity.value()))
      return "$10^{10^{" + ends(Quantity(tower->log10_log10)) + "}}$";
    const std::string text = readable(quantity, digits_);
    if (text.rfind("10^", 0) == 0) {
      const auto& log10 = std::get<Magnitude>(quantity.value()).log10;
      return "$10^{" + ends(Quantity(log10)) + "}$";
    }
    return ends(quantity);
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

  static std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
      switch (c) {
        case '&':
        case '%':
        case '#':
        case '_':
        case '{':
        case '}':
        case '$':
          result += '\\';
          result += c;
          break;
        case '^':
          result += "\\textasciicircum{}";
          break;
        case '~':
          result += "\\textasciitilde{}";
          break;
        case '\\':
          result += "\\textbackslash{}";
          break;
        case '<':
          result += "$<$";
          break;
        case '>':
          result += "$>$";
          break;
        case '|':  // a dash in LaTeX's default font encoding
          result += "$|$";
          break;
        default:
          result += c;
      }
    }
    return result;
  }

  OutputFile& file_;
  long digits_;
  std::string title_, environment_;
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
