#include <fmt/format.h>
#include <fmt/ranges.h>

#include <promptbound/cli/render/table.hpp>

namespace promptbound {
namespace {

/// booktabs tables with siunitx numbers, ready for \input: needs \usepackage{booktabs,siunitx}.
class LatexWriter : public TableWriter {
 public:
  LatexWriter(OutputFile& file, long digits) : file_(file), digits_(digits) {}

  void paragraph(const std::string& text) override { file_.write(escaped(text) + "\n\n"); }

  void begin(const std::string& title, const std::vector<Column>& columns) override {
    std::string alignment;
    std::vector<std::string> headings;
    for (const Column& column : columns) {
      alignment += column.is_number ? 'r' : 'l';
      headings.push_back(escaped(column.heading));
    }
    if (!title.empty()) file_.write("% " + title + "\n");
    file_.write("\\begin{tabular}{" + alignment + "}\n\\toprule\n" +
                fmt::format("{} \\\\\n", fmt::join(headings, " & ")) + "\\midrule\n");
  }

  void row(const std::vector<Cell>& cells) override {
    std::vector<std::string> texts;
    for (const Cell& cell : cells) texts.push_back(text_of(cell));
    file_.write(fmt::format("{} \\\\\n", fmt::join(texts, " & ")));
  }

  void end() override { file_.write("\\bottomrule\n\\end{tabular}\n\n"); }

 private:
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
};

}  // namespace

std::unique_ptr<TableWriter> latex_writer(OutputFile& file, long digits) {
  return std::make_unique<LatexWriter>(file, digits);
}

}  // namespace promptbound
