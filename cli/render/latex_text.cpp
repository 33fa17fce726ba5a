#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include <promptbound/cli/render/latex_text.hpp>

namespace promptbound {
namespace {

bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// A hash or another long run of letters and digits is broken behind every 16 of them.
bool ends_run(const std::string& text, std::size_t i) {
  constexpr std::size_t piece = 16, longest_word = 20;
  std::size_t begin = i, end = i;
  while (begin > 0 && is_alphanumeric(text[begin - 1])) --begin;
  while (end < text.size() && is_alphanumeric(text[end])) ++end;
  return end - begin > longest_word && i + 1 < end && (i + 1 - begin) % piece == 0;
}

/// May a name be broken behind this character of the text?
bool ends_piece(const std::string& text, std::size_t i) {
  if (is_alphanumeric(text[i])) return ends_run(text, i);
  const bool is_sign = text[i] == '.' || text[i] == '_' || text[i] == '/' || text[i] == '-';
  return is_sign && i + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[i + 1])) != 0;
}

}  // namespace

std::size_t set_length(const std::string& text) {
  const auto capitals =
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return std::isupper(c) != 0; });
  std::size_t length = text.size() + static_cast<std::size_t>(capitals + 1) / 2;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const bool is_exponent = text[i] == 'e' && std::isdigit(static_cast<unsigned char>(text[i - 1])) != 0 &&
                             (text[i + 1] == '-' || text[i + 1] == '+');
    if (is_exponent) length += 3;
  }
  // Digits are set in groups of three, with thin spaces.
  std::size_t digits = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool is_digit = i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    if (!is_digit && digits > 4) length += (digits + 5) / 9;
    digits = is_digit ? digits + 1 : 0;
  }
  return length;
}

std::size_t longest_piece(const std::string& text, bool breaks_names) {
  std::size_t longest = 0, begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool is_end = i == text.size() || text[i] == ' ';
    if (!is_end && !(breaks_names && ends_piece(text, i))) continue;
    longest = std::max(longest, set_length(text.substr(begin, i - begin + (is_end ? 0 : 1))));
    begin = i + 1;
  }
  return longest;
}

std::string latex_symbol(const std::string& heading) {
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

std::string latex_breakable(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    result += text[i];
    if (ends_piece(text, i)) result += "\\allowbreak{}";
  }
  return result;
}

std::string latex_escaped(const std::string& text) {
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

}  // namespace promptbound
